//! `promward check` warns where a server would get the tokens of sessions that Envoy keeps.

use crate::check::{self, changed, checked};
use promward_harness::envoy::variants::{self, Variant};

/// The shipped mount, and one of a web application beside it.
const MOUNT: &str = r#"{ "prefix": "/prometheus", "cluster": "prometheus" }"#;
const APPLICATION: &str = r#"{ "prefix": "/prometheus", "cluster": "prometheus" }, { "prefix": "/app", "api": "opaque", "cluster": "prometheus" }"#;

/// The end of the shipped configuration, and a rule for the application.
const RULES: &str = r#""access": [{ "who": ["anyone"], "may": ["everything"] }]"#;
const OF_APPLICATION: &str = r#""access": [{ "who": ["anyone"], "may": ["everything"] }, { "who": ["anyone"], "may": ["unknown"], "at": ["/app"] }]"#;
const WITH_LOGOUT: &str = r#""callers": { "logout": "/oauth2/logout" }, "access": [{ "who": ["anyone"], "may": ["everything"] }, { "who": ["anyone"], "may": ["unknown"], "at": ["/app"] }]"#;

fn warnings(variants: &[Variant], changes: &[(&str, &str)]) -> Vec<String> {
    let text = variants::render(variants).unwrap();
    check::warnings(&checked("envoy.yaml", &changed(&text, changes)))
}

#[test]
fn a_server_that_would_get_the_tokens_of_sessions_is_warned_of() {
    let application = [(MOUNT, APPLICATION), (RULES, OF_APPLICATION)];
    let [said] = warnings(&[Variant::OpenIdConnect], &application).try_into().unwrap();
    assert!(
        said.starts_with("callers.logout is missing: ") && said.contains("the server at /app "),
        "{said}"
    );
    let without = [
        warnings(&[Variant::OpenIdConnect], &[(MOUNT, APPLICATION), (RULES, WITH_LOGOUT)]),
        warnings(&[Variant::OpenIdConnect], &[]),
        warnings(&[], &application),
    ];
    assert!(without.iter().all(Vec::is_empty), "{without:?}");
}
