//! Replies of the module itself, from each callback and from the tick.

use super::NONE;
use crate::envoy::traces::script::Scenario;
use crate::envoy::traces::script::Step::*;

pub(super) const REPLIES: &[Scenario] = &[
    // The response callbacks run for own replies as for the upstream's answer.
    Scenario {
        name: "reply_at_headers",
        probe: "request_headers=reply",
        steps: &[Open, Send("abc"), SendLast("d")],
        ..NONE
    },
    // `Continue` after an own reply pauses nevertheless.
    Scenario {
        name: "reply_and_continue",
        method: "GET",
        probe: "request_headers=reply_and_continue",
        steps: &[OpenAndEnd],
        ..NONE
    },
    Scenario {
        name: "reply_without_body",
        method: "GET",
        probe: "request_headers=reply_empty",
        steps: &[OpenAndEnd],
        ..NONE
    },
    Scenario {
        name: "reply_to_head",
        method: "HEAD",
        probe: "request_headers=reply",
        steps: &[OpenAndEnd],
        ..NONE
    },
    // A gRPC client gets the status in `grpc-status`, with the HTTP status 200.
    Scenario {
        name: "reply_to_grpc",
        probe: "request_headers=reply",
        headers: &[("content-type", "application/grpc")],
        steps: &[OpenAndEnd],
        ..NONE
    },
    Scenario {
        name: "reply_in_the_body",
        probe: "request_body=hold_and_reply",
        steps: &[Open, Send("abc"), SendLast("def")],
        ..NONE
    },
    Scenario {
        name: "reply_in_the_body_with_its_own_callbacks_paused",
        probe: "request_body=hold_and_reply,response_headers=pause,response_body=pause",
        steps: &[Open, Send("abc"), SendLast("def"), Tell("resume_response"), Tell("resume_response")],
        ..NONE
    },
    Scenario {
        name: "reply_at_trailers",
        probe: "request_trailers=reply",
        steps: &[Open, Send("abc"), SendTrailers],
        ..NONE
    },
    Scenario {
        name: "reply_from_the_tick_before_the_body",
        probe: "request_headers=pause",
        steps: &[Open, Tell("reply"), Send("abc"), SendLast("d")],
        ..NONE
    },
    Scenario {
        name: "reply_from_the_tick_during_the_body",
        probe: "request_headers=pause,request_body=pause",
        steps: &[Open, Send("abc"), Tell("reply"), SendLast("d")],
        ..NONE
    },
    Scenario {
        name: "reply_from_the_tick_after_the_body",
        probe: "request_headers=pause,request_body=pause",
        steps: &[Open, SendLast("abc"), Tell("reply")],
        ..NONE
    },
    Scenario {
        name: "reply_with_its_callbacks_editing",
        method: "GET",
        probe: "request_headers=reply,response_headers=edit_response,response_body=shout",
        steps: &[OpenAndEnd],
        ..NONE
    },
    Scenario {
        name: "reply_in_place_of_the_answer",
        method: "GET",
        probe: "response_headers=reply",
        steps: &[OpenAndEnd, Answer, BodyLast("gh")],
        ..NONE
    },
    // After the answer's head has been sent, an own reply is a reset.
    Scenario {
        name: "reply_in_the_answers_body",
        method: "GET",
        probe: "response_body=reply",
        steps: &[OpenAndEnd, Answer, Body("gh"), BodyLast("i")],
        ..NONE
    },
];
