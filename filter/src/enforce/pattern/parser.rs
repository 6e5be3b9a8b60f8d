//! Parses a pattern into steps, one character after the other.

use super::PatternStep;
use std::fmt;
use std::str::Chars;

/// The longest pattern, in bytes.
const MAX_LENGTH: usize = 1_024;

/// The greatest depth of groups within each other.
const MAX_DEPTH: usize = 64;

/// A reason why a text is not accepted as a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternError {
    /// There is nothing in it.
    Empty,
    /// It has too many bytes.
    Long,
    /// Too many groups stand within each other.
    Deep,
    /// A group or a class has no end.
    Unclosed,
    /// A range ends before it begins.
    Range,
    /// Something is not part of the language, at this character, counted from 1.
    Foreign(usize),
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("an empty pattern matches nothing"),
            Self::Long => write!(f, "a pattern has at most {MAX_LENGTH} bytes"),
            Self::Deep => write!(f, "at most {MAX_DEPTH} groups can stand in each other"),
            Self::Unclosed => {
                f.write_str("a group or a class has no end: write \\( or \\[ for the character")
            }
            Self::Range => f.write_str("a range ends before it begins"),
            Self::Foreign(at) => write!(
                f,
                "a pattern can't have this (character {at}): it has characters, . for any of them, classes like \
                 [a-z] and [^/], groups ( ), |, and * + ? once after each; \\ makes punctuation a character"
            ),
        }
    }
}

/// Parses a pattern and returns its steps.
pub(super) fn steps(text: &str) -> Result<Vec<PatternStep>, PatternError> {
    match text.len() {
        0 => return Err(PatternError::Empty),
        1..=MAX_LENGTH => {}
        _ => return Err(PatternError::Long),
    }
    let mut parser = PatternParser { rest: text.chars(), taken: 0 };
    let steps = parser.alternatives(0)?;
    // Alternatives end at the end of the text, or at a parenthesis that nothing has opened.
    if parser.peek().is_some() { Err(parser.foreign_next()) } else { Ok(steps) }
}

struct PatternParser<'a> {
    rest: Chars<'a>,
    /// The number of characters that were taken.
    taken: usize,
}

impl PatternParser<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.clone().next()
    }

    fn next(&mut self) -> Option<char> {
        self.taken = self.taken.saturating_add(1);
        self.rest.next()
    }

    fn take(&mut self, character: char) -> bool {
        let is_next = self.peek() == Some(character);
        if is_next {
            self.next();
        }
        is_next
    }

    /// Returns the error that the character that was taken last is not part of the language.
    fn foreign(&self) -> PatternError {
        PatternError::Foreign(self.taken)
    }

    /// Returns the error that the next character is not part of the language.
    fn foreign_next(&self) -> PatternError {
        PatternError::Foreign(self.taken.saturating_add(1))
    }

    fn alternatives(&mut self, depth: usize) -> Result<Vec<PatternStep>, PatternError> {
        let mut all = vec![self.sequence(depth)?];
        while self.take('|') {
            all.push(self.sequence(depth)?);
        }
        let last = all.pop().unwrap_or_default();
        Ok(all.into_iter().rev().fold(last, |others, one| either(one, others)))
    }

    fn sequence(&mut self, depth: usize) -> Result<Vec<PatternStep>, PatternError> {
        let mut steps = Vec::new();
        while self.peek().is_some_and(|next| next != '|' && next != ')') {
            let one = self.one(depth)?;
            steps.extend(self.repeated(one)?);
        }
        Ok(steps)
    }

    /// Parses a character, a class or a group.
    fn one(&mut self, depth: usize) -> Result<Vec<PatternStep>, PatternError> {
        let step = match self.next() {
            Some('(') if depth == MAX_DEPTH => return Err(PatternError::Deep),
            Some('(') => {
                if self.peek() == Some('?') {
                    return Err(self.foreign_next());
                }
                let group = self.alternatives(depth.saturating_add(1))?;
                return if self.take(')') { Ok(group) } else { Err(PatternError::Unclosed) };
            }
            Some('[') => self.class()?,
            Some('.') => PatternStep::Any,
            Some('\\') => PatternStep::Character(self.escaped()?),
            Some('*' | '+' | '?' | '^' | '$' | '{' | '}' | ']') | None => return Err(self.foreign()),
            Some(character) => PatternStep::Character(character),
        };
        Ok(vec![step])
    }

    /// Repeats steps as the sign after them says. A second sign would mean something else, or nothing.
    fn repeated(&mut self, mut one: Vec<PatternStep>) -> Result<Vec<PatternStep>, PatternError> {
        let Some(sign @ ('*' | '+' | '?')) = self.peek() else { return Ok(one) };
        self.next();
        if let Some('*' | '+' | '?') = self.peek() {
            return Err(self.foreign_next());
        }
        let length = one.len();
        match sign {
            '+' => one.push(PatternStep::Fork(back(length))),
            '?' => one.insert(0, PatternStep::Fork(ahead(length))),
            _ => {
                one.insert(0, PatternStep::Fork(ahead(length.saturating_add(1))));
                one.push(PatternStep::Jump(back(length.saturating_add(1))));
            }
        }
        Ok(one)
    }

    /// Parses the punctuation after a `\`. To some servers `\<` and `\>` are bounds of words.
    fn escaped(&mut self) -> Result<char, PatternError> {
        let is_escaped =
            |character: &char| character.is_ascii_punctuation() && *character != '<' && *character != '>';
        self.next().filter(is_escaped).ok_or_else(|| self.foreign())
    }

    /// Parses a class after its `[`. A `-` that makes no range stands at one of the ends.
    fn class(&mut self) -> Result<PatternStep, PatternError> {
        let is_negated = self.take('^');
        let mut ranges = Vec::new();
        loop {
            let is_at_an_end = (ranges.is_empty() && !self.rest.as_str().starts_with("--"))
                || self.rest.as_str().starts_with("-]");
            let first = match self.next().ok_or(PatternError::Unclosed)? {
                ']' if !ranges.is_empty() => break,
                '-' if is_at_an_end => '-',
                character => self.member(character)?,
            };
            let last = match self.rest.as_str().starts_with("-]") {
                false if first != '-' && self.take('-') => {
                    let character = self.next().ok_or(PatternError::Unclosed)?;
                    self.member(character)?
                }
                _ => first,
            };
            if last < first {
                return Err(PatternError::Range);
            }
            ranges.push((first, last));
        }
        Ok(if is_negated { PatternStep::NotIn(ranges) } else { PatternStep::In(ranges) })
    }

    /// Parses a character of a class, by itself or escaped. In some servers' languages there are sets within sets, and
    /// signs between them.
    fn member(&mut self, character: char) -> Result<char, PatternError> {
        match character {
            '\\' => self.escaped(),
            '[' | ']' | '-' | '&' | '~' => Err(self.foreign()),
            character => Ok(character),
        }
    }
}

