//! Forms of a caller who may see one tenant, as they arrive at a server. They are restricted whatever pieces they come
//! in, never arrive complete if they are refused, and come with a query string that selects nothing by itself. The
//! server is a stand-in, since a real one doesn't show what has arrived.

use promward_e2e::deployment::{Deployment, Host, Options};
use promward_e2e::on_every_host;
use promward_harness::client::{Client, Request};
use promward_harness::upstream::{End, Received, Reply, Upstream};

on_every_host! {
    a_form_in_pieces_is_restricted,
    a_form_with_nothing_in_it_is_restricted,
    a_post_without_a_form_is_restricted_in_its_query_string,
    a_refused_form_never_arrives_whole_and_its_query_string_reads_nothing,
    a_form_that_grows_by_its_restriction_arrives_whole,
    a_server_that_answers_early_has_seen_nothing_to_answer,
}

const CONFIGURATION: &str = r#"{
    "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
    "callers": { "tokens": { "a": "sha256:ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb" } },
    "access": [
        { "who": ["token:a"], "may": ["read"], "only": { "tenant": ["team-a"] },
          "limits": { "lookback": "1d", "selectors": 10000, "operators": 10000, "work": 1000000000 } }
    ]
}"#;

const LABELS: &str = "/prometheus/api/v1/labels";
const QUERY: &str = "/prometheus/api/v1/query";

/// The form `match[]={nothing="at",nothing="all"}`, escaped.
const NOTHING: &str = "match%5B%5D=%7Bnothing%3D%22at%22%2Cnothing%3D%22all%22%7D";

/// The form `match[]={tenant="team-a"}`, escaped.
const OWN: &str = "match%5B%5D=%7Btenant%3D%22team-a%22%7D";

fn upstream() -> Upstream {
    Upstream::start(|_| Reply::text("ok")).unwrap()
}

fn deployment(host: Host, upstream: &Upstream) -> Deployment {
    Deployment::start(host, &Options::configured(upstream.address(), CONFIGURATION)).unwrap()
}

/// Returns clients of a known caller, one for each version of HTTP.
fn clients(deployment: &Deployment) -> [Client; 2] {
    [deployment.client(), deployment.client().http2()]
        .map(|client| client.header("authorization", "Bearer a"))
}

fn body(received: &Received) -> String {
    String::from_utf8_lossy(&received.body).into_owned()
}

fn a_form_in_pieces_is_restricted(host: Host) {
    let upstream = upstream();
    for (index, client) in clients(&deployment(host, &upstream)).iter().enumerate() {
        let mut exchange = client.open(Request::form(QUERY)).unwrap();
        for piece in ["qu", "ery=u", "p%2Bdo", "wn&time=1"] {
            exchange.data(piece).unwrap();
        }
        exchange.end(&[]).unwrap();
        assert_eq!(exchange.answer().unwrap().status, 200);
        let sent = "query=up%7Btenant%3D%22team-a%22%7D%2Bdown%7Btenant%3D%22team-a%22%7D&time=1";
        assert_eq!(body(&upstream.wait_for(index).unwrap()), sent);
    }
}

fn a_form_with_nothing_in_it_is_restricted(host: Host) {
    let upstream = upstream();
    for (index, client) in clients(&deployment(host, &upstream)).iter().enumerate() {
        let mut exchange = client.open(Request::form(LABELS)).unwrap();
        exchange.end(&[]).unwrap();
        assert_eq!(exchange.answer().unwrap().status, 200);
        let received = upstream.wait_for(index).unwrap();
        let in_query = received.target.contains(OWN) && received.body.is_empty();
        assert!(in_query || body(&received) == OWN, "{} {}", received.target, body(&received));
    }
}

fn a_post_without_a_form_is_restricted_in_its_query_string(host: Host) {
    let upstream = upstream();
    for (index, client) in clients(&deployment(host, &upstream)).iter().enumerate() {
        let answer = client.send(Request::new("POST", LABELS).header("content-length", "0")).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        let received = upstream.wait_for(index).unwrap();
        assert_eq!(received.target, format!("/api/v1/labels?{OWN}"));
    }
}

fn a_refused_form_never_arrives_whole_and_its_query_string_reads_nothing(host: Host) {
    let upstream = upstream();
    for client in clients(&deployment(host, &upstream)) {
        for (target, content, status) in [
            (LABELS, "match[]=up[5m]", 400),
            (LABELS, "match[]=up&unknown=1", 400),
            (LABELS, "include_metadata=1", 400),
            (QUERY, "query=info(up)", 400),
            (QUERY, "query=up[2d]", 422),
            (QUERY, "query=up&lookback_delta=2d", 422),
        ] {
            let answer = client.send(Request::form(target).body(content)).unwrap();
            assert_eq!(answer.status, status, "{content}: {}", answer.text());
        }
    }
    let requests = upstream.requests();
    // Traffic Server sends a request up without its form.
    let is_emptied = |request: &Received| host == Host::TrafficServer && request.body.is_empty();
    assert!(requests.iter().all(|request| request.end != End::Clean || is_emptied(request)), "{requests:?}");
    for request in requests.iter().filter(|request| request.target.contains("labels")) {
        assert_eq!(request.target, format!("/api/v1/labels?{NOTHING}"));
    }
}

fn a_form_that_grows_by_its_restriction_arrives_whole(host: Host) {
    let upstream = upstream();
    let content = vec!["match[]=a"; 999].join("&");
    for (index, client) in clients(&deployment(host, &upstream)).iter().enumerate() {
        let answer = client.send(Request::form(LABELS).body(content.clone())).unwrap();
        assert_eq!(answer.status, 200, "{}", answer.text());
        let received = upstream.wait_for(index).unwrap();
        assert_eq!(body(&received), vec!["match%5B%5D=a%7Btenant%3D%22team-a%22%7D"; 999].join("&"));
    }
    let long = format!("query={}a", "a%2B".repeat(8_000));
    for (index, client) in clients(&deployment(host, &upstream)).iter().enumerate() {
        assert_eq!(client.send(Request::form(QUERY).body(long.clone())).unwrap().status, 200);
        let received = upstream.wait_for(index + 2).unwrap();
        let restricted = "a%7Btenant%3D%22team-a%22%7D";
        assert_eq!(body(&received), format!("query={}", vec![restricted; 8_001].join("%2B")));
    }
}

/// With the shipped file a server isn't asked before the form is complete. The embedded host asks it at once.
fn a_server_that_answers_early_has_seen_nothing_to_answer(host: Host) {
    let upstream = Upstream::start_early(|_| Reply::text("early")).unwrap();
    for client in clients(&deployment(host, &upstream)) {
        let mut exchange = client.open(Request::form(LABELS)).unwrap();
        let sent = exchange.data("match[]=u");
        // The answer of a server that was asked at once may have ended the stream already.
        if host == Host::Envoy {
            sent.unwrap();
            assert_eq!(client.get(LABELS).unwrap().text(), "early");
            let is_whole = |request: &Received| request.method == "GET" || request.end == End::Clean;
            assert!(upstream.requests().iter().all(is_whole), "{:?}", upstream.requests());
            exchange.end(&[]).unwrap();
        }
        assert_eq!(exchange.answer().unwrap().text(), "early");
    }
    for request in upstream.requests().into_iter().filter(|request| request.method == "POST") {
        assert_eq!(request.target, format!("/api/v1/labels?{NOTHING}"));
        assert!(host == Host::Envoy || request.body.is_empty(), "{request:?}");
    }
}
