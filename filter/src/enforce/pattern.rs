//! Regular expressions by which a configuration restricts a label. Servers match them with RE2, and the filter uses
//! them on answers, so both have to read them alike. This is the part of the language that can be read in one
//! way only; anything else is refused. Patterns are matched in linear time and without recursion.

mod parser;

pub use parser::PatternError;

/// A regular expression that matches a value in full. `.` is any character but a new line, since servers differ in
/// whether it matches that one as well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    steps: Vec<PatternStep>,
}

/// A step of the machine that matches. Offsets are relative to the step itself.
#[derive(Clone, Debug, PartialEq, Eq)]
enum PatternStep {
    /// Takes this character and no other.
    Character(char),
    /// Takes any character but a new line.
    Any,
    /// Takes a character of these ranges, ends included.
    In(Vec<(char, char)>),
    /// Takes a character of none of these ranges.
    NotIn(Vec<(char, char)>),
    /// Goes on with the next step, and also with the one at this offset.
    Fork(isize),
    /// Goes on with the step at this offset.
    Jump(isize),
}

impl PatternStep {
    fn takes(&self, character: char) -> bool {
        let is_in =
            |ranges: &[(char, char)]| ranges.iter().any(|&(first, last)| (first..=last).contains(&character));
        match self {
            Self::Character(known) => *known == character,
            Self::Any => character != '\n',
            Self::In(ranges) => is_in(ranges),
            Self::NotIn(ranges) => !is_in(ranges),
            Self::Fork(_) | Self::Jump(_) => false,
        }
    }
}

impl Pattern {
    /// Parses a pattern of at most 1 KiB, with at most 64 groups within each other.
    ///
    /// # Errors
    ///
    /// Returns an error if the pattern has something that could be read in two ways, or that the filter doesn't know.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        Ok(Self { text: text.to_owned(), steps: parser::steps(text)? })
    }

    /// Returns the pattern as the configuration writes it, which is how a server gets it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns the most steps that a character of a value takes.
    pub(super) fn length(&self) -> usize {
        self.steps.len()
    }

    /// Returns `true` if the pattern matches the whole of a value.
    pub fn matches(&self, value: &str) -> bool {
        let mut now = Reached::new(self.steps.len());
        now.add(&self.steps, 0);
        let mut next = Reached::new(self.steps.len());
        for character in value.chars() {
            next.clear();
            for &place in &now.places {
                if self.steps.get(place).is_some_and(|step| step.takes(character)) {
                    next.add(&self.steps, place.saturating_add(1));
                }
            }
            std::mem::swap(&mut now, &mut next);
        }
        // The place after the last step is the end of the pattern.
        now.places.contains(&self.steps.len())
    }
}

/// The places in the steps that a match may have reached, each once.
struct Reached {
    /// The places of steps that take a character, and the end.
    places: Vec<usize>,
    seen: Vec<bool>,
    /// The places that are still to be followed.
    open: Vec<usize>,
}

impl Reached {
    fn new(steps: usize) -> Self {
        Self { places: Vec::new(), seen: vec![false; steps.saturating_add(1)], open: Vec::new() }
    }

    fn clear(&mut self) {
        self.places.clear();
        self.seen.fill(false);
    }

    /// Adds a place, or the places that its forks and jumps lead to.
    fn add(&mut self, steps: &[PatternStep], place: usize) {
        self.open.push(place);
        while let Some(place) = self.open.pop() {
            let Some(seen) = self.seen.get_mut(place) else { continue };
            if std::mem::replace(seen, true) {
                continue;
            }
            match steps.get(place) {
                Some(PatternStep::Jump(offset)) => self.open.extend(place.checked_add_signed(*offset)),
                Some(PatternStep::Fork(offset)) => {
                    self.open.push(place.saturating_add(1));
                    self.open.extend(place.checked_add_signed(*offset));
                }
                _ => self.places.push(place),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_the_whole_value() {
        for (pattern, matching, others) in [
            ("a", &["a"][..], &["", "b", "aa", "ab", "A"][..]),
            ("team-.+", &["team-a", "team-ü"], &["team-", "team", "xteam-a", "team-\n"]),
            ("a|b|", &["a", "b", ""], &["ab", "c"]),
            ("(a|bc)*d?", &["", "a", "abc", "bcad", "d"], &["b", "dd", "da"]),
            ("(a*)*b", &["b", "aab"], &["a", "ba"]),
            ("((a?)+)+", &["", "aaa"], &["b"]),
            ("[a-c_]+", &["abc_", "c"], &["d", "", "a-b"]),
            ("[^a-c]", &["d", "\n", "é"], &["a", "b", "", "dd"]),
            ("[-a]", &["-", "a"], &["b"]),
            ("[a^-]", &["-", "a", "^"], &["b"]),
            (r"[\]\\\^a\-z]", &["]", "\\", "^", "a", "-", "z"], &["b"]),
            (r"a\.b\|c\\", &["a.b|c\\"], &["axb|c\\", "a.b"]),
            ("[à-ü]x", &["éx"], &["ex", "é"]),
            ("a()b", &["ab"], &["a", "b"]),
        ] {
            let pattern = Pattern::parse(pattern).unwrap();
            for value in matching {
                assert!(pattern.matches(value), "{pattern:?} {value:?}");
            }
            for value in others {
                assert!(!pattern.matches(value), "{pattern:?} {value:?}");
            }
        }
    }

    #[test]
    fn a_pattern_that_others_take_exponential_time_for_takes_linear_time() {
        let pattern = Pattern::parse(&"(a*)*".repeat(200)).unwrap();
        assert!(!pattern.matches(&format!("{}b", "a".repeat(2_000))));
    }
}
