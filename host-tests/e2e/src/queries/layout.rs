//! Words of a query, and the white space and comments between them.

use super::Random;

/// Words in order. Between any two of them white space and comments may stand.
#[derive(Clone, Debug, Default)]
pub(super) struct Words(Vec<String>);

impl Words {
    pub(super) fn one(word: impl Into<String>) -> Self {
        Self(vec![word.into()])
    }

    pub(super) fn push(&mut self, word: impl Into<String>) {
        self.0.push(word.into());
    }

    pub(super) fn append(&mut self, mut words: Self) {
        self.0.append(&mut words.0);
    }

    /// Joins lists with a comma, and puts `end` after the last one.
    pub(super) fn list(lists: Vec<Self>, end: Option<&str>) -> Self {
        let mut words = Self::default();
        for (number, list) in lists.into_iter().enumerate() {
            if number > 0 {
                words.push(",");
            }
            words.append(list);
        }
        words.0.extend(end.map(str::to_owned));
        words
    }

    /// Puts the words in parentheses.
    pub(super) fn in_parentheses(self) -> Self {
        let mut words = Self::one("(");
        words.append(self);
        words.push(")");
        words
    }

    /// Returns the text in one of three layouts: as a person writes it, without spaces, or with spaces and comments
    /// anywhere.
    pub(super) fn laid_out(&self, random: &mut Random) -> String {
        let gaps: &[&str] = match random.below(4) {
            0 | 1 => &[" "],
            2 => &[""],
            _ => &WILD,
        };
        let mut text = String::new();
        if gaps.len() > 1 {
            text.push_str(random.one(gaps));
        }
        for word in &self.0 {
            let gap = random.one(gaps);
            text.push_str(if gap.is_empty() && touches(&text, word) { " " } else { gap });
            text.push_str(word);
        }
        if gaps.len() > 1 {
            text.push_str(random.one(gaps));
        }
        text.trim_matches(' ').to_owned()
    }
}

/// Texts that may stand between words. The comments contain characters that have a meaning elsewhere.
const WILD: [&str; 13] = [
    "",
    "",
    "",
    " ",
    "  ",
    "\n",
    "\t",
    "\r\n",
    " \r ",
    "# a comment\r\n",
    "# a comment\n",
    "#}\"'`{tenant=\"b\"}\n",
    " # it's or, [(\n\n",
];

/// Checks that two words would become one without a space between them.
fn touches(text: &str, word: &str) -> bool {
    let of_a_word = |character: char| {
        character.is_alphanumeric() || matches!(character, '_' | ':' | '.' | '"' | '\'' | '`')
    };
    text.ends_with(of_a_word) && word.starts_with(of_a_word)
}
