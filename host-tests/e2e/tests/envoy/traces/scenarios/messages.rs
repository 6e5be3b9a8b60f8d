//! Requests and answers that pass, unchanged or edited.

use super::NONE;
use crate::envoy::traces::script::Scenario;
use crate::envoy::traces::script::Step::*;

pub(super) const MESSAGES: &[Scenario] = &[
    Scenario { name: "no_body", method: "GET", steps: &[OpenAndEnd, AnswerAndEnd], ..NONE },
    Scenario {
        name: "body_in_pieces",
        steps: &[Open, Send("abc"), Send("de"), SendLast("f"), Answer, Body("gh"), Body("i"), BodyLast("j")],
        ..NONE
    },
    Scenario {
        name: "body_that_ends_with_nothing",
        steps: &[Open, Send("abc"), SendLast(""), Answer, Body("gh"), BodyLast("")],
        ..NONE
    },
    Scenario {
        name: "trailers",
        steps: &[Open, Send("abc"), SendTrailers, Answer, Body("gh"), AnswerTrailers],
        ..NONE
    },
    Scenario { name: "trailers_without_body", steps: &[Open, SendTrailers, Answer, AnswerTrailers], ..NONE },
    // The module isn't shown what the client sends after the end of the answer.
    Scenario {
        name: "answer_before_the_body_ends",
        steps: &[Open, Send("abc"), Answer, BodyLast("early"), Send("de"), SendLast("f")],
        ..NONE
    },
    Scenario {
        name: "body_replaced_at_its_end",
        probe: "request_headers=edit,request_body=hold_and_replace,response_headers=edit_response,response_body=hold_and_replace",
        steps: &[Open, Send("abc"), Send("de"), SendLast("f"), Answer, Body("gh"), Body("i"), BodyLast("j")],
        ..NONE
    },
    // Bytes in the middle of a body can't be replaced.
    Scenario {
        name: "body_edited_piece_by_piece",
        probe: "request_body=prepend+append,response_body=append+middle",
        steps: &[Open, Send("abc"), SendLast("de"), Answer, Body("gh"), BodyLast("i")],
        ..NONE
    },
    Scenario {
        name: "body_emptied_and_filled",
        probe: "request_body=replace+append,response_body=replace+prepend",
        steps: &[Open, Send("abc"), SendLast(""), Answer, Body("gh"), BodyLast("")],
        ..NONE
    },
    Scenario {
        name: "body_held_and_let_go_by_trailers",
        probe: "request_body=pause",
        steps: &[Open, Send("abc"), SendTrailers, AnswerAndEnd],
        ..NONE
    },
    Scenario {
        name: "trailers_paused",
        probe: "request_trailers=pause,response_trailers=pause",
        steps: &[
            Open,
            Send("abc"),
            SendTrailers,
            Tell("resume"),
            Answer,
            Body("gh"),
            AnswerTrailers,
            Tell("resume_response"),
        ],
        ..NONE
    },
    // A trailer can be added in the callback with the body's end, and in none before.
    Scenario {
        name: "trailers_added",
        probe: "request_body=trailers,response_body=trailers_response",
        steps: &[Open, Send("abc"), SendLast("de"), Answer, Body("gh"), BodyLast("i")],
        ..NONE
    },
    // Headers can't be edited once they have been sent on. The call returns BadArgument, at which the SDK panics.
    Scenario {
        name: "header_edited_too_late",
        probe: "request_body=edit,request_trailers=edit,response_headers=edit,response_body=edit_response",
        steps: &[Open, Send("abc"), SendTrailers, Answer, BodyLast("gh")],
        ..NONE
    },
    Scenario {
        name: "headers_edited",
        method: "GET",
        probe: "request_headers=add_twice+edit,response_headers=edit_response",
        headers: &[("x-t-twice", "1"), ("x-t-twice", "2")],
        steps: &[OpenAndEnd, AnswerAndEnd],
    },
    // If a header occurs twice, replacing it leaves one.
    Scenario {
        name: "header_replaced_that_came_twice",
        method: "GET",
        probe: "request_headers=replace_twice",
        headers: &[("x-t-twice", "1"), ("x-t-other", "o"), ("x-t-twice", "2")],
        steps: &[OpenAndEnd, AnswerAndEnd],
    },
    // Envoy joins headers that it knows before the module sees them, here two `Authorization`.
    Scenario {
        name: "known_headers_that_came_twice",
        method: "GET",
        headers: &[
            ("authorization", "Basic A"),
            ("accept", "a/b"),
            ("authorization", "Basic B"),
            ("accept", "c/d"),
        ],
        steps: &[OpenAndEnd, AnswerAndEnd],
        ..NONE
    },
    Scenario {
        name: "statuses",
        method: "GET",
        probe: "request_headers=statuses",
        steps: &[OpenAndEnd, AnswerAndEnd],
        ..NONE
    },
    // The callbacks of the answer can't read the request's headers as properties.
    Scenario {
        name: "properties",
        method: "GET",
        probe: "request_headers=property+properties,response_headers=properties",
        headers: &[("x-t-twice", "1"), ("x-t-twice", "2"), ("user-agent", "probe")],
        steps: &[OpenAndEnd, AnswerAndEnd],
    },
];
