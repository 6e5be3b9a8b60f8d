//! Generates the answers of servers: lists that are filtered, results, pages and redirects, whole and broken.

use super::exchange::frames;
use super::generator::pieces;
use promward::api::listing::Listing;
use promward_e2e::queries::Random;
use promward_embedded::host::{Frame, Headers};

const HEADERS: [(&str, &str); 24] = [
    ("cache-control", "no-store"),
    ("cache-control", "public, max-age=31536000"),
    ("set-cookie", "a=b; Path=/"),
    ("set-cookie", "c=d"),
    ("server", "Prometheus"),
    ("x-frame-options", "deny"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "origin"),
    ("content-security-policy", "default-src 'self'"),
    ("strict-transport-security", "max-age=1"),
    ("access-control-allow-origin", "*"),
    ("access-control-expose-headers", "Date"),
    ("access-control-allow-credentials", "true"),
    ("vary", "Origin"),
    ("vary", "Accept-Encoding"),
    ("etag", "\"abc\""),
    ("last-modified", "Mon, 30 Nov 2026 00:00:00 GMT"),
    ("www-authenticate", "Basic"),
    ("x-envoy-upstream-service-time", "1"),
    ("connection", "upgrade"),
    ("refresh", "0; url=/x"),
    ("link", "</x>; rel=preload"),
    ("clear-site-data", "\"*\""),
    ("x-scope-orgid", "b"),
];

const LOCATIONS: [&str; 14] = [
    "/graph",
    "/query?x=y",
    "graph",
    "",
    "http://internal:9090/graph",
    "https://internal:9090/x",
    "//evil.invalid/",
    "https://example.com/graph",
    "http://example.com/prometheus/x",
    "/base/graph",
    "/app/x",
    "?x",
    "/\\evil",
    "javascript:x",
];

const STATUSES: [&str; 16] = [
    "301", "302", "303", "304", "307", "308", "204", "206", "400", "401", "404", "422", "500", "503", "101",
    "200",
];

const LABELS: [&str; 14] = [
    "",
    r#""tenant":"a""#,
    r#""tenant":"b""#,
    r#""job":"api","tenant":"a""#,
    r#""tenant":"a","tenant":"b""#,
    r#""ten\u0061nt":"a""#,
    r#""tenant":"\u0061""#,
    r#""tenant":"c","job":"web""#,
    r#""tenant": "a" , "x":"\"}""#,
    r#""tenant":1"#,
    r#""tenant":null"#,
    r#""tenant":["a"]"#,
    r#""Tenant":"a""#,
    r#""job":"é","tenant":"a","instance":"10.0.0.1:9100""#,
];

/// Generates an answer, mostly of the kind that the endpoint is for.
pub(super) fn generate(listing: Option<Listing>, random: &mut Random) -> Vec<Frame> {
    let text = |name: &str, value: &str| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
    let status = if random.once_in(6) { random.one(&STATUSES) } else { "200" };
    let mut head = vec![text(":status", status)];
    let (media_type, mut body) = match random.below(10) {
        0..=6 => ("application/json", json(listing, random)),
        7 => ("text/html; charset=utf-8", "<html><a href=\"/graph\">x</a></html>".to_owned()),
        8 => ("text/plain; version=0.0.4", "up{tenant=\"a\"} 1\nup{tenant=\"b\"} 1\n".to_owned()),
        _ => ("application/x-protobuf", String::new()),
    };
    if random.once_in(12) {
        let places: Vec<usize> = (0..=body.len()).filter(|place| body.is_char_boundary(*place)).collect();
        let place = random.one(&places);
        match random.below(3) {
            0 => body.truncate(place),
            1 => body.insert_str(place, random.one(&["{", "}", ",", "\"", "\\", "[", "]", "null", "\u{0}"])),
            _ => body += random.one(&["{}", "x", " ", "\n", "]"]),
        }
    }
    if !random.once_in(20) {
        head.push(text("content-type", media_type));
    }
    if random.once_in(2) {
        head.push(text("content-length", &body.len().to_string()));
    }
    if random.once_in(15) {
        head.push(text("content-encoding", random.one(&["gzip", "identity", "br", "x", ""])));
    }
    if status.starts_with('3') || random.once_in(30) {
        head.push(text("location", random.one(&LOCATIONS)));
    }
    for _ in 0..random.below(4) {
        let (name, value) = random.one(&HEADERS);
        head.push(text(name, value));
    }
    let trailers = if random.once_in(40) { vec![text("x-sum", "1")] } else { Headers::new() };
    frames(head, pieces(body.as_bytes(), random), trailers)
}

