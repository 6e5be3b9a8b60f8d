//! Messages about opaque mounts and the rules there.

use crate::check::checked;

/// A valid configuration, into which each mistake puts one change.
const VALID: &str = r#"{
  "mounts": [{ "prefix": "/prometheus" }, { "prefix": "/app", "api": "opaque" }],
  "callers": { "tokens": { "ci": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" } },
  "access": [
    { "who": ["anyone"], "may": ["unknown"], "at": ["/app"], "methods": ["GET"], "paths": ["/public/*", "/login"] },
    { "who": ["token:ci"], "may": ["unknown"], "at": ["/app"], "methods": ["POST"] }
  ]
}"#;

/// Texts of [`VALID`], their replacements, and the message that follows.
const MISTAKES: &[(&str, &str, &str)] = &[
    (
        r#""at": ["/app"], "methods": ["GET"]"#,
        r#""at": ["/prometheus", "/app"], "methods": ["GET"]"#,
        "access[0].methods: this is only for rules that hold at opaque mounts: at others, \"may\" names what a rule allows",
    ),
    (
        r#"["GET"]"#,
        "[]",
        "access[0].methods: an empty list is about nothing: leave the field out, or name at least one",
    ),
    (
        r#"["GET"]"#,
        r#"["POST", "get"]"#,
        "access[0].methods[1]: \"get\" is not a method: the methods are GET, HEAD, POST, PUT, DELETE, PATCH, OPTIONS",
    ),
    (r#"["GET"]"#, r#"["GET", "GET"]"#, "access[0].methods[1]: \"GET\" is listed twice"),
    (
        r#"["/public/*", "/login"]"#,
        "[]",
        "access[0].paths: an empty list is about nothing: leave the field out, or name at least one",
    ),
    (
        r#""/login""#,
        r#""/log*""#,
        "access[0].paths[1]: \"/log*\" is not a path below the mount: write letters, digits and -._~ between slashes, \
         like \"/login\", or \"/api/*\" for everything below \"/api/\"",
    ),
    (
        r#""prefix": "/prometheus""#,
        r#""prefix": "/prometheus", "cross_site": ["https://id.example.net"]"#,
        "mounts[0].cross_site: this is only for mounts with \"api\": \"opaque\": nobody logs in to the others by a form",
    ),
    (
        r#""api": "opaque""#,
        r#""api": "opaque", "cross_site": []"#,
        "mounts[1].cross_site: an empty list allows nothing: leave the field out, or list an origin",
    ),
    (
        r#""api": "opaque""#,
        r#""api": "opaque", "cross_site": ["https://id.example.net/saml"]"#,
        "mounts[1].cross_site[0]: \"https://id.example.net/saml\" is not an origin: write scheme, host and perhaps port, \
         like https://grafana.example.com",
    ),
    (
        r#""api": "opaque""#,
        r#""api": "opaque", "cross_site": ["null"]"#,
        "mounts[1].cross_site[0]: \"null\" is what any site's page can say that it is",
    ),
    (
        r#""prefix": "/prometheus""#,
        r#""prefix": "/prometheus", "websockets": "pass""#,
        "mounts[0].websockets: \"pass\" is only for mounts with \"api\": \"opaque\": nobody would read what is sent to this one",
    ),
    (
        r#""api": "opaque""#,
        r#""api": "opaque", "websockets": "allow""#,
        "mounts[1].websockets: \"allow\" is none of pass, refuse",
    ),
    (r#""/login""#, r#""/public/*""#, "access[0].paths[1]: \"/public/*\" is listed twice"),
];

#[test]
fn every_mistake_about_an_opaque_mount_is_one_line_that_names_the_field() {
    for (place, spoiled, line) in MISTAKES {
        assert!(VALID.contains(place), "the case {spoiled} replaces what isn't there: {place}");
        let text = VALID.replacen(place, spoiled, 1);
        assert_eq!(checked("promward.json", &text), format!("promward.json: refused: {line}\n"), "{spoiled}");
    }
}
