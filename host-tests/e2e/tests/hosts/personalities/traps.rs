//! Scenarios about traps: the request that trapped, requests in flight, and later ones.

use super::played::Played;
use promward_embedded::host::Personality;

/// Fact 3: on nginx the request is 500, streams in flight go on in a new VM that knows nothing of them, and the next
/// request is served. On Traffic Server every request is 500 for good.
#[test]
fn a_trap_moves_streams_into_a_new_vm_on_nginx_and_is_for_good_on_traffic_server() {
    for (personality, status, later) in [
        (Personality::ENVOY, "503", Some("503")),
        (Personality::NGINX, "500", None),
        (Personality::TRAFFIC_SERVER, "500", Some("500")),
    ] {
        let name = personality.name;
        let mut played = Played::new(personality);
        let in_flight = played.open("GET", "response_body=shout", &[], true);
        played.answer(in_flight, &[]);
        played.take(in_flight);
        let trapped = played.open("GET", "request_headers=trap", &[], true);
        assert_eq!(played.take(trapped).client.header(":status"), Some(status), "{name}");
        let next = played.open("GET", "", &[], true);
        assert_eq!(played.take(next).client.header(":status"), later, "{name}");
        played.lines();
        played.piece(in_flight, "piece", true);
        let (said, exchange) = (played.lines(), played.take(in_flight));
        match personality {
            // The probe's new context has no script, and lets the piece pass.
            Personality::NGINX => {
                assert!(said.iter().any(|line| line.starts_with("response_body size=5")), "{said:?}");
                assert_eq!(exchange.client.body, "piece");
            }
            _ => assert_eq!((exchange.client.body.as_str(), said.len()), ("", 0), "{name}: {said:?}"),
        }
        assert_eq!(exchange.reset, personality == Personality::ENVOY, "{name}");
    }
}

/// A trap in an answer's callback on nginx lets the answer pass.
#[test]
fn a_trap_in_an_answer_lets_it_pass_on_nginx() {
    for (personality, body) in
        [(Personality::ENVOY, ""), (Personality::NGINX, "everything"), (Personality::TRAFFIC_SERVER, "")]
    {
        let (mut played, id) = Played::answered(personality, "response_headers=trap", &[], &["everything"]);
        assert_eq!(played.take(id).client.body, body, "{}", personality.name);
    }
}
