//! What stands where in an answer, as far as it matters who sees it. All three answers are read by one table, so that
//! one that comes in another's place is filtered too.

use super::event::Shape;
use crate::api::listing::Listing;

/// What a value is in its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JsonPath {
    /// The whole.
    Answer,
    /// What was asked for.
    Data,
    /// A list of groups.
    Groups,
    /// A group of rules.
    Group,
    /// A list of rules.
    Rules,
    /// A rule: it has labels and, if it is one that alerts, alerts.
    Rule,
    /// A list of alerts or of targets.
    Series,
    /// An alert or a target.
    One,
    /// Its labels, or a rule's.
    Labels,
    /// Where the next page of groups begins.
    Token,
    /// A list of what has no labels to judge by.
    Dropped,
    /// An object of such.
    DroppedCounts,
    /// A field beside those that are known, where a newer server might list what only others may see.
    Unknown,
    /// Anything else. It stays as it is.
    Other,
}

/// Fields of one object, a bit each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields(u16);

impl Fields {
    /// What every field that doesn't matter counts as.
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
    /// The fields that matter in an object at this place: their names, and what they are.
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

    /// The field of this name in an object at this place.
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

    /// The same once its shape is known: lists and objects that nobody knows are given out empty.
    pub(super) fn of_shape(self, shape: Shape) -> Self {
        match (self, shape) {
            (Self::Unknown, Shape::List) => Self::Dropped,
            (Self::Unknown, Shape::Object) => Self::DroppedCounts,
            (Self::Unknown, _) => Self::Other,
            _ => self,
        }
    }

    /// What an element is of a list at this place.
    pub(super) fn element(self) -> Option<Self> {
        match self {
            Self::Groups => Some(Self::Group),
            Self::Rules => Some(Self::Rule),
            Self::Series => Some(Self::One),
            _ => None,
        }
    }

    /// The shape that a value must have here; none if any will do.
    pub(super) fn shape(self) -> Option<Shape> {
        match self {
            Self::Answer | Self::Data | Self::Group | Self::Rule | Self::One | Self::Labels => {
                Some(Shape::Object)
            }
            Self::Groups | Self::Rules | Self::Series => Some(Shape::List),
            Self::Token | Self::Dropped | Self::DroppedCounts | Self::Unknown | Self::Other => None,
        }
    }

    /// Whether `null` may stand for it: Go prints so what was never set.
    pub(super) fn may_be_null(self) -> bool {
        matches!(self, Self::Data | Self::Labels) || self.element().is_some()
    }

    /// Whether what is inside is looked at as it comes.
    pub(super) fn is_entered(self) -> bool {
        self.shape().is_some() && self != Self::Labels
    }

    /// Whether parts of it may be cut out, so that the filter sets the commas between them.
    pub(super) fn is_cut(self) -> bool {
        self == Self::Data || self.element().is_some()
    }

    /// Whether it stays or goes as a whole, by its labels.
    pub(super) fn is_judged(self) -> bool {
        matches!(self, Self::Rule | Self::One)
    }

    /// Whether it is held back until something in it is known to stay.
    pub(super) fn is_held(self) -> bool {
        self.is_judged() || self == Self::Group
    }

    /// What is written in its place.
    pub(super) fn replaced(self) -> Option<&'static [u8]> {
        match self {
            Self::Dropped => Some(b"[]"),
            Self::DroppedCounts => Some(b"{}"),
            _ => None,
        }
    }
}

/// The field of `data` that an answer of this kind must have.
pub(super) fn list(listing: Listing) -> Fields {
    JsonPath::Data.field(listing.field().as_bytes()).0
}
