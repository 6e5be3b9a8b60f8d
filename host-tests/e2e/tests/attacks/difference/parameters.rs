//! Generates query strings and forms.

use promward_e2e::queries::{self, Random};

const TIMES: [&str; 16] = [
    "1796000000",
    "1795996400",
    "1795990000.123",
    "1700000000",
    "2026-11-30T01:00:00Z",
    "2026-11-30T01:00:00.5+01:00",
    "1e9",
    "0",
    "-1",
    "NaN",
    "",
    "now",
    "1796000000123",
    "1788224000",
    "99999999999999999999",
    "0x10",
];

const DURATIONS: [&str; 16] = [
    "15s",
    "15",
    "1m",
    "5m0s",
    "1h30m",
    "0",
    "0.5",
    "1ms",
    "-1m",
    "1y",
    "1d1h",
    "5 m",
    "",
    "Inf",
    "1e3",
    "99999999999h",
];

const MATCHES: [&str; 18] = [
    "up",
    "{job=\"api\"}",
    "up{job=~\"a|b\"}",
    "{__name__=~\".+\"}",
    "{tenant=\"b\"}",
    "up{tenant!=\"a\"}",
    "{}",
    "up[5m]",
    "up offset 5m",
    "sum(up)",
    "{job=\"a",
    "{\"a.b\",job=\"x\"}",
    "node_load1",
    "{__name__=\"up\"}",
    "",
    "up{a=\"\\\"}\"}",
    "{job=\"é\"}",
    "up{job='x'}",
];

const WORDS: [&str; 14] =
    ["1", "10", "0", "-1", "true", "all", "a", "tenant", "alert", "active", "x y", "é", "a&b=c", "%"];

/// Parameters that an endpoint doesn't read.
const OTHERS: [&str; 14] = [
    "_",
    "dedup",
    "query",
    "match[]",
    "match%5B%5D",
    "extra_label",
    "extra_filters[]",
    "namespace",
    "nocache",
    "Query",
    "stats",
    "x",
    "",
    "timeout",
];

/// Returns parameters of an endpoint, as clients and attackers write them.
pub(super) fn generate(names: &[&str], random: &mut Random, queries: &mut queries::Generator) -> String {
    let spelling = Spelling::of_query(random);
    let mut pairs = Vec::new();
    for name in names {
        let wanted = matches!(*name, "query" | "match[]");
        if (wanted && !random.once_in(12)) || random.once_in(3) {
            let times = if random.once_in(25) || (*name == "match[]" && random.once_in(5)) { 2 } else { 1 };
            for _ in 0..times {
                pairs.push((
                    spelling.spell(name, random),
                    spelling.spell(&value(name, random, queries), random),
                ));
            }
        }
    }
    if random.once_in(20) {
        let name = random.one(&OTHERS);
        pairs.push((name.to_owned(), spelling.spell(&value(name, random, queries), random)));
    }
    if pairs.len() > 1 && random.once_in(3) {
        let last = pairs.len() - 1;
        pairs.swap(0, last);
    }
    let separator = if random.once_in(80) {
        ";"
    } else if random.once_in(60) {
        "&&"
    } else {
        "&"
    };
    let mut text = pairs
        .iter()
        .map(
            |(name, value)| {
                if value.is_empty() && random.once_in(3) { name.clone() } else { format!("{name}={value}") }
            },
        )
        .collect::<Vec<_>>()
        .join(separator);
    if random.once_in(60) {
        text += random.one(&["&", "=", "%", "%0", "%gg", "&=", "#x", "?", "\u{1}"]);
    }
    text
}

fn value(name: &str, random: &mut Random, queries: &mut queries::Generator) -> String {
    match name {
        "query" => {
            // The same queries come again and again, as from a dashboard.
            let text = if random.once_in(3) { any(&MATCHES, random) } else { queries.query().text };
            if random.once_in(15) { queries::mutated(&text, random) } else { text }
        }
        "match[]" => any(&MATCHES, random),
        "time" | "start" | "end" => any(&TIMES, random),
        "step" | "timeout" | "lookback_delta" | "max_lookback" => any(&DURATIONS, random),
        _ => any(&WORDS, random),
    }
}

/// Returns a text, mostly one of the first, which are right.
fn any(texts: &[&str], random: &mut Random) -> String {
    let among = if random.once_in(8) { texts.len() } else { 3 };
    texts[random.below(among)].to_owned()
}

/// The way in which a client escapes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Spelling {
    /// As Go and `URLSearchParams` do.
    Form,
    /// As JavaScript's `encodeURIComponent` spells it.
    Component,
    /// As little as possible.
    Plain,
    /// Everything, in either case.
    All,
    /// Any character in any of these ways.
    Mixed,
}

impl Spelling {
    fn of_query(random: &mut Random) -> Self {
        random.one(&[Self::Form, Self::Form, Self::Component, Self::Plain, Self::All, Self::Mixed])
    }

    pub(super) fn of_path(random: &mut Random) -> Self {
        random.one(&[
            Self::Plain,
            Self::Plain,
            Self::Plain,
            Self::Plain,
            Self::Plain,
            Self::Component,
            Self::Mixed,
        ])
    }

    pub(super) fn spell(self, text: &str, random: &mut Random) -> String {
        text.bytes().map(|byte| self.byte(byte, random)).collect()
    }

    fn byte(self, byte: u8, random: &mut Random) -> String {
        let plain = char::from(byte).to_string();
        let escaped = format!("%{byte:02X}");
        let unreserved = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        match self {
            Self::Form if byte == b' ' => "+".to_owned(),
            Self::Form | Self::Component if unreserved => plain,
            Self::Component if b"!'()*".contains(&byte) => plain,
            Self::Plain if byte.is_ascii_graphic() && !b"%&+#".contains(&byte) => plain,
            Self::All if random.once_in(2) => escaped.to_ascii_lowercase(),
            Self::Mixed => {
                let other = random.one(&[Self::Form, Self::Component, Self::Plain, Self::All]);
                other.byte(byte, random)
            }
            _ => escaped,
        }
    }
}