fn either(mut one: Vec<PatternStep>, other: Vec<PatternStep>) -> Vec<PatternStep> {
    one.insert(0, PatternStep::Fork(ahead(one.len().saturating_add(1))));
    one.push(PatternStep::Jump(ahead(other.len())));
    one.extend(other);
    one
}

/// Returns the offset of the step after this many steps.
fn ahead(steps: usize) -> isize {
    isize::try_from(steps).unwrap_or(isize::MAX).saturating_add(1)
}

/// Returns the offset of the first of this many steps before.
fn back(steps: usize) -> isize {
    isize::try_from(steps).unwrap_or(isize::MAX).saturating_neg()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        for (pattern, error) in [
            ("", PatternError::Empty),
            ("^a", PatternError::Foreign(1)),
            ("a$", PatternError::Foreign(2)),
            ("a{2}", PatternError::Foreign(2)),
            ("a}", PatternError::Foreign(2)),
            ("a]", PatternError::Foreign(2)),
            ("é*?", PatternError::Foreign(3)),
            ("a+?", PatternError::Foreign(3)),
            ("a**", PatternError::Foreign(3)),
            ("a?+", PatternError::Foreign(3)),
            ("*a", PatternError::Foreign(1)),
            ("a|+", PatternError::Foreign(3)),
            ("(?i)a", PatternError::Foreign(2)),
            ("(?:a)", PatternError::Foreign(2)),
            ("(?P<x>a)", PatternError::Foreign(2)),
            ("a)", PatternError::Foreign(2)),
            ("a)|(b", PatternError::Foreign(2)),
            ("(a", PatternError::Unclosed),
            ("[a", PatternError::Unclosed),
            ("[a-", PatternError::Unclosed),
            ("[z-a]", PatternError::Range),
            ("[]", PatternError::Foreign(2)),
            ("[]a]", PatternError::Foreign(2)),
            ("[^]a]", PatternError::Foreign(3)),
            ("[[:alpha:]]", PatternError::Foreign(2)),
            ("[a&&b]", PatternError::Foreign(3)),
            ("[a~~b]", PatternError::Foreign(3)),
            ("[--a]", PatternError::Foreign(2)),
            ("[a--]", PatternError::Foreign(4)),
            ("[a-f-h]", PatternError::Foreign(5)),
            (r"\d", PatternError::Foreign(2)),
            (r"\w", PatternError::Foreign(2)),
            (r"\pL", PatternError::Foreign(2)),
            (r"\n", PatternError::Foreign(2)),
            (r"\1", PatternError::Foreign(2)),
            (r"\Qa\E", PatternError::Foreign(2)),
            (r"\ba", PatternError::Foreign(2)),
            (r"\<a", PatternError::Foreign(2)),
            (r"\é", PatternError::Foreign(2)),
            (r"a\", PatternError::Foreign(3)),
            (r"[\d]", PatternError::Foreign(3)),
        ] {
            assert_eq!(steps(pattern).err(), Some(error), "{pattern}");
        }
    }

    #[test]
    fn length_and_depth_have_a_bound() {
        let nested = |depth| format!("{}a{}", "(".repeat(depth), ")".repeat(depth));
        assert!(steps(&nested(MAX_DEPTH)).is_ok());
        assert_eq!(steps(&nested(MAX_DEPTH + 1)).err(), Some(PatternError::Deep));
        assert_eq!(steps(&"(".repeat(MAX_LENGTH)).err(), Some(PatternError::Deep));
        let long = "a|".repeat(MAX_LENGTH / 2);
        assert!(steps(&long).unwrap().len() <= 2 * MAX_LENGTH);
        assert_eq!(steps(&format!("{long}a")).err(), Some(PatternError::Long));
    }
}
