//! Labels that are none: to VictoriaMetrics a matcher on `__graphite__` selects names, and where it stands, others beside it
//! that an empty label fits no longer hold for all that is found (`threats.md` R1).

/// The label that is none.
const GRAPHITE: &str = "__graphite__";

/// Whether a label, as it is written between braces, with its quotes if it has some, means one that is none.
pub(super) fn is_graphite(written: &str) -> bool {
    let quoted = |quote| written.strip_prefix(quote)?.strip_suffix(quote);
    if let Some(raw) = quoted('`') {
        return raw == GRAPHITE;
    }
    match quoted('"').or_else(|| quoted('\'')) {
        Some(escaped) => bytes(escaped).eq(GRAPHITE.bytes().map(Some)),
        None => written == GRAPHITE,
    }
}

/// The bytes that a text with valid escapes means; none for an escape of something that isn't in ASCII or can be written
/// by one letter.
fn bytes(escaped: &str) -> impl Iterator<Item = Option<u8>> {
    let mut rest = escaped;
    std::iter::from_fn(move || {
        let (first, after) = (rest.bytes().next()?, rest.get(1..));
        let Some(after) = after.filter(|_| first == b'\\') else {
            rest = after.unwrap_or_default();
            return Some(Some(first).filter(u8::is_ascii));
        };
        let (skipped, digits, radix) = match after.bytes().next()? {
            b'0'..=b'7' => (0, 3, 8),
            b'x' => (1, 2, 16),
            b'u' => (1, 4, 16),
            b'U' => (1, 8, 16),
            _ => (1, 0, 16),
        };
        let (code, after) = after.get(skipped..)?.split_at_checked(digits)?;
        rest = after;
        Some(u8::from_str_radix(code, radix).ok())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_label_is_found_in_every_spelling() {
        for written in [
            "__graphite__",
            "\"__graphite__\"",
            "'__graphite__'",
            "`__graphite__`",
            r#""\x5f_graphite__""#,
            r#""_\137graphit\x65__""#,
            r"'__\u0067raphite\U0000005f\x5F'",
        ] {
            assert!(is_graphite(written), "{written}");
        }
    }

    #[test]
    fn other_labels_are_labels() {
        for written in [
            "tenant",
            "__name__",
            "__GRAPHITE__",
            "__graphite_",
            "\"\"",
            "\"__graphite__ \"",
            "\"\u{e9}__graphite__\"",
            r#""\n__graphite__""#,
            r#""__graphite__\\""#,
            r#""\u015f_graphite__""#,
            r"`\x5f_graphite__`",
        ] {
            assert!(!is_graphite(written), "{written}");
        }
    }
}
