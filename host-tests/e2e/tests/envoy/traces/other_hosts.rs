//! Checks that our host, when it plays nginx or Traffic Server, does what was recorded on the real one. The recorded host
//! stood between a client by HTTP/2 and a server by HTTP/1.1, with the same probe and the same scenarios as Envoy.

use super::files;
use super::own::Own;
use super::probe;
use super::scenarios::scenarios;
use super::script::Mode;
use promward_embedded::host::Personality;

/// The scenarios in which our host does something else, by host, with the reason.
const EXCEPTIONS: &[(&str, &[&str], &str)] = &[
    (
        "nginx",
        &[
            "body_held_and_let_go_by_trailers",
            "header_edited_too_late",
            "reply_at_trailers",
            "trailers",
            "trailers_paused",
            "trailers_without_body",
        ],
        "nginx resets a request that ends in trailers; the front of our host takes them for the end of the body",
    ),
    ("nginx", &["answer_before_the_body_ends"], "the server has no request before the body is complete"),
    ("nginx", &["held_answer_too_large"], "nginx joins and cuts the pieces of an answer"),
    ("nginx", &["known_headers_that_came_twice"], "nginx refuses the request before the module sees it"),
    ("nginx", &["upstream_gone_before_its_answer"], "the answer is a page of nginx' own"),
    ("nginx", &["statuses"], "a call with a wild pointer ends the probe's VM"),
    (
        "nginx",
        &["client_gone_while_paused", "held_body_too_large"],
        "nginx doesn't notice that the client of a paused request has left",
    ),
    (
        "traffic-server",
        &["body_edited_piece_by_piece", "body_emptied_and_filled", "properties", "statuses"],
        "the server dies at a call that the probe makes",
    ),
    (
        "traffic-server",
        &["held_answer_too_large", "held_body_too_large"],
        "Traffic Server joins and cuts the pieces of a body, and has no limit for what is held",
    ),
    (
        "traffic-server",
        &["pause_everywhere_released_after_the_body", "pause_in_the_body_released_from_the_tick"],
        "an edit of the tick waits in the buffer that request and answer share, before what comes next",
    ),
    (
        "traffic-server",
        &[
            "reply_at_headers",
            "reply_in_place_of_the_answer",
            "reply_to_grpc",
            "reply_to_head",
            "reply_with_its_callbacks_editing",
            "reply_without_body",
        ],
        "Traffic Server reads the headers of a reply when it sends that, where the probe has freed them",
    ),
    (
        "traffic-server",
        &["known_headers_that_came_twice"],
        "the map has other names than the client's for headers that the server knows",
    ),
];

/// The scenario that is played to a host that another one has made trap.
const AFTER_A_TRAP: &str = "request_after_a_trap";
const TRAP: &str = "trap_after_a_release";

#[test]
fn our_host_does_what_the_traces_of_nginx_say() {
    compare(Personality::NGINX);
}

#[test]
fn our_host_does_what_the_traces_of_traffic_server_say() {
    compare(Personality::TRAFFIC_SERVER);
}

fn compare(personality: Personality) {
    let module = std::fs::read(probe()).unwrap();
    let mut differences = Vec::new();
    for (name, recorded) in files::of_host(personality.name) {
        let scenario = scenarios().find(|scenario| scenario.name == name);
        let scenario = scenario.unwrap_or_else(|| panic!("no scenario has the trace {name}"));
        let is_excepted = EXCEPTIONS
            .iter()
            .any(|(host, names, _)| *host == personality.name && names.contains(&name.as_str()));
        // A trap in one scenario leaves the others alone, but for the one about that.
        let mut host = Own::playing(&module, Mode::Default, personality);
        if name == AFTER_A_TRAP {
            scenarios()
                .filter(|scenario| scenario.name == TRAP)
                .for_each(|scenario| drop(host.play(scenario)));
        }
        let trace = host.play(scenario).to_string();
        match (is_same(&recorded, &trace), is_excepted) {
            (false, false) => {
                differences.push(format!("{name}: expected\n{recorded}\nbut it was\n{trace}"));
            }
            (true, true) => {
                differences.push(format!("{name}: it is what was recorded, and needs no exception"))
            }
            _ => {}
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n\n"));
}

/// Compares two traces. Where the recorder has lost what the client got, only the rest counts.
fn is_same(recorded: &str, trace: &str) -> bool {
    const CLIENT: &str = "\nthe client:\n";
    // By `content-length` the trailers of a request are the beginning of another one. This is the end of that.
    let recorded = recorded.replacen("  done\n  delete\n  done\n  delete\n", "  done\n  delete\n", 1);
    let (before, client) = recorded.trim_end().split_once(CLIENT).unwrap_or((&recorded, ""));
    let (our_before, our_client) = trace.trim_end().split_once(CLIENT).unwrap_or((trace, ""));
    let is_lost = client.trim() == "nothing" && before.contains("response_headers returns");
    before == our_before && (is_lost || client == our_client)
}

#[test]
fn every_exception_is_a_scenario() {
    for (host, names, reason) in EXCEPTIONS {
        assert!(Personality::named(host).is_some() && !reason.is_empty());
        for name in *names {
            assert!(scenarios().any(|scenario| scenario.name == *name), "{name}");
        }
    }
}
