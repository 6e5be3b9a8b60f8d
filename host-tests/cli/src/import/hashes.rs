//! Carries passwords over: bcrypt hashes as they are, plain passwords as new hashes. Other kinds of hash can't be turned
//! into bcrypt without the password.

use crate::hash;
use crate::line::Section;
use promward::caller::hash::COSTS;

/// A password as the original stores it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stored<'a> {
    /// A hash, of whatever kind.
    Hash(&'a str),
    /// The password itself, in plain text.
    Plain(&'a str),
}

/// The beginnings of hashes that aren't bcrypt, and the names of their kinds.
const OTHERS: [(&str, &str); 10] = [
    ("$apr1$", "Apache's MD5"),
    ("$1$", "MD5"),
    ("$5$", "SHA-256 of crypt"),
    ("$6$", "SHA-512 of crypt"),
    ("$y$", "yescrypt"),
    ("$7$", "scrypt"),
    ("$argon2", "Argon2"),
    ("{SHA}", "SHA-1 without salt"),
    ("{SSHA}", "SHA-1"),
    ("$2x$", "bcrypt of a version with a known fault"),
];

/// Returns the cost of a bcrypt hash, such as `$2y$14$…`, if it is higher than the filter takes. Caddy's are.
fn excessive_cost(hash: &str) -> Option<u32> {
    hash.split('$').nth(2)?.parse().ok().filter(|cost| cost > COSTS.end())
}

/// Returns the bcrypt hash for `users`.
///
/// # Errors
///
/// Returns the reason why the user can't be carried over, and what to do.
pub(super) fn carried(name: &str, stored: Stored<'_>) -> Result<String, String> {
    let again = format!("ask for the password again: cargo promward hash {name}");
    let hash = match stored {
        Stored::Plain("") => return Err(format!("the password is empty; {again}")),
        Stored::Plain(password) => {
            hash::of(password.as_bytes()).map_err(|error| format!("{error:#}; {again}"))?
        }
        Stored::Hash(hash) => match OTHERS.iter().find(|(begin, _)| hash.starts_with(begin)) {
            Some((_, kind)) => {
                return Err(format!("the hash is {kind}, and promward takes bcrypt; {again}"));
            }
            None if !hash.starts_with("$2") => {
                return Err(format!(
                    "the hash is of crypt's old kind, or none, and promward takes bcrypt; {again}"
                ));
            }
            None => match excessive_cost(hash) {
                Some(cost) => {
                    let most = COSTS.end();
                    return Err(format!(
                        "the hash has the cost {cost}, and promward takes at most {most}; {again}"
                    ));
                }
                None => hash.to_owned(),
            },
        },
    };
    Section::Users.line(name, &hash).map_err(|error| format!("{error}; {again}"))?;
    Ok(hash)
}
