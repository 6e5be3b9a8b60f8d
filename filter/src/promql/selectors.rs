//! Parses selectors: a metric's name, and matchers in braces.

use super::alternatives::Unit;
use super::bounds::Bound;
use super::error::{Problem, SyntaxError};
use super::labels;
use super::lexer::{Token, TokenKind, expected};
use super::literal;
use super::naming::Naming;
use super::parser::{NO_METRICS, NUMBERS, Parser, Primary, is_empty, is_one_of};
use super::regex::{self, MAX_GROUPS, Used};
use super::time::Shift;
use super::{Insertion, Selector};

impl Parser<'_> {
    /// Parses a text that is a selector and nothing else.
    pub(super) fn lone_selector(&mut self) -> Result<(), SyntaxError> {
        let word = self.token;
        let name = self.lexer.text(word.start, word.end);
        match word.kind {
            TokenKind::OpenBrace => self.selector(None)?,
            TokenKind::Word if !is_one_of(name, &NO_METRICS) && !is_one_of(name, &NUMBERS) => {
                self.advance()?;
                self.selector(Some(word))?
            }
            _ => return Err(self.expected("a selector")),
        };
        Ok(())
    }

    /// Parses a selector: a metric's name, matchers in braces, or both. The name has been read already.
    pub(super) fn selector(&mut self, name: Option<Token>) -> Result<Primary, SyntaxError> {
        let mut naming = Naming::default();
        let start = name.unwrap_or(self.token).start;
        if let Some(name) = name {
            naming.add_word(name);
        }
        let (place, others) = match (self.token.kind, name) {
            (TokenKind::OpenBrace, _) => {
                let inside = self.token.end;
                match self.matchers(&mut naming)? {
                    Some(end) => (Insertion::BeforeOthers(inside), end),
                    None => (Insertion::Alone(inside), inside),
                }
            }
            (_, Some(name)) => (Insertion::AfterName(name.end), name.end),
            (_, None) => return Err(self.expected("a selector")),
        };
        let name = naming.outright();
        self.count(Bound::Selectors, 1, place.at())?;
        if name.is_none() {
            self.count(Bound::Unnamed, 1, place.at())?;
        }
        let unit = Unit::new(start, self.ungrouped == Some(start));
        self.query.selectors.push(Selector {
            place,
            others,
            unit,
            name,
            is_alone: naming.is_alone(),
            range: 0,
            shift: Shift::default(),
            is_extended: false,
            within: None,
        });
        Ok(Primary::Selector(self.query.selectors.len().saturating_sub(1)))
    }

    /// Parses matchers between braces, and returns the end of the last one if there are any. The current token is the
    /// opening brace.
    fn matchers(&mut self, naming: &mut Naming) -> Result<Option<usize>, SyntaxError> {
        let mut token = self.lexer.next_in_braces()?;
        let mut last = None;
        while token.kind != TokenKind::CloseBrace {
            let is_name = token.kind == TokenKind::Text;
            if !is_name && token.kind != TokenKind::Word {
                return Err(expected(token.start, "a label or \"}\""));
            }
            let label = token;
            let written = self.lexer.text(label.start, label.end);
            if is_name && is_empty(written) {
                return Err(expected(token.start, "a name between the quotes"));
            }
            if !labels::is_one_label(written) {
                return Err(SyntaxError { at: token.start, problem: Problem::Label });
            }
            self.count(Bound::Matchers, 1, token.start)?;
            token = self.lexer.next_in_braces()?;
            if token.kind == TokenKind::Match {
                let operator = self.lexer.text(token.start, token.end);
                token = self.lexer.next_in_braces()?;
                if token.kind != TokenKind::Text {
                    return Err(expected(token.start, "a value in quotes"));
                }
                if operator.ends_with('~') {
                    self.regex(token, Used::InMatcher)?;
                }
                if !labels::is_name(written) {
                    naming.add_label();
                } else if operator == "=" && !is_name {
                    naming.add_text(token);
                } else {
                    naming.add_other();
                }
                last = Some(token.end);
                token = self.lexer.next_in_braces()?;
            } else if is_name {
                last = Some(label.end);
                naming.add_text(label);
            } else {
                return Err(expected(token.start, "=, !=, =~ or !~"));
            }
            match token.kind {
                TokenKind::Comma => token = self.lexer.next_in_braces()?,
                TokenKind::CloseBrace => {}
                _ => return Err(expected(token.start, "\",\" or \"}\"")),
            }
        }
        self.advance()?;
        Ok(last)
    }

    /// Counts the weight of a regular expression in quotes, and returns its depth of groups.
    pub(super) fn regex(&mut self, token: Token, used: Used) -> Result<u32, SyntaxError> {
        let text = literal::value(self.lexer.text(token.start, token.end));
        let Some(size) = regex::size(&text, used) else {
            let most = u32::try_from(MAX_GROUPS).unwrap_or(u32::MAX);
            return Err(SyntaxError { at: token.start, problem: Problem::Exceeded(Bound::Groups, most) });
        };
        self.count(Bound::Repetitions, size.weight, token.start)?;
        Ok(size.groups)
    }
}
