//! Expands the text of a case: lists, of which each item makes a case of its own, repetitions, and escaped bytes.

use anyhow::{Context, Result, bail};

/// The brackets around a list or a repetition.
const OPEN: &str = "<<";
const CLOSE: &str = ">>";

/// Returns the texts that a text with lists stands for. `a<<b|c>>` is `ab` and `ac`. `<<=1>>` is the item that was
/// taken of the first list, `<<=1:d|e>>` the item at the same position of another list, and `<<x>>*3` is `xxx`.
pub(crate) fn expand(text: &str) -> Result<Vec<String>> {
    let mut whole: Vec<Partly> = vec![(String::new(), Vec::new())];
    let mut rest = text;
    while let Some((before, inside)) = rest.split_once(OPEN) {
        let (inside, after) = inside.split_once(CLOSE).with_context(|| format!("{OPEN} without {CLOSE}"))?;
        whole.iter_mut().for_each(|(text, _)| text.push_str(before));
        rest = after;
        if let Some(again) = inside.strip_prefix('=') {
            let (number, items) =
                again.split_once(':').map_or((again, None), |(number, items)| (number, Some(items)));
            let number: usize = number.parse().with_context(|| format!("no number: {number}"))?;
            for (text, taken) in &mut whole {
                let taken = taken.get(number.wrapping_sub(1));
                let (index, item) = taken.with_context(|| format!("no list {number}"))?;
                let item = items.map_or(Some(item.as_str()), |items| items.split('|').nth(*index));
                text.push_str(item.with_context(|| format!("list {number} is longer than {inside}"))?);
            }
        } else if let Some(after) = after.strip_prefix('*') {
            let digits = after.bytes().take_while(u8::is_ascii_digit).count();
            let times: usize = after[..digits].parse().context("no number of repetitions")?;
            whole.iter_mut().for_each(|(text, _)| text.push_str(&inside.repeat(times)));
            rest = &after[digits..];
        } else {
            whole = with_each(&whole, inside);
        }
    }
    whole.iter_mut().for_each(|(text, _)| text.push_str(rest));
    Ok(whole.into_iter().map(|(text, _)| text).collect())
}

/// The text so far, and the position and text of the item that was taken of each list.
type Partly = (String, Vec<(usize, String)>);

/// Returns every text so far with every item of a list.
fn with_each(texts: &[Partly], list: &str) -> Vec<Partly> {
    let with = |(text, taken): &Partly, (index, item): (usize, &str)| {
        (format!("{text}{item}"), [taken.as_slice(), &[(index, item.to_owned())]].concat())
    };
    texts.iter().flat_map(|text| list.split('|').enumerate().map(move |item| with(text, item))).collect()
}

/// Returns the bytes of a text with the escapes `\r`, `\n`, `\t` and `\\`, and `\xNN` for any other byte.
pub(crate) fn bytes(text: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, escaped)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        let (byte, length) = match escaped.as_bytes() {
            [b'r', ..] => (b'\r', 1),
            [b'n', ..] => (b'\n', 1),
            [b't', ..] => (b'\t', 1),
            [b'\\', ..] => (b'\\', 1),
            [b'x', ..] => {
                let digits = escaped.get(1..3).context("\\x without two digits")?;
                (u8::from_str_radix(digits, 16).with_context(|| format!("\\x{digits}"))?, 3)
            }
            _ => bail!("an unknown escape: \\{}", escaped.chars().take(1).collect::<String>()),
        };
        bytes.push(byte);
        rest = &escaped[length..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    Ok(bytes)
}

/// Returns parameters as the filter prints them and as cases send them: each is `name=value`, escaped.
pub(crate) fn form(pairs: &[Vec<u8>]) -> String {
    let escape = |bytes: &[u8]| {
        let escape = |byte: &u8| match byte {
            b' ' => "+".to_owned(),
            byte if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) => char::from(*byte).to_string(),
            byte => format!("%{byte:02X}"),
        };
        bytes.iter().map(escape).collect::<String>()
    };
    let pair = |pair: &Vec<u8>| {
        let at = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
        format!("{}={}", escape(&pair[..at]), escape(pair.get(at + 1..).unwrap_or_default()))
    };
    pairs.iter().map(pair).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_of_a_list_makes_a_text() {
        let texts = expand("a<<b|>>-<<c|d>>-<<=1>>").unwrap();
        assert_eq!(texts, ["ab-c-b", "ab-d-b", "a-c-", "a-d-"]);
        assert_eq!(expand("<<a|b>><<=1:c|d>>").unwrap(), ["ac", "bd"]);
        assert_eq!(expand("<<ab>>*3c").unwrap(), ["abababc"]);
        assert!(expand("<<a").is_err() && expand("<<=1>>").is_err() && expand("<<a>>*").is_err());
    }

    #[test]
    fn escapes_stand_for_bytes() {
        assert_eq!(bytes(r"a\r\n\x00\xff\\").unwrap(), b"a\r\n\x00\xff\\");
        assert!(bytes(r"\q").is_err() && bytes(r"\x1").is_err());
    }

    #[test]
    fn parameters_are_escaped() {
        assert_eq!(
            form(&[b"match[]={a=\"b c\"}".to_vec(), b"x".to_vec()]),
            "match%5B%5D=%7Ba%3D%22b+c%22%7D&x="
        );
    }
}
