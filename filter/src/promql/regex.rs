//! The weight of a regular expression: what it costs a server beyond its length, as far as its text tells. Nothing is
//! compiled here (`threats.md` S2), and what is wrong is left for the server to refuse: a text is scanned once, from left
//! to right, as RE2 reads it. The weights are those of measurements in front of real servers (`docs/operations.md`).

/// The weight of a repetition. The others are parts of it.
pub(super) const REPETITION: u32 = 100;

/// The weight of a part that isn't a letter: a dot, a class, an anchor.
const PART: u32 = 1;

/// The weight of an alternative.
const ALTERNATIVE: u32 = 3;

/// The weight of a group, which servers look into for alternatives.
const GROUP: u32 = 20;

/// The weight of each copy that a counted repetition makes of a letter. Other parts weigh more in proportion.
const COPY: u32 = 10;

/// The weight of a class that has nearly all of Unicode, like `[^/]`: servers look at each of its letters for one in the
/// other case.
const WIDE: u32 = 2_000;

/// The weight of a class of Unicode, and of a range beyond ASCII.
const UNICODE: u32 = 2_400;

/// The greatest depth of groups within groups that is scanned.
pub(super) const MAX_GROUPS: usize = 64;

/// The longest text between the braces of a counted repetition: RE2 counts to 1,000, and takes no needless zeros.
const MAX_DIGITS: usize = 24;

/// The place of a regular expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Used {
    /// In a matcher. Servers take it apart before they compile it.
    InMatcher,
    /// In `label_replace`. Servers only compile it.
    InCall,
}

/// The size of a regular expression.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Size {
    /// The weight of everything in it that isn't a letter.
    pub(super) weight: u32,
    /// The greatest depth of groups.
    pub(super) groups: u32,
}

/// Scans a regular expression. Returns `None` if groups are nested deeper than [`MAX_GROUPS`].
pub(super) fn size(text: &[u8], used: Used) -> Option<Size> {
    let mut scan = Scan {
        rest: text,
        used,
        size: Size::default(),
        open: Vec::new(),
        before: 0,
        last: 0,
        has_names: true,
    };
    while let Some(byte) = scan.next() {
        match byte {
            b'\\' => scan.escape(),
            b'[' => scan.class(),
            b'(' => scan.group()?,
            b')' => scan.close(),
            b'*' | b'+' | b'?' => scan.repeat(1),
            b'{' => match scan.count() {
                Some(copies) => scan.repeat(copies),
                None => scan.part(0),
            },
            b'|' => scan.part(ALTERNATIVE),
            b'.' | b'^' | b'$' => scan.part(PART),
            _ => scan.letters(),
        }
    }
    Some(scan.size)
}

struct Scan<'a> {
    rest: &'a [u8],
    used: Used,
    size: Size,
    /// For each group that is open, the weight of the copies of what stands before it in the group around it.
    open: Vec<u32>,
    /// The weight that a copy of the current group would have, without its last part.
    before: u32,
    /// The weight that a copy of the last part would have.
    last: u32,
    /// True as long as another name in a class, like `[:alpha:]`, may end.
    has_names: bool,
}

