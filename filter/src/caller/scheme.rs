//! The ways in which somebody shows who they are.

use std::fmt;

/// How somebody shows who they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scheme {
    /// Name and password.
    User,
    /// A static token.
    Token,
    /// A client certificate.
    Certificate,
    /// A JSON web token.
    Jwt,
}

impl Scheme {
    /// Its name in configurations.
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
