//! The texts of a query's selectors, for people who want to see them one by one. The module never asks for them.

use super::lexer::{Lexer, TokenKind};
use super::{Insertion, Query, Selector};

/// Words before an opening brace that are operators, and no names of metrics.
const OPERATORS: [&str; 5] = ["and", "or", "unless", "atan2", "bool"];

impl<'a> Query<'a> {
    /// Returns the text of each selector in their order: its name and its matchers, without range and modifiers.
    pub fn selector_texts(&self) -> Vec<&'a str> {
        let text = |selector| self.text.get(self.start(selector)..self.end(selector)).unwrap_or_default();
        self.selectors.iter().map(text).collect()
    }

    fn start(&self, selector: &Selector) -> usize {
        let at = selector.place.at();
        let before = self.text.get(..at).unwrap_or_default().trim_end();
        let before = match selector.place {
            Insertion::AfterName(_) => before,
            Insertion::Alone(_) | Insertion::BeforeOthers(_) => before.trim_end_matches('{'),
        };
        let brace = before.len();
        let others = before.trim_end().trim_end_matches(|character: char| {
            character.is_ascii_alphanumeric() || matches!(character, '_' | ':')
        });
        let name = before.get(others.len()..).unwrap_or_default().trim_end();
        let is_operator = OPERATORS.iter().any(|operator| operator.eq_ignore_ascii_case(name));
        if name.is_empty() || is_operator { brace } else { others.len() }
    }

    fn end(&self, selector: &Selector) -> usize {
        let at = selector.place.at();
        if let Insertion::AfterName(_) = selector.place {
            return at;
        }
        let mut lexer = Lexer::new(self.text.get(at..).unwrap_or_default());
        loop {
            match lexer.next_in_braces() {
                Ok(token) if token.kind == TokenKind::CloseBrace => return at.saturating_add(token.end),
                Ok(_) => {}
                Err(_) => return at,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_selector_is_shown_as_it_stands() {
        for (text, selectors) in [
            ("1 + 2", &[][..]),
            ("up", &["up"]),
            (
                "sum by (job) (rate(http_requests_total{code=~\"5..\"}[5m] offset 1h))",
                &["http_requests_total{code=~\"5..\"}"],
            ),
            ("a{x=\"}\"} and {y='\\'}'} or b {} / on (z) c:d", &["a{x=\"}\"}", "{y='\\'}'}", "b {}", "c:d"]),
            ("{\"a.b\", x!=\"\"} # up{}\n", &["{\"a.b\", x!=\"\"}"]),
            ("max_over_time(up[5m:1m])", &["up"]),
        ] {
            assert_eq!(Query::parse(text).unwrap().selector_texts(), selectors, "{text}");
        }
    }
}
