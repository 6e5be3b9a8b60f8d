//! Silences that are looked up before they are read, changed or ended, where that fails: nothing then goes on.

use super::{A, RELEASES, caller, delete, guarded, guarded_in, post, server};
use promward_e2e::deployment::Host;
use promward_e2e::on_both_hosts;
use promward_harness::alertmanager::{equals, silence};
use promward_harness::client::Request;
use promward_harness::upstream::{End, Reply, Upstream};
use serde_json::json;

on_both_hosts! {
    an_answer_that_is_no_silence_of_the_callers_lets_nothing_go_on,
    a_cluster_that_does_not_exist_lets_nothing_go_on,
    a_body_where_there_must_be_none_is_refused_after_the_lookup_too,
}

mod other_hosts {
    use super::*;

    #[test]
    fn a_host_without_calls_refuses_by_a_message_that_says_so() {
        for host in [Host::Nginx, Host::TrafficServer] {
            let Some(server) = server(RELEASES[0]) else { return };
            let id = server.silence(&json!([equals("tenant", "a")])).unwrap();
            let deployment = guarded(host, server.address());
            let a = caller(&deployment, A);
            let answer = delete(&a, &id);
            assert_eq!(answer.status, 403, "{host}: {}", answer.text());
            assert!(answer.text().contains("runs on Envoy"), "{host}: {}", answer.text());
            assert_eq!(server.silence_with(&id).unwrap()["status"]["state"], "active", "{host}");
            let made = post(&a, "/am/api/v2/silences", &silence(&json!([equals("name", "x")])));
            assert_eq!(made.status, 200, "{host}: {}", made.text());
        }
    }
}

const ID: &str = "6a1b5b0e-0a3c-4f53-9a55-1f2a86f27cd0";

fn an_answer_that_is_no_silence_of_the_callers_lets_nothing_go_on(host: Host) {
    let own = r#"[{"name":"tenant","value":"a","isRegex":false,"isEqual":true}]"#;
    let huge = format!(r#"{{"id":"{ID}","matchers":{own},"comment":"{}"}}"#, "x".repeat(1 << 20));
    let upstream = Upstream::start(|_| Reply::status(500)).unwrap();
    let deployment = guarded(host, upstream.address());
    let a = caller(&deployment, A);
    let mut seen = 0;
    for (status, body, expected) in [
        (200, format!(r#"{{"id":"{ID}","matchers":[]}}"#), 404),
        (200, format!(r#"{{"id":"another","matchers":{own}}}"#), 503),
        (200, "<html>".to_owned(), 503),
        (200, huge, 503),
        (404, String::new(), 404),
        (500, format!(r#"{{"id":"{ID}","matchers":{own}}}"#), 503),
        (302, String::new(), 503),
    ] {
        let sent = body.clone();
        upstream.answer_by(move |_| {
            Reply::status(status).header("content-type", "application/json").body(sent.clone())
        });
        assert_eq!(delete(&a, ID).status, expected, "{status} {body:.80}");
        let mut changed = silence(&json!([equals("tenant", "a")]));
        changed["id"] = json!(ID);
        assert_eq!(post(&a, "/am/api/v2/silences", &changed).status, expected, "{status} {body:.80}");
        // The embedded host sends the head of a request on before its body has come, and then breaks it off.
        let requests = upstream.requests();
        let whole = requests[seen..].iter().filter(|request| request.end == End::Clean);
        let methods: Vec<_> = whole.map(|request| &request.method).collect();
        seen = requests.len();
        assert_eq!(methods, ["GET", "GET"], "{status} {body:.80}");
    }
}

fn a_cluster_that_does_not_exist_lets_nothing_go_on(host: Host) {
    let Some(server) = server(RELEASES[0]) else { return };
    let id = server.silence(&json!([equals("tenant", "a")])).unwrap();
    let deployment = guarded_in(host, server.address(), "nowhere");
    let answer = delete(&caller(&deployment, A), &id);
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert_eq!(server.silence_with(&id).unwrap()["status"]["state"], "active");
}

fn a_body_where_there_must_be_none_is_refused_after_the_lookup_too(host: Host) {
    let Some(server) = server(RELEASES[0]) else { return };
    let id = server.silence(&json!([equals("tenant", "a")])).unwrap();
    let deployment = guarded(host, server.address());
    let a = caller(&deployment, A);
    let request = Request::new("DELETE", &format!("/am/api/v2/silence/{id}"));
    let mut exchange = a.open(request).unwrap();
    exchange.data("x").unwrap();
    exchange.end(&[]).unwrap();
    assert_eq!(exchange.answer().unwrap().status, 400);
    assert_eq!(server.silence_with(&id).unwrap()["status"]["state"], "active");
}
