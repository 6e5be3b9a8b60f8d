//! Requests of a caller who may see one tenant only. The answer that each endpoint gives stands in `endpoints.rs`.

use crate::desk::{Desk, Form};
use promward::decision::refusal::Refusal;
use promward::decision::{Decision, Facts, Forward};
use promward::enforce::rewrite_cache::RewriteCache;
use promward::report::count::{Capacity, Count};
use promward::response::reply::Reply;
use promward::target::body::Body;
use promward::target::headers::Headers;
use promward::target::parameters::{Parameters, Part};

const TENANT_A: &str = r#"{
    "mounts": [{ "prefix": "/" }],
    "access": [{ "who": ["anyone"], "may": ["everything"], "only": { "tenant": ["a"] } }]
}"#;

fn decide(method: &str, path: &str, body: Body) -> Decision {
    desk(TENANT_A, method, path, body)
}

fn desk(configuration: &str, method: &str, path: &str, body: Body) -> Decision {
    let mut pairs = vec![(":method", method), (":path", path), (":authority", "example.com")];
    if body == Body::Follows {
        pairs.push(("content-type", "application/x-www-form-urlencoded"));
    }
    let headers = Headers::from_iter(pairs);
    Desk::new(configuration).decide(&headers, body, &Facts::default(), 1).0
}

fn forward(method: &str, path: &str, body: Body) -> Forward {
    match decide(method, path, body) {
        Decision::Forward(forward) => *forward,
        other => panic!("{method} {path} does not go upstream: {other:?}"),
    }
}

fn reply(method: &str, path: &str) -> Reply {
    match decide(method, path, Body::None) {
        Decision::Reply(reply) => reply,
        other => panic!("{method} {path} is not answered here: {other:?}"),
    }
}

fn set<'a>(forward: &'a Forward, name: &str) -> Option<&'a str> {
    forward.edits.value(name)
}

/// Returns the path and the parameters that the server is asked for.
fn asked(forward: &Forward) -> (String, Parameters) {
    let (path, query) =
        set(forward, ":path").unwrap().split_once('?').unwrap_or((set(forward, ":path").unwrap(), ""));
    (path.to_owned(), Parameters::parse(query.as_bytes(), Part::Query).unwrap())
}

fn parameters(text: impl AsRef<[u8]>) -> Parameters {
    Parameters::parse(text.as_ref(), Part::Query).unwrap()
}

#[test]
fn a_metric_says_that_no_more_queries_can_be_remembered() {
    let mut desk = Desk::new(TENANT_A);
    let mut full = |numbers: std::ops::Range<u32>| {
        for number in numbers {
            let path = format!("/api/v1/query?query=metric_{number}");
            let headers =
                Headers::from_iter([(":method", "GET"), (":path", &path), (":authority", "example.com")]);
            let decision = desk.decide(&headers, Body::None, &Facts::default(), 1).0;
            assert!(matches!(decision, Decision::Forward(_)), "{decision:?}");
        }
        desk.state.take_counts().contains(&Count::Bound(Capacity::Queries))
    };
    assert!(!full(0..4));
    assert!(full(4..300));
    assert!(!full(299..300), "it is remembered already");
}

#[test]
fn what_is_not_in_the_table_is_refused() {
    for path in ["/api/v1/new", "/user/x", "/api/v2/query?query=up", "/query/"] {
        assert_eq!(reply("GET", path).status, 403, "{path}");
    }
}

#[test]
fn the_restricted_get_all_groups_of_rules_at_once() {
    let rules = forward("GET", "/api/v1/rules?group_limit=1&type=alert&group_next_token=x", Body::None);
    assert_eq!(asked(&rules).1, parameters("type=alert"));
}

#[test]
fn a_parameter_that_the_row_does_not_name_is_refused() {
    for path in [
        "/api/v1/query?query=up&match[]=x",
        "/api/v1/query_range?query=up&foo=1",
        "/api/v1/search/metric_names?include_metadata=true",
        "/api/v1/alerts?x=1",
        "/api/v1/metadata?x=1",
        "/federate?start=1",
        "/api/v1/format_query?query=up&x=1",
    ] {
        assert_eq!(reply("GET", path).status, 400, "{path}");
    }
}

