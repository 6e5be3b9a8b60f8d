//! Mistakes in the rules of `access`.

use super::Mistake;

pub(super) const MISTAKES: &[Mistake] = &[
    (
        r#"[{ "who": ["anyone"], "may": ["health", "ui"] }]"#,
        "[]",
        "access: without a rule everything is refused: to open all to all, write { \"who\": [\"anyone\"], \"may\": [\"everything\"] }",
    ),
    (r#"["anyone"]"#, "[]", "access[0].who: an empty list says nothing: name at least one"),
    (
        r#"["anyone"]"#,
        r#"["anybody"]"#,
        "access[0].who[0]: \"anybody\" names nobody: write anyone, anonymous, authenticated, user:N, token:N, certificate:N, jwt:ISSUER/SUBJECT, group:N or group:ISSUER/N",
    ),
    (r#"["anyone"]"#, r#"["anyone", "anyone"]"#, "access[0].who[1]: \"anyone\" is listed twice"),
    (
        r#"["anyone"]"#,
        r#"["anonymous", "anyone"]"#,
        "access[0].who[0]: another one in this list names them already",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["health", "UI"]"#,
        "access[0].may[1]: \"UI\" is not a class: the classes are health info query series rules alerts silences metadata federate remote_read status config metrics write admin reload quit debug consoles ui unknown read lifecycle everything",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "except": ["everything"]"#,
        "access[0].except: this takes away all that \"may\" gives: leave the rule out",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "except": ["admin"]"#,
        "access[0].except[0]: this takes nothing away: \"may\" doesn't give it",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "at": ["/other"]"#,
        "access[0].at[0]: \"/other\" is not the prefix of a mount",
    ),
    (
        r#""api": "prometheus", "cluster": "prometheus", "max_form": "256KiB""#,
        r#""api": "opaque""#,
        "access[0]: this holds nowhere: every mount is opaque; name opaque mounts in \"at\"",
    ),
    (
        r#"["health", "ui"] }]"#,
        r#"["health", "ui"] }, { "who": ["anonymous"], "may": ["ui"] }]"#,
        "access[1].who[0]: this can never decide anything: earlier rules decide all of it",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "mode": "report""#,
        "access[0].mode: this is not in promward 0.1.0: it comes with a later version",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "methods": ["GET"]"#,
        "access[0].methods: this is only for rules that hold at opaque mounts: at others, \"may\" names what a rule allows",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "paths": ["/graph"]"#,
        "access[0].paths: this is only for rules that hold at opaque mounts: at others, \"may\" names what a rule allows",
    ),
    // Names in `who`.
    (
        r#"["anyone"]"#,
        r#"["user:nobody"]"#,
        "access[0].who[0]: \"user:nobody\" is not defined in callers.users",
    ),
    (r#"["anyone"]"#, r#"["token:ci"]"#, "access[0].who[0]: \"token:ci\" is not defined in callers.tokens"),
    (
        r#"["anyone"]"#,
        r#"["certificate:x"]"#,
        "access[0].who[0]: \"certificate:x\" is not defined in callers.certificates",
    ),
    (r#"["anyone"]"#, r#"["group:ops"]"#, "access[0].who[0]: \"group:ops\" is not defined in callers.groups"),
    (
        r#"["anyone"]"#,
        r#"["jwt:other/alice"]"#,
        "access[0].who[0]: \"jwt:other/alice\" is not defined in callers.jwt",
    ),
    (
        r#"["anyone"]"#,
        r#"["group:corp/team-a"]"#,
        "access[0].who[0]: \"group:corp/team-a\" is not defined in callers.jwt, by an issuer with \"groups\"",
    ),
    (
        r#"["anyone"]"#,
        r#"["user:viewer", "group:sre"]"#,
        "access[0].who[0]: another one in this list names them already",
    ),
    (
        r#"["anyone"]"#,
        r#"["authenticated", "token:grafana"]"#,
        "access[0].who[1]: another one in this list names them already",
    ),
    (
        r#"[{ "who": ["anyone"], "may": ["health", "ui"] }]"#,
        r#"[{ "who": ["authenticated"], "may": ["ui"] }, { "who": ["user:viewer"], "may": ["ui"] }]"#,
        "access[1].who[0]: this can never decide anything: earlier rules decide all of it",
    ),
    (
        r#"[{ "who": ["anyone"], "may": ["health", "ui"] }]"#,
        r#"[{ "who": ["user:viewer"], "may": ["ui"] }, { "who": ["group:sre"], "may": ["ui"] }]"#,
        "access[1].who[0]: this can never decide anything: earlier rules decide all of it",
    ),
    // Rules on trial.
    (
        r#""headers": {"#,
        r#""trial": [], "headers": {"#,
        "trial: without a rule everything is refused: to open all to all, write { \"who\": [\"anyone\"], \"may\": [\"everything\"] }",
    ),
    (
        r#""headers": {"#,
        r#""trial": [{ "who": ["user:bob"], "may": ["ui"] }], "headers": {"#,
        "trial[0].who[0]: \"user:bob\" is not defined in callers.users",
    ),
    (
        r#""headers": {"#,
        r#""trial": [{ "who": ["anyone"], "may": ["ui"], "mode": "try" }], "headers": {"#,
        "trial[0].mode: this is not in promward 0.1.0: it comes with a later version",
    ),
    (
        r#""headers": {"#,
        r#""trial": [{ "who": ["user:viewer"], "may": ["query"], "only": { "a": ["b"] } }, { "who": ["user:viewer"], "may": ["status"] }], "headers": {"#,
        "trial[1].who[0]: this can never decide anything: trial[0] restricts them, and trial[1] has no \"only\": it gives them health info ui and no more, unless it says \"unrestricted\": true",
    ),
    // The access log.
    (
        r#""headers": {"#,
        r#""report": { "query": "all" }, "headers": {"#,
        "report.query: \"all\" is none of off, text",
    ),
    (
        r#""headers": {"#,
        r#""report": { "bytes": 100 }, "headers": {"#,
        "report.bytes: there is nothing to cut: write \"query\": \"text\" too",
    ),
    (
        r#""headers": {"#,
        r#""report": { "query": "text", "bytes": 10 }, "headers": {"#,
        "report.bytes: this must be a whole number, 64 to 8192",
    ),
    (
        r#""headers": {"#,
        r#""contact": "a\nb", "headers": {"#,
        "contact: this must be one line of 1 to 200 bytes",
    ),
];
