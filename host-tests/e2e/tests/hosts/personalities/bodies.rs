//! Scenarios about the bodies of requests: the module is shown them and edits them.

use super::played::Played;
use promward_embedded::host::Personality;

const FORM: &[(&str, &str)] = &[("content-length", "3")];

/// Fact 1: nginx keeps as many bytes of a new body as the call says that it replaces.
#[test]
fn a_longer_body_is_cut_at_the_size_of_the_old_one_on_nginx() {
    for (personality, arrives) in [
        (Personality::ENVOY, "replaced"),
        (Personality::NGINX, "rep"),
        (Personality::TRAFFIC_SERVER, "replaced"),
    ] {
        let mut played = Played::new(personality);
        let id = played.open("POST", "request_body=cut:3", FORM, false);
        played.send(id, "abc", true);
        assert_eq!(played.take(id).server.body, arrives, "{}", personality.name);
    }
}

/// The size that Traffic Server tells is that of the newest piece, and an edit of that size leaves what came before.
#[test]
fn an_edit_of_the_told_size_leaves_the_rest_on_traffic_server() {
    for (personality, sizes, arrives) in [
        (Personality::ENVOY, ["size=2 end=false", "size=4 end=true"], "replaced"),
        (Personality::TRAFFIC_SERVER, ["size=2 end=false", "size=2 end=true"], "replacedcd"),
    ] {
        let size = &sizes[1]["size=".len()..][..1];
        let mut played = Played::new(personality);
        let probe = format!("request_body=hold_and_cut:{size}");
        let id = played.open("POST", &probe, &[("content-length", "4")], false);
        played.send(id, "ab", false);
        played.take(id);
        played.send(id, "cd", true);
        let lines = played.lines();
        for size in sizes {
            assert!(lines.iter().any(|line| line.contains(size)), "{}: {size}: {lines:?}", personality.name);
        }
        assert_eq!(played.take(id).server.body, arrives, "{}", personality.name);
    }
}

/// nginx shows a body at once and sends its length; the head waits for it.
#[test]
fn a_body_comes_whole_and_with_its_length_on_nginx() {
    let mut played = Played::new(Personality::NGINX);
    let id = played.open(
        "POST",
        "request_headers=remove:0:content-length,request_body=empty+prepend",
        FORM,
        false,
    );
    played.send(id, "ab", false);
    assert!(played.take(id).server.head.is_empty());
    played.send(id, "c", true);
    assert!(played.said("request_body size=3 end=true Some(\"abc\")"));
    let server = played.take(id).server;
    assert_eq!((server.body.as_str(), server.header("content-length")), ("<", Some("1")));
}

/// Fact 6: neither says with the headers that no body follows, and a body of no bytes is shown by neither.
#[test]
fn no_end_of_stream_comes_with_the_headers() {
    for (personality, told) in [
        (Personality::ENVOY, "request_headers end=true"),
        (Personality::NGINX, "request_headers end=false"),
        (Personality::TRAFFIC_SERVER, "request_headers end=false"),
    ] {
        let mut played = Played::new(personality);
        let id = played.open("GET", "", &[], true);
        assert!(played.said(told), "{}", personality.name);
        assert!(played.take(id).server.ended);
        let id = played.open("POST", "", &[("content-length", "0")], false);
        played.send(id, "", true);
        assert_eq!(played.said("request_body"), personality == Personality::ENVOY, "{}", personality.name);
        assert!(played.take(id).server.ended);
    }
}

/// A pause in the callback with the end of a form holds it on Envoy and nginx, and doesn't on Traffic Server.
#[test]
fn a_pause_at_the_end_of_a_form_holds_nothing_on_traffic_server() {
    for (personality, arrives) in
        [(Personality::ENVOY, ""), (Personality::NGINX, ""), (Personality::TRAFFIC_SERVER, "abc")]
    {
        let mut played = Played::new(personality);
        let id = played.open("POST", "request_body=pause", FORM, false);
        played.send(id, "abc", true);
        assert_eq!(played.take(id).server.body, arrives, "{}", personality.name);
    }
}

/// A form that nginx has put into a file can't be read.
#[test]
fn a_spilled_body_can_not_be_read_on_nginx() {
    let mut played = Played::new(Personality::NGINX);
    let id = played.open("POST", "", &[("content-length", "2000000")], false);
    for _ in 0..2 {
        played.send(id, &*Box::leak("a".repeat(1_000_000).into_boxed_str()), false);
    }
    played.send(id, "", true);
    assert!(played.said("request_body size=2000000 end=true None"));
    assert_eq!(played.take(id).server.body.len(), 2_000_000);
}
