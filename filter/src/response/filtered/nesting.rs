//! The objects and lists of an answer that are open.

use super::error::FilterError;
use super::event::Shape;

/// The largest number of objects and lists that may be nested.
const MAX_DEPTH: u32 = 64;

/// The objects and lists around the current position.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Nesting {
    /// The number of open objects and lists.
    depth: u32,
    /// A bit for each of them, the innermost lowest. It is set for an object.
    objects: u64,
}

impl Nesting {
    /// Creates the inside of this many objects and lists, of which it isn't known which they are.
    pub(super) fn inside(depth: usize) -> Self {
        Self { depth: u32::try_from(depth).unwrap_or(MAX_DEPTH), objects: 0 }
    }

    /// Returns the number of open objects and lists.
    pub(super) fn depth(self) -> u32 {
        self.depth
    }

    /// Returns `true` if the innermost one is an object.
    pub(super) fn is_object(self) -> bool {
        self.objects & 1 == 1
    }

    /// Returns the inside of an object or a list that begins here.
    pub(super) fn opened(self, shape: Shape) -> Result<Self, FilterError> {
        if self.depth >= MAX_DEPTH {
            return Err(FilterError::TooDeep);
        }
        let objects = self.objects << 1 | u64::from(shape == Shape::Object);
        Ok(Self { depth: self.depth.saturating_add(1), objects })
    }

    /// Returns the outside of the innermost one.
    pub(super) fn closed(self) -> Result<Self, FilterError> {
        let depth = self.depth.checked_sub(1).ok_or(FilterError::Malformed)?;
        Ok(Self { depth, objects: self.objects >> 1 })
    }
}
