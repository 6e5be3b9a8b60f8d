//! Clients that leave at every stage and in every way. Whatever they held is given back. The server sees nothing of a
//! request that was refused, and nothing more of one that had reached it.

use crate::endurance::failures::frames::{Frames, Rest};
use crate::endurance::failures::set_up::{
    ALERTS, FILTERED, FORM, LIVE, OPAQUE, QUERY, SetUp, WRITE, configuration, healthy,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use promward_e2e::deployment::{Deployment, Host, Open, Options};
use promward_e2e::on_both_hosts;
use promward_harness::client::{Close, Connection, Exchange, Request};
use promward_harness::upstream::{Held, Reply, Upstream};
use serde_json::json;

on_both_hosts! {
    a_client_that_goes_in_its_request_leaves_nothing,
    a_client_that_goes_while_the_server_works_takes_its_request_along,
    a_client_that_goes_in_its_answer_stops_it,
    clients_that_leave_while_they_wait_free_their_places,
}

/// The way in which a client leaves.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    /// HTTP/1.1: the end of TLS, and TCP FIN.
    Close,
    /// HTTP/1.1: TCP RST, without the end of TLS.
    Cut,
    /// HTTP/2: `RST_STREAM`, and the connection goes on.
    ResetStream,
    /// HTTP/2: `GOAWAY` while the stream is open, then the connection's end.
    GoAway,
    /// HTTP/2: `GOAWAY` while the stream is open, then TCP RST.
    GoAwayAndCut,
}

const WAYS: [Way; 5] = [Way::Close, Way::Cut, Way::ResetStream, Way::GoAway, Way::GoAwayAndCut];

/// A client with an open request, which leaves in its own way.
enum Client {
    Http1(Exchange, Close),
    Http2(Connection, Exchange),
    Frames(Frames, Close),
}

/// A request of these tests: a method, a target, further headers, and pieces of a body that doesn't end.
#[derive(Clone, Copy)]
struct Sent<'a>(&'a str, &'a str, &'a [(&'a str, &'a str)], &'a [&'a str]);

impl Client {
    fn start(deployment: &Deployment, way: Way, Sent(method, target, headers, pieces): Sent<'_>) -> Self {
        let request = || {
            headers
                .iter()
                .fold(Request::new(method, target), |request, (name, value)| request.header(name, value))
        };
        let client = deployment.client();
        let is_whole = method == "GET";
        let begin = |mut connection: Connection| {
            if is_whole {
                return (connection.ask(request()).unwrap(), connection);
            }
            let mut exchange = connection.open(request()).unwrap();
            pieces.iter().for_each(|piece| exchange.data(piece).unwrap());
            (exchange, connection)
        };
        match way {
            Way::Close => Self::Http1(begin(client.connect().unwrap()).0, Close::Orderly),
            Way::Cut => Self::Http1(begin(client.connect().unwrap()).0, Close::Cut),
            Way::ResetStream => {
                let (exchange, connection) = begin(client.http2().connect().unwrap());
                Self::Http2(connection, exchange)
            }
            Way::GoAway | Way::GoAwayAndCut => {
                let pseudo = [
                    (":method", method),
                    (":scheme", "https"),
                    (":path", target),
                    (":authority", "example.com"),
                ];
                let rest = if is_whole { Rest::Nothing } else { Rest::Body };
                let mut frames = Frames::open(&client, &[&pseudo, headers].concat(), rest);
                pieces.iter().for_each(|piece| frames.data(piece));
                Self::Frames(frames, if way == Way::GoAway { Close::Orderly } else { Close::Cut })
            }
        }
    }

    /// Reads the beginning of the answer, unless this client never reads.
    fn read(&mut self) {
        if let Self::Http1(exchange, _) | Self::Http2(_, exchange) = self {
            assert!(exchange.piece().unwrap().is_some());
        }
    }

    fn leave(self) {
        match self {
            Self::Http1(exchange, Close::Orderly) => exchange.reset().unwrap(),
            Self::Http1(exchange, Close::Cut) => exchange.cut().unwrap(),
            Self::Http2(mut connection, exchange) => {
                exchange.reset().unwrap();
                assert_eq!(
                    connection.send(Request::new("GET", "/prometheus/-/healthy")).unwrap().status,
                    200
                );
            }
            Self::Frames(mut frames, close) => {
                frames.go_away();
                frames.0.close(close).unwrap();
            }
        }
    }
}

const IS_FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

