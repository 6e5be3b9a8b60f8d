//! The experimental parts of PromQL, which a server has only if they are switched on. The names are those of Prometheus'
//! feature flags.

/// A set of experimental parts of the language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extensions(u8);

/// The parts with their names in configurations.
const NAMES: [(Extensions, &str); 4] = [
    (Extensions::FUNCTIONS, "experimental_functions"),
    (Extensions::DURATIONS, "duration_expressions"),
    (Extensions::RANGE_SELECTORS, "extended_range_selectors"),
    (Extensions::FILL, "binop_fill_modifiers"),
];

impl Extensions {
    /// The empty set: stable PromQL alone.
    pub const NONE: Self = Self(0);

    /// Functions and aggregations (`promql-experimental-functions`).
    pub(super) const FUNCTIONS: Self = Self(1);
    /// Arithmetic in durations (`promql-duration-expr`; always on from Prometheus 3.14).
    pub(super) const DURATIONS: Self = Self(1 << 1);
    /// The modifiers `anchored` and `smoothed` (`promql-extended-range-selectors`).
    pub(super) const RANGE_SELECTORS: Self = Self(1 << 2);
    /// The modifiers `fill`, `fill_left` and `fill_right` (`promql-binop-fill-modifiers`).
    pub(super) const FILL: Self = Self(1 << 3);

    /// Returns the part with this name.
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(_, known)| *known == name).map(|&(part, _)| part)
    }

    /// Returns the names of all parts.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|&(_, name)| name)
    }

    /// Returns the parts that are in either set.
    #[must_use]
    pub const fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Returns `true` if a part is in the set.
    pub(super) fn has(self, part: Self) -> bool {
        self.0 & part.0 != 0
    }
}
