//! The layout of the answers: the values that decide who may see them, and where they stand. All three answers are read
//! by one table, so an answer that comes in place of another is filtered too.

use super::event::Shape;
use crate::api::listing::Listing;

/// The path to a value in an answer, as far as it decides what happens to the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JsonPath {
    /// The answer as a whole.
    Answer,
    /// The value of `data`.
    Data,
    /// A list of groups of rules.
    Groups,
    /// A group of rules.
    Group,
    /// A list of rules.
    Rules,
    /// A rule. It has labels, and alerts if it is an alerting rule.
    Rule,
    /// A list of alerts or of targets.
    Series,
    /// An alert or a target.
    One,
    /// The labels of a rule, an alert or a target.
    Labels,
    /// The token of the next page of groups.
    Token,
    /// A list whose elements have no labels to judge by. It is sent empty.
    Dropped,
    /// An object whose values have no labels to judge by. It is sent empty.
    DroppedCounts,
    /// A field that the table doesn't know. A newer server might list in it what only others may see.
    Unknown,
    /// Any other value, which is sent unchanged.
    Other,
}

/// A set of fields of one object, with a bit for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(u16);

impl Fields {
    /// The bit of all fields that don't matter.
    pub(super) const OTHER: Self = Self(1 << 15);

    pub(super) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) fn has(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }

    pub(super) fn add(&mut self, others: Self) {
        self.0 |= others.0;
    }
}

impl JsonPath {
    /// Returns the names of the fields that matter in an object at this path, and the paths of their values.
    const fn fields(self) -> &'static [(&'static str, Self)] {
        match self {
            Self::Answer => &[("data", Self::Data), ("warnings", Self::Other), ("infos", Self::Other)],
            Self::Data => &[
                ("groups", Self::Groups),
                ("groupNextToken", Self::Token),
                ("alerts", Self::Series),
                ("activeTargets", Self::Series),
                ("droppedTargets", Self::Dropped),
                ("droppedTargetCounts", Self::DroppedCounts),
            ],
            Self::Group => &[("rules", Self::Rules)],
            Self::Rule => &[("labels", Self::Labels), ("alerts", Self::Series)],
            Self::One => &[("labels", Self::Labels)],
            _ => &[],
        }
    }

    /// Returns the field with this name in an object at this path.
    #[inline]
    pub(super) fn field(self, name: &[u8]) -> (Fields, Self) {
        let mut bit = 1;
        for (known, field) in self.fields() {
            if known.as_bytes() == name {
                return (Fields(bit), *field);
            }
            bit <<= 1;
        }
        let other = if matches!(self, Self::Answer | Self::Data) { Self::Unknown } else { Self::Other };
        (Fields::OTHER, other)
    }

    /// Returns the path once the shape of the value is known. Unknown lists and objects are sent empty.
    pub(super) fn of_shape(self, shape: Shape) -> Self {
        match (self, shape) {
            (Self::Unknown, Shape::List) => Self::Dropped,
            (Self::Unknown, Shape::Object) => Self::DroppedCounts,
            (Self::Unknown, _) => Self::Other,
            _ => self,
        }
    }

    /// Returns the path of the elements, if this is a list.
    pub(super) fn element(self) -> Option<Self> {
        match self {
            Self::Groups => Some(Self::Group),
            Self::Rules => Some(Self::Rule),
            Self::Series => Some(Self::One),
            _ => None,
        }
    }

    /// Returns the shape that the value must have, or `None` if any will do.
    pub(super) fn shape(self) -> Option<Shape> {
        match self {
            Self::Answer | Self::Data | Self::Group | Self::Rule | Self::One | Self::Labels => {
                Some(Shape::Object)
            }
            Self::Groups | Self::Rules | Self::Series => Some(Shape::List),
            Self::Token | Self::Dropped | Self::DroppedCounts | Self::Unknown | Self::Other => None,
        }
    }

    /// Returns `true` if the value may be `null`, which Go writes for a value that was never set.
    pub(super) fn may_be_null(self) -> bool {
        matches!(self, Self::Data | Self::Labels) || self.element().is_some()
    }

    /// Returns `true` if the inside of the value is read as it comes.
    pub(super) fn is_entered(self) -> bool {
        self.shape().is_some() && self != Self::Labels
    }

    /// Returns `true` if parts of the value may be cut out, so that the filter writes the commas between them.
    pub(super) fn is_cut(self) -> bool {
        self == Self::Data || self.element().is_some()
    }

    /// Returns `true` if the value stays or goes as a whole, depending on its labels.
    pub(super) fn is_judged(self) -> bool {
        matches!(self, Self::Rule | Self::One)
    }

    /// Returns `true` if the value is held back until some part of it is known to stay.
    pub(super) fn is_held(self) -> bool {
        self.is_judged() || self == Self::Group
    }

    /// Returns the text that replaces the value, if there is one.
    pub(super) fn replaced(self) -> Option<&'static [u8]> {
        match self {
            Self::Dropped => Some(b"[]"),
            Self::DroppedCounts => Some(b"{}"),
            _ => None,
        }
    }
}

/// Returns the field of `data` that an answer of this kind must have.
pub(super) fn list(listing: Listing) -> Fields {
    JsonPath::Data.field(listing.field().as_bytes()).0
}
