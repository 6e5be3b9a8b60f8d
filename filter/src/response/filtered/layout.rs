//! The layout of the answers: the values that decide who may see them, and where they stand. The answers of Prometheus are
//! read by one table, so an answer that comes in place of another is filtered too. Those of Alertmanager are lists without
//! anything around them.

use super::event::Shape;
use crate::api::listing::Listing;
use crate::lengths::Lengths;

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
    /// Alertmanager's list of groups of alerts.
    AlertGroups,
    /// A group of alerts.
    AlertGroup,
    /// A list of silences.
    Silences,
    /// A silence. It has matchers.
    Silence,
    /// The matchers of a silence.
    Matchers,
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

/// The longest key where keys matter, in bytes as written.
pub(super) const MAX_KEY: usize = 4_096;

/// The longest key without its quotes.
pub(super) const MAX_NAME: usize = MAX_KEY - 2;

/// The fields that matter in one kind of object: their names, and the paths of their values.
#[derive(Debug)]
pub(super) struct Names {
    known: &'static [(&'static [u8], JsonPath)],
    /// The lengths of the names that have to be looked at.
    lengths: Lengths,
    /// The path of fields with other names.
    other: JsonPath,
}

impl Names {
    /// Around the lists, fields that the table doesn't know have to be looked at too.
    const ANSWER: Self =
        Self::all(&[(b"data", JsonPath::Data), (b"warnings", JsonPath::Other), (b"infos", JsonPath::Other)]);

    const DATA: Self = Self::all(&[
        (b"groups", JsonPath::Groups),
        (b"groupNextToken", JsonPath::Token),
        (b"alerts", JsonPath::Series),
        (b"activeTargets", JsonPath::Series),
        (b"droppedTargets", JsonPath::Dropped),
        (b"droppedTargetCounts", JsonPath::DroppedCounts),
    ]);

    const GROUP: Self = Self::only(&[(b"rules", JsonPath::Rules)]);

    const RULE: Self = Self::only(&[(b"labels", JsonPath::Labels), (b"alerts", JsonPath::Series)]);

    const ONE: Self = Self::only(&[(b"labels", JsonPath::Labels)]);

    const ALERT_GROUP: Self = Self::only(&[(b"alerts", JsonPath::Series)]);

    const SILENCE: Self = Self::only(&[(b"matchers", JsonPath::Matchers)]);

    const NONE: Self = Self::only(&[]);

    const fn all(known: &'static [(&'static [u8], JsonPath)]) -> Self {
        Self { known, lengths: Lengths::ALL, other: JsonPath::Unknown }
    }

    const fn only(known: &'static [(&'static [u8], JsonPath)]) -> Self {
        let mut lengths = Lengths::NONE;
        let mut rest = known;
        while let [(name, _), others @ ..] = rest {
            lengths = lengths.with(name);
            rest = others;
        }
        Self { known, lengths, other: JsonPath::Other }
    }

    /// Returns `true` if a field with this name may have to be looked at. Most others are told from those by the length
    /// and the first byte. A name that is too long is looked at too, since it is refused.
    #[inline]
    pub(super) fn may_have(&self, name: &[u8]) -> bool {
        let is_like = |known: &[u8]| known.len() == name.len() && known.first() == name.first();
        name.len() > MAX_NAME
            || self.lengths.may_have(name)
                && (self.other == JsonPath::Unknown || self.known.iter().any(|(known, _)| is_like(known)))
    }
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
    /// Returns the path of an answer as a whole. Where Alertmanager answers with no list, it is an error.
    pub(super) fn whole(listing: Listing, shape: Shape) -> Self {
        match (listing, shape) {
            (Listing::ReceivedAlerts, Shape::List) => Self::Series,
            (Listing::AlertGroups, Shape::List) => Self::AlertGroups,
            (Listing::Silences, Shape::List) => Self::Silences,
            (Listing::ReceivedAlerts | Listing::AlertGroups | Listing::Silences, Shape::Scalar) => {
                Self::Other
            }
            _ => Self::Answer,
        }
    }

    /// Returns the fields that matter in an object at this path.
    pub(super) fn names(self) -> &'static Names {
        match self {
            Self::Answer => &Names::ANSWER,
            Self::Data => &Names::DATA,
            Self::Group => &Names::GROUP,
            Self::Rule => &Names::RULE,
            Self::One => &Names::ONE,
            Self::AlertGroup => &Names::ALERT_GROUP,
            Self::Silence => &Names::SILENCE,
            _ => &Names::NONE,
        }
    }

    /// Returns the field with this name in an object at this path.
    pub(super) fn field(self, name: &[u8]) -> (Fields, Self) {
        let names = self.names();
        let mut bit = 1;
        for (known, field) in names.known {
            if *known == name {
                return (Fields(bit), *field);
            }
            bit <<= 1;
        }
        (Fields::OTHER, names.other)
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
            Self::AlertGroups => Some(Self::AlertGroup),
            Self::Silences => Some(Self::Silence),
            _ => None,
        }
    }

    /// Returns the shape that the value must have, or `None` if any will do.
    pub(super) fn shape(self) -> Option<Shape> {
        match self {
            Self::Answer
            | Self::Data
            | Self::Group
            | Self::Rule
            | Self::One
            | Self::Labels
            | Self::AlertGroup
            | Self::Silence => Some(Shape::Object),
            Self::Groups
            | Self::Rules
            | Self::Series
            | Self::AlertGroups
            | Self::Silences
            | Self::Matchers => Some(Shape::List),
            Self::Token | Self::Dropped | Self::DroppedCounts | Self::Unknown | Self::Other => None,
        }
    }

    /// Returns `true` if the value may be `null`, which Go writes for a value that was never set.
    pub(super) fn may_be_null(self) -> bool {
        matches!(self, Self::Data | Self::Labels | Self::Matchers) || self.element().is_some()
    }

    /// Returns `true` if the inside of the value is read as it comes.
    pub(super) fn is_entered(self) -> bool {
        self.shape().is_some() && !matches!(self, Self::Labels | Self::Matchers)
    }

    /// Returns `true` if parts of the value may be cut out, so that the filter writes the commas between them.
    pub(super) fn is_cut(self) -> bool {
        self == Self::Data || self.element().is_some()
    }

    /// Returns `true` if the value stays or goes as a whole, depending on its labels or matchers.
    pub(super) fn is_judged(self) -> bool {
        self.is_judged_by_labels() || self == Self::Silence
    }

    /// Returns `true` if the value stays or goes as a whole, depending on its labels.
    pub(super) fn is_judged_by_labels(self) -> bool {
        matches!(self, Self::Rule | Self::One)
    }

    /// Returns `true` if the value is held back until some part of it is known to stay.
    pub(super) fn is_held(self) -> bool {
        self.is_judged() || matches!(self, Self::Group | Self::AlertGroup)
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
