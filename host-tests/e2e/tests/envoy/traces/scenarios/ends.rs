//! Streams that end early: closed by the module, left by one end, with too large a body, or by a trap.

use super::NONE;
use crate::envoy::traces::script::Scenario;
use crate::envoy::traces::script::Step::*;

pub(super) const ENDS: &[Scenario] = &[
    Scenario {
        name: "closed_at_headers",
        method: "GET",
        probe: "request_headers=close",
        steps: &[OpenAndEnd],
        ..NONE
    },
    Scenario {
        name: "closed_in_the_body",
        probe: "request_body=close",
        steps: &[Open, Send("abc"), SendLast("d")],
        ..NONE
    },
    Scenario {
        name: "closed_from_the_tick",
        probe: "request_headers=pause",
        steps: &[Open, Tell("close"), SendLast("abc")],
        ..NONE
    },
    Scenario {
        name: "closed_in_the_answers_body",
        method: "GET",
        probe: "response_body=close",
        steps: &[OpenAndEnd, Answer, Body("gh"), BodyLast("i")],
        ..NONE
    },
    Scenario { name: "client_gone_in_the_body", steps: &[Open, Send("abc"), Leave], ..NONE },
    Scenario {
        name: "client_gone_while_paused",
        probe: "request_headers=pause,request_body=pause",
        steps: &[Open, Send("abc"), Leave],
        ..NONE
    },
    Scenario {
        name: "client_gone_in_the_answer",
        method: "GET",
        steps: &[OpenAndEnd, Answer, Body("gh"), Leave],
        ..NONE
    },
    Scenario {
        name: "upstream_gone_before_its_answer",
        method: "GET",
        steps: &[OpenAndEnd, BreakOff],
        ..NONE
    },
    Scenario {
        name: "upstream_gone_in_its_answer",
        method: "GET",
        steps: &[OpenAndEnd, Answer, Body("gh"), BreakOff],
        ..NONE
    },
    // As long as the answer's head hasn't been sent to the client, it can become 503. No callback runs for that.
    Scenario {
        name: "upstream_gone_while_its_answer_is_paused",
        method: "GET",
        probe: "response_headers=pause",
        steps: &[OpenAndEnd, Answer, BreakOff],
        ..NONE
    },
    // Over HTTP/2 the limit is the window of a stream, not the listener's per_connection_buffer_limit_bytes. The
    // callback still gets the body that is too large before 413 is sent.
    Scenario {
        name: "held_body_too_large",
        probe: "request_body=pause",
        steps: &[
            Open,
            SendBytes(16_000),
            SendBytes(16_000),
            SendBytes(16_000),
            SendBytes(16_000),
            SendBytes(16_000),
            SendLast("a"),
        ],
        ..NONE
    },
    // Envoy reads an answer more slowly if its headers are paused, and answers 500 if its body is paused.
    Scenario {
        name: "held_answer_too_large",
        method: "GET",
        probe: "response_headers=pause,response_body=pause",
        steps: &[
            OpenAndEnd,
            Answer,
            BodyBytes(16_000),
            BodyBytes(16_000),
            BodyBytes(16_000),
            BodyBytes(16_000),
            BodyBytes(16_000),
            Tell("resume_response"),
        ],
        ..NONE
    },
    // A tick that releases a stream and then traps has released it: the headers are sent on. Whatever the module would
    // get after that is answered with 503.
    Scenario {
        name: "trap_after_a_release",
        probe: "request_headers=pause",
        steps: &[Open, SendLast("abc"), Tell("resume+trap")],
        ..NONE
    },
    Scenario { name: "request_after_a_trap", method: "GET", steps: &[OpenAndEnd], ..NONE },
];
