//! The callers in whose name requests are made.

use std::fmt;
use std::str::FromStr;

/// The caller in whose name a request is made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum As {
    /// Whoever the request shows to be its caller, by credentials that are checked.
    #[default]
    Shown,
    /// Nobody who is known.
    Anonymous,
    /// The user of this name.
    User(String),
    /// The token of this name.
    Token(String),
    /// The client certificate of this name.
    Certificate(String),
    /// The caller of a JSON web token: the issuer as the configuration calls it, and the caller's name.
    Jwt(String, String),
}

/// The error of a text that names no single caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoCaller(String);

impl fmt::Display for NoCaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(text) = self;
        if text.starts_with("group:") {
            return write!(f, "{text:?} is a group: name a caller who is in it");
        }
        write!(
            f,
            "{text:?} names no caller: write anonymous, user:NAME, token:NAME, certificate:NAME or jwt:ISSUER/NAME"
        )
    }
}

impl std::error::Error for NoCaller {}

impl FromStr for As {
    type Err = NoCaller;

    fn from_str(text: &str) -> Result<Self, NoCaller> {
        let nobody = || NoCaller(text.to_owned());
        if text == "anonymous" {
            return Ok(Self::Anonymous);
        }
        let (kind, name) = text.split_once(':').filter(|(_, name)| !name.is_empty()).ok_or_else(nobody)?;
        match kind {
            "user" => Ok(Self::User(name.to_owned())),
            "token" => Ok(Self::Token(name.to_owned())),
            "certificate" => Ok(Self::Certificate(name.to_owned())),
            "jwt" => {
                let (issuer, name) =
                    name.split_once('/').filter(|(_, name)| !name.is_empty()).ok_or_else(nobody)?;
                Ok(Self::Jwt(issuer.to_owned(), name.to_owned()))
            }
            _ => Err(nobody()),
        }
    }
}

impl fmt::Display for As {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shown => f.write_str("whoever the request shows"),
            Self::Anonymous => f.write_str("anonymous"),
            Self::User(name) => write!(f, "user:{name}"),
            Self::Token(name) => write!(f, "token:{name}"),
            Self::Certificate(name) => write!(f, "certificate:{name}"),
            Self::Jwt(issuer, name) => write!(f, "jwt:{issuer}/{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_is_read_and_written_in_one_way() {
        for text in ["anonymous", "user:a:b", "token:a", "certificate:a", "jwt:corp/a/b"] {
            assert_eq!(text.parse::<As>().unwrap().to_string(), text);
        }
        for text in ["", "alice", "user:", "anyone", "authenticated", "jwt:corp", "jwt:corp/", "role:a"] {
            assert!(text.parse::<As>().is_err(), "{text}");
        }
        let group = "group:sre".parse::<As>().unwrap_err().to_string();
        assert_eq!(group, "\"group:sre\" is a group: name a caller who is in it");
    }
}
