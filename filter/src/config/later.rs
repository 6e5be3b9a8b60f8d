//! Words of the configuration language that this version knows but can't keep yet: refused by name, never ignored.

use serde::de::{Deserialize, Deserializer, Error};

/// A field that must not be there in this version.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Later;

impl<'de> Deserialize<'de> for Later {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom(NOT_YET))
    }
}

/// The fields whose type is [`Later`], in whichever object they are.
pub(super) const FIELDS: [&str; 7] =
    ["callers", "only", "limits", "unrestricted", "mode", "caller", "tenant"];

/// Said of whatever comes with a later version.
pub(super) const NOT_YET: &str =
    concat!("this is not in promward ", env!("CARGO_PKG_VERSION"), ": it comes with a later version");
