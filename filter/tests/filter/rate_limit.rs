//! Headers for the proxy's rate limit filter: who is calling, in words that no client can choose.

use crate::desk::Desk;
use promward::caller::source::Source;
use promward::decision::{Decision, Facts};
use promward::target::body::Body;
use promward::target::header_edits::HeaderEdits;
use promward::target::headers::Headers;

/// The SHA-256 of the token `a`, which is the caller of the same name.
const A: &str = "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb";

const HEADERS: [&str; 3] = ["x-promward-rule", "x-promward-caller", "x-promward-class"];

fn desk(headers: &str) -> Desk {
    Desk::new(&format!(
        r#"{{
            "mounts": [{{ "prefix": "/prometheus" }}],
            "elsewhere": "pass",
            "callers": {{ "tokens": {{ "a b": "sha256:{A}" }} }},
            "access": [
                {{ "who": ["anyone"], "may": ["health"] }},
                {{ "who": ["token:a b"], "may": ["read"] }},
                {{ "who": ["anonymous"], "may": ["info"] }}
            ],
            "headers": {{ {headers} }}
        }}"#
    ))
}

/// Returns the changes to the headers of a request, whose client says who it is in each of the headers.
fn edits(headers: &str, bearer: &str, path: &str, source: Option<&str>) -> Option<HeaderEdits> {
    let mut given = vec![(":method", "GET"), (":path", path), (":authority", "example.com")];
    given.extend([
        ("x-promward-rule", "7"),
        ("X-Promward-Caller", "user:admin"),
        ("x_promward_class", "admin"),
    ]);
    if !bearer.is_empty() {
        given.push(("authorization", bearer));
    }
    let source = source.and_then(|source| Source::parse(source.as_bytes()));
    let facts = Facts { source, ..Facts::default() };
    match desk(headers).decide(&Headers::from_iter(given), Body::None, &facts, 1).0 {
        Decision::Forward(forward) => Some(forward.edits),
        Decision::Pass(edits) => Some(edits),
        _ => None,
    }
}

fn told(edits: &HeaderEdits) -> [Option<&str>; 3] {
    for name in ["x-promward-rule", "X-Promward-Caller", "x_promward_class"] {
        assert!(edits.remove.iter().any(|removed| removed == name.as_bytes()), "{name}");
    }
    HEADERS.map(|name| edits.value(name))
}

const ALL: &str = r#""rate_limit": ["class", "rule", "caller"]"#;
const LABELS: &str = "/prometheus/api/v1/labels";
const INFO: &str = "/prometheus/api/v1/status/buildinfo";

#[test]
fn a_request_is_told_by_rule_caller_and_class() {
    let of_a = edits(ALL, "Bearer a", LABELS, None).unwrap();
    assert_eq!(told(&of_a), [Some("1"), Some("token:a%20b"), Some("series")]);
}

#[test]
fn only_what_is_listed_is_told() {
    let caller = edits(r#""rate_limit": ["caller"]"#, "Bearer a", LABELS, None).unwrap();
    assert_eq!(told(&caller), [None, Some("token:a%20b"), None]);
    let nothing = edits("", "Bearer a", LABELS, None).unwrap();
    assert_eq!(told(&nothing), [None; 3]);
}

#[test]
fn a_caller_who_is_not_known_is_told_by_address() {
    for (source, name) in
        [("192.0.2.1:99", "anonymous:192.0.2.1"), ("[2001:db8:0:1::7]:99", "anonymous:2001:db8:0:1::/64")]
    {
        let unknown = edits(ALL, "", INFO, Some(source)).unwrap();
        assert_eq!(told(&unknown), [Some("2"), Some(name), Some("info")]);
    }
    assert_eq!(edits(ALL, "", INFO, None), None, "without an address there is nothing to count by");
    assert!(edits(r#""rate_limit": ["rule"]"#, "", INFO, None).is_some());
}

#[test]
fn neither_health_nor_a_path_at_no_mount_is_told() {
    for path in ["/prometheus/-/healthy", "/elsewhere"] {
        assert_eq!(told(&edits(ALL, "Bearer a", path, None).unwrap()), [None; 3], "{path}");
    }
}
