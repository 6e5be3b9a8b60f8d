//! A trace: what the probe wrote down, and what the upstream and the client received. It leaves out what differs from
//! run to run, and the headers that Envoy adds.

use std::fmt;

/// The record of one scenario.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace {
    /// The lines of the probe.
    pub(crate) module: Vec<String>,
    pub(crate) upstream: Message,
    pub(crate) client: Message,
}

/// The message that one end received.
#[derive(Clone, Debug, Default)]
pub(crate) struct Message {
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<(String, String)>,
    pub(crate) end: End,
}

/// The way in which a message ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum End {
    #[default]
    Open,
    Whole,
    Reset,
}

/// Checks that a header is compared. All others depend on the host around the filter.
pub(crate) fn is_compared(name: &str) -> bool {
    name.starts_with("x-t-")
        || matches!(name, ":method" | ":path" | ":authority" | ":status" | "content-length" | "content-type")
        || matches!(name, "grpc-status" | "grpc-message" | "accept" | "authorization")
}

impl Message {
    /// Keeps the headers that are compared, sorted by name.
    pub(crate) fn set_headers(&mut self, headers: impl IntoIterator<Item = (String, String)>) {
        self.headers = headers.into_iter().filter(|(name, _)| is_compared(name)).collect();
        self.headers.sort();
    }

    /// Keeps the trailers, sorted by name.
    pub(crate) fn set_trailers(&mut self, trailers: impl IntoIterator<Item = (String, String)>) {
        self.trailers = trailers.into_iter().collect();
        self.trailers.sort();
    }
}

impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the module:")?;
        for line in &self.module {
            writeln!(f, "  {line}")?;
        }
        writeln!(f, "the upstream:\n{}", self.upstream)?;
        write!(f, "the client:\n{}", self.client)
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.headers.is_empty() {
            return write!(f, "  {}", if self.end == End::Reset { "reset" } else { "nothing" });
        }
        for (name, value) in &self.headers {
            writeln!(f, "  {name}: {value}")?;
        }
        let body = String::from_utf8_lossy(&self.body);
        if body.len() > 64 {
            writeln!(f, "  body of {} bytes", body.len())?;
        } else {
            writeln!(f, "  body {body:?}")?;
        }
        for (name, value) in &self.trailers {
            writeln!(f, "  trailer {name}: {value}")?;
        }
        write!(
            f,
            "  {}",
            match self.end {
                End::Open => "without an end",
                End::Whole => "ended",
                End::Reset => "reset",
            }
        )
    }
}
