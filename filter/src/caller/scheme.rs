//! The schemes by which callers log in.

use std::fmt;

/// The kind of credential that shows who is calling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    /// A name and a password.
    User,
    /// A static token of the configuration.
    Token,
    /// A client certificate of the configuration.
    Certificate,
    /// A JSON web token of an issuer.
    Jwt,
}

impl Scheme {
    /// Returns the name of the scheme in configurations.
    pub fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Token => "token",
            Self::Certificate => "certificate",
            Self::Jwt => "jwt",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