impl Scan<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    /// Skips a text if it comes next.
    fn takes(&mut self, text: &[u8]) -> bool {
        let rest = self.rest.strip_prefix(text);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn add(&mut self, weight: u32) {
        self.size.weight = self.size.weight.saturating_add(weight);
    }

    fn part(&mut self, weight: u32) {
        self.add(weight);
        self.before = self.before.saturating_add(self.last);
        self.last = weight.max(COPY);
    }

    /// Adds a letter, and those that follow it.
    fn letters(&mut self) {
        self.part(0);
        let is_letter = |byte: &&u8| {
            !matches!(
                **byte,
                b'\\' | b'[' | b'(' | b')' | b'*' | b'+' | b'?' | b'{' | b'|' | b'.' | b'^' | b'$'
            )
        };
        let more = self.rest.iter().take_while(is_letter).count();
        self.rest = self.rest.get(more..).unwrap_or_default();
        let weight = u32::try_from(more).unwrap_or(u32::MAX).saturating_mul(COPY);
        self.before = self.before.saturating_add(weight);
    }

    /// Repeats the last part, with at most so many copies of it.
    fn repeat(&mut self, copies: u32) {
        let added = self.last.saturating_mul(copies.saturating_sub(1));
        self.add(added.saturating_add(REPETITION));
        self.last = self.last.saturating_add(added).saturating_add(COPY);
    }

    fn escape(&mut self) {
        match self.next() {
            Some(b'Q') => {
                while !self.rest.is_empty() && !self.takes(b"\\E") {
                    self.next();
                    self.part(0);
                }
            }
            Some(b'p' | b'P') => {
                self.part(UNICODE);
                self.takes_braces();
            }
            Some(b'x') => {
                self.part(0);
                self.takes_braces();
            }
            Some(b'W' | b'D' | b'S') => self.part(self.wide()),
            Some(escaped) => self.part(if escaped.is_ascii_alphabetic() { PART } else { 0 }),
            None => {}
        }
    }

    /// Skips what stands between braces, if they come next.
    fn takes_braces(&mut self) {
        if self.takes(b"{") {
            while self.next().is_some_and(|byte| byte != b'}') {}
        }
    }

    fn wide(&self) -> u32 {
        if self.used == Used::InMatcher { WIDE } else { PART }
    }

    fn class(&mut self) {
        let mut is_wide = self.takes(b"^");
        // A bracket that stands first is a member.
        self.takes(b"]");
        let (mut is_unicode, mut has_range, mut is_beyond) = (false, false, false);
        while let Some(byte) = self.next() {
            match byte {
                b']' => break,
                b'-' => has_range = true,
                b'\\' => match self.next() {
                    Some(b'p' | b'P') => is_unicode = true,
                    Some(b'x' | b'0'..=b'7') => is_beyond = true,
                    Some(b'W' | b'D' | b'S') => is_wide = true,
                    _ => {}
                },
                b'[' if self.rest.first() == Some(&b':') => is_wide |= self.named_class(),
                _ => is_beyond |= !byte.is_ascii(),
            }
        }
        let is_unicode = is_unicode || has_range && is_beyond;
        self.part(if is_unicode {
            UNICODE
        } else if is_wide {
            self.wide()
        } else {
            PART
        });
    }

    /// Skips the name of a class within a class, and returns `true` if it stands for everything else. Where none ends,
    /// a server looks for its end each time.
    fn named_class(&mut self) -> bool {
        let end = |rest: &[u8]| rest.windows(2).skip(1).position(|two| two == b":]");
        match self.has_names.then(|| end(self.rest)).flatten() {
            Some(end) => {
                let is_negated = self.rest.starts_with(b":^");
                self.rest = self.rest.get(end.saturating_add(3)..).unwrap_or_default();
                is_negated
            }
            None => {
                self.has_names = false;
                self.add(REPETITION);
                false
            }
        }
    }

    fn group(&mut self) -> Option<()> {
        if self.open.len() >= MAX_GROUPS {
            return None;
        }
        self.add(GROUP);
        self.open.push(self.before.saturating_add(self.last));
        (self.before, self.last) = (0, GROUP);
        self.size.groups = self.size.groups.max(u32::try_from(self.open.len()).unwrap_or(u32::MAX));
        // What follows the question mark are flags or a name, which repeat nothing.
        self.takes(b"?");
        Some(())
    }

    fn close(&mut self) {
        if let Some(before) = self.open.pop() {
            self.last = self.last.saturating_add(self.before);
            self.before = before;
        }
    }

    /// Reads the rest of a counted repetition, and returns the most copies that it asks for. Without a number it is no
    /// repetition, and nothing of it is read.
    fn count(&mut self) -> Option<u32> {
        let length = self.rest.iter().take(MAX_DIGITS).position(|byte| *byte == b'}')?;
        let text = self.rest.get(..length).and_then(|text| std::str::from_utf8(text).ok())?;
        let (least, most) = text.split_once(',').unwrap_or((text, text));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if least.is_empty() || !is_number(least) || !is_number(most) {
            return None;
        }
        let number = |text: &str| text.parse::<u32>().unwrap_or(u32::MAX);
        let copies = if most.is_empty() { number(least).saturating_add(1) } else { number(most) };
        self.rest = self.rest.get(length.saturating_add(1)..).unwrap_or_default();
        Some(copies)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, weight: u32, groups: u32) {
        assert_eq!(size(text.as_bytes(), Used::InMatcher), Some(Size { weight, groups }), "{text}");
    }

    #[test]
    fn letters_weigh_nothing() {
        check("", 0, 0);
        check("web-00000|api\\.v1|c\\+\\+", 2 * ALTERNATIVE, 0);
        check("(?i:a|b)|(?P<n>c)", 2 * ALTERNATIVE + 2 * GROUP, 1);
        check("\\Q.*+{9}\\E", 0, 0);
        check("{|a{b}|a{,3}|a{1", 3 * ALTERNATIVE, 0);
        check("10.0.0.1$", 4, 0);
        check("[a*+?][]*][[:alpha:]*][\\]*]", 4, 0);
    }

    #[test]
    fn every_repetition_counts() {
        check("a*", 100, 0);
        check(".+?", 201, 0);
        check("(a*)?", 220, 1);
        check("\\Q*\\E*", 100, 0);
        check("\\Q[\\E*", 100, 0);
        check("[[:]*", 201, 0);
        check("[[:[:[:[:", 401, 0);
        check("[]]*[a]*", 202, 0);
        check("\\[*\\]", 100, 0);
    }

    #[test]
    fn counted_repetitions_weigh_by_their_copies() {
        check("a{3}", 120, 0);
        check("a{1,3}", 120, 0);
        check("a{3,}", 130, 0);
        check("a{0}", 100, 0);
        check("(abc){3}", 20 + 2 * (20 + 30) + 100, 1);
        check("(a{10}){10}", 20 + 90 + 100 + 9 * (20 + 10 + 90 + 10) + 100, 1);
        check("a{99999999999}", u32::MAX, 0);
        check("[^a]{9}", 9 * WIDE + 100, 0);
    }

    #[test]
    fn classes_that_have_much_of_unicode_weigh_by_it() {
        for wide in ["[^/]", "\\W", "\\D", "\\S", "[a\\D]", "[[:^alpha:]]", "[^]*]"] {
            check(wide, WIDE, 0);
            assert_eq!(size(wide.as_bytes(), Used::InCall), Some(Size { weight: PART, groups: 0 }), "{wide}");
        }
        for unicode in ["\\pL", "\\p{Greek}", "[\\PL]", "[a-\u{e9}]", "[a-\\x{10ffff}]", "[^a-\\377]"] {
            check(unicode, UNICODE, 0);
            assert_eq!(size(unicode.as_bytes(), Used::InCall).unwrap().weight, UNICODE, "{unicode}");
        }
        check("[\u{e4}\u{f6}][\\x41][a-z]\\w\\b", 5, 0);
        check("\\x{41}{2}", 110, 0);
    }

    #[test]
    fn groups_nest_as_deep_as_is_scanned() {
        let nested = |depth: usize| "(".repeat(depth);
        check(&nested(MAX_GROUPS), 64 * GROUP, 64);
        assert_eq!(size(nested(MAX_GROUPS + 1).as_bytes(), Used::InMatcher), None);
        check(&"(a)".repeat(100), 100 * GROUP, 1);
    }
}
