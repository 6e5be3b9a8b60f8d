//! Messages that pass: events as they come, forms that are read before they are sent on, bodies that aren't read, and
//! headers that a client or a server may not send. The server is a stand-in, since a real one wouldn't send these
//! answers.

use promward_e2e::deployment::{Deployment, Host, Options};
use promward_e2e::on_every_host;
use promward_harness::client::{Client, Request};
use promward_harness::upstream::{End, Received, Reply, Upstream};

on_every_host! {
    events_arrive_one_by_one,
    a_server_sees_what_the_filter_says_and_not_what_a_client_says,
    a_form_goes_on_as_it_was_read,
    a_form_in_pieces_is_read_whole,
    a_form_as_long_as_may_be_goes_through_the_shipped_file,
    a_refused_form_never_arrives_whole,
    a_form_that_ends_in_trailers_is_refused,
    a_body_that_could_not_be_refused_later_never_arrives,
    a_body_that_the_filter_does_not_read_streams,
    a_form_that_grows_when_it_is_escaped_is_bounded_too,
    no_tunnel_leads_past_the_filter,
    a_forbidden_header_is_removed_in_every_spelling,
    a_redirect_off_the_site_is_an_error_of_the_server,
    a_server_does_not_say_who_may_read_its_answers,
    a_listed_origin_may_read_answers_and_refusals,
    a_header_that_is_no_text_is_passed_on,
    what_is_elsewhere_passes_without_our_routing_header,
}

const CONFIGURATION: &str = r#"{
    "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus", "max_form": "1KiB" }],
    "access": [{ "who": ["anyone"], "may": ["everything"], "except": ["lifecycle"] }],
    "headers": { "cors": { "origins": ["https://grafana.example.com"] } }
}"#;

const QUERY: &str = "/prometheus/api/v1/query";

fn deployment(host: Host, upstream: &Upstream) -> Deployment {
    Deployment::start(host, &Options::configured(upstream.address(), CONFIGURATION)).unwrap()
}

