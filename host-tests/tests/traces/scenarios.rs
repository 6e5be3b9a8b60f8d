//! The scenarios. Where Envoy surprises, it is said above the scenario that shows it.

use super::script::Scenario;
use super::script::Step::*;

const NONE: Scenario = Scenario { name: "", probe: "", headers: &[], method: "POST", steps: &[] };

/// All of them, in the order in which they are played. A scenario that traps the VM comes last.
pub(crate) const SCENARIOS: &[Scenario] = &[
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
    Scenario {
        name: "answer_before_the_body_ends",
        steps: &[Open, Send("abc"), Answer, BodyLast("early"), Send("de"), SendLast("f")],
        ..NONE
    },
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
    Scenario {
        name: "pause_released_during_the_body",
        probe: "request_headers=pause",
        steps: &[Open, Send("abc"), Tell("edit+resume"), Send("def"), SendLast("g"), AnswerAndEnd],
        ..NONE
    },
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
        name: "body_replaced_at_its_end",
        probe: "request_headers=edit,request_body=hold_and_replace,response_headers=edit_response,response_body=hold_and_replace",
        steps: &[Open, Send("abc"), Send("de"), SendLast("f"), Answer, Body("gh"), Body("i"), BodyLast("j")],
        ..NONE
    },
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
    Scenario {
        name: "trailers_added",
        probe: "request_body=trailers,response_body=trailers_response",
        steps: &[Open, Send("abc"), SendLast("de"), Answer, Body("gh"), BodyLast("i")],
        ..NONE
    },
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
    Scenario {
        name: "header_replaced_that_came_twice",
        method: "GET",
        probe: "request_headers=replace_twice",
        headers: &[("x-t-twice", "1"), ("x-t-other", "o"), ("x-t-twice", "2")],
        steps: &[OpenAndEnd, AnswerAndEnd],
    },
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
        name: "properties",
        method: "GET",
        probe: "request_headers=property+properties,response_headers=properties",
        headers: &[("x-t-twice", "1"), ("x-t-twice", "2"), ("user-agent", "probe")],
        steps: &[OpenAndEnd, AnswerAndEnd],
    },
    Scenario {
        name: "reply_at_headers",
        probe: "request_headers=reply",
        steps: &[Open, Send("abc"), SendLast("d")],
        ..NONE
    },
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
    Scenario {
        name: "reply_in_the_answers_body",
        method: "GET",
        probe: "response_body=reply",
        steps: &[OpenAndEnd, Answer, Body("gh"), BodyLast("i")],
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
    Scenario {
        name: "upstream_gone_while_its_answer_is_paused",
        method: "GET",
        probe: "response_headers=pause",
        steps: &[OpenAndEnd, Answer, BreakOff],
        ..NONE
    },
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
    Scenario {
        name: "trap_after_a_release",
        probe: "request_headers=pause",
        steps: &[Open, SendLast("abc"), Tell("resume+trap")],
        ..NONE
    },
    Scenario { name: "request_after_a_trap", method: "GET", steps: &[OpenAndEnd], ..NONE },
];
