//! Every mistake that the validator knows, as one change to a valid configuration, and the line that comes of it.

/// A valid configuration, to be spoiled by one change.
pub(crate) const VALID: &str = r#"{
  "mounts": [{ "prefix": "/prometheus", "api": "prometheus", "cluster": "prometheus", "max_form": "256KiB" }],
  "elsewhere": "refuse",
  "access": [{ "who": ["anyone"], "may": ["health", "ui"] }],
  "headers": { "hsts": "max-age=1" }
}"#;

/// What is written in place of what, and the line that comes of it.
pub(crate) const MISTAKES: &[(&str, &str, &str)] = &[
    // The whole.
    (VALID, "{}", "mounts: this field is missing"),
    (VALID, "{ \"mounts\": [", "the configuration is no JSON: EOF while parsing a list at line 1 column 13"),
    (
        r#""elsewhere""#,
        r#""elsewere""#,
        "elsewere: there is no such field; the fields here are $schema, mounts, elsewhere, access, headers",
    ),
    (r#""elsewhere": "refuse""#, r#""mounts": []"#, "mounts: this field is given twice"),
    (
        r#""elsewhere": "refuse""#,
        r#""elsewhere": null"#,
        "elsewhere: this is null, where one of refuse, pass is needed",
    ),
    (r#""elsewhere": "refuse""#, r#""elsewhere": "ignore""#, "elsewhere: \"ignore\" is none of refuse, pass"),
    (
        r#""elsewhere": "refuse""#,
        r#""callers": {}"#,
        "callers: this is not in promward 0.1.0: it comes with a later version",
    ),
    // Mounts.
    (
        r#"[{ "prefix": "/prometheus", "api": "prometheus", "cluster": "prometheus", "max_form": "256KiB" }]"#,
        "[]",
        "mounts: at least one mount is needed, like { \"prefix\": \"/prometheus\" }",
    ),
    (
        r#"[{ "prefix": "/prometheus", "api": "prometheus", "cluster": "prometheus", "max_form": "256KiB" }]"#,
        "{}",
        "mounts: this is an object, where a list is needed",
    ),
    (r#""prefix": "/prometheus", "api""#, r#""api""#, "mounts[0].prefix: this field is missing"),
    (
        r#""prefix": "/prometheus""#,
        r#""prefix": 9"#,
        "mounts[0].prefix: this is a number, where a text is needed",
    ),
    (
        r#""prefix": "/prometheus""#,
        r#""prefix": "/prometheus/""#,
        "mounts[0].prefix: \"/prometheus/\" is no prefix: write \"/\", or a path of letters, digits and -._~ like \"/prometheus\", without a trailing slash",
    ),
    (
        r#""prefix": "/prometheus""#,
        r#""prefix": "/a", "upstream_prefix": "b""#,
        "mounts[0].upstream_prefix: \"b\" is no prefix: write \"/\", or a path of letters, digits and -._~ like \"/prometheus\", without a trailing slash",
    ),
    (
        r#""256KiB" }]"#,
        r#""256KiB" }, { "prefix": "/prometheus" }]"#,
        "mounts[1].prefix: another mount has this prefix already",
    ),
    (r#""api": "prometheus""#, r#""api": "loki""#, "mounts[0].api: \"loki\" is none of prometheus, opaque"),
    (
        r#""cluster": "prometheus""#,
        r#""cluster": """#,
        "mounts[0].cluster: a cluster's name is printable ASCII without spaces, and not empty",
    ),
    (
        r#""cluster": "prometheus""#,
        r#""origins": []"#,
        "mounts[0].origins: an empty list allows nothing: leave the field out, or list an origin",
    ),
    (
        r#""cluster": "prometheus""#,
        r#""origins": ["localhost"]"#,
        "mounts[0].origins[0]: \"localhost\" is no origin: write scheme, host and perhaps port, like https://grafana.example.com",
    ),
    (
        r#""256KiB""#,
        r#""256""#,
        "mounts[0].max_form: \"256\" is no size: write a whole number and B, KiB or MiB, like 256KiB",
    ),
    (r#""256KiB""#, r#""64MiB""#, "mounts[0].max_form: this must be 1KiB to 1MiB"),
    (
        r#""cluster": "prometheus""#,
        r#""credentials": "keep""#,
        "mounts[0].credentials: \"keep\" is none of remove, pass",
    ),
    (
        r#""cluster": "prometheus""#,
        r#""encoded_slash": "pass""#,
        "mounts[0].encoded_slash: \"pass\" is only for mounts with \"api\": \"opaque\": Prometheus routes on the decoded path",
    ),
    (
        r#""api": "prometheus""#,
        r#""api": "opaque""#,
        "mounts[0].max_form: this is only for mounts that speak prometheus: bodies stream through an opaque one",
    ),
    (
        r#""prefix": "/prometheus""#,
        r#""prefix": "/a+b""#,
        "mounts[0].prefix: \"/a+b\" is no prefix: write \"/\", or a path of letters, digits and -._~ like \"/prometheus\", without a trailing slash",
    ),
    (
        r#""cluster": "prometheus""#,
        r#""origins": ["http://a", "http://A:80"]"#,
        "mounts[0].origins[1]: \"http://A:80\" is listed twice",
    ),
    (
        r#""cluster": "prometheus""#,
        r#""timeout": "1s""#,
        "mounts[0].timeout: there is no such field; the fields here are prefix, api, upstream_prefix, cluster, origins, max_form, credentials, encoded_slash",
    ),
    // Rules.
    (
        r#"[{ "who": ["anyone"], "may": ["health", "ui"] }]"#,
        "[]",
        "access: without a rule everything is refused: to open all to all, write { \"who\": [\"anyone\"], \"may\": [\"everything\"] }",
    ),
    (r#"["anyone"]"#, "[]", "access[0].who: an empty list says nothing: name at least one"),
    (
        r#"["anyone"]"#,
        r#"["anybody"]"#,
        "access[0].who[0]: \"anybody\" is nobody: write \"anyone\" or \"anonymous\"",
    ),
    (r#"["anyone"]"#, r#"["anyone", "anyone"]"#, "access[0].who[1]: \"anyone\" is listed twice"),
    (
        r#"["anyone"]"#,
        r#"["anonymous", "anyone"]"#,
        "access[0].who[0]: another one in this list names them already",
    ),
    (
        r#"["anyone"]"#,
        r#"["authenticated"]"#,
        "access[0].who[0]: \"authenticated\": this is not in promward 0.1.0: it comes with a later version",
    ),
    (
        r#"["anyone"]"#,
        r#"["user:alice"]"#,
        "access[0].who[0]: \"user:alice\": this is not in promward 0.1.0: it comes with a later version",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["health", "UI"]"#,
        "access[0].may[1]: \"UI\" is no class: the classes are health info query series rules metadata federate remote_read status config metrics write admin lifecycle debug consoles ui unknown read everything",
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
        "access[0].at[0]: \"/other\" is the prefix of no mount",
    ),
    (
        r#""api": "prometheus", "cluster": "prometheus", "max_form": "256KiB""#,
        r#""api": "opaque""#,
        "access[0]: this holds nowhere: no mount speaks prometheus; name opaque mounts in \"at\"",
    ),
    (
        r#"["health", "ui"] }]"#,
        r#"["health", "ui"] }, { "who": ["anonymous"], "may": ["ui"] }]"#,
        "access[1].who[0]: this can never decide anything: earlier rules decide all of it",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "only": { "tenant": ["a"] }"#,
        "access[0].only: this is not in promward 0.1.0: it comes with a later version",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": {}"#,
        "access[0].limits: this is not in promward 0.1.0: it comes with a later version",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "mode": "report""#,
        "access[0].mode: this is not in promward 0.1.0: it comes with a later version",
    ),
    // Headers.
    (
        r#""max-age=1""#,
        r#""""#,
        "headers.hsts: a header's value is one line of printable ASCII, and not empty",
    ),
    (
        r#""max-age=1""#,
        r#""a\r\nb: c""#,
        "headers.hsts: a header's value is one line of printable ASCII, and not empty",
    ),
    (
        r#""max-age=1""#,
        r#""yes""#,
        "headers.hsts: this needs \"max-age\" and a number of seconds, like max-age=63072000",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""content_security_policy": "default-src 'self', frame-ancestors *""#,
        "headers.content_security_policy: this must be one policy: directives, with \";\" between them",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""content_security_policy": ";;""#,
        "headers.content_security_policy: this must be one policy: directives, with \";\" between them",
    ),
    (
        r#""elsewhere": "refuse""#,
        r#""else\nwhere\u001b[2J": 1"#,
        "else\u{fffd}where\u{fffd}[2J: there is no such field; the fields here are $schema, mounts, elsewhere, access, headers",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""cors": { "origins": [] }"#,
        "headers.cors.origins: an empty list allows nothing: leave the field out, or list an origin",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""cors": { "origins": ["*"] }"#,
        "headers.cors.origins[0]: \"*\" is no origin: write scheme, host and perhaps port, like https://grafana.example.com",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""content_security_policy": "frame-ancestors 'self'", "frame_ancestors": ["https://a.example"]"#,
        "headers.frame_ancestors: headers.content_security_policy names frame-ancestors already: keep one of the two",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""caller": "x-user""#,
        "headers.caller: this is not in promward 0.1.0: it comes with a later version",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""tenant": {}"#,
        "headers.tenant: this is not in promward 0.1.0: it comes with a later version",
    ),
];
