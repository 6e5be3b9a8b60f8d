//! The way of a request through the core, as a client and a server see it: what goes in, and what comes out.

use crate::desk::{Desk, Form};
use promward::caller::certificates::Presented;
use promward::caller::source::Source;
use promward::config;
use promward::decision::{Decision, Facts, Forward, HostFacts, Untold};
use promward::enforce::announced::BodyError;
use promward::enforce::form::FORM_TYPE;
use promward::enforce::rewrite_cache::RewriteCache;
use promward::gateway::Gateway;
use promward::gateway::worker_state::Tables;
use promward::report::Outcome;
use promward::response::answer::RequestContext;
use promward::response::reply::Reply;
use promward::target::body::Body;
use promward::target::header_edits::HeaderEdits;
use promward::target::headers::Headers;
use promward::time::instant::Instant;
use std::cell::RefCell;
use std::collections::BTreeSet;

const GUIDE: &str = r#"{
    "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus", "origins": ["http://localhost:9090"] }],
    "access": [{ "who": ["anyone"], "may": ["everything"], "except": ["lifecycle"] }],
    "headers": { "cors": { "origins": ["https://grafana.example.com"] }, "hsts": "max-age=1" }
}"#;

const TWO_MOUNTS: &str = r#"{
    "mounts": [
        { "prefix": "/", "upstream_prefix": "/prom", "credentials": "pass" },
        { "prefix": "/files", "api": "opaque", "encoded_slash": "pass" }
    ],
    "access": [
        { "who": ["anonymous"], "may": ["health"] },
        { "who": ["anyone"], "may": ["unknown"], "at": ["/files"] },
        { "who": ["anyone"], "may": ["read", "unknown"], "except": ["rules"] }
    ]
}"#;

fn gateway(configuration: &str) -> Gateway {
    config::load(configuration.as_bytes()).unwrap()
}

fn headers(pairs: &[(&str, &str)]) -> Headers {
    pairs.iter().copied().collect()
}

fn request(method: &str, path: &str, more: &[(&str, &str)]) -> Headers {
    [(":method", method), (":path", path), (":authority", "example.com")]
        .iter()
        .chain(more)
        .copied()
        .collect()
}

fn decide(configuration: &str, headers: &Headers, body: Body) -> Decision {
    Desk::new(configuration).decide(headers, body, &Facts::default(), 1).0
}

fn reply(configuration: &str, method: &str, path: &str, more: &[(&str, &str)]) -> Reply {
    match decide(configuration, &request(method, path, more), Body::None) {
        Decision::Reply(reply) => reply,
        other => panic!("{method} {path} is not answered here: {other:?}"),
    }
}

fn forward(configuration: &str, method: &str, path: &str, more: &[(&str, &str)], body: Body) -> Forward {
    match decide(configuration, &request(method, path, more), body) {
        Decision::Forward(forward) => *forward,
        other => panic!("{method} {path} does not go upstream: {other:?}"),
    }
}

fn set<'a>(edits: &'a HeaderEdits, name: &str) -> Option<&'a str> {
    edits.value(name)
}

fn upstream_path(configuration: &str, path: &str) -> String {
    set(&forward(configuration, "GET", path, &[], Body::None).edits, ":path").unwrap().to_owned()
}

fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
    reply.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}

