//! The text that `label_replace` and `label_join` write into the labels of one series. Calls within calls multiply it:
//! 900 bytes of `label_replace(…, "$1$1$1", …)` took Prometheus to 1.7 GiB (`threats.md` P6). So it is estimated, as if
//! every label of a stored series had [`STORED`] bytes.

use super::literal;

/// The bytes that each label of a stored series is taken to have.
pub(super) const STORED: u32 = 128;

/// Returns how many bytes `label_replace` writes with this replacement, if the label that it reads has `widest`. `groups`
/// is the depth of groups in the regular expression.
pub(super) fn by_replace(replacement: &str, groups: u32, widest: u32) -> u32 {
    let replacement = literal::value(replacement);
    let copies = copies(&replacement, groups);
    length(replacement.len()).saturating_add(copies.saturating_mul(widest))
}

/// Returns how many bytes `label_join` writes with this separator between so many labels.
pub(super) fn by_join(separator: &str, labels: u32, widest: u32) -> u32 {
    let separator = length(literal::value(separator).len());
    labels.saturating_mul(separator.saturating_add(widest))
}

/// Returns how often a replacement may repeat the text that it is about. Groups beside each other share it, so that it
/// is repeated as often as one of them is named, and once for each group around it.
fn copies(replacement: &[u8], groups: u32) -> u32 {
    let mut numbers = [0_u32; 10];
    let (mut others, mut rest) = (0_u32, replacement);
    while let Some(dollar) = rest.iter().position(|byte| *byte == b'$') {
        rest = rest.get(dollar.saturating_add(1)..).unwrap_or_default();
        if let Some(after) = rest.strip_prefix(b"$") {
            rest = after;
            continue;
        }
        let name = rest.strip_prefix(b"{").unwrap_or(rest);
        let end =
            name.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_' && byte.is_ascii());
        let number = match name.get(..end.unwrap_or(name.len())) {
            Some([digit @ b'1'..=b'9']) => numbers.get_mut(usize::from(digit.wrapping_sub(b'0'))),
            _ => None,
        };
        let count = number.unwrap_or(&mut others);
        *count = count.saturating_add(1);
    }
    let most = numbers.iter().copied().max().unwrap_or_default();
    most.saturating_mul(groups.max(1)).saturating_add(others)
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replacement_repeats_what_it_names_more_than_once() {
        for (replacement, groups, most) in [
            ("", 1, 0),
            ("a $$ b", 1, 0),
            ("$1", 1, 1),
            ("$1-$2:${3}", 1, 1),
            ("$1$1$1", 1, 3),
            ("${1}$2${1}", 1, 2),
            ("$1$2", 2, 2),
            ("$0", 1, 1),
            ("$1$0$name", 1, 3),
            ("$01$1", 1, 2),
            ("$10$11", 1, 2),
            ("$$$1", 1, 1),
            ("$", 1, 1),
        ] {
            assert_eq!(copies(replacement.as_bytes(), groups), most, "{replacement}");
        }
    }

    #[test]
    fn what_is_written_grows_with_what_is_read() {
        assert_eq!(by_replace("\"$1$1$1\"", 1, 128), 6 + 3 * 128);
        assert_eq!(by_replace("\"plain\"", 1, 1_000_000), 5);
        assert_eq!(by_replace("'$1$1'", u32::MAX, u32::MAX), u32::MAX);
        assert_eq!(by_join("\"--\"", 3, 100), 306);
    }
}
