//! A silence that the server is asked for before a request about it goes on. The matchers of a silence never change in
//! Alertmanager: whoever sends others with its id ends it, and gets a new one with a new id. So what was read holds when the
//! request comes.

use super::{Matcher, is_within};
use crate::enforce::restriction::Restriction;
use crate::json::Tree;
use crate::target::headers::Headers;
use crate::target::headers::name::Name;
use std::fmt;
use std::rc::Rc;

/// The longest answer that is read, in bytes.
pub const MAX_ANSWER: usize = 1 << 20;

/// The longest id. Alertmanager's are UUIDs, with 36.
const MAX_ID: usize = 64;

/// A silence to ask the server for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The cluster of the proxy that the server is in; `None` if the mount names none.
    pub cluster: Option<Rc<str>>,
    /// The path on the server of the folder with its silences.
    pub folder: String,
    /// The id of the silence, as the caller gave it.
    pub id: String,
    /// The restriction that the silence has to be within.
    pub restriction: Rc<Restriction>,
}

/// The reason why a request about a silence goes no further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupError {
    /// There is none with this id, or it isn't the caller's. They aren't told which.
    NotTheirs,
    /// The server didn't answer in time, or with something else.
    Failed,
    /// The mount names no cluster to ask.
    NoCluster,
    /// The host makes no calls.
    NoCalls,
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotTheirs => "no silence that you may see has this id",
            Self::Failed => "the server can't be asked for this silence at this moment: try again",
            Self::NoCluster => {
                "silences are looked up in the mount's cluster, and this mount has none: set mounts[].cluster"
            }
            Self::NoCalls => {
                "this proxy lets no filter look silences up: change and end them on a gateway that runs on Envoy"
            }
        })
    }
}

/// Returns `true` if a text can be the id of a silence: letters and digits of hexadecimal numbers, and hyphens.
pub fn is_id(text: &str) -> bool {
    let is_of_id = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    (1..=MAX_ID).contains(&text.len()) && text.bytes().all(is_of_id)
}

impl Lookup {
    /// Returns the cluster to ask, and the path to ask it for.
    ///
    /// # Errors
    ///
    /// Returns an error if the mount names no cluster, or if nothing can have this id.
    pub fn request(&self) -> Result<(&str, String), LookupError> {
        let cluster = self.cluster.as_deref().ok_or(LookupError::NoCluster)?;
        if !is_id(&self.id) {
            return Err(LookupError::NotTheirs);
        }
        Ok((cluster, [self.folder.as_str(), self.id.as_str()].join("/")))
    }

    /// Judges the server's answer.
    ///
    /// # Errors
    ///
    /// Returns an error unless the answer is a silence with this id that is the caller's.
    pub fn judge(&self, headers: &Headers, body: &[u8]) -> Result<(), LookupError> {
        match headers.only(Name::Status) {
            Some(b"200") => {}
            Some(b"404") => return Err(LookupError::NotTheirs),
            _ => return Err(LookupError::Failed),
        }
        let tree: Tree<'_> = serde_json::from_slice(body).map_err(|_| LookupError::Failed)?;
        let Tree::Object(fields) = &tree else { return Err(LookupError::Failed) };
        let field = |name: &str| {
            let mut named = fields.iter().filter(|(key, _)| key.as_str() == name);
            named.next().filter(|_| named.next().is_none()).map(|(_, value)| value)
        };
        let has_id = matches!(field("id"), Some(Tree::Text(id)) if id.as_str() == self.id);
        let matchers = field("matchers").filter(|_| has_id).ok_or(LookupError::Failed)?;
        let matchers = Matcher::list(matchers).map_err(|_| LookupError::Failed)?;
        if is_within(&matchers, &self.restriction) { Ok(()) } else { Err(LookupError::NotTheirs) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::restriction::samples::{only, restriction};
    use super::*;

    const ID: &str = "6a1b5b0e-0a3c-4f53-9a55-1f2a86f27cd0";

    fn lookup(id: &str) -> Lookup {
        Lookup {
            cluster: Some("am".into()),
            folder: "/x/api/v2/silence".to_owned(),
            id: id.to_owned(),
            restriction: restriction(only(&["a"])),
        }
    }

    fn judged(status: &str, body: &str) -> Result<(), LookupError> {
        lookup(ID).judge(&[(":status", status)].into_iter().collect(), body.as_bytes())
    }

    #[test]
    fn the_server_is_asked_for_what_can_be_an_id() {
        assert_eq!(lookup(ID).request(), Ok(("am", format!("/x/api/v2/silence/{ID}"))));
        for id in ["", "x", "..", "a/b", "a?b", "a%2Fb", &"a".repeat(65)] {
            assert_eq!(lookup(id).request(), Err(LookupError::NotTheirs), "{id}");
        }
        let nowhere = Lookup { cluster: None, ..lookup(ID) };
        assert_eq!(nowhere.request(), Err(LookupError::NoCluster));
    }

    #[test]
    fn only_a_silence_with_this_id_and_the_callers_matchers_is_theirs() {
        let silence = |id: &str, tenant: &str| {
            format!(r#"{{"id":"{id}","matchers":[{{"name":"tenant","value":"{tenant}"}}],"comment":"x"}}"#)
        };
        assert_eq!(judged("200", &silence(ID, "a")), Ok(()));
        assert_eq!(judged("200", &silence(ID, "b")), Err(LookupError::NotTheirs));
        assert_eq!(judged("200", &silence("6a1b", "a")), Err(LookupError::Failed));
        assert_eq!(judged("404", ""), Err(LookupError::NotTheirs));
        for status in ["", "100", "204", "301", "401", "500", "503"] {
            assert_eq!(judged(status, &silence(ID, "a")), Err(LookupError::Failed), "{status}");
        }
        let own = r#"[{"name":"tenant","value":"a"}]"#;
        for body in [
            String::new(),
            "[]".to_owned(),
            "{}".to_owned(),
            format!(r#"{{"id":"{ID}"}}"#),
            format!(r#"{{"matchers":{own}}}"#),
            format!(r#"{{"id":"{ID}","matchers":{own},"matchers":[]}}"#),
            format!(r#"{{"id":"{ID}","id":"{ID}","matchers":{own}}}"#),
            format!(r#"{{"id":"{ID}","matchers":{{}}}}"#),
            format!(r#"{{"id":"{ID}","matchers":{own}}}x"#),
        ] {
            assert_eq!(judged("200", &body), Err(LookupError::Failed), "{body}");
        }
    }
}
