//! Finds out on which host the filter runs, by questions that change nothing.

use super::{ENVOY, HostKind, NGINX, TRAFFIC_SERVER};
use std::fmt;

/// The property by which Envoy tells its name, also as a part of Istio and Envoy Gateway.
const NAME: &str = "xds\0node\0user_agent_name";

/// A property that belongs to a connection, so that a plugin has none.
const OF_A_CONNECTION: &str = "connection\0mtls";

/// A property that no host has.
const NOBODYS: &str = "promward";

/// The answer of a host that is asked for a property outside a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::shell) enum Answer {
    /// The host has the property.
    Is(Vec<u8>),
    /// The host doesn't know the property.
    Unknown,
    /// The host doesn't answer.
    Refused,
}

/// The error of a host that isn't known.
#[derive(Debug)]
pub(in crate::shell) struct UnknownHost {
    /// The name that the host gives itself.
    name: Option<String>,
    /// The known host whose ways serve to answer everything with an error. One that seems to be Traffic Server may serve
    /// without the filter if that only refuses to run.
    pub(in crate::shell) seems: Option<&'static HostKind>,
}

impl HostKind {
    /// Finds the host by its answers. `property` asks for a property, and `takes_any_context` asks it to act on a context
    /// that doesn't exist.
    pub(in crate::shell) fn find(
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
                [_, Answer::Is(nobodys)] if nobodys.is_empty() => {
                    Err(UnknownHost { name: None, seems: Some(&TRAFFIC_SERVER) })
                }
                _ => Err(UnknownHost { name: None, seems: None }),
            },
            Answer::Is(name) => Err(UnknownHost { name: Some(shown(&name)), seems: None }),
            // It gives no property with a dot in its name outside a request, and ignores which context it has to act on.
            Answer::Refused if property(NOBODYS) == Answer::Unknown && takes_any_context() => Ok(&NGINX),
            Answer::Unknown | Answer::Refused => Err(UnknownHost { name: None, seems: None }),
        }
    }
}

/// Returns the beginning of a name as it can stand in a line of a log.
fn shown(name: &[u8]) -> String {
    const MOST: usize = 64;
    name.iter().take(MOST).filter(|byte| byte.is_ascii_graphic()).map(|&byte| char::from(byte)).collect()
}

impl fmt::Display for UnknownHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this host isn't known")?;
        if let Some(name) = &self.name {
            write!(f, " (it calls itself \"{name}\")")?;
        }
        f.write_str(": run promward on Envoy, on nginx with ngx_wasm_module or on Traffic Server")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(
        answers: &[(&str, Answer)],
        others: &Answer,
        takes_any_context: bool,
    ) -> Result<&'static HostKind, UnknownHost> {
        let property = |path: &str| {
            let answer = answers.iter().find(|(known, _)| *known == path);
            answer.map_or_else(|| others.clone(), |(_, answer)| answer.clone())
        };
        HostKind::find(property, || takes_any_context)
    }

    fn find(
        answers: &[(&str, Answer)],
        others: &Answer,
        takes_any_context: bool,
    ) -> Result<&'static str, String> {
        let found = asked(answers, others, takes_any_context);
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
    fn what_has_every_property_may_serve_without_the_filter_as_traffic_server_does() {
        let seems = |answers: &[(&str, Answer)], others| {
            asked(answers, &others, false).unwrap_err().seems.map(|kind| kind.name)
        };
        assert_eq!(seems(&[], is("")), Some("Traffic Server"));
        assert_eq!(seems(&[(OF_A_CONNECTION, Answer::Unknown)], is("")), Some("Traffic Server"));
        for others in [is("other"), Answer::Unknown, Answer::Refused] {
            assert_eq!(seems(&[], others), None);
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
