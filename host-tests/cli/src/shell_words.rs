//! The words of a line as a shell reads it, as far as pasted lines need it: quotes of three kinds, and backslashes.

/// Splits a line into words.
///
/// # Errors
///
/// Returns an error if a quote isn't closed.
pub(crate) fn split(line: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' => match characters.next() {
                // A line that goes on.
                Some('\n') | None => {}
                Some(other) => word.get_or_insert_default().push(other),
            },
            '\'' => quoted(&mut characters, word.get_or_insert_default(), Quote::Single)?,
            '"' => quoted(&mut characters, word.get_or_insert_default(), Quote::Double)?,
            '$' if characters.peek() == Some(&'\'') => {
                characters.next();
                quoted(&mut characters, word.get_or_insert_default(), Quote::Escaped)?;
            }
            _ if character.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    Ok(words)
}

/// Quotes a word for a shell, if it needs quotes.
pub(crate) fn quote(word: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_./:=@,%+".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// The kinds of quotes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Quote {
    /// Everything stands for itself: `'…'`.
    Single,
    /// A backslash takes the meaning from a few characters: `"…"`.
    Double,
    /// A backslash stands for control characters, as browsers write them: `$'…'`.
    Escaped,
}

fn quoted(
    characters: &mut impl Iterator<Item = char>,
    word: &mut String,
    quote: Quote,
) -> Result<(), String> {
    let end = if quote == Quote::Double { '"' } else { '\'' };
    while let Some(character) = characters.next() {
        if character == end {
            return Ok(());
        }
        if character != '\\' || quote == Quote::Single {
            word.push(character);
            continue;
        }
        match (characters.next(), quote) {
            (Some(next @ ('"' | '\\' | '$' | '`')), Quote::Double) => word.push(next),
            (Some('\n'), Quote::Double) => {}
            (Some('n'), Quote::Escaped) => word.push('\n'),
            (Some('r'), Quote::Escaped) => word.push('\r'),
            (Some('t'), Quote::Escaped) => word.push('\t'),
            (Some('u'), Quote::Escaped) => word.push(unicode(characters)?),
            (Some(next), Quote::Escaped) => word.push(next),
            (Some(next), _) => word.extend(['\\', next]),
            (None, _) => break,
        }
    }
    Err(format!("a quote {end} isn't closed"))
}

fn unicode(characters: &mut impl Iterator<Item = char>) -> Result<char, String> {
    let digits: String = characters.take(4).collect();
    let number = u32::from_str_radix(&digits, 16).ok();
    number.and_then(char::from_u32).ok_or_else(|| format!("\\u{digits} is no character"))
}

#[cfg(test)]
mod tests {
    use super::{quote, split};

    #[test]
    fn words_are_those_of_a_shell() {
        let line = "curl -H 'a: b\\' \\\n  \"x \\\"y\\\" \\z\" $'q\\u0021\\n\\'' a\\ b ''";
        let words = ["curl", "-H", "a: b\\", "x \"y\" \\z", "q!\n'", "a b", ""];
        assert_eq!(split(line).unwrap(), words);
        assert_eq!(split(&words.map(quote).join(" ")).unwrap(), words);
        assert!(split("a 'b").is_err() && split("\"").is_err());
    }
}