/// Returns the body of a refusal at an API path.
fn json(error_type: &str, error: &str) -> String {
    format!(r#"{{"status":"error","errorType":"{error_type}","error":"{error}"}}"#)
}

#[test]
fn the_prefix_is_stripped_and_what_was_read_is_forwarded() {
    for (public, upstream) in [
        ("/prometheus/", "/"),
        ("/prometheus/api/v1/label/job/values", "/api/v1/label/job/values"),
        ("//prometheus//api/v1/%71uery?query=a+b", "/api/v1/query?query=a+b"),
        ("/prometheus/api/v1/query/?query=up", "/api/v1/query?query=up"),
        ("/prometheus/api/v1/query?", "/api/v1/query"),
        ("/prometheus/graph?g0.expr=a;b\\", "/graph?g0.expr=a;b\\"),
        ("/prometheus/prometheus/graph", "/prometheus/graph"),
        ("/%70rometheus/-/healthy", "/-/healthy"),
    ] {
        assert_eq!(upstream_path(GUIDE, public), upstream, "{public}");
    }
    assert_eq!(upstream_path(TWO_MOUNTS, "/api/v1/labels"), "/prom/api/v1/labels");
}

#[test]
fn the_bare_prefix_redirects_to_a_path() {
    for (method, status) in [("GET", 301), ("HEAD", 301), ("POST", 308), ("DELETE", 308)] {
        let reply = reply(GUIDE, method, "//%70rometheus?a=%41&b", &[]);
        assert_eq!((reply.status, header(&reply, "location")), (status, Some("/prometheus/?a=A&b=")));
    }
    assert_eq!(header(&reply(GUIDE, "GET", "/prometheus", &[]), "location"), Some("/prometheus/"));
}

#[test]
fn what_is_refused_says_why_in_the_form_of_the_path() {
    for (method, path, status, body) in [
        ("GET", "/", 404, "nothing is served at this path\n".to_owned()),
        ("GET", "/prometheusX/", 404, "nothing is served at this path\n".to_owned()),
        (
            "GET",
            "/prometheus/../-/quit",
            400,
            "the path has a \".\" or \"..\" segment at position 12\n".to_owned(),
        ),
        ("GET", "/prometheus/a\\b", 400, "the request target has the byte 0x5c at position 13\n".to_owned()),
        (
            "GET",
            "/prometheus/api/v1/%2fquery",
            400,
            json("bad_data", "the path has the escape %2F at position 19, which servers read in two ways"),
        ),
        (
            "GET",
            "/prometheus/api/v1/query?query=a&query=b",
            400,
            json("bad_data", "the parameter \\\"query\\\" is given more than once, with different values"),
        ),
        (
            "GET",
            "/prometheus/%61pi/v1/query?query=%zz",
            400,
            json("bad_data", "the query string has a \\\"%\\\" without two hexadecimal digits at position 6"),
        ),
        ("GET", "/nothing/api/x", 404, "nothing is served at this path\n".to_owned()),
        ("PUT", "/prometheus/api/v1/query", 405, json("bad_data", "this path takes only GET, POST, OPTIONS")),
        ("get", "/prometheus/graph", 405, "this path takes only GET, HEAD\n".to_owned()),
        (
            "POST",
            "/prometheus/-/quit",
            403,
            "no access rule allows the class \"quit\" to anonymous callers here\n".to_owned(),
        ),
    ] {
        let reply = reply(GUIDE, method, path, &[]);
        assert_eq!((reply.status, reply.body), (status, body), "{method} {path}");
    }
}

#[test]
fn a_wrong_method_is_told_the_right_ones() {
    assert_eq!(header(&reply(GUIDE, "POST", "/prometheus/graph", &[]), "allow"), Some("GET, HEAD"));
    assert_eq!(header(&reply(GUIDE, "GET", "/prometheus/-/reload", &[]), "allow"), Some("POST, PUT"));
}

#[test]
fn the_first_rule_decides_and_what_none_allows_is_refused() {
    let allowed = |path: &str| {
        matches!(decide(TWO_MOUNTS, &request("GET", path, &[]), Body::None), Decision::Forward(_))
    };
    for path in ["/-/healthy", "/api/v1/labels", "/anything", "/files/a"] {
        assert!(allowed(path), "{path}");
    }
    for path in ["/api/v1/rules", "/metrics", "/graph"] {
        assert_eq!(reply(TWO_MOUNTS, "GET", path, &[]).status, 403, "{path}");
    }
}

#[test]
fn an_encoded_slash_passes_where_the_mount_says_so() {
    assert_eq!(upstream_path(TWO_MOUNTS, "/files/a%2fb?x=%zz;"), "/files/a%2Fb?x=%zz;".replace("/files", ""));
    assert_eq!(reply(TWO_MOUNTS, "GET", "/files%2fb", &[]).status, 400);
    assert_eq!(reply(TWO_MOUNTS, "GET", "/files/..%2fapi", &[]).status, 400);
}

#[test]
fn a_client_can_not_say_what_only_the_filter_says() {
    let more = [
        ("X_Forwarded_Prefix", "/evil"),
        ("x-promward-cluster", "other"),
        ("x-scope-orgid", "b"),
        ("authorization", "Basic x"),
        ("accept", "*/*"),
    ];
    let edits = forward(GUIDE, "GET", "/prometheus/", &more, Body::None).edits;
    let removed: Vec<_> =
        edits.remove.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    assert_eq!(removed, ["X_Forwarded_Prefix", "x-promward-cluster", "x-scope-orgid", "authorization"]);
    assert_eq!(set(&edits, "x-forwarded-prefix"), Some("/prometheus"));
    assert_eq!(set(&edits, "x-forwarded-host"), Some("example.com"));
    assert_eq!(set(&edits, "x-forwarded-proto"), Some("https"));
    assert_eq!(set(&edits, "x-promward-cluster"), Some("prometheus"));

    let passed = forward(TWO_MOUNTS, "GET", "/-/healthy", &[("authorization", "Basic x")], Body::None).edits;
    assert!(passed.remove.is_empty());
    assert_eq!(set(&passed, "x-forwarded-prefix"), None);
}

#[test]
fn what_the_proxy_says_of_the_connection_is_left_if_it_is_right() {
    for (said, removed, sent) in [
        (vec![("x-forwarded-proto", "https")], vec![], None),
        (
            vec![("X-Forwarded-Proto", "https"), ("x_forwarded_proto", "http")],
            vec!["x_forwarded_proto"],
            None,
        ),
        (vec![("x-forwarded-proto", "http")], vec!["x-forwarded-proto"], Some("https")),
        (vec![("x-forwarded-proto", "HTTPS")], vec!["x-forwarded-proto"], Some("https")),
        (
            vec![("x-forwarded-proto", "https"), ("x-forwarded-proto", "http")],
            vec!["x-forwarded-proto", "x-forwarded-proto"],
            Some("https"),
        ),
        (vec![("x_forwarded_proto", "https")], vec!["x_forwarded_proto"], Some("https")),
    ] {
        let edits = forward(GUIDE, "GET", "/prometheus/", &said, Body::None).edits;
        let names: Vec<_> =
            edits.remove.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
        assert_eq!(names, removed, "{said:?}");
        assert_eq!(set(&edits, "x-forwarded-proto"), sent, "{said:?}");
    }
}

#[test]
fn elsewhere_goes_on_untouched_but_for_our_own_routing() {
    let pass = GUIDE.replacen('{', r#"{ "elsewhere": "pass", "#, 1);
    let more = [("x-promward-cluster", "prometheus"), ("x-real-ip", "1.2.3.4")];
    for path in ["/", "/prometheusX", "/app/a%2Fb?c;d"] {
        let Decision::Pass(edits) = decide(&pass, &request("FOO", path, &more), Body::Follows) else {
            panic!("{path}")
        };
        assert_eq!(
            edits,
            HeaderEdits { remove: vec![b"x-promward-cluster".to_vec()], ..HeaderEdits::default() }
        );
    }
    for (path, status) in [
        ("/prometheus%2f-/quit", 404),
        ("/%2Fprometheus/-/quit", 404),
        ("/a/..%2fprometheus/", 400),
        ("/x;/../prometheus/", 400),
    ] {
        let Decision::Reply(reply) = decide(&pass, &request("GET", path, &[]), Body::None) else {
            panic!("{path}")
        };
        assert_eq!(reply.status, status, "{path}");
    }
}

#[test]
fn a_form_is_awaited_and_goes_on_as_it_was_read() {
    let more =
        [("content-type", "application/x-www-form-urlencoded; charset=UTF-8"), ("content-length", "12")];
    let forward = forward(GUIDE, "POST", "/prometheus/api/v1/query?time=1", &more, Body::Follows);
    assert_eq!(forward.edits.remove, [b"content-length".to_vec()]);
    assert_eq!(set(&forward.edits, "content-type"), Some("application/x-www-form-urlencoded"));
    let form = forward.body.unwrap();
    assert_eq!(form.complete(b"query=a%62+c", &mut RewriteCache::new(1)).as_deref(), Ok(&b"query=ab+c"[..]));
    assert!(form.complete(b"time=2", &mut RewriteCache::new(1)).is_err());
}

#[test]
fn a_form_that_is_refused_once_it_is_there_says_why() {
    let more = [("content-type", "application/x-www-form-urlencoded")];
    let forward = forward(GUIDE, "POST", "/prometheus/api/v1/query?time=1", &more, Body::Follows);
    let twice = forward.body.unwrap().complete(b"time=2", &mut RewriteCache::new(1)).unwrap_err();
    for (error, message) in [
        (twice, "the parameter \\\"time\\\" is given more than once, with different values"),
        (BodyError::Trailers, "a form must not end in trailers"),
    ] {
        let reply = gateway(GUIDE).refuse(&forward.context, None, &error.into());
        assert_eq!((reply.status, reply.body), (400, json("bad_data", message)));
    }
}

#[test]
fn a_body_that_can_not_be_read_in_one_way_is_refused_and_the_client_is_told_why() {
    let (labels, query) = ("/prometheus/api/v1/labels", "/prometheus/api/v1/query");
    let multipart = ("content-type", "multipart/form-data; boundary=x");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let (gzip, long, one) =
        (("content-encoding", "gzip"), ("content-length", "262145"), ("content-length", "1"));
    for (method, path, more, status, message) in [
        (
            "GET",
            labels,
            &[multipart, one][..],
            400,
            "this request must not have a body: give its parameters in the query string",
        ),
        (
            "POST",
            query,
            &[multipart, one],
            415,
            "the body must have the content type application/x-www-form-urlencoded, once",
        ),
        ("POST", query, &[form, gzip, one], 415, "the body must have no content encoding"),
        (
            "POST",
            query,
            &[form, long],
            413,
            "the form is longer than 262144 bytes once its parameters are escaped",
        ),
    ] {
        let Decision::Reply(reply) = decide(GUIDE, &request(method, path, more), Body::Follows) else {
            panic!("{method} {path} goes upstream with {more:?}")
        };
        assert_eq!((reply.status, reply.body), (status, json("bad_data", message)), "{more:?}");
    }
}

#[test]
fn a_page_of_another_site_is_refused_and_told_what_would_help() {
    let more = [("sec-fetch-site", "cross-site")];
    let reply = reply(GUIDE, "GET", "/prometheus/api/v1/query?query=up", &more);
    let message = "a page of another site asks for this: open it from this site, or list the other one in headers.cors, or in \\\"cross_site\\\" of the mount if it posts a form";
    assert_eq!((reply.status, reply.body), (403, json("forbidden", message)));
}

#[test]
fn a_body_that_could_not_be_refused_in_time_is_refused_with_the_headers() {
    let more = [("content-type", "application/x-www-form-urlencoded")];
    let path = "/prometheus/api/v1/admin/tsdb/snapshot?skip_head=true";
    let Decision::Reply(reply) = decide(GUIDE, &request("POST", path, &more), Body::Follows) else {
        panic!("a snapshot is made before its form is read")
    };
    assert_eq!(reply.status, 400);
    assert_eq!(
        set(&forward(GUIDE, "POST", path, &more, Body::None).edits, ":path"),
        Some("/api/v1/admin/tsdb/snapshot?skip_head=true")
    );
}

#[test]
fn no_other_protocol_is_spoken_where_the_filter_reads_requests() {
    for protocol in ["TLS/1.2", "h2c", "websocket", "TLS/1.2, websocket"] {
        let offer =
            [("connection", "Upgrade, keep-alive"), ("upgrade", protocol), ("http2-settings", "AAMA")];
        for path in ["/prometheus/api/v1/query?query=up", "/prometheus/graph", "/prometheus/anything"] {
            let edits = forward(GUIDE, "GET", path, &offer, Body::None).edits;
            assert_eq!(
                edits.remove,
                ["connection", "upgrade", "http2-settings"].map(|name| name.as_bytes().to_vec())
            );
        }
    }
}

#[test]
fn a_request_whose_end_is_read_as_another_protocol_goes_on_without_one() {
    let offer = [
        ("connection", "Upgrade"),
        ("upgrade", "TLS/1.2"),
        ("content-type", FORM_TYPE),
        ("content-length", "8"),
    ];
    let (offer_alone, _) = offer.split_at(2);
    for path in ["/prometheus/api/v1/query?query=up", "/prometheus/metrics"] {
        let forward = forward(GUIDE, "GET", path, offer_alone, Body::Follows);
        assert_eq!(set(&forward.edits, "x-promward-body"), None);
        assert_eq!(set(&forward.edits, "content-length"), Some("0"));
        assert!(forward.body.unwrap().check_length(1).is_err());
    }
    for path in ["/prometheus/api/v1/query", "/prometheus/api/v1/write", "/prometheus/anything"] {
        let refused = decide(GUIDE, &request("POST", path, &offer), Body::Follows);
        assert!(matches!(refused, Decision::Reply(reply) if reply.status == 400), "{path}");
    }
}

#[test]
fn health_may_be_checked_by_options() {
    for path in ["/prometheus/-/healthy", "/prometheus/-/ready"] {
        let edits = forward(GUIDE, "OPTIONS", path, &[], Body::None).edits;
        assert_eq!(set(&edits, ":method"), Some("GET"), "{path}");
    }
    for path in ["/prometheus/graph", "/prometheus/targets", "/prometheus/metrics", "/prometheus/federate"] {
        assert_eq!(reply(GUIDE, "OPTIONS", path, &[]).status, 405, "{path}");
    }
}

#[test]
fn the_proxy_is_told_that_a_form_is_awaited() {
    for (path, told) in [("/prometheus/api/v1/query", Some("form")), ("/prometheus/api/v1/write", None)] {
        let forward = forward(GUIDE, "POST", path, &[("content-type", FORM_TYPE)], Body::Follows);
        assert_eq!(set(&forward.edits, "x-promward-body"), told, "{path}");
    }
}

#[test]
fn an_empty_body_is_none() {
    let (query, labels) = ("/prometheus/api/v1/query?query=up", "/prometheus/api/v1/labels");
    let zero = ("content-length", "0");
    for (method, path, more) in [
        ("GET", query, &[][..]),
        ("GET", labels, &[zero]),
        ("POST", query, &[]),
        ("POST", query, &[("content-type", "text/plain"), zero]),
        ("POST", query, &[("content-encoding", "gzip"), ("content-type", FORM_TYPE)]),
    ] {
        let forward = forward(GUIDE, method, path, more, Body::Follows);
        assert_eq!(set(&forward.edits, "x-promward-body"), Some("none"), "{method} {path} {more:?}");
        let form = forward.body.unwrap();
        assert_eq!(form.complete(b"", &mut RewriteCache::new(1)).as_deref(), Ok(&b""[..]));
        let refused = form.complete(b"x", &mut RewriteCache::new(1)).unwrap_err();
        assert_eq!(form.check_length(1), Err(refused), "{method} {path} {more:?}");
    }
}

#[test]
fn what_the_mount_ignores_goes_no_further() {
    let configuration = r#"{
        "mounts": [{ "prefix": "/", "ignore": ["namespace", "dedup"] }],
        "access": [{ "who": ["anonymous"], "may": ["read", "ui"], "only": { "tenant": ["a"] } }]
    }"#;
    for (path, upstream) in [
        ("/api/v1/query?namespace=b&query=1&dedup=x&namespace=c", "/api/v1/query?query=1"),
        ("/api/v1/alerts?namespace=b", "/api/v1/alerts"),
        ("/graph?namespace=b", "/graph?namespace=b"),
    ] {
        assert_eq!(upstream_path(configuration, path), upstream, "{path}");
    }
    let error = reply(configuration, "GET", "/api/v1/query?query=1&namespaces=b", &[]);
    let message = "the parameter \\\"namespaces\\\" can't be given here by callers who are restricted or limited: \
                   leave it out, or have it listed in \\\"ignore\\\" of the mount";
    assert_eq!((error.status, error.body), (400, json("bad_data", message)));
    let error = reply(configuration, "GET", "/api/v1/query?query=1&start=1", &[]);
    let message = "the parameter \\\"start\\\" can't be given here by callers who are restricted or limited";
    assert_eq!((error.status, error.body), (400, json("bad_data", message)));
}

#[test]
fn a_link_from_another_site_leads_to_pages_and_to_no_api() {
    let link =
        [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];
    for (method, path, follows) in [
        ("GET", "/prometheus/targets?search=node", true),
        ("HEAD", "/prometheus/classic/alerts", true),
        ("GET", "/prometheus/graph", true),
        ("GET", "/prometheus/api/v1/query?query=up", false),
        ("GET", "/prometheus/api/v1/status/config", false),
        ("GET", "/prometheus/federate?match[]=up", false),
        ("GET", "/prometheus/metrics", false),
        ("GET", "/prometheus/version", false),
        ("GET", "/prometheus/consoles/index.html", false),
        ("GET", "/prometheus/debug/pprof/profile", false),
        ("GET", "/prometheus/anything", false),
        ("POST", "/prometheus/anything", false),
        ("POST", "/prometheus/api/v1/admin/tsdb/snapshot", false),
    ] {
        let is_forwarded =
            matches!(decide(GUIDE, &request(method, path, &link), Body::None), Decision::Forward(_));
        assert_eq!(is_forwarded, follows, "{method} {path}");
    }
}

#[test]
fn a_frame_of_a_listed_site_shows_pages() {
    let frame =
        [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "iframe")];
    let listed =
        GUIDE.replace("\"hsts\"", "\"frame_ancestors\": [\"https://grafana.example.com\"], \"hsts\"");
    let follows = |configuration: &str, path: &str| {
        matches!(decide(configuration, &request("GET", path, &frame), Body::None), Decision::Forward(_))
    };
    assert!(follows(&listed, "/prometheus/targets"));
    assert!(!follows(&listed, "/prometheus/api/v1/targets"));
    assert!(!follows(GUIDE, "/prometheus/targets"));
}

