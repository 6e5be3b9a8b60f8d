//! Labels that servers don't agree on (`threats.md` R1). In VictoriaMetrics a matcher on `__graphite__` selects series
//! by name, and matchers beside it that also match an empty label no longer hold for every series that is found.
//! VictoriaMetrics also reads escapes in quoted names differently from Prometheus, even in raw strings, so that a
//! backslash could spell this name or another one.

/// The name that VictoriaMetrics gives a meaning of its own; it is no real label.
const GRAPHITE: &str = "__graphite__";

/// The label that holds a metric's name.
const NAME: &str = "__name__";

/// Returns `true` if all servers read a label as one and the same. `written` is the label as it stands between braces,
/// with its quotes if it has any.
pub(super) fn is_one_label(written: &str) -> bool {
    let bare = bare(written);
    bare != GRAPHITE && !bare.bytes().any(|byte| byte == b'\\')
}

/// Returns `true` if a label, as it stands between braces, is the one that holds a metric's name.
pub(super) fn is_name(written: &str) -> bool {
    bare(written) == NAME
}

/// Returns a label without the quotes that it may have.
fn bare(written: &str) -> &str {
    let quoted = |quote| written.strip_prefix(quote)?.strip_suffix(quote);
    quoted('"').or_else(|| quoted('\'')).or_else(|| quoted('`')).unwrap_or(written)
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