fn answering(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Upstream {
    Upstream::start(move |_| reply()).unwrap()
}

fn form(target: &str, body: &str) -> Request {
    Request::form(target).body(body)
}

/// Returns the requests that have arrived complete. None that was refused may be among them.
fn arrived_whole(upstream: &Upstream) -> Vec<Received> {
    upstream.requests().into_iter().filter(|request| request.end == End::Clean).collect()
}

fn events_arrive_one_by_one(host: Host) {
    let upstream = Upstream::start_early(|_| Reply::hold()).unwrap();
    let deployment = deployment(host, &upstream);
    for client in [Client::http2 as fn(Client) -> Client, |client| client] {
        let request = Request::new("GET", "/prometheus/api/v1/notifications/live");
        let mut exchange = client(deployment.client()).open(request).unwrap();
        let mut server = upstream.held().unwrap();
        server.head(200, &[("content-type", "text/event-stream")]).unwrap();
        let head = exchange.head().unwrap();
        assert_eq!((head.status, head.header("cache-control").as_deref()), (200, Some("no-store")));
        for event in ["data: one\n\n", "data: two\n\n"] {
            server.data(event.as_bytes()).unwrap();
            assert_eq!(exchange.event(b"\n\n").unwrap().as_deref(), Some(event.as_bytes()));
        }
        server.end(&[]).unwrap();
        assert_eq!(exchange.event(b"\n\n").unwrap(), None);
    }
}

fn a_server_sees_what_the_filter_says_and_not_what_a_client_says(host: Host) {
    let upstream = answering(|| Reply::text("ok"));
    let deployment = deployment(host, &upstream);
    let mut request = Request::new("GET", "/prometheus/api/v1/labels?start=1");
    for name in [
        "X-Scope-OrgID",
        "x-forwarded-prefix",
        "X-Forwarded-Host",
        "x-original-url",
        "Forwarded",
        "x-envoy-upstream-rq-timeout-ms",
        "x-promward-cluster",
        "Authorization",
        "Cookie",
        "x-http-method-override",
    ] {
        request = request.header(name, "evil");
    }
    assert_eq!(deployment.client().send(request).unwrap().status, 200);
    let received = upstream.wait_for(0).unwrap();
    assert_eq!((received.method.as_str(), received.target.as_str()), ("GET", "/api/v1/labels?start=1"));
    for (name, value) in &received.headers {
        assert_ne!(value, b"evil", "{name}");
    }
    assert_eq!(received.header("x-forwarded-prefix").as_deref(), Some("/prometheus"));
    assert_eq!(received.header("x-forwarded-proto").as_deref(), Some("https"));
    assert_eq!(received.header("x-forwarded-host").as_deref(), Some("example.com"));
    assert_eq!(received.header("x-promward-cluster"), None);
}

fn a_form_goes_on_as_it_was_read(host: Host) {
    let upstream = answering(|| Reply::text("ok"));
    let deployment = deployment(host, &upstream);
    for (index, client) in [deployment.client(), deployment.client().http2()].into_iter().enumerate() {
        let request = Request::new("POST", &format!("{QUERY}?time=%31"))
            .header("content-type", "Application/X-WWW-Form-Urlencoded;charset=UTF-8")
            .body("%71uery=sum%28up%29+%2b+1&timeout=5s");
        assert_eq!(client.send(request).unwrap().status, 200);
        let received = upstream.wait_for(index).unwrap();
        assert_eq!(received.target, "/api/v1/query?time=1");
        assert_eq!(String::from_utf8_lossy(&received.body), "query=sum%28up%29+%2B+1&timeout=5s");
        assert_eq!(received.header("content-type").as_deref(), Some("application/x-www-form-urlencoded"));
        assert_eq!(received.end, End::Clean);
    }
}

fn a_form_in_pieces_is_read_whole(host: Host) {
    let upstream = answering(|| Reply::text("ok"));
    let deployment = deployment(host, &upstream);
    for (index, client) in [deployment.client(), deployment.client().http2()].into_iter().enumerate() {
        let mut exchange = client.open(Request::form(QUERY)).unwrap();
        for piece in ["que", "ry=u", "p"] {
            exchange.data(piece).unwrap();
        }
        exchange.end(&[]).unwrap();
        assert_eq!(exchange.answer().unwrap().status, 200);
        assert_eq!(String::from_utf8_lossy(&upstream.wait_for(index).unwrap().body), "query=up");
    }
}

/// Envoy holds the body of an HTTP/2 request only up to the stream's window, whatever the listener's buffer limit is.
fn a_form_as_long_as_may_be_goes_through_the_shipped_file(host: Host) {
    let upstream = answering(|| Reply::text("ok"));
    let deployment = Deployment::start(host, &Options::new(upstream.address())).unwrap();
    let longest = format!("query={}", "a".repeat((256 << 10) - "query=".len()));
    for (index, client) in [deployment.client(), deployment.client().http2()].into_iter().enumerate() {
        assert_eq!(client.send(form(QUERY, &longest)).unwrap().status, 200);
        assert_eq!(upstream.wait_for(index).unwrap().body_length, 256 << 10);
        let answer = client.send(form(QUERY, &format!("{longest}a"))).unwrap();
        assert_eq!((answer.status, arrived_whole(&upstream).len()), (413, index + 1), "{}", answer.text());
    }
}

fn a_refused_form_never_arrives_whole(host: Host) {
    let upstream = answering(|| Reply::text("ok"));
    let deployment = deployment(host, &upstream);
    let long = format!("query={}", "a".repeat(1_100));
    for client in [deployment.client(), deployment.client().http2()] {
        for (request, status) in [
            (form(QUERY, "query=a&query=b"), 400),
            (form(&format!("{QUERY}?query=a"), "query=b"), 400),
            (form(QUERY, "query=a;b"), 400),
            (form(QUERY, "query=%zz"), 400),
            (form(QUERY, "query=%ff"), 400),
            (form(QUERY, &long), 413),
            (form(QUERY, "query=a").header("content-encoding", "gzip"), 415),
            (Request::new("POST", QUERY).header("content-type", "application/json").body("{}"), 415),
            (Request::new("POST", QUERY).body("query=up"), 415),
        ] {
            let answer = client.send(request.clone()).unwrap();
            assert_eq!(answer.status, status, "{request:?}: {}", answer.text());
            assert_eq!(answer.json().unwrap().get("errorType").unwrap(), "bad_data");
        }
    }
    assert_eq!(deployment.client().get(QUERY).unwrap().status, 200);
    // Traffic Server sends a request up without its form.
    let is_emptied = |request: &Received| {
        host == Host::TrafficServer && request.method == "POST" && request.body.is_empty()
    };
    let whole = arrived_whole(&upstream).into_iter().filter(|request| !is_emptied(request));
    assert_eq!(whole.map(|request| request.method).collect::<Vec<_>>(), ["GET"]);
}

fn a_form_that_ends_in_trailers_is_refused(host: Host) {
    let upstream = answering(|| Reply::text("ok"));
    let deployment = deployment(host, &upstream);
    let request = form(QUERY, "query=up").trailer("x-anything", "1");
    assert_eq!(deployment.client().http2().send(request).unwrap().status, 400);
    assert_eq!(deployment.client().get("/prometheus/-/healthy").unwrap().status, 200);
    assert_eq!(arrived_whole(&upstream).len(), 1);
}

fn a_body_that_could_not_be_refused_later_never_arrives(host: Host) {
    let upstream = answering(|| Reply::text("ok"));
    let deployment = deployment(host, &upstream);
    let multipart = "--x\r\nContent-Disposition: form-data; name=\"match[]\"\r\n\r\nup\r\n--x--\r\n";
    for client in [deployment.client(), deployment.client().http2()] {
        let request = Request::new("GET", "/prometheus/api/v1/labels")
            .header("content-type", "multipart/form-data; boundary=x")
            .body(multipart);
        assert_eq!(client.send(request).unwrap().status, 400);
        // Prometheus makes the snapshot even if the form breaks off, so that the request must not reach it at all.
        let snapshot = form("/prometheus/api/v1/admin/tsdb/snapshot?skip_head=true", "skip_head=%zz");
        assert_eq!(client.send(snapshot).unwrap().status, 400);
    }
    assert!(upstream.requests().is_empty());
}

fn a_body_that_the_filter_does_not_read_streams(host: Host) {
    let upstream = Upstream::start_early(|_| Reply::hold()).unwrap();
    let deployment = deployment(host, &upstream);
    let mut exchange =
        deployment.client().http2().open(Request::new("POST", "/prometheus/api/v1/write")).unwrap();
    let server = upstream.held().unwrap();
    exchange.data("first").unwrap();
    upstream.wait_until(|requests| requests.iter().any(|request| request.body == b"first")).unwrap();
    exchange.data("second").unwrap();
    exchange.end(&[]).unwrap();
    let requests =
        upstream.wait_until(|requests| requests.iter().any(|request| request.end == End::Clean)).unwrap();
    assert_eq!(requests.first().unwrap().body, b"firstsecond");
    drop(server);
}

fn a_form_that_grows_when_it_is_escaped_is_bounded_too(host: Host) {
    let upstream = answering(|| Reply::text("ok"));
    let deployment = deployment(host, &upstream);
    let answer = deployment.client().send(form(QUERY, &format!("query={}", "(".repeat(1_000)))).unwrap();
    assert_eq!(
        (answer.status, answer.json().unwrap().get("errorType").unwrap().as_str()),
        (413, Some("bad_data"))
    );
    assert_eq!(
        deployment.client().send(form(QUERY, &format!("query={}", "+".repeat(1_000)))).unwrap().status,
        200
    );
}

/// If a server agrees to another protocol, it gets the client's bytes unchanged, which may contain requests. The
/// embedded front sends no `upgrade` on, and treats such an answer as an error.
fn no_tunnel_leads_past_the_filter(host: Host) {
    let switching = "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    let upstream = answering(move || Reply::raw(switching));
    let deployment = deployment(host, &upstream);
    let request = Request::new("GET", "/prometheus/anything")
        .header("connection", "Upgrade")
        .header("upgrade", "websocket");
    let answer = deployment.client().send(request).unwrap();
    assert!(answer.status >= 400, "{}", answer.status);
}

/// The shipped listener refuses names with "_"; other hosts don't.
fn a_forbidden_header_is_removed_in_every_spelling(host: Host) {
    let upstream = answering(|| Reply::text("ok"));
    let deployment = deployment(host, &upstream);
    for name in [
        "X_Forwarded_Proto",
        "x_forwarded_for",
        "X-Forwarded-Server",
        "X_Scope_OrgID",
        "x-forwarded-access-token",
    ] {
        let answer = deployment.client().header(name, "evil").get(QUERY).unwrap();
        let is_refused_by_the_listener = host == Host::Envoy && name.contains('_');
        assert_eq!(answer.status, if is_refused_by_the_listener { 400 } else { 200 }, "{name}");
    }
    for received in upstream.requests() {
        assert!(received.headers.iter().all(|(_, value)| value != b"evil"), "{:?}", received.headers);
    }
}

fn a_redirect_off_the_site_is_an_error_of_the_server(host: Host) {
    let upstream = answering(|| Reply::text("ok"));
    let deployment = deployment(host, &upstream);
    for location in ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"] {
        upstream.answer_by(move |_| Reply::status(302).header("location", location).body("secret"));
        let answer = deployment.client().get("/prometheus/graph").unwrap();
        assert_eq!((answer.status, answer.header("location")), (502, None), "{location}");
        assert!(!answer.text().contains("secret"), "{location}");
    }
}

