//! Changes to a header map, as the core decides them and the host makes them.

use std::borrow::Cow;

/// Changes to a header map, made in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeaderEdits {
    /// Names whose headers go, all of them.
    pub remove: Vec<Vec<u8>>,
    /// Names that get just this value.
    pub set: Vec<(Cow<'static, str>, String)>,
    /// Headers that come beside those of the same name.
    pub add: Vec<(&'static str, String)>,
}
