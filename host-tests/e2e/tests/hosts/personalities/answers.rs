//! Scenarios about answers: the module is shown them, cuts them and replaces them.

use super::played::Played;
use promward_embedded::host::Personality;

/// Fact 2: closing a stream traps on nginx and does nothing on Traffic Server, and the rest of the answer follows.
#[test]
fn closing_a_stream_does_not_cut_an_answer() {
    for (personality, is_cut) in
        [(Personality::ENVOY, true), (Personality::NGINX, false), (Personality::TRAFFIC_SERVER, false)]
    {
        let (mut played, id) =
            Played::answered(personality, "response_body=close", &[], &["first", "other tenants'"]);
        let exchange = played.take(id);
        assert_eq!(exchange.reset, is_cut, "{}", personality.name);
        assert_eq!(exchange.client.body.contains("other tenants'"), !is_cut, "{}", personality.name);
        assert_eq!(played.worker.failed(), personality == Personality::NGINX);
    }
}

/// Replacing each later piece by nothing cuts an answer on every host.
#[test]
fn an_answer_is_cut_everywhere_by_replacing_its_pieces() {
    for personality in Personality::ALL {
        let (mut played, id) =
            Played::answered(personality, "response_body=empty", &[], &["first", "other tenants'"]);
        assert_eq!(played.take(id).client.body, "", "{}", personality.name);
    }
}

/// Fact 4: on nginx a local reply in place of an answer keeps the server's headers, and later pieces follow.
#[test]
fn a_reply_in_place_of_an_answer_leaks_it_on_nginx() {
    for (personality, cookie, body) in [
        (Personality::ENVOY, None, "no"),
        (Personality::NGINX, Some("session"), "no\nlater"),
        (Personality::TRAFFIC_SERVER, None, "no"),
    ] {
        let (mut played, id) = Played::answered(
            personality,
            "response_headers=reply",
            &[("set-cookie", "session")],
            &["first", "later"],
        );
        let client = played.take(id).client;
        assert_eq!(client.header(":status"), Some("403"), "{}", personality.name);
        assert_eq!(client.header("set-cookie"), cookie, "{}", personality.name);
        assert_eq!(client.body, body, "{}", personality.name);
        assert!(client.ended);
    }
}

/// Fact 4: nginx' worker crashes when `connection` is removed from an answer, or another header that nginx keeps in a list and
/// that isn't there.
#[test]
fn removing_some_headers_from_an_answer_ends_nginx() {
    for (name, given, fails) in [
        ("connection", &[][..], true),
        ("cache-control", &[], true),
        ("link", &[], true),
        ("etag", &[], false),
        ("cache-control", &[("Cache-Control", "no-cache"), ("cache-control", "private")], false),
    ] {
        for personality in Personality::ALL {
            let mut played = Played::new(personality);
            let id = played.open("GET", &format!("response_headers=remove:2:{name}"), &[], true);
            played.answer(id, given);
            let fails = fails && personality == Personality::NGINX;
            assert_eq!(played.worker.failed(), fails, "{}: {name} {given:?}", personality.name);
        }
    }
}

/// Fact 10: an answer of which the last piece was replaced by nothing never ends on nginx. A line feed ends it.
#[test]
fn a_last_piece_replaced_by_nothing_never_ends_on_nginx() {
    for (personality, ends) in
        [(Personality::ENVOY, true), (Personality::NGINX, false), (Personality::TRAFFIC_SERVER, true)]
    {
        for (edit, ends) in [("empty", ends), ("empty+append", true)] {
            let (mut played, id) =
                Played::answered(personality, &format!("response_body={edit}"), &[], &["only"]);
            assert_eq!(played.take(id).client.ended, ends, "{}: {edit}", personality.name);
        }
    }
}

/// The end of an answer in several pieces isn't told where its length is known on nginx, nor where it comes later on
/// Traffic Server.
#[test]
fn the_end_of_an_answer_is_not_always_told() {
    for (personality, chunked, known, late) in [
        (Personality::ENVOY, true, true, true),
        (Personality::NGINX, true, false, true),
        (Personality::TRAFFIC_SERVER, true, true, false),
    ] {
        let length = [("content-length", "4")];
        for (headers, last, told) in [(&[][..], "cd", chunked), (&length, "cd", known), (&[], "", late)] {
            let (mut played, id) = Played::answered(personality, "", headers, &["ab", last]);
            let lines = played.lines();
            let is_told =
                lines.iter().any(|line| line.starts_with("response_body") && line.contains("end=true"));
            assert_eq!(is_told, told, "{}: {headers:?} {last:?}: {lines:?}", personality.name);
            assert!(played.take(id).client.ended, "{}", personality.name);
        }
    }
}

/// A pause in an answer's callbacks holds nothing back for good on nginx and Traffic Server.
#[test]
fn a_paused_answer_goes_on_at_its_end() {
    for (personality, body) in
        [(Personality::ENVOY, ""), (Personality::NGINX, "abcd"), (Personality::TRAFFIC_SERVER, "abcd")]
    {
        let (mut played, id) = Played::answered(personality, "response_body=pause", &[], &["ab", "cd"]);
        let client = played.take(id).client;
        assert_eq!((client.body.as_str(), client.ended), (body, !body.is_empty()), "{}", personality.name);
    }
}

/// Fact 11: a redirect without a body becomes 500 on Traffic Server, which shows a module none of its replies.
#[test]
fn own_replies_are_shown_by_envoy_and_nginx() {
    for (personality, shown, body) in [
        (Personality::ENVOY, true, "no"),
        (Personality::NGINX, true, "no\n"),
        (Personality::TRAFFIC_SERVER, false, "no"),
    ] {
        let mut played = Played::new(personality);
        let id = played.open("GET", "request_headers=reply", &[], true);
        assert_eq!(played.said("response_headers"), shown, "{}", personality.name);
        let client = played.take(id).client;
        assert_eq!(
            (client.header(":status"), client.body.as_str()),
            (Some("403"), body),
            "{}",
            personality.name
        );
        let id = played.open("GET", "request_headers=redirect", &[], true);
        let status = played.take(id).client.header(":status").map(str::to_owned);
        let expected = if personality == Personality::TRAFFIC_SERVER { "500" } else { "301" };
        assert_eq!(status.as_deref(), Some(expected), "{}", personality.name);
    }
}