fn a_server_does_not_say_who_may_read_its_answers(host: Host) {
    let upstream = answering(|| {
        Reply::text("ok")
            .header("server", "prometheus")
            .header("x-powered-by", "go")
            .header("Access-Control-Allow-Origin", "*")
            .header("access-control-allow-credentials", "true")
    });
    let answer =
        deployment(host, &upstream).client().header("origin", "https://evil.example").get(QUERY).unwrap();
    for name in ["server", "x-powered-by", "access-control-allow-origin", "access-control-allow-credentials"]
    {
        assert_eq!(answer.header(name), None, "{name}");
    }
}

fn a_listed_origin_may_read_answers_and_refusals(host: Host) {
    let upstream = answering(|| Reply::text("ok").header("access-control-allow-origin", "*"));
    let deployment = deployment(host, &upstream);
    let client = deployment.client().header("origin", "https://grafana.example.com");
    for (method, path, status) in [
        ("GET", QUERY, 200),
        ("GET", "/prometheus/api/v1/query?query=a&query=b", 400),
        ("OPTIONS", QUERY, 204),
    ] {
        let answer = client.send(Request::new(method, path)).unwrap();
        assert_eq!(answer.status, status);
        assert_eq!(
            answer.header("access-control-allow-origin").as_deref(),
            Some("https://grafana.example.com")
        );
        assert_eq!(answer.header("vary").as_deref(), Some("Origin"));
    }
}

fn a_header_that_is_no_text_is_passed_on(host: Host) {
    let upstream = answering(|| Reply::text("ok").header("x-odd", b"\xff\xfe"));
    let deployment = deployment(host, &upstream);
    let answer = deployment.client().header("x-odd", b"caf\xe9").get(QUERY).unwrap();
    assert_eq!(answer.status, 200);
    assert!(answer.headers.iter().any(|(name, value)| name == "x-odd" && value == b"\xff\xfe"));
    let received = upstream.wait_for(0).unwrap();
    assert!(
        received
            .headers
            .iter()
            .any(|(name, value)| name.eq_ignore_ascii_case("x-odd") && value == b"caf\xe9")
    );
}

fn what_is_elsewhere_passes_without_our_routing_header(host: Host) {
    let upstream = answering(|| Reply::text("ok"));
    let configuration = CONFIGURATION.replacen('{', r#"{ "elsewhere": "pass", "#, 1);
    let deployment =
        Deployment::start(host, &Options::configured(upstream.address(), &configuration)).unwrap();
    let answer = deployment.client().header("x-promward-cluster", "prometheus").get("/-/quit").unwrap();
    assert_eq!(answer.status, 404, "the shipped routes have nothing for it");
    assert!(upstream.requests().is_empty());
}