#[test]
fn an_escaped_slash_does_not_lead_from_one_mount_to_another() {
    let configuration = r#"{
        "mounts": [{ "prefix": "/", "api": "opaque", "encoded_slash": "pass" }, { "prefix": "/prometheus" }],
        "access": [{ "who": ["anyone"], "may": ["unknown"], "at": ["/"] }, { "who": ["anyone"], "may": ["health"] }]
    }"#;
    for path in [
        "/%2Fprometheus/-/reload",
        "/%2fprometheus%2f-%2freload",
        "/prometheus%2F-%2Freload",
        "/prometheus%2f-/reload",
        "/prometheus%2f",
        "/%70rometheus%2Fgraph",
    ] {
        assert_eq!(reply(configuration, "POST", path, &[]).status, 400, "{path}");
    }
    assert_eq!(upstream_path(configuration, "/a%2Fb"), "/a%2Fb");
}

#[test]
fn other_bodies_stream() {
    let snappy = [("content-type", "application/x-protobuf"), ("content-encoding", "snappy")];
    let forward = forward(GUIDE, "POST", "/prometheus/api/v1/write", &snappy, Body::Follows);
    assert_eq!((forward.body, forward.edits.remove), (None, Vec::new()));
}

#[test]
fn a_preflight_is_answered_for_listed_origins_only() {
    let asked = |origin: &str| {
        reply(
            GUIDE,
            "OPTIONS",
            "/prometheus/api/v1/query",
            &[("origin", origin), ("access-control-request-method", "POST")],
        )
    };
    let grafana = asked("https://grafana.example.com");
    assert_eq!(grafana.status, 204);
    assert_eq!(header(&grafana, "access-control-allow-origin"), Some("https://grafana.example.com"));
    assert_eq!(header(&grafana, "access-control-allow-methods"), Some("GET, POST, OPTIONS"));
    assert_eq!(header(&grafana, "vary"), Some("Origin"));
    let evil = asked("https://evil.example");
    assert_eq!(
        (
            evil.status,
            header(&evil, "access-control-allow-origin"),
            header(&evil, "access-control-allow-methods")
        ),
        (204, None, None)
    );
    assert_eq!(reply(GUIDE, "OPTIONS", "/prometheus/graph", &[]).status, 405);
    let newer =
        reply(GUIDE, "OPTIONS", "/prometheus/api/v1/newer", &[("origin", "https://grafana.example.com")]);
    assert_eq!(
        (newer.status, header(&newer, "access-control-allow-methods")),
        (204, Some("GET, POST, OPTIONS"))
    );
}