fn a_client_that_goes_in_its_request_leaves_nothing(host: Host) {
    let set_up = SetUp::start(host, Upstream::start(healthy).unwrap());
    for close in [Close::Orderly, Close::Cut] {
        for half in
            ["G", "GET /prometheus/api/v1/query?query=up HTTP/1.1\r\nhost: exam", "GET / HTTP/1.1\r\n"]
        {
            let mut connection = set_up.deployment.client().connect().unwrap();
            connection.write_raw(half.as_bytes()).unwrap();
            connection.close(close).unwrap();
        }
        let half =
            Frames::open(&set_up.deployment.client(), &[(":method", "GET"), (":path", QUERY)], Rest::Headers);
        half.0.close(close).unwrap();
    }
    for way in WAYS {
        for pieces in [&[][..], &["query=", "u"]] {
            Client::start(&set_up.deployment, way, Sent("POST", FORM, &[IS_FORM], pieces)).leave();
        }
        for target in [WRITE, OPAQUE] {
            Client::start(&set_up.deployment, way, Sent("POST", target, &[], &["half of it"])).leave();
        }
    }
    set_up.is_whole("requests that break off");
    assert!(set_up.arrived().is_empty(), "{:?}", set_up.arrived());
    set_up.comes_back();
}

/// Starts a server that holds all requests, except those that check the deployment.
fn holding() -> Upstream {
    let answer = Upstream::start(|request| match request.target.as_str() {
        "/-/healthy" => healthy(request),
        _ => Reply::hold(),
    });
    answer.unwrap()
}

fn a_client_that_goes_while_the_server_works_takes_its_request_along(host: Host) {
    let set_up = SetUp::start(host, holding());
    for way in WAYS {
        for target in [QUERY, FILTERED, OPAQUE] {
            let client = Client::start(&set_up.deployment, way, Sent("GET", target, &[], &[]));
            let held = set_up.upstream.held().unwrap();
            client.leave();
            held.wait_for_close().unwrap_or_else(|error| panic!("{way:?} {target}: {error:#}"));
        }
    }
    set_up.is_whole("clients that left while the server worked");
    set_up.comes_back();
}

fn a_client_that_goes_in_its_answer_stops_it(host: Host) {
    let set_up = SetUp::start(host, holding());
    for way in WAYS {
        for (target, kind, piece) in [
            (QUERY, "application/json", ALERTS),
            (FILTERED, "application/json", ALERTS.strip_suffix("]}}").unwrap()),
            (OPAQUE, "text/plain", "half"),
            (LIVE, "text/event-stream", "data: 1\n\n"),
        ] {
            let mut client = Client::start(&set_up.deployment, way, Sent("GET", target, &[], &[]));
            let mut held: Held = set_up.upstream.held().unwrap();
            held.head(200, &[("content-type", kind)]).unwrap();
            held.data(piece.as_bytes()).unwrap();
            client.read();
            client.leave();
            held.wait_for_close().unwrap_or_else(|error| panic!("{way:?} {target}: {error:#}"));
        }
    }
    set_up.is_whole("clients that left in their answers");
    set_up.comes_back();
}

/// A check of two hashes takes two seconds, and four requests of one source may wait. If the client leaves, a check
/// that has begun is spent from the budget, and one that only waited isn't. The shipped share of a source is four of
/// sixteen.
fn clients_that_leave_while_they_wait_free_their_places(host: Host) {
    const A_SECOND: u32 = 12;
    let waits = |set_up: &SetUp, number: u64| {
        let are_so_many = |_: &Open| set_up.deployment.metric("promward.checks_waiting").unwrap() == number;
        set_up.deployment.wait_until_open(&format!("{number} to wait"), are_so_many).unwrap();
    };
    let set_up = || {
        let hash = |password: &str| bcrypt::hash(password, A_SECOND).unwrap();
        let user = json!([hash("right"), hash("another")]);
        let upstream = Upstream::start(healthy).unwrap();
        let configured = Options::configured(upstream.address(), &configuration(&user));
        // With one worker there is one queue.
        SetUp::with(host, upstream, &Options { workers: 1, ..configured })
    };
    let basic = |password: &str| format!("Basic {}", STANDARD.encode(format!("alice:{password}")));
    for way in [Way::Cut, Way::ResetStream, Way::GoAway] {
        let set_up = set_up();
        let mut clients = Vec::new();
        for number in 0..4 {
            let authorization = basic(&format!("guess {number}"));
            let headers = [("authorization", authorization.as_str())];
            let sent = Sent("GET", "/login/api/v1/query?query=up", &headers, &[]);
            clients.push(Client::start(&set_up.deployment, way, sent));
            waits(&set_up, number + 1);
        }
        // The last one leaves first, so that no check begins but the one that has already begun.
        for (left, client) in clients.into_iter().enumerate().rev() {
            client.leave();
            waits(&set_up, u64::try_from(left).unwrap());
        }
        let client = set_up.deployment.client();
        let right = client.user("alice", "right").get("/login/api/v1/query?query=up").unwrap();
        assert_eq!(right.status, 200, "{way:?}: {}", right.text());
        for outcome in ["right", "wrong"] {
            let checks =
                set_up.deployment.metric(&format!("promward.checks_total.outcome={outcome};")).unwrap();
            assert_eq!(checks, u64::from(outcome == "right"), "{way:?}: {outcome}");
        }
        set_up.is_whole("clients that left while they waited");
        assert_eq!(set_up.arrived().len(), 1);
        set_up.comes_back();
    }
}
