//! The many ways to write a text, a number, a duration or a keyword.

use super::Generator;
use promward_harness::prometheus::Release;

impl Generator {
    /// Returns a string literal with this value.
    pub(super) fn quoted(&mut self, value: &str) -> String {
        match self.random.below(5) {
            0 if !value.contains('`') => format!("`{value}`"),
            1 => self.between('\'', value),
            _ => self.between('"', value),
        }
    }

    fn between(&mut self, quote: char, value: &str) -> String {
        let escapes = self.random.once_in(3);
        let mut text = String::from(quote);
        for character in value.chars() {
            if escapes && character.is_ascii() && self.random.once_in(3) {
                let code = u32::from(character);
                text.push_str(&match self.random.below(4) {
                    0 => format!("\\x{code:02x}"),
                    1 => format!("\\{code:03o}"),
                    2 => format!("\\u{code:04x}"),
                    _ => format!("\\U{code:08X}"),
                });
                continue;
            }
            if character == quote || character == '\\' {
                text.push('\\');
            }
            text.push(character);
        }
        text.push(quote);
        text
    }

    pub(super) fn number(&mut self) -> String {
        let old = ["1", "2", "0.5", "10", "1e2", "5E-1", ".5", "3.", "0x1F", "1.5e+1", "100", "Inf", "inf"];
        let new = ["1_000", "1_0.5", "5m", "1h30m", "0x1f_ff", "2s"];
        match self.release {
            Release::Three if self.random.once_in(4) => self.random.one(&new),
            _ => self.random.one(&old),
        }
        .to_owned()
    }

    /// Returns a small number of series.
    pub(super) fn small_number(&mut self) -> String {
        self.random.one(&["1", "2", "3", "0x5", "1e1"]).to_owned()
    }

    /// Returns a number from 0 to 1.
    pub(super) fn part(&mut self) -> String {
        self.random.one(&["0.5", "0.9", ".99", "1", "0", "5e-1"]).to_owned()
    }

    /// Returns a duration that contains several samples.
    pub(super) fn duration(&mut self) -> String {
        let old = ["5m", "300s", "10m", "2m30s", "1m", "4m500ms", "15m", "120s"];
        match self.release {
            Release::Three if self.random.once_in(5) => self.random.one(&["300", "1_00", "2.5e2", "0x100"]),
            _ => self.random.one(&old),
        }
        .to_owned()
    }

    /// Returns a step of a subquery.
    pub(super) fn step(&mut self) -> String {
        match self.release {
            Release::Three if self.random.once_in(5) => self.random.one(&["60", "30.5"]),
            _ => self.random.one(&["1m", "30s", "45s", "2m", "90s"]),
        }
        .to_owned()
    }

    /// Returns a keyword, in any case.
    pub(super) fn keyword(&mut self, word: &str) -> String {
        match self.random.below(8) {
            0 => word.to_uppercase(),
            1 => word
                .char_indices()
                .map(|(place, letter)| if place == 0 { letter.to_ascii_uppercase() } else { letter })
                .collect(),
            _ => word.to_owned(),
        }
    }
}
