//! The name of a selector's metric. A selector names its metric outright if every server selects the series of that one
//! name and no others: by a name before the braces, one in quotes between them, or an equality on `__name__`. Two of
//! these, or any other matcher on the name, and it doesn't.

use super::lexer::Token;

/// The position of a metric's name, without quotes, in bytes from the start of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NameSpan {
    start: usize,
    end: usize,
}

/// The parts of a selector that say something about the name of its metric.
#[derive(Clone, Copy, Default)]
pub(super) struct Naming {
    is_mentioned: bool,
    is_repeated: bool,
    span: Option<NameSpan>,
    has_others: bool,
}

impl Naming {
    /// Adds a name that stands before the braces.
    pub(super) fn add_word(&mut self, word: Token) {
        self.add(Some(NameSpan { start: word.start, end: word.end }));
    }

    /// Adds a name in quotes.
    pub(super) fn add_text(&mut self, text: Token) {
        let (start, end) = (text.start.saturating_add(1), text.end.saturating_sub(1));
        self.add(Some(NameSpan { start, end }));
    }

    /// Adds a matcher on the name that isn't an equality, or that servers may read differently.
    pub(super) fn add_other(&mut self) {
        self.add(None);
    }

    /// Adds a matcher on another label.
    pub(super) fn add_label(&mut self) {
        self.has_others = true;
    }

    fn add(&mut self, span: Option<NameSpan>) {
        self.span = span.filter(|_| !self.is_mentioned);
        self.is_repeated = self.is_mentioned;
        self.is_mentioned = true;
    }

    /// Returns `true` if a name is all that is said.
    pub(super) fn is_alone(self) -> bool {
        !self.has_others && (self.span.is_some() || self.is_repeated)
    }

    /// Returns the position of the name, if there is one and nothing else is said about it.
    pub(super) fn outright(self) -> Option<NameSpan> {
        self.span
    }
}

impl NameSpan {
    /// Returns the name that stands here, unless servers may read something in it differently.
    pub(super) fn name(self, text: &str) -> Option<&str> {
        let is_alike =
            |character: char| !matches!(character, '"' | '\'' | '`' | '\\') && !character.is_control();
        text.get(self.start..self.end).filter(|name| !name.is_empty() && name.chars().all(is_alike))
    }
}
