//! Counts selectors that come as lists of matchers, and not as text, against the bounds that hold for texts.

use super::bounds::{Bound, Bounds, Counts};
use super::regex::{self, MAX_GROUPS, Used};
use std::fmt;

/// More of something than the bounds allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany {
    /// The count that is bounded.
    pub bound: Bound,
    /// The largest allowed count.
    pub most: u32,
}

impl fmt::Display for TooMany {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bound.explain(self.most, f)
    }
}

impl Counts {
    /// Adds a selector, which names its metric outright or doesn't.
    ///
    /// # Errors
    ///
    /// Returns an error if there are more than the bounds allow.
    pub fn add_selector(&mut self, is_named: bool, bounds: &Bounds) -> Result<(), TooMany> {
        self.count(Bound::Selectors, 1, bounds)?;
        if is_named { Ok(()) } else { self.count(Bound::Unnamed, 1, bounds) }
    }

    /// Adds a matcher of a selector, with its regular expression if it has one.
    ///
    /// # Errors
    ///
    /// Returns an error if there are more than the bounds allow, or if their regular expressions weigh more.
    pub fn add_matcher(&mut self, regex: Option<&str>, bounds: &Bounds) -> Result<(), TooMany> {
        self.count(Bound::Matchers, 1, bounds)?;
        let Some(regex) = regex else { return Ok(()) };
        let Some(size) = regex::size(regex.as_bytes(), Used::InMatcher) else {
            let most = u32::try_from(MAX_GROUPS).unwrap_or(u32::MAX);
            return Err(TooMany { bound: Bound::Groups, most });
        };
        self.count(Bound::Repetitions, size.weight, bounds)
    }

    fn count(&mut self, bound: Bound, number: u32, bounds: &Bounds) -> Result<(), TooMany> {
        self.add(bound, number, bounds).map_err(|most| TooMany { bound, most })
    }
}