fn asked(method: &str, path: &str, more: &[(&str, &str)]) -> RequestContext {
    forward(GUIDE, method, path, more, Body::None).context
}

#[test]
fn an_answer_loses_what_reveals_and_gains_what_protects() {
    let upstream = headers(&[
        (":status", "200"),
        ("server", "x"),
        ("X-Powered-By", "y"),
        ("X-Server-Hostname", "z"),
        ("access-control-allow-origin", "*"),
        ("cache-control", "max-age=9"),
    ]);
    let edits = gateway(GUIDE).answer(&asked("GET", "/prometheus/api/v1/labels", &[]), &upstream).unwrap();
    assert_eq!(
        edits.remove,
        [&b"server"[..], b"X-Powered-By", b"X-Server-Hostname", b"access-control-allow-origin"]
    );
    for (name, value) in [
        ("x-content-type-options", "nosniff"),
        ("cache-control", "no-store"),
        ("x-frame-options", "DENY"),
        ("strict-transport-security", "max-age=1"),
    ] {
        assert_eq!(set(&edits, name), Some(value));
    }
    assert_eq!(edits.add, [("vary", "Origin".into())]);
    let insisting = headers(&[
        (":status", "200"),
        ("strict-transport-security", "max-age=9"),
        ("refresh", "0;url=//evil"),
        ("x-envoy-a", "b"),
        ("x-frame-options", "ALLOWALL"),
    ]);
    let asked_for_labels = asked("GET", "/prometheus/api/v1/labels", &[]);
    assert_eq!(gateway(GUIDE).answer(&asked_for_labels, &insisting).unwrap().remove.len(), 4);

    let file = gateway(GUIDE).answer(&asked("GET", "/prometheus/assets/a.js", &[]), &upstream).unwrap();
    assert_eq!(set(&file, "cache-control"), None);
    let missing = headers(&[(":status", "404")]);
    let missing = gateway(GUIDE).answer(&asked("GET", "/prometheus/assets/a.js", &[]), &missing).unwrap();
    assert_eq!(set(&missing, "cache-control"), Some("no-store"));
}

