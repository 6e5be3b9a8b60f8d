//! Words of the configuration language that this version knows but can't keep yet: refused by name, never ignored.

/// The fields, each with one that stands beside it in its object.
const FIELDS: [(&str, &str); 2] = [("mode", "who"), ("concurrent", "rate")];

/// Whether a field that is unknown beside those comes with a later version.
pub(super) fn comes_later(field: &str, beside: &[&str]) -> bool {
    FIELDS.iter().any(|(later, known)| *later == field && beside.contains(known))
}

/// Said of whatever comes with a later version.
pub(super) const NOT_YET: &str =
    concat!("this is not in promward ", env!("CARGO_PKG_VERSION"), ": it comes with a later version");
