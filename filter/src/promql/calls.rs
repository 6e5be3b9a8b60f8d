//! Parses calls: the arguments of functions and aggregations, and those of `label_replace` and `label_join`, whose texts
//! say how much they write (`threats.md` P6).

use super::alternatives::Extent;
use super::bounds::Bound;
use super::error::SyntaxError;
use super::functions::{reads_windows, sorts_windows};
use super::lexer::{Token, TokenKind, expected};
use super::modifiers::{Mark, Modified};
use super::parser::Parser;
use super::regex::Used;
use super::written::{self, STORED};

/// The thing that a call writes into a label.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writes {
    /// A replacement, as `label_replace` does.
    Replacement,
    /// Labels with a separator between them, as `label_join` does.
    Labels,
}

impl Parser<'_> {
    /// Parses the arguments of a call whose name has been read.
    pub(super) fn call(&mut self, word: Token, function: &str) -> Result<(), SyntaxError> {
        let parts = self.query.parts;
        self.count(Bound::Calls, 1, word.start)?;
        self.take(TokenKind::Open, "\"(\" and arguments")?;
        match function {
            "label_replace" => self.writing(word, Writes::Replacement),
            "label_join" => self.writing(word, Writes::Labels),
            _ => self.arguments(word, function, parts),
        }
    }

    /// Parses the arguments of a call of this function, after the opening parenthesis. Before the call the query had so many
    /// parts.
    fn arguments(&mut self, word: Token, function: &str, parts: u32) -> Result<(), SyntaxError> {
        if self.token.kind == TokenKind::Close {
            return self.advance();
        }
        let extent = if reads_windows(function) { Extent::Call } else { Extent::Selector };
        let all = Mark::of(&self.query);
        let mut alone = None;
        loop {
            let mark = Mark::of(&self.query);
            if self.expression()? == Modified::Nothing && extent == Extent::Call {
                self.implied_subquery(mark);
            }
            alone = self.alone.or(alone);
            if self.token.kind != TokenKind::Comma {
                if sorts_windows(function) {
                    self.sorted(all);
                }
                self.take(TokenKind::Close, "an operator, \",\" or \")\"")?;
                self.unite_call(word, function, extent, parts, alone);
                return Ok(());
            }
            self.advance()?;
        }
    }

    /// Parses the arguments of a call that writes labels: an expression, and texts. Counts the bytes that it writes.
    fn writing(&mut self, word: Token, writes: Writes) -> Result<(), SyntaxError> {
        let outside = std::mem::replace(&mut self.widest, STORED);
        self.expression()?;
        let (mut texts, mut number) = ([None; WRITING], 0_usize);
        while self.token.kind == TokenKind::Comma {
            self.advance()?;
            if self.token.kind != TokenKind::Text {
                return Err(expected(self.token.start, "a text in quotes"));
            }
            texts.get_mut(number).into_iter().for_each(|text| *text = Some(self.token));
            number = number.saturating_add(1);
            self.advance()?;
        }
        self.take(TokenKind::Close, "\",\" or \")\"")?;
        let [_, second, _, regex] = texts;
        let text = second.map(|token| self.lexer.text(token.start, token.end)).unwrap_or_default();
        let written = match writes {
            Writes::Labels => {
                // The first two texts are the label to write and the separator.
                let labels = u32::try_from(number.saturating_sub(2)).unwrap_or(u32::MAX);
                written::by_join(text, labels, self.widest)
            }
            Writes::Replacement => {
                let groups =
                    regex.map(|token| self.regex(token, Used::InCall)).transpose()?.unwrap_or_default();
                written::by_replace(text, groups, self.widest)
            }
        };
        self.count(Bound::WrittenBytes, written, word.start)?;
        self.widest = self.widest.max(written).max(outside);
        Ok(())
    }
}

/// The texts of `label_replace`, of which the second and the last say what it writes.
const WRITING: usize = 4;
