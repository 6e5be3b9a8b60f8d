//! The header that tells a server with several tenants (Mimir, Cortex, Thanos) which of them are asked for: it carries
//! the values of one label that the caller is restricted to, or the tenants that a rule names.

use super::restriction::Restriction;
use crate::index::distinct;
use std::fmt;

/// The header, and the label whose values it carries where a rule names no tenants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TenantHeader {
    /// The header's name, in lower case.
    pub name: String,
    /// The label whose values the header carries, if there is one.
    pub label: Option<String>,
}

/// The error of a value that can't stand in the header. The value is the caller's own, so it may be shown to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoTenant {
    /// The value that is refused.
    pub value: String,
}

/// The longest value in bytes, as in Mimir.
const MAX_LENGTH: usize = 150;

impl fmt::Display for NoTenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "\"{}\" can't be sent as a tenant: a tenant has 1 to {MAX_LENGTH} letters, digits and !_.*'()-, and is not \
             . or ..",
            self.value
        )
    }
}

impl TenantHeader {
    /// Returns the header's value for a caller with this restriction, or `None` if it doesn't list values of the label.
    ///
    /// # Errors
    ///
    /// Returns an error if one of the label's values can't stand in the header.
    pub fn value(&self, restriction: &Restriction) -> Result<Option<String>, NoTenant> {
        let values = self.label.as_deref().and_then(|label| restriction.values(label));
        values.map(joined).transpose()
    }
}

/// Returns these values as the header carries them, each once.
///
/// # Errors
///
/// Returns an error if one of the values can't stand in the header.
pub(crate) fn joined(values: Vec<String>) -> Result<String, NoTenant> {
    values.iter().try_for_each(|value| check(value))?;
    Ok(distinct(values).join("|"))
}

/// Checks that a value can stand in the header.
///
/// # Errors
///
/// Returns an error with the value if it can't.
pub(crate) fn check(value: &str) -> Result<(), NoTenant> {
    let is_of_tenant = |byte: u8| byte.is_ascii_alphanumeric() || b"!_.*'()-".contains(&byte);
    let is_tenant = (1..=MAX_LENGTH).contains(&value.len())
        && value.bytes().all(is_of_tenant)
        && value != "."
        && value != "..";
    if is_tenant { Ok(()) } else { Err(NoTenant { value: value.to_owned() }) }
}

#[cfg(test)]
mod tests {
    use super::super::restriction::Absent;
    use super::super::restriction::samples::{listed, matching, restriction};
    use super::*;

    fn header(label: &str) -> TenantHeader {
        TenantHeader { name: "x-scope-orgid".into(), label: Some(label.into()) }
    }

    fn value(values: &[&str], absent: Absent) -> Result<Option<String>, NoTenant> {
        header("tenant").value(&restriction(listed("tenant", values, absent)))
    }

    #[test]
    fn the_header_carries_the_values_of_its_label() {
        let long = "x".repeat(MAX_LENGTH);
        for (values, expected) in [
            (&["a"][..], "a"),
            (&["b", "a", "b"], "b|a"),
            (&["A-1_!.*'()", "..."], "A-1_!.*'()|..."),
            (&[&long], &long),
        ] {
            for absent in [Absent::Refused, Absent::Allowed] {
                assert_eq!(value(values, absent), Ok(Some(expected.to_owned())));
            }
        }
    }

    #[test]
    fn a_value_that_could_be_read_as_two_or_as_a_path_is_refused() {
        let long = "x".repeat(MAX_LENGTH + 1);
        for refused in ["a|b", "a b", "a/b", ".", "..", "é", "a\nb", "a,b", &long] {
            let error = NoTenant { value: refused.to_owned() };
            assert_eq!(value(&["a", refused], Absent::Refused), Err(error), "{refused}");
        }
        assert!(check("").is_err());
    }

    #[test]
    fn without_values_of_the_label_there_is_no_header() {
        let restriction = restriction(matching("a.*"));
        assert_eq!(header("tenant").value(&restriction), Ok(None));
        assert_eq!(header("other").value(&restriction), Ok(None));
        let no_label = TenantHeader { name: "x-scope-orgid".into(), label: None };
        assert_eq!(no_label.value(&restriction), Ok(None));
    }
}
