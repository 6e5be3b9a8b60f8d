//! A value of the answer that has begun, with what is known of it so far.

use super::error::FilterError;
use super::layout::{Fields, JsonPath};

/// A value whose end is still to come.
#[derive(Clone, Debug)]
pub(super) struct Open {
    pub(super) path: JsonPath,
    /// The position at which the value begins, with its comma. For `data`, the position at which the token begins.
    pub(super) start: usize,
    /// The fields that the value has had so far.
    pub(super) fields: Fields,
    /// True if something in it stays: its labels satisfy the restriction, or one of its parts was kept.
    pub(super) kept: bool,
    /// True once its labels have been judged.
    pub(super) judged: bool,
    /// The length of the token and its key, as long as it is not decided if they stay.
    pub(super) token: Option<usize>,
}

impl Open {
    /// Creates a value that begins at this position.
    pub(super) fn new(path: JsonPath, start: usize) -> Self {
        Self { path, start, fields: Fields::default(), kept: false, judged: false, token: None }
    }

    /// Returns the path of the field with this name, and remembers that the value has it.
    #[inline]
    pub(super) fn field(&mut self, name: &[u8]) -> Result<JsonPath, FilterError> {
        let (field, path) = self.path.field(name);
        if field != Fields::OTHER && self.fields.has(field) {
            return Err(FilterError::Twice);
        }
        self.fields.add(field);
        Ok(path)
    }

    /// Returns `true` if the text from its start on is held back.
    pub(super) fn holds(&self) -> bool {
        self.path.is_judged() || (!self.kept && (self.path.is_held() || self.token.is_some()))
    }
}
