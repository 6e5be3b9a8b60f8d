//! Pauses, and the places where they are released. They decide how a filter can wait.

use super::NONE;
use crate::envoy::traces::script::Scenario;
use crate::envoy::traces::script::Step::*;

pub(super) const PAUSES: &[Scenario] = &[
    Scenario {
        name: "pause_without_body",
        method: "GET",
        probe: "request_headers=pause",
        steps: &[OpenAndEnd, Tell("edit+resume"), AnswerAndEnd],
        ..NONE
    },
    Scenario {
        name: "pause_released_before_the_body",
        probe: "request_headers=pause",
        steps: &[Open, Tell("edit+resume"), Send("abc"), SendLast("def"), AnswerAndEnd],
        ..NONE
    },
    // By default the module isn't shown the body while the headers are paused; later it comes in one piece. With
    // allow_on_headers_stop_iteration the body is shown, and a callback that continues sends the headers on, unedited.
    Scenario {
        name: "pause_released_during_the_body",
        probe: "request_headers=pause",
        steps: &[Open, Send("abc"), Tell("edit+resume"), Send("def"), SendLast("g"), AnswerAndEnd],
        ..NONE
    },
    // In the second mode, the request has also been sent before the tick's edit, which is lost.
    Scenario {
        name: "pause_released_after_the_body",
        probe: "request_headers=pause",
        steps: &[Open, Send("abc"), SendLast("def"), Tell("edit+resume"), AnswerAndEnd],
        ..NONE
    },
    Scenario {
        name: "pause_released_after_trailers",
        probe: "request_headers=pause",
        steps: &[Open, Send("abc"), SendTrailers, Tell("edit+resume"), AnswerAndEnd],
        ..NONE
    },
    Scenario {
        name: "pause_everywhere_released_before_the_body",
        probe: "request_headers=pause,request_body=hold,request_trailers=pause",
        steps: &[Open, Tell("edit+resume"), Send("abc"), SendLast("def"), AnswerAndEnd],
        ..NONE
    },
    // In the second mode the release sends the held part by itself. The next callback gets only the rest.
    Scenario {
        name: "pause_everywhere_released_during_the_body",
        probe: "request_headers=pause,request_body=hold,request_trailers=pause",
        steps: &[Open, Send("abc"), Tell("edit+resume"), Send("def"), SendLast("g"), AnswerAndEnd],
        ..NONE
    },
    Scenario {
        name: "pause_everywhere_edited_during_the_body",
        probe: "request_headers=pause,request_body=hold",
        steps: &[Open, Send("abc"), Tell("edit"), Send("def"), SendLast("g"), Tell("resume"), AnswerAndEnd],
        ..NONE
    },
    Scenario {
        name: "pause_everywhere_released_after_the_body",
        probe: "request_headers=pause,request_body=pause,request_trailers=pause",
        steps: &[
            Open,
            Send("abc"),
            SendLast("def"),
            Tell("edit+body+replace+resume"),
            Tell("resume"),
            AnswerAndEnd,
        ],
        ..NONE
    },
    // By default, if headers are released after the trailers have come and a body callback pauses, the trailers
    // callback runs twice and the body is never sent on. In the second mode the trailers callback that continues sends
    // everything on, unedited.
    Scenario {
        name: "pause_everywhere_released_after_trailers",
        probe: "request_headers=pause,request_body=pause",
        steps: &[Open, Send("abc"), SendTrailers, Tell("edit+resume"), Tell("resume"), AnswerAndEnd],
        ..NONE
    },
    Scenario {
        name: "pause_in_the_body_released_from_the_tick",
        probe: "request_body=pause",
        steps: &[Open, Send("abc"), SendLast("def"), Tell("edit+body+replace+resume"), AnswerAndEnd],
        ..NONE
    },
    Scenario {
        name: "answer_paused_in_its_body_released_in_its_midst",
        method: "GET",
        probe: "response_body=pause+once",
        steps: &[
            OpenAndEnd,
            Answer,
            Body("abc"),
            Tell("resume_response+answer_body"),
            Body("def"),
            BodyLast("g"),
        ],
        ..NONE
    },
    // A release happens after the tick that asked for it. Later pieces aren't joined to the held ones.
    Scenario {
        name: "pause_in_the_body_released_in_its_midst",
        probe: "request_body=pause+once",
        steps: &[Open, Send("abc"), Tell("resume+body"), Send("def"), SendLast("g"), AnswerAndEnd],
        ..NONE
    },
    Scenario {
        name: "pause_in_the_body_released_and_then_left",
        probe: "request_body=pause+once",
        steps: &[Open, Send("abc"), Tell("resume"), Tell("body"), Send("def"), Tell("body")],
        ..NONE
    },
    Scenario {
        name: "answer_paused_in_its_body_released_and_then_left",
        method: "GET",
        probe: "response_body=pause+once",
        steps: &[
            OpenAndEnd,
            Answer,
            Body("abc"),
            Tell("resume_response"),
            Tell("answer_body"),
            Body("def"),
            Tell("answer_body"),
        ],
        ..NONE
    },
    Scenario {
        name: "answer_paused",
        method: "GET",
        probe: "response_headers=pause",
        steps: &[OpenAndEnd, Answer, Body("gh"), BodyLast("i"), Tell("resume_response")],
        ..NONE
    },
    Scenario {
        name: "answer_paused_and_released_in_its_midst",
        method: "GET",
        probe: "response_headers=pause",
        steps: &[OpenAndEnd, Answer, Body("gh"), Tell("resume_response"), Body("i"), AnswerTrailers],
        ..NONE
    },
    // An own reply that replaces an answer doesn't run the response callbacks.
    Scenario {
        name: "answer_paused_and_replaced",
        method: "GET",
        probe: "response_headers=pause",
        steps: &[OpenAndEnd, Answer, Body("gh"), Tell("reply")],
        ..NONE
    },
    Scenario {
        name: "answer_held_in_its_body",
        method: "GET",
        probe: "response_headers=pause,response_body=hold",
        steps: &[OpenAndEnd, Answer, Body("gh"), Body("i"), AnswerTrailers, Tell("resume_response")],
        ..NONE
    },
    Scenario {
        name: "resumed_in_the_headers_callback",
        probe: "request_headers=resume_and_pause",
        steps: &[Open, Send("abc"), SendLast("def"), Tell("resume"), AnswerAndEnd],
        ..NONE
    },
    Scenario {
        name: "resumed_in_the_body_callback",
        probe: "request_body=resume_and_pause",
        steps: &[Open, Send("abc"), SendLast("def"), Tell("resume"), AnswerAndEnd],
        ..NONE
    },
];
