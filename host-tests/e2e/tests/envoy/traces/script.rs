//! What a scenario is made of. One script drives both hosts: each step is something that the client or the upstream
//! does, and is handled by the host before the next one begins.

/// A request, what both ends do, and what the probe does about it.
pub(crate) struct Scenario {
    /// Also the name of the file of its trace.
    pub(crate) name: &'static str,
    /// The header `x-probe`: which callback does what.
    pub(crate) probe: &'static str,
    /// More headers of the request.
    pub(crate) headers: &'static [(&'static str, &'static str)],
    pub(crate) method: &'static str,
    pub(crate) steps: &'static [Step],
}

/// One step.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    /// The client sends the head, and more will follow.
    Open,
    /// The client sends the head, and that is all.
    OpenAndEnd,
    /// The client sends a piece of body.
    Send(&'static str),
    /// The client sends a piece of this many bytes.
    SendBytes(usize),
    /// The client sends the last piece of body.
    SendLast(&'static str),
    /// The client sends two trailers.
    SendTrailers,
    /// The client goes away.
    Leave,
    /// The upstream sends the head of its answer, and more will follow.
    Answer,
    /// The upstream sends the head of its answer, and that is all.
    AnswerAndEnd,
    /// The upstream sends a piece of body.
    Body(&'static str),
    /// The upstream sends a piece of this many bytes.
    BodyBytes(usize),
    /// The upstream sends the last piece of body.
    BodyLast(&'static str),
    /// The upstream sends a trailer.
    AnswerTrailers,
    /// The upstream breaks off.
    BreakOff,
    /// The probe's next tick does this to the stream.
    Tell(&'static str),
}

/// Host settings that scenarios run under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Envoy's default: a pause in a headers callback holds back all that follows.
    Default,
    /// `allow_on_headers_stop_iteration: true`: it holds back the headers.
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

/// The headers of the answers and trailers in all scenarios.
pub(crate) const ANSWER: &[(&str, &str)] = &[("x-t-answer", "upstream")];
pub(crate) const REQUEST_TRAILERS: &[(&str, &str)] = &[("x-t-sum", "1"), ("x-t-other", "2")];
pub(crate) const ANSWER_TRAILERS: &[(&str, &str)] = &[("x-t-sum", "3")];

/// What the client asks for in all scenarios.
pub(crate) const PATH: &str = "/t?q=1";
pub(crate) const AUTHORITY: &str = "example.com";

/// How many bytes of body a paused filter may hold back in either direction: with Envoy, the window of an HTTP/2
/// stream.
pub(crate) const BUFFER_LIMIT: usize = 65_535;