/// Returns a list or a result.
fn json(listing: Option<Listing>, random: &mut Random) -> String {
    let kind = match listing {
        Some(Listing::Rules) if !random.once_in(6) => 0,
        Some(Listing::Alerts) if !random.once_in(6) => 2,
        Some(Listing::Targets) if !random.once_in(6) => 3,
        _ => random.below(7),
    };
    let data = match kind {
        0 | 1 => format!(
            r#"{{"groups":[{}]{}}}"#,
            some(random, group),
            random.one(&["", r#","groupNextToken":"x""#])
        ),
        2 => format!(r#"{{"alerts":[{}]}}"#, some(random, alert)),
        3 => format!(
            r#"{{"activeTargets":[{}],"droppedTargets":[{}],"droppedTargetCounts":{{"a":1}}}}"#,
            some(random, target),
            some(random, target)
        ),
        4 => format!(r#"[{}]"#, some(random, |random| format!("{{{}}}", labels(random)))),
        5 => r#"["job","tenant"]"#.to_owned(),
        _ => format!(r#"{{"resultType":"vector","result":[{}]}}"#, some(random, sample)),
    };
    let status = random.one(&["success", "success", "success", "error"]);
    let more = random.one(&["", "", "", r#","warnings":["x"]"#, r#","extra":{"tenant":"b"}"#]);
    let text = format!(r#"{{"status":"{status}","data":{data}{more}}}"#);
    if random.once_in(8) { text.replace(',', " ,\n ").replace(':', " : ") } else { text }
}

fn some(random: &mut Random, mut one: impl FnMut(&mut Random) -> String) -> String {
    let number = if random.once_in(50) { random.below(200) } else { random.below(4) };
    (0..number).map(|_| one(random)).collect::<Vec<_>>().join(",")
}

fn labels(random: &mut Random) -> String {
    random.one(&LABELS).to_owned()
}

fn group(random: &mut Random) -> String {
    format!(r#"{{"name":"g","file":"/etc/x.yml","rules":[{}],"interval":30,"limit":0}}"#, some(random, rule))
}

fn rule(random: &mut Random) -> String {
    let alerts = some(random, alert);
    let kind = random.one(&["alerting", "recording"]);
    let alerts = if kind == "alerting" { format!(r#","alerts":[{alerts}]"#) } else { String::new() };
    format!(
        r#"{{"name":"r","query":"up{{tenant=\"a\"}}","labels":{{{}}}{alerts},"health":"ok","type":"{kind}"}}"#,
        labels(random)
    )
}

fn alert(random: &mut Random) -> String {
    format!(
        r#"{{"labels":{{{}}},"annotations":{{"summary":"x \\ \"y\""}},"state":"firing","value":"1e+00"}}"#,
        labels(random)
    )
}

fn target(random: &mut Random) -> String {
    format!(
        r#"{{"discoveredLabels":{{"__address__":"x"}},"labels":{{{}}},"scrapePool":"p","scrapeUrl":"http://x/metrics","health":"up"}}"#,
        labels(random)
    )
}

fn sample(random: &mut Random) -> String {
    format!(r#"{{"metric":{{{}}},"value":[1796000000,"1"]}}"#, labels(random))
}
