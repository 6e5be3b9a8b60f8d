//! Labels that servers don't agree on (`threats.md` R1). In VictoriaMetrics a matcher on `__graphite__` selects series
//! by name, and matchers beside it that also match an empty label no longer hold for every series that is found.
//! VictoriaMetrics also reads escapes in quoted names differently from Prometheus, even in raw strings, so that a
//! backslash could spell this name or another one.

/// The name that VictoriaMetrics gives a meaning of its own; it is no real label.
const GRAPHITE: &str = "__graphite__";

/// Returns `true` if all servers read a label as one and the same. `written` is the label as it stands between braces,
/// with its quotes if it has any.
pub(super) fn is_one_label(written: &str) -> bool {
    let quoted = |quote| written.strip_prefix(quote)?.strip_suffix(quote);
    let bare = quoted('"').or_else(|| quoted('\'')).or_else(|| quoted('`')).unwrap_or(written);
    bare != GRAPHITE && !bare.bytes().any(|byte| byte == b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_that_servers_read_in_two_ways_is_none() {
        for written in [
            "__graphite__",
            "\"__graphite__\"",
            "'__graphite__'",
            "`__graphite__`",
            r#""\x5f_graphite__""#,
            r#""__graphi\te__""#,
            r"'__gr\aphite__'",
            r"`\x5f_graphite__`",
            r"`\`",
            r#""\x74enant""#,
        ] {
            assert!(!is_one_label(written), "{written}");
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
        ] {
            assert!(is_one_label(written), "{written}");
        }
    }
}
