//! The hosts that the filter knows. It finds out on which one it runs by questions that change nothing, and refuses to
//! run on any other: what is safe on one host is a hole on the next.

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
    /// The body of a reply that has none. Some hosts take a reply without a body for a failure.
    pub(super) empty_body: &'static str,
    /// The way to reply in place of an answer that has begun.
    pub(super) instead: Instead,
    /// The way to cut an answer off.
    pub(super) cut: Cut,
    /// The text in place of a piece of an answer of which nothing may pass.
    pub(super) nothing: &'static [u8],
    /// The way to check passwords.
    pub(super) checks: Checks,
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
pub(super) enum Checks {
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
    empty_body: "",
    instead: Instead::Reply,
    cut: Cut::Close,
    nothing: b"",
    checks: Checks::InTicks,
    has_gauges: true,
    no_entry: NO_ENTRY,
    record: RecordPlace::Property("promward"),
    has_bare_ports: false,
    serves_without: false,
    tells_of_clients: true,
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
    empty_body: "",
    instead: Instead::Edits,
    cut: Cut::Empty,
    // An answer whose last piece is nothing never ends there. A line feed changes no JSON.
    nothing: b"\n",
    checks: Checks::AtOnce,
    has_gauges: false,
    no_entry: 0,
    record: RecordPlace::Property("ngx\0promward"),
    has_bare_ports: false,
    serves_without: false,
    tells_of_clients: false,
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
    empty_body: "\n",
    instead: Instead::Reply,
    cut: Cut::Empty,
    nothing: b"",
    checks: Checks::AtOnce,
    has_gauges: true,
    no_entry: NO_ENTRY,
    // It sends no header whose name begins so, and can log it.
    record: RecordPlace::Header("@promward"),
    has_bare_ports: true,
    serves_without: true,
    tells_of_clients: false,
};

/// The property by which Envoy tells its name, also as a part of Istio and Envoy Gateway.
const NAME: &str = "xds\0node\0user_agent_name";

/// A property that belongs to a connection, so that a plugin has none.
const OF_A_CONNECTION: &str = "connection\0mtls";

/// A property that no host has.
const NOBODYS: &str = "promward";

/// The answer of a host that is asked for a property outside a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The host has the property.
    Is(Vec<u8>),
    /// The host doesn't know the property.
    Unknown,
    /// The host doesn't answer.
    Refused,
}

/// The error of a host that isn't known, with the name that it gives itself.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnknownHost(Option<String>);

impl HostKind {
    /// Finds the host by its answers. `property` asks for a property, and `takes_any_context` asks it to act on a context
    /// that doesn't exist.
    pub(super) fn find(
        property: impl Fn(&str) -> Answer,
        takes_any_context: impl FnOnce() -> bool,
    ) -> Result<&'static Self, UnknownHost> {
        match property(NAME) {
            Answer::Is(name) if name == b"envoy" || name == b"promward-embedded" => Ok(&ENVOY),
            // It has every property, and no value for those that it doesn't know.
            Answer::Is(name) if name.is_empty() => match [property(OF_A_CONNECTION), property(NOBODYS)] {
                [Answer::Is(none), Answer::Is(nobodys)] if none == [0] && nobodys.is_empty() => {
                    Ok(&TRAFFIC_SERVER)
                }
                // It only validates its file (--mode validate), and has no name yet.
                [Answer::Unknown, Answer::Unknown] => Ok(&ENVOY),
                _ => Err(UnknownHost(None)),
            },
            Answer::Is(name) => Err(UnknownHost(Some(shown(&name)))),
            // It gives no property with a dot in its name outside a request, and ignores which context it has to act on.
            Answer::Refused if property(NOBODYS) == Answer::Unknown && takes_any_context() => Ok(&NGINX),
            Answer::Unknown | Answer::Refused => Err(UnknownHost(None)),
        }
    }
}

/// Returns the beginning of a name as it can stand in a line of a log.
fn shown(name: &[u8]) -> String {
    const MOST: usize = 64;
    name.iter().take(MOST).filter(|byte| byte.is_ascii_graphic()).map(|&byte| char::from(byte)).collect()
}

impl fmt::Debug for HostKind {
    /// Writes the name alone: a derived text would take more of the module than all that is in here.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl fmt::Display for UnknownHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this host isn't known")?;
        if let Self(Some(name)) = self {
            write!(f, " (it calls itself \"{name}\")")?;
        }
        f.write_str(": run promward on Envoy, on nginx with ngx_wasm_module or on Traffic Server")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(
        answers: &[(&str, Answer)],
        others: &Answer,
        takes_any_context: bool,
    ) -> Result<&'static str, String> {
        let property = |path: &str| {
            let answer = answers.iter().find(|(known, _)| *known == path);
            answer.map_or_else(|| others.clone(), |(_, answer)| answer.clone())
        };
        let found = HostKind::find(property, || takes_any_context);
        found.map(|kind| kind.name).map_err(|unknown| unknown.to_string())
    }

    fn is(text: &str) -> Answer {
        Answer::Is(text.into())
    }

    #[test]
    fn each_host_is_known_by_its_answers() {
        for name in ["envoy", "promward-embedded"] {
            assert_eq!(find(&[(NAME, is(name))], &Answer::Unknown, false), Ok("Envoy"));
        }
        assert_eq!(find(&[(NAME, is(""))], &Answer::Unknown, false), Ok("Envoy"), "as it validates its file");
        assert_eq!(find(&[(NOBODYS, Answer::Unknown)], &Answer::Refused, true), Ok("nginx"));
        assert_eq!(find(&[(OF_A_CONNECTION, is("\0"))], &is(""), false), Ok("Traffic Server"));
    }

    #[test]
    fn a_host_that_answers_otherwise_is_not_known() {
        for (answers, others, takes_any_context) in [
            (&[][..], Answer::Unknown, true),
            (&[], Answer::Refused, true),
            (&[(NOBODYS, Answer::Unknown)], Answer::Refused, false),
            (&[], is(""), true),
            (&[(OF_A_CONNECTION, is("\0")), (NOBODYS, Answer::Unknown)], is(""), true),
            (&[(OF_A_CONNECTION, Answer::Unknown)], is(""), true),
        ] {
            let error = find(answers, &others, takes_any_context).unwrap_err();
            assert!(error.starts_with("this host isn't known: run promward on Envoy"), "{error}");
        }
    }

    #[test]
    fn a_host_that_is_not_known_is_named() {
        let error = find(&[(NAME, is("other\n\0host"))], &Answer::Unknown, true).unwrap_err();
        assert!(error.contains(r#"(it calls itself "otherhost")"#), "{error}");
        let error = find(&[(NAME, is(&"x".repeat(1_000)))], &Answer::Unknown, true).unwrap_err();
        assert!(error.len() < 200, "{error}");
    }
}
