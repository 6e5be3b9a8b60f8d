//! The hosts that the filter knows. It finds out on which one it runs by questions that change nothing, and refuses to
//! run on any other: what is safe on one host is a hole on the next.

pub(super) mod find;

use crate::shared_data::NO_ENTRY;
use std::fmt;

/// A host that the filter knows, as far as it differs from others.
#[cfg_attr(
    not(target_arch = "wasm32"),
    allow(dead_code, reason = "all but the detection is for WebAssembly")
)]
pub(super) struct HostKind {
    /// The name of the host, as users know it.
    pub(super) name: &'static str,
    /// The way in which heads are read and changed.
    pub(super) heads: Heads,
    /// `true` if the host says with the headers whether a body follows. Otherwise the headers alone tell.
    pub(super) tells_body: bool,
    /// `true` if a form that comes without a length never ends, as far as the host shows it.
    pub(super) needs_length: bool,
    /// The bytes whose number a callback for a request's body gets.
    pub(super) body_size: BodySize,
    /// `true` if a request whose body callback pauses at the end is held. Otherwise the body has to be emptied.
    pub(super) holds_ends: bool,
    /// `true` if the callbacks for answers run for the filter's own replies. Otherwise each answer is the server's.
    pub(super) shows_own_replies: bool,
    /// The details of the filter's own replies. Some hosts make the reason of the status line of them.
    pub(super) details: &'static str,
    /// The way in which the filter's own replies are sent.
    pub(super) replies: OwnReplies,
    /// The way to reply in place of an answer that has begun.
    pub(super) instead: Instead,
    /// The way to cut an answer off.
    pub(super) cut: Cut,
    /// The text in place of a piece of an answer of which nothing may pass.
    pub(super) nothing: &'static [u8],
    /// The way to check passwords.
    pub(super) checks: PasswordChecks,
    /// `true` if a metric that isn't a counter can grow by a number.
    pub(super) has_gauges: bool,
    /// The number that says of shared data that there is no entry.
    pub(super) no_entry: u32,
    /// The place where the access log finds the record of a request.
    pub(super) record: RecordPlace,
    /// `true` if the text of a client's address ends in a port, without brackets around an address of IPv6.
    pub(super) has_bare_ports: bool,
    /// `true` if the host passes everything on unread while the filter refuses its configuration.
    pub(super) serves_without: bool,
    /// `true` if the host tells of client certificates and verified tokens, and its routes can vouch for the listener and
    /// let WebSockets pass.
    pub(super) tells_of_clients: bool,
    /// `true` if a filter can ask the servers of a cluster while a request waits.
    pub(super) has_calls: bool,
}

/// The way in which a host shows the heads of messages, and changes them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Heads {
    /// All is in header maps, as the filter needs it.
    InMaps,
    /// As nginx has it.
    OfNginx,
    /// As Traffic Server has it.
    OfTrafficServer,
}

/// The bytes whose number a callback for a request's body gets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum BodySize {
    /// All bytes that are held.
    Held,
    /// The bytes that have come since the last callback.
    New,
}

/// The way in which a host sends the filter's own replies.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OwnReplies {
    /// With the content type and the body that the filter gives them.
    AsTheyAre,
    /// As pages with a body, whatever their content type says. One that is no error goes on its way as a request first.
    AsPages,
}

/// The way to reply in place of an answer that has begun.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Instead {
    /// By a reply, as before an answer.
    Reply,
    /// By changing the answer's head and body into the reply's.
    Edits,
}

/// The way to cut an answer off.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// By closing the stream.
    Close,
    /// By letting nothing of the remaining pieces pass.
    Empty,
}

/// The way to check passwords.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum PasswordChecks {
    /// In slices, from ticks, while the request waits.
    InTicks,
    /// At once, while everything else of this worker waits.
    AtOnce,
}

/// The place where the access log finds the record of a request.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum RecordPlace {
    /// A property of this name.
    Property(&'static str),
    /// A header of this name, which the host keeps to itself.
    Header(&'static str),
}

/// Envoy, and hosts that behave as it does.
pub(super) static ENVOY: HostKind = HostKind {
    name: "Envoy",
    heads: Heads::InMaps,
    tells_body: true,
    needs_length: false,
    body_size: BodySize::Held,
    holds_ends: true,
    shows_own_replies: true,
    details: "promward",
    replies: OwnReplies::AsTheyAre,
    instead: Instead::Reply,
    cut: Cut::Close,
    nothing: b"",
    checks: PasswordChecks::InTicks,
    has_gauges: true,
    no_entry: NO_ENTRY,
    record: RecordPlace::Property("promward"),
    has_bare_ports: false,
    serves_without: false,
    tells_of_clients: true,
    has_calls: true,
};

/// nginx with Kong's ngx_wasm_module.
pub(super) static NGINX: HostKind = HostKind {
    name: "nginx",
    heads: Heads::OfNginx,
    tells_body: false,
    needs_length: false,
    body_size: BodySize::Held,
    holds_ends: true,
    shows_own_replies: true,
    details: "",
    replies: OwnReplies::AsTheyAre,
    instead: Instead::Edits,
    cut: Cut::Empty,
    // An answer whose last piece is nothing never ends there. A line feed changes no JSON.
    nothing: b"\n",
    checks: PasswordChecks::AtOnce,
    has_gauges: false,
    no_entry: 0,
    record: RecordPlace::Property("ngx\0promward"),
    has_bare_ports: false,
    serves_without: false,
    tells_of_clients: false,
    has_calls: false,
};

/// Apache Traffic Server with its plugin `wasm`.
pub(super) static TRAFFIC_SERVER: HostKind = HostKind {
    name: "Traffic Server",
    heads: Heads::OfTrafficServer,
    tells_body: false,
    needs_length: true,
    body_size: BodySize::New,
    holds_ends: false,
    shows_own_replies: false,
    details: "",
    replies: OwnReplies::AsPages,
    instead: Instead::Reply,
    cut: Cut::Empty,
    nothing: b"",
    checks: PasswordChecks::AtOnce,
    has_gauges: true,
    no_entry: NO_ENTRY,
    // It sends no header whose name begins so, and can log it.
    record: RecordPlace::Header("@promward"),
    has_bare_ports: true,
    serves_without: true,
    tells_of_clients: false,
    has_calls: false,
};

impl fmt::Debug for HostKind {
    /// Writes the name alone: a derived text would take more of the module than all that is in here.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
