//! Words of the configuration language that this version knows but can't keep yet. They are refused by name, and never
//! ignored.

/// The fields, each with another one of the same object.
const FIELDS: [(&str, &str); 1] = [("mode", "who")];

/// Returns `true` if a field that is unknown beside those comes with a later version.
pub(super) fn comes_later(field: &str, beside: &[&str]) -> bool {
    FIELDS.iter().any(|(later, known)| *later == field && beside.contains(known))
}

/// The message about anything that comes with a later version.
pub(super) const NOT_YET: &str =
    concat!("this is not in promward ", env!("CARGO_PKG_VERSION"), ": it comes with a later version");