#[test]
fn a_listed_origin_may_read_an_answer() {
    let asked = asked("GET", "/prometheus/api/v1/labels", &[("origin", "https://grafana.example.com")]);
    let edits = gateway(GUIDE).answer(&asked, &headers(&[(":status", "200")])).unwrap();
    assert!(edits.add.contains(&("access-control-allow-origin", "https://grafana.example.com".into())));
}

#[test]
fn who_may_read_an_opaque_servers_answers_is_its_own_business() {
    let more = [("origin", "https://grafana.example.com")];
    let configuration = TWO_MOUNTS.replacen(
        '{',
        r#"{ "headers": { "cors": { "origins": ["https://grafana.example.com"] } }, "#,
        1,
    );
    let asked = forward(&configuration, "GET", "/files/a", &more, Body::None).context;
    let upstream = headers(&[
        (":status", "200"),
        ("access-control-allow-origin", "*"),
        ("strict-transport-security", "max-age=9"),
    ]);
    let edits = gateway(&configuration).answer(&asked, &upstream).unwrap();
    assert!(edits.add.is_empty() && edits.remove.is_empty(), "{edits:?}");
}

#[test]
fn a_redirect_stays_on_the_site() {
    let answer = |location: &[&str]| {
        let locations = location.iter().map(|value| ("location", *value));
        let upstream = [(":status", "302")].into_iter().chain(locations).collect();
        gateway(GUIDE).answer(&asked("GET", "/prometheus/", &[]), &upstream)
    };
    for location in [
        "/graph",
        "/prometheus/graph",
        "http://localhost:9090/graph",
        "https://example.com/prometheus/graph",
        "graph",
    ] {
        assert_eq!(set(&answer(&[location]).unwrap(), "location"), Some("/prometheus/graph"), "{location}");
    }
    let foreign = "to a host that is neither this one nor in \"origins\" of the mount";
    let ambiguous = "to a target that browsers read in two ways";
    for (location, where_to) in [
        (&["https://evil.example/"][..], foreign),
        (&["//evil.example"], ambiguous),
        (&["/graph", "/graph"], ambiguous),
    ] {
        let reply =
            gateway(GUIDE).refuse(&asked("GET", "/prometheus/", &[]), None, &answer(location).unwrap_err());
        assert_eq!((reply.status, reply.body), (502, format!("the server redirects {where_to}\n")));
    }
}

