//! The parts of a configuration that a host can't serve. They are refused when the configuration is loaded, since a rule
//! that never holds is found out late.

use super::host_kind::HostKind;
use crate::api::mount::WebSockets;
use crate::caller::client::ClientFrom;
use crate::gateway::Gateway;

/// Returns the reason why a host can't serve a configuration, with the field and with what to do, or `None` if it can.
pub(super) fn unfit(kind: &HostKind, gateway: &Gateway) -> Option<String> {
    if kind.tells_of_clients {
        return None;
    }
    let callers = &gateway.callers;
    let mut mounts = gateway.mounts.iter();
    let (field, why) = if !callers.certificates.is_empty() {
        ("callers.certificates", "tells no filter which certificate a client has: use tokens")
    } else if !callers.issuers.is_empty() {
        ("callers.jwt", "tells no filter of JSON web tokens that it has verified: use tokens")
    } else if gateway.client == ClientFrom::Listener {
        ("listener_writes_client", "says itself who a client is: leave the field out")
    } else if mounts.any(|(_, mount)| mount.websockets == WebSockets::Pass) {
        ("mounts[].websockets", "lets no WebSockets pass through a filter: say \"refuse\"")
    } else if gateway.access.has_lines() {
        (
            "access[].limits.concurrent",
            "lets no request wait, and has no ticks to count open ones by: use a rate",
        )
    } else {
        return None;
    };
    Some(format!("{field}: {} {why}, or run promward on Envoy", kind.name))
}

#[cfg(test)]
mod tests {
    use super::super::host_kind::{ENVOY, NGINX, TRAFFIC_SERVER};
    use super::*;
    use crate::config;

    fn loaded(fields: &str) -> Gateway {
        let access = r#""access": [{ "who": ["anyone"], "may": ["health"] }]"#;
        config::load(format!("{{ {fields}, {access} }}").as_bytes()).unwrap()
    }

    #[test]
    fn what_a_host_does_not_tell_is_refused_by_its_field() {
        let mounts = r#""mounts": [{ "prefix": "/" }]"#;
        let sha256 = "0".repeat(64);
        for (field, configuration) in [
            (
                "callers.certificates: ",
                format!(r#"{mounts}, "callers": {{ "certificates": {{ "a": "sha256:{sha256}" }} }}"#),
            ),
            (
                "callers.jwt: ",
                format!(
                    r#"{mounts}, "callers": {{ "jwt": {{ "a": {{ "payload": "a", "issuer": "https://a", "audience": "b" }} }} }}"#
                ),
            ),
            ("listener_writes_client: ", format!(r#"{mounts}, "listener_writes_client": true"#)),
            (
                "mounts[].websockets: ",
                r#""mounts": [{ "prefix": "/a" }, { "prefix": "/b", "api": "opaque", "websockets": "pass" }]"#.to_owned(),
            ),
        ] {
            let gateway = loaded(&configuration);
            assert_eq!(unfit(&ENVOY, &gateway), None, "{configuration}");
            for kind in [&NGINX, &TRAFFIC_SERVER] {
                let error = unfit(kind, &gateway).unwrap();
                assert!(error.starts_with(field) && error.contains(kind.name), "{error}");
            }
        }
        let access = r#"{ "mounts": [{ "prefix": "/" }], "access": [{ "who": ["anyone"], "may": ["query"], "limits": { "concurrent": 1 } }] }"#;
        let error = unfit(&NGINX, &config::load(access.as_bytes()).unwrap()).unwrap();
        assert!(error.starts_with("access[].limits.concurrent: nginx lets no request wait"), "{error}");
        for kind in [&ENVOY, &NGINX, &TRAFFIC_SERVER] {
            assert_eq!(unfit(kind, &loaded(mounts)), None, "{}", kind.name);
        }
    }
}
