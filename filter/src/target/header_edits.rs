//! Changes to a header map. The core decides them, and the host applies them.

use std::borrow::Cow;

/// Changes to a header map, applied in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderEdits {
    /// The names of headers to remove, with all their values.
    pub remove: Vec<Vec<u8>>,
    /// The headers to set to exactly one value.
    pub set: Vec<(Cow<'static, str>, String)>,
    /// The headers to add beside others of the same name.
    pub add: Vec<(&'static str, String)>,
}

impl HeaderEdits {
    /// Creates the change of one header to one value.
    pub fn set(name: &'static str, value: String) -> Self {
        Self { set: vec![(name.into(), value)], ..Self::default() }
    }
}