#[test]
fn a_server_that_switches_to_another_protocol_is_refused() {
    let answer =
        |status| gateway(GUIDE).answer(&asked("GET", "/prometheus/", &[]), &headers(&[(":status", status)]));
    assert_eq!(answer("101").unwrap_err().status(), 502);
    assert!(answer("200").is_ok());
}

#[test]
fn a_request_without_a_readable_target_is_refused() {
    let headers = headers(&[(":method", "GET")]);
    assert!(matches!(decide(GUIDE, &headers, Body::None), Decision::Reply(Reply { status: 400, .. })));
    let twice = request("GET", "/prometheus/", &[(":path", "/prometheus/-/quit")]);
    assert!(matches!(decide(GUIDE, &twice, Body::None), Decision::Reply(Reply { status: 400, .. })));
}

#[test]
fn who_comes_too_early_is_told_when_to_come_again() {
    let mut desk = Desk::new(
        r#"{ "mounts": [{ "prefix": "/" }],
             "access": [{ "who": ["anyone"], "may": ["query"], "limits": { "rate": "2/h", "burst": 1 } }] }"#,
    );
    let facts = Facts {
        source: Source::parse(b"192.0.2.1"),
        now: Some(Instant(1_700_000_000_000_000_000)),
        ..Facts::default()
    };
    let query = request("GET", "/api/v1/query?query=up", &[]);
    let mut ask = || desk.decide(&query, Body::None, &facts, 1).0;
    assert!(matches!(ask(), Decision::Forward(_)));
    let Decision::Reply(reply) = ask() else { panic!("a second one goes upstream") };
    let message = "access[0].limits allows 2/h, 1 of them at once: try again in 1800 s";
    assert_eq!(header(&reply, "retry-after"), Some("1800"));
    assert_eq!((reply.status, reply.body), (429, json("throttled", message)));
}

#[test]
fn a_writer_above_the_rate_is_told_to_try_again_and_is_counted_like_others() {
    let mut desk = Desk::new(
        r#"{ "mounts": [{ "prefix": "/" }],
             "access": [{ "who": ["anyone"], "may": ["query", "write"], "limits": { "rate": "2/h", "burst": 1 } }] }"#,
    );
    let facts = Facts {
        source: Source::parse(b"192.0.2.1"),
        now: Some(Instant(1_700_000_000_000_000_000)),
        ..Facts::default()
    };
    let message = "access[0].limits allows 2/h, 1 of them at once: try again in 1800 s";
    let query = request("GET", "/api/v1/query?query=up", &[]);
    assert!(matches!(desk.decide(&query, Body::None, &facts, 1).0, Decision::Forward(_)));
    for (method, path, status, kind) in [
        ("POST", "/api/v1/write", 503, "unavailable"),
        ("POST", "/api/v1/otlp/v1/metrics", 503, "unavailable"),
        ("GET", "/api/v1/query?query=up", 429, "throttled"),
    ] {
        let (decision, record) = desk.decide(&request(method, path, &[]), Body::None, &facts, 1);
        let Decision::Reply(reply) = decision else { panic!("{path} goes upstream") };
        assert_eq!((reply.status, &reply.body), (status, &json(kind, message)), "{path}");
        assert_eq!(header(&reply, "retry-after"), Some("1800"), "{path}");
        assert_eq!((record.outcome, record.reason.as_str()), (Outcome::Throttled, message), "{path}");
    }
}

