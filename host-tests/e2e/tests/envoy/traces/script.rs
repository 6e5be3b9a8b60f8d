//! The parts of a scenario. One script drives both hosts: each step is an action of the client or the upstream, and the
//! host handles it before the next one begins.

/// A request, the actions of both ends, and what the probe does.
pub(crate) struct Scenario {
    /// The name of the scenario, and of the file of its trace.
    pub(crate) name: &'static str,
    /// The header `x-probe`, which tells the probe what to do in which callback.
    pub(crate) probe: &'static str,
    /// Further headers of the request.
    pub(crate) headers: &'static [(&'static str, &'static str)],
    pub(crate) method: &'static str,
    pub(crate) steps: &'static [Step],
}

/// An action of the client, the upstream or the probe.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// The client sends the head, and more will follow.
    Open,
    /// The client sends the head, which is the whole request.
    OpenAndEnd,
    /// The client sends a piece of body.
    Send(&'static str),
    /// The client sends a piece of this many bytes.
    SendBytes(usize),
    /// The client sends the last piece of body.
    SendLast(&'static str),
    /// The client sends two trailers.
    SendTrailers,
    Leave,
    /// The upstream sends the head of its answer, and more will follow.
    Answer,
    /// The upstream sends the head of its answer, which is the whole answer.
    AnswerAndEnd,
    /// The upstream sends a piece of body.
    Body(&'static str),
    /// The upstream sends a piece of this many bytes.
    BodyBytes(usize),
    /// The upstream sends the last piece of body.
    BodyLast(&'static str),
    /// The upstream sends a trailer.
    AnswerTrailers,
    /// The upstream breaks off the stream.
    BreakOff,
    /// The probe's next tick does this to the stream.
    Tell(&'static str),
}

/// The host settings under which scenarios run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Envoy's default: a pause in a headers callback holds back everything that follows.
    Default,
    /// With `allow_on_headers_stop_iteration: true`, such a pause holds back the headers only.
    StopIteration,
}

impl Mode {
    pub(crate) const ALL: [Mode; 2] = [Mode::Default, Mode::StopIteration];

    pub(crate) fn other(self) -> Mode {
        match self {
            Mode::Default => Mode::StopIteration,
            Mode::StopIteration => Mode::Default,
        }
    }

    /// Returns the part of a file's name that stands for this mode.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Mode::Default => "default",
            Mode::StopIteration => "stop_iteration",
        }
    }
}

/// The headers of the answers, and the trailers, in all scenarios.
pub(crate) const ANSWER: &[(&str, &str)] = &[("x-t-answer", "upstream")];
pub(crate) const REQUEST_TRAILERS: &[(&str, &str)] = &[("x-t-sum", "1"), ("x-t-other", "2")];
pub(crate) const ANSWER_TRAILERS: &[(&str, &str)] = &[("x-t-sum", "3")];

/// The target and authority of the request in all scenarios.
pub(crate) const PATH: &str = "/t?q=1";
pub(crate) const AUTHORITY: &str = "example.com";

/// The bytes of body that a paused filter may hold back in either direction. With Envoy it is the window of an HTTP/2
/// stream.
pub(crate) const BUFFER_LIMIT: usize = 65_535;
