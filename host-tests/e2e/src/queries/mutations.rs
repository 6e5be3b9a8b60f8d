//! Queries with a mistake in them. A parser must refuse them, or read them as the server does.

use super::Random;

/// Pieces that an attacker would insert.
const FRAGMENTS: [&str; 40] = [
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    "\"",
    "'",
    "`",
    "\\",
    ",",
    "=",
    "=~",
    "!=",
    "!~",
    "#",
    "\n",
    "\r",
    " or ",
    " and ",
    " by ",
    " offset ",
    "@",
    ":",
    "-",
    "5m",
    "1",
    "{}",
    "{tenant=\"b\"}",
    ", tenant=~\".*\"",
    "\\x",
    "\u{0}",
    "\u{a0}",
    "é",
    "}#",
    "\"}",
    "[5m]",
    "[5m:]",
    " bool ",
    "sum",
];

/// Returns a query with one or two pieces deleted, doubled, swapped or inserted.
pub fn mutated(query: &str, random: &mut Random) -> String {
    let mut pieces = if random.once_in(2) { characters(query) } else { words(query) };
    for _ in 0..random.below(2) + 1 {
        let place = random.below(pieces.len());
        let other = random.below(pieces.len());
        match random.below(5) {
            0 if place < pieces.len() => drop(pieces.remove(place)),
            1 if place < pieces.len() && other < pieces.len() => pieces.swap(place, other),
            2 => {
                let piece = pieces.get(place).copied().unwrap_or_default();
                pieces.insert(other.min(pieces.len()), piece);
            }
            _ => pieces.insert(place.min(pieces.len()), random.one(&FRAGMENTS)),
        }
    }
    pieces.concat()
}

fn characters(query: &str) -> Vec<&str> {
    query.split_inclusive(|_: char| true).collect()
}

/// Splits a query into runs of letters and digits, and single other characters.
fn words(query: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = query;
    while let Some(first) = rest.chars().next() {
        let of_a_word = |character: char| character.is_alphanumeric() || character == '_';
        let end = match of_a_word(first) {
            true => rest.find(|character| !of_a_word(character)).unwrap_or(rest.len()),
            false => first.len_utf8(),
        };
        let (word, after) = rest.split_at(end);
        words.push(word);
        rest = after;
    }
    words
}
