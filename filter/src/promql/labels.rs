//! Labels that servers don't agree on (`threats.md` R1). To VictoriaMetrics a matcher on `__graphite__` selects names, and
//! where it stands, others beside it that an empty label fits no longer hold for all that is found. In a name in quotes it
//! reads escapes otherwise than Prometheus, in raw strings too, so that a backslash could spell that name or another one.

/// The label that is none.
const GRAPHITE: &str = "__graphite__";

/// Whether a label, as it is written between braces, with its quotes if it has some, is one and the same to all servers.
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
