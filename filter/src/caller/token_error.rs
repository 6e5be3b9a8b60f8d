//! The reasons why a token is refused although the proxy has verified it. The log says which claim is wrong and which
//! field of the configuration is about it; the client learns only that the token is refused. The content of a claim is
//! never told (`threats.md` C5).

use super::claim::MAX_VALUES;
use super::metadata::MalformedMetadata;
use std::fmt;

/// A reason why a token is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenError {
    /// The metadata can't be read.
    Malformed,
    /// The claim `iss` is that of none of the issuers.
    Issuer,
    /// There are two tokens.
    Twice,
    /// The token has expired.
    Expired,
    /// The token isn't valid yet.
    Early,
    /// A claim is missing, or isn't what it has to be.
    Claim(RefusedClaim),
}

/// A claim for which a token is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefusedClaim {
    /// The paths of the claim, and of the alternatives to it if all of them are missing.
    pub paths: Vec<Vec<String>>,
    /// The field of the configuration that says which claim to read, unless every token has to have this claim.
    pub field: Option<String>,
    /// The fault of the claim.
    pub fault: ClaimFault,
}

/// A fault of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClaimFault {
    /// The claim is not there.
    Missing,
    /// The claim is not a number.
    NoNumber,
    /// The claim is not a text of one line, or it is empty.
    NoName,
    /// The claim is neither a text nor a list of texts, or has too many of them.
    NoTexts,
    /// The claim is neither the audience nor a list that has it.
    OtherAudience,
}

impl TokenError {
    /// Returns what the client is told: only what it can mend by another token of the same kind.
    pub fn for_the_client(&self) -> &'static str {
        match self {
            Self::Expired => "the token has expired",
            Self::Early => "the token is not valid yet",
            _ => "the token is not accepted here",
        }
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("the token's claims can't be read"),
            Self::Issuer => f.write_str("the token's claim \"iss\" is none of the issuers in callers.jwt"),
            Self::Twice => f.write_str("two tokens are there, and callers.jwt knows the issuers of both"),
            Self::Expired | Self::Early => f.write_str(self.for_the_client()),
            Self::Claim(claim) => claim.fmt(f),
        }
    }
}

impl fmt::Display for RefusedClaim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fault = match self.fault {
            ClaimFault::Missing => {
                let mut separator = "the token has";
                for path in &self.paths {
                    write!(f, "{separator} no claim \"{}\"", path.join("."))?;
                    separator = " and";
                }
                None
            }
            ClaimFault::NoNumber => Some("is not a number".to_owned()),
            ClaimFault::NoName => Some("is not a text of one line, nor a whole number".to_owned()),
            ClaimFault::NoTexts => {
                Some(format!("is neither a text nor a list of at most {MAX_VALUES} texts"))
            }
            ClaimFault::OtherAudience => Some("is another audience".to_owned()),
        };
        if let Some((fault, path)) = fault.zip(self.paths.first()) {
            write!(f, "the token's claim \"{}\" {fault}", path.join("."))?;
        }
        self.field.iter().try_for_each(|field| write!(f, " ({field})"))
    }
}

impl From<MalformedMetadata> for TokenError {
    fn from(_: MalformedMetadata) -> Self {
        Self::Malformed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_names_the_claim_and_the_field_and_the_client_is_told_neither() {
        let path = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        for (paths, field, fault, expected) in [
            (
                vec![path(&["sub"])],
                Some("callers.jwt.corp.name"),
                ClaimFault::Missing,
                "the token has no claim \"sub\" (callers.jwt.corp.name)",
            ),
            (
                vec![path(&["user", "name"]), path(&["client_id"])],
                Some("callers.jwt.corp.name"),
                ClaimFault::Missing,
                "the token has no claim \"user.name\" and no claim \"client_id\" (callers.jwt.corp.name)",
            ),
            (vec![path(&["exp"])], None, ClaimFault::Missing, "the token has no claim \"exp\""),
            (
                vec![path(&["groups"])],
                Some("callers.jwt.corp.groups"),
                ClaimFault::NoTexts,
                "the token's claim \"groups\" is neither a text nor a list of at most 1000 texts (callers.jwt.corp.groups)",
            ),
        ] {
            let error = TokenError::Claim(RefusedClaim { paths, field: field.map(str::to_owned), fault });
            assert_eq!(error.to_string(), expected);
            assert_eq!(error.for_the_client(), "the token is not accepted here");
        }
    }
}