/// Facts that note what is asked for.
#[derive(Debug, Default)]
struct Asked {
    facts: Facts,
    what: RefCell<BTreeSet<&'static str>>,
}

impl HostFacts for Asked {
    fn source(&self) -> Result<Option<Source>, Untold> {
        self.what.borrow_mut().insert("source");
        self.facts.source()
    }

    fn certificate(&self) -> Result<Option<Presented>, Untold> {
        self.what.borrow_mut().insert("certificate");
        self.facts.certificate()
    }

    fn metadata(&self) -> Result<Vec<u8>, Untold> {
        self.what.borrow_mut().insert("metadata");
        self.facts.metadata()
    }

    fn now(&self) -> Result<Instant, Untold> {
        self.what.borrow_mut().insert("now");
        self.facts.now()
    }
}

#[test]
fn no_more_is_asked_of_the_host_than_the_rules_need() {
    let digest = format!("sha256:{}", "a".repeat(64));
    let certificates = format!(r#""callers": {{ "certificates": {{ "a": "{digest}" }} }},"#);
    let tokens = format!(r#""callers": {{ "tokens": {{ "a": "{digest}" }} }},"#);
    let users =
        r#""callers": { "users": { "a": "$2b$10$N9qo8uLOickgx2ZMRZoMyehtJ/whDdsI.d1w/JqKiOrDw8pCT0JLG" } },"#;
    let jwt = r#""callers": { "jwt": { "a": { "payload": "jwt", "issuer": "i", "audience": "b", "name": ["sub"] } } },"#;
    let bearer = &[("authorization", "Bearer x")][..];
    let basic = &[("authorization", "Basic YTpi")][..];
    for (callers, who, limits, more, expected) in [
        ("", "anyone", "", &[][..], &[][..]),
        ("", "anyone", r#", "limits": { "range": "1d" }"#, &[], &["now"]),
        ("", "anyone", r#", "limits": { "rate": "1/s" }"#, &[], &["now", "source"]),
        ("", "anyone", r#", "limits": { "concurrent": 4 }"#, &[], &["now", "source"]),
        ("", "anyone", r#", "only": { "tenant": ["a"] }"#, &[], &[]),
        (&certificates, "anyone", "", &[], &[]),
        (&certificates, "certificate:a", "", &[], &["certificate"]),
        (&tokens, "token:a", "", &[], &[]),
        (&tokens, "token:a", "", bearer, &[]),
        (users, "user:a", "", &[], &[]),
        (users, "user:a", "", bearer, &[]),
        (users, "user:a", "", basic, &["now", "source"]),
        (jwt, "authenticated", "", &[], &["metadata"]),
        (jwt, "anyone", "", &[], &[]),
    ] {
        let rule = format!(r#"{{ "who": ["{who}"], "may": ["query"] {limits} }}"#);
        let mut desk =
            Desk::new(&format!(r#"{{ "mounts": [{{ "prefix": "/" }}], {callers} "access": [{rule}] }}"#));
        let facts = Facts {
            source: Source::parse(b"192.0.2.1"),
            now: Some(Instant(1_700_000_000_000_000_000)),
            ..Facts::default()
        };
        let asked = Asked { facts, ..Asked::default() };
        desk.decide(&request("GET", "/api/v1/query?query=up", more), Body::None, &asked, 1);
        assert_eq!(asked.what.into_inner().into_iter().collect::<Vec<_>>(), expected, "{rule} {more:?}");
    }
}

#[test]
fn only_numbers_of_requests_need_a_table() {
    for (limits, tables) in [
        ("", Tables::None),
        (r#", "limits": { "range": "1d" }"#, Tables::None),
        (r#", "limits": { "rate": "1/s" }"#, Tables::Rates),
        (r#", "limits": { "concurrent": 4 }"#, Tables::Lines),
        (r#", "limits": { "rate": "1/s", "concurrent": 4 }"#, Tables::Lines),
    ] {
        let rule = format!(r#"{{ "who": ["anyone"], "may": ["query"] {limits} }}"#);
        let gateway = gateway(&format!(r#"{{ "mounts": [{{ "prefix": "/" }}], "access": [{rule}] }}"#));
        assert_eq!(gateway.tables(), tables, "{limits}");
    }
}

#[test]
fn what_the_listener_writes_is_left_to_its_routes_where_it_is_declared() {
    let said = [
        ("x-promward-client", "192.0.2.1 TLSv1.3"),
        ("x-envoy-internal", "true"),
        ("x_promward_client", "192.0.2.1 TLSv1.3"),
        ("x-promward-cluster", "x"),
    ];
    let declared = GUIDE.replacen('{', r#"{ "listener_writes_client": true, "#, 1);
    for (configuration, removed) in [
        (GUIDE, &["x-promward-client", "x-envoy-internal", "x_promward_client", "x-promward-cluster"][..]),
        (&declared, &["x_promward_client", "x-promward-cluster"]),
    ] {
        let edits = forward(configuration, "GET", "/prometheus/metrics", &said, Body::None).edits;
        let removed: Vec<_> = removed.iter().map(|name| name.as_bytes().to_vec()).collect();
        assert_eq!(edits.remove, removed);
    }
}

/// Two tenants, each with a token, and a header that tells the server which one asks.
const TENANTS: &str = r#"{
    "mounts": [{ "prefix": "/prometheus" }],
    "elsewhere": "pass",
    "callers": { "tokens": {
        "a": "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb",
        "b": "sha256:3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d"
    } },
    "access": [
        { "who": ["anyone"], "may": ["ui"] },
        { "who": ["anyone"], "may": ["query"], "only": { "tenant": { "by": { "token:a": ["a"] } } } },
        { "who": ["token:b"], "may": ["series"], "unrestricted": true, "limits": { "range": "1d" } }
    ],
    "headers": { "caller": "x-user", "tenant": { "name": "x-tenant", "label": "tenant" } }
}"#;

#[test]
fn no_client_says_which_tenant_it_is() {
    for path in ["/prometheus/graph", "/elsewhere"] {
        let spelled = ["X-Tenant", "x_tenant", "x-tenant", "X-User"];
        let more =
            [("X-Tenant", "b"), ("x_tenant", "b"), ("x-tenant", "b"), ("X-User", "b"), ("x-tenants", "b")];
        let edits = match decide(TENANTS, &request("GET", path, &more), Body::None) {
            Decision::Forward(forward) => forward.edits,
            Decision::Pass(edits) => edits,
            other => panic!("{path} does not go upstream: {other:?}"),
        };
        assert_eq!(edits.remove, spelled.map(|name| name.as_bytes().to_vec()), "{path}");
        assert_eq!((set(&edits, "x-tenant"), set(&edits, "x-user")), (None, None));
    }
}

#[test]
fn who_may_see_nothing_is_told_to_log_in_or_which_label_has_no_value() {
    let query = "/prometheus/api/v1/query?query=up";
    let unknown = reply(TENANTS, "GET", query, &[]);
    assert_eq!(unknown.status, 401);
    assert!(header(&unknown, "www-authenticate").is_some());
    assert!(unknown.body.contains("anonymous callers may see no value of the label"), "{}", unknown.body);
    let known = reply(TENANTS, "GET", query, &[("authorization", "Bearer b")]);
    assert_eq!(known.status, 403);
    assert!(known.body.contains("token:b may see no value of the label"), "{}", known.body);
}

#[test]
fn the_server_is_told_whose_series_are_asked_for() {
    let more = [("authorization", "Bearer a"), ("x-tenant", "b")];
    let edits = forward(TENANTS, "GET", "/prometheus/api/v1/query?query=up", &more, Body::None).edits;
    assert_eq!(set(&edits, "x-tenant"), Some("a"));
    assert_eq!(set(&edits, ":path"), Some("/api/v1/query?query=up%7Btenant%3D%22a%22%7D"));
    // The server is told nothing about callers whom nothing restricts.
    let facts = Facts { now: Some(Instant(2_000_000_000)), ..Facts::default() };
    let series = request("GET", "/prometheus/api/v1/series", &[("authorization", "Bearer b")]);
    match Desk::new(TENANTS).decide(&series, Body::None, &facts, 1).0 {
        Decision::Forward(forward) => assert_eq!(set(&forward.edits, "x-tenant"), None),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_person_gets_a_page_where_programs_get_a_line() {
    let configuration = r#"{
        "mounts": [{ "prefix": "/p" }],
        "callers": { "tokens": { "a": "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb" } },
        "access": [{ "who": ["token:a"], "may": ["ui", "federate"], "only": { "tenant": ["a"] } }],
        "contact": "<the> team"
    }"#;
    let navigation = ("sec-fetch-mode", "navigate");
    let token = ("authorization", "Bearer a");
    for (path, token, status, parts, others) in [
        (
            "/p/config",
            Some(token),
            403,
            &["<b>token:a</b>", "&lt;the&gt; team", "href=\"/p/\""][..],
            &["<the>"][..],
        ),
        ("/p/", None, 401, &["Please sign in", "href=\"/p/\""], &["<b>"]),
        ("/elsewhere", Some(token), 404, &["Nothing here", "&lt;the&gt; team"], &["href", "token:a"]),
        (
            "/p/federate?match[]=up&%3Cscript%3Ealert(1)%3C/script%3E=%22",
            Some(token),
            400,
            &["&lt;script&gt;alert(1)&lt;/script&gt;"],
            &["<script"],
        ),
    ] {
        let sent = |more: &[(&str, &str)]| {
            let more: Vec<_> = token.into_iter().chain(more.iter().copied()).collect();
            reply(configuration, "GET", path, &more)
        };
        let (page, line) = (sent(&[navigation]), sent(&[]));
        assert_eq!((page.status, line.status), (status, status), "{path}");
        assert_eq!(header(&page, "content-type"), Some("text/html; charset=utf-8"));
        assert_eq!(header(&line, "content-type"), Some("text/plain; charset=utf-8"));
        let without_type = |reply: &Reply| {
            let kept = reply.headers.iter().filter(|(name, _)| *name != "content-type");
            kept.cloned().collect::<Vec<_>>()
        };
        assert_eq!(without_type(&page), without_type(&line), "{path}");
        assert!(parts.iter().all(|part| page.body.contains(part)), "{path}: {}", page.body);
        assert!(!others.iter().any(|part| page.body.contains(part)), "{path}: {}", page.body);
    }
    let api = reply(configuration, "GET", "/p/api/v1/status/config", &[navigation, token]);
    assert_eq!(header(&api, "content-type"), Some("application/json"));
}