#[test]
fn a_parameter_ahead_of_a_form_is_refused_as_well() {
    match decide("POST", "/api/v1/labels?extra_label=tenant", Body::Follows) {
        Decision::Reply(reply) => assert_eq!(reply.status, 400),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_answer_that_has_to_be_filtered_is_json_and_loses_what_describes_its_bytes() {
    let asked = forward("GET", "/api/v1/rules", Body::None).context;
    let answer = |content_type: &str| {
        let pairs =
            [(":status", "200"), ("content-type", content_type), ("content-length", "9"), ("etag", "x")];
        Desk::new(TENANT_A).gateway.answer(&asked, &Headers::from_iter(pairs))
    };
    assert_eq!(answer("application/json").unwrap().remove, [b"content-length".to_vec(), b"etag".to_vec()]);
    assert_eq!(answer("text/html").unwrap_err().status(), 502);
}

#[test]
fn what_is_no_page_is_held_back_and_the_client_is_told() {
    let asked = forward("GET", "/graph", Body::None).context;
    let gateway = Desk::new(TENANT_A).gateway;
    let answer = |content_type: &str| {
        let pairs = [(":status", "200"), ("content-type", content_type)];
        gateway
            .answer(&asked, &Headers::from_iter(pairs))
            .map_err(|refusal| gateway.refuse(&asked, None, &refusal))
    };
    assert!(answer("text/html; charset=utf-8").is_ok());
    let refused = answer("application/json").unwrap_err();
    assert_eq!(
        (refused.status, refused.body.as_str()),
        (502, "the server answered with something other than a page\n")
    );
}

#[test]
fn a_body_where_none_is_read_ends_without_a_byte() {
    for path in ["/api/v1/alerts", "/api/v1/targets", "/api/v1/rules", "/federate"] {
        let form = forward("GET", path, Body::Follows).body.unwrap();
        assert_eq!(form.complete(b"", &mut RewriteCache::new(1)).as_deref(), Ok(&b""[..]), "{path}");
        assert!(form.check_length(1).is_err(), "{path}");
    }
}

#[test]
fn a_form_is_restricted_and_the_query_string_ahead_of_it_reads_nothing() {
    let forward = forward("POST", "/api/v1/labels?limit=1", Body::Follows);
    let (path, query) = asked(&forward);
    assert_eq!(path, "/api/v1/labels");
    let ahead = query.value("match[]").unwrap().into_owned();
    assert!(ahead.contains("nothing=\"at\",nothing=\"all\""), "{ahead}");
    let form = forward.body.unwrap();
    let sent = |body: &str| parameters(form.complete(body.as_bytes(), &mut RewriteCache::new(1)).unwrap());
    assert_eq!(sent("start=1"), parameters(r#"match[]={tenant="a"}&start=1"#));
    assert_eq!(sent("match[]=a"), parameters(r#"match[]=a{tenant="a"}"#));
    assert!(form.complete(b"match[]=a&x=1", &mut RewriteCache::new(1)).is_err());
    assert!(form.complete(b"limit=2", &mut RewriteCache::new(1)).is_err());
}

#[test]
fn what_forms_ask_is_remembered_too() {
    let form = forward("POST", "/api/v1/query", Body::Follows).body.unwrap();
    let mut desk = Desk::new(TENANT_A);
    for number in 0..300 {
        form.complete(format!("query=metric_{number}").as_bytes(), &mut desk.state.rewrites).unwrap();
    }
    assert!(desk.state.take_counts().contains(&Count::Bound(Capacity::Queries)));
}

/// Hosts buffer no more than twice the longest form: 512 KiB in the Envoy file that is shipped.
#[test]
fn a_form_that_is_too_long_once_it_is_restricted_is_refused() {
    let tenant = TENANT_A.replace(r#"["a"]"#, &format!("[\"{}\"]", "é".repeat(400)));
    let form = |selectors: usize| {
        let form = match desk(&tenant, "POST", "/api/v1/query", Body::Follows) {
            Decision::Forward(forward) => forward.body.unwrap(),
            other => panic!("{other:?}"),
        };
        form.complete(format!("query=a{}", "-a".repeat(selectors)).as_bytes(), &mut RewriteCache::new(1))
    };
    assert!(form(149).is_ok());
    let refused = Refusal::from(form(249).unwrap_err());
    assert_eq!(refused.status(), 422, "{refused}");
}

#[test]
fn a_query_that_is_not_understood_is_refused_and_says_where() {
    let reply = reply("GET", "/api/v1/query?query=info(up)");
    assert_eq!(reply.status, 400);
    assert!(
        reply.body.contains("\\\"info\\\" is not a function") && reply.body.contains("position 0"),
        "{}",
        reply.body
    );
}

const SHARING: &str = r#"{
    "mounts": [{ "prefix": "/" }],
    "access": [{
        "who": ["anyone"], "may": ["everything"],
        "only": { "namespace": ["team-a"] }, "shared": { "regex": "kube_node_.*|machine_.*" }
    }]
}"#;

#[test]
fn a_selector_of_a_shared_metric_gets_no_matcher_and_every_other_one_does() {
    let sent = |path: &str| match desk(SHARING, "GET", path, Body::None) {
        Decision::Forward(forward) => asked(&forward),
        other => panic!("{path}: {other:?}"),
    };
    for (path, parameter, text, restricted) in [
        (
            "/api/v1/query",
            "query",
            "kube_node_labels * on (node) group_left (namespace) kube_pod_info",
            r#"kube_node_labels * on (node) group_left (namespace) kube_pod_info{namespace="team-a"}"#,
        ),
        ("/api/v1/query_range", "query", "{__name__=\"machine_cores\"}", "{__name__=\"machine_cores\"}"),
        (
            "/api/v1/query",
            "query",
            "{__name__=~\"machine_.*\"}",
            r#"{namespace="team-a",__name__=~"machine_.*"}"#,
        ),
        ("/api/v1/series", "match[]", "kube_node_info{node='x'}", "kube_node_info{node='x'}"),
        ("/api/v1/labels", "match[]", "{node='x'}", r#"{namespace="team-a",node='x'}"#),
        ("/federate", "match[]", "machine_cores", "machine_cores"),
        // A rule isn't a metric, even if it has the name of one.
        ("/api/v1/rules", "match[]", "machine_cores", r#"machine_cores{namespace="team-a"}"#),
    ] {
        let encoded = text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
        let escaped = format!("{path}?{}={encoded}", parameter.replace("[]", "%5b%5d"));
        assert_eq!(sent(&escaped).1.value(parameter).as_deref(), Some(restricted), "{text}");
    }
    let (_, listed) = sent("/api/v1/label/__name__/values");
    let own = r#"match[]={namespace="team-a"}"#;
    let shared = r#"match[]={__name__=~"kube_node_.*|machine_.*",__name__!=""}"#;
    assert_eq!(listed, parameters(format!("{own}&{shared}")));
}
