//! The three users of a demo and their rights. Passwords are made anew for each demo, so that nobody knows one from
//! reading this file.

use crate::explain::matrix::{aligned, words_among};
use anyhow::{Context, Result, anyhow};
use promward::caller::who::WhoKind;
use promward::config;
use std::collections::BTreeMap;

/// The bcrypt cost of their hashes, which most programs use.
const COST: u32 = 10;

/// The users, and the filter's configuration with them.
pub(super) struct Callers {
    passwords: BTreeMap<String, String>,
    configuration: String,
}

impl Callers {
    /// Gives each user a new password, in front of this mount (JSON).
    ///
    /// # Errors
    ///
    /// Returns an error if the system has no randomness.
    pub(super) fn anew(mount: &str) -> Result<Self> {
        let mut passwords = BTreeMap::new();
        let mut hashed = |name: &str| {
            let password = password()?;
            let hash = bcrypt::hash(&password, COST).context("cannot hash a password")?;
            passwords.insert(name.to_owned(), password);
            Ok::<_, anyhow::Error>(hash)
        };
        let configuration = configuration(mount, [hashed("viewer")?, hashed("operator")?, hashed("admin")?]);
        Ok(Self { passwords, configuration })
    }

    /// Returns the configuration of the filter.
    pub(super) fn configuration(&self) -> &str {
        &self.configuration
    }

    /// Returns the passwords by the users' names.
    pub(super) fn passwords(&self) -> &BTreeMap<String, String> {
        &self.passwords
    }

    /// Returns a table of all callers of the configuration, with their passwords and rights.
    ///
    /// # Errors
    ///
    /// Returns an error if the filter would refuse the configuration.
    pub(super) fn table(&self) -> Result<String> {
        let gateway = config::load(self.configuration.as_bytes()).map_err(|error| anyhow!("{error}"))?;
        let mut rows = vec![["user", "password", "may"].map(str::to_owned)];
        for (id, mount) in gateway.mounts.iter() {
            for who in gateway.access.named() {
                let given = gateway.access.given(&gateway.callers.also(who), id);
                let (name, password) = match who.kind() {
                    WhoKind::User(name) => (name, self.passwords.get(name).map_or("", String::as_str)),
                    _ => (who.as_str(), "-"),
                };
                rows.push([
                    name.to_owned(),
                    password.to_owned(),
                    words_among(given.all().both(mount.api.classes), mount.api.classes),
                ]);
            }
        }
        Ok(aligned(&rows))
    }
}

/// Returns the filter's configuration with this mount and users with these hashes.
fn configuration(mount: &str, [viewer, operator, admin]: [String; 3]) -> String {
    format!(
        r#"{{
  "mounts": [{mount}],
  "callers": {{
    "users": {{
      "viewer": "{viewer}",
      "operator": "{operator}",
      "admin": "{admin}"
    }}
  }},
  "access": [
    {{ "who": ["anyone"], "may": ["health"] }},
    {{ "who": ["user:viewer"], "may": ["read", "ui"] }},
    {{ "who": ["user:operator"], "may": ["read", "ui", "federate", "status", "metrics", "config"] }},
    {{ "who": ["user:admin"], "may": ["everything"] }}
  ]
}}
"#
    )
}

/// The consonants of passwords. With sixteen of them and four vowels a byte gives one syllable, and two bits are left.
const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
const VOWELS: &[u8; 4] = b"aiou";

/// Makes a password of eight random syllables, two in each word: 48 bits, easy to read aloud and to type on any
/// keyboard.
fn password() -> Result<String> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("the system has no randomness: {error}"))?;
    let letter = |letters: &[u8], number: u8| letters.get(usize::from(number)).copied().map(char::from);
    let syllable = |byte: &u8| [letter(CONSONANTS, byte & 0xf), letter(VOWELS, byte >> 4 & 0x3)];
    let words = bytes.chunks(2).map(|word| word.iter().flat_map(syllable).flatten().collect::<String>());
    Ok(words.collect::<Vec<_>>().join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNT: &str = r#"{ "prefix": "/prometheus", "cluster": "prometheus" }"#;

    #[test]
    fn each_demo_has_passwords_of_its_own_that_are_easy_to_type() {
        let [one, another] = [Callers::anew(MOUNT).unwrap(), Callers::anew(MOUNT).unwrap()];
        let mut passwords: Vec<_> = one.passwords.values().chain(another.passwords.values()).collect();
        for password in &passwords {
            assert_eq!(password.len(), 19, "{password}");
            assert!(password.bytes().all(|byte| byte == b'-' || byte.is_ascii_lowercase()), "{password}");
        }
        passwords.sort();
        passwords.dedup();
        assert_eq!(passwords.len(), 6);
    }

    #[test]
    fn the_table_says_what_the_configuration_lets_each_do() {
        let callers = Callers::anew(MOUNT).unwrap();
        let password = |name: &str| callers.passwords()[name].clone();
        assert_eq!(
            callers.table().unwrap(),
            format!(
                "  user      password             may
  anyone    -                    health
  viewer    {}  read health ui
  operator  {}  read health federate status config metrics ui
  admin     {}  everything
",
                password("viewer"),
                password("operator"),
                password("admin")
            )
        );
    }
}
