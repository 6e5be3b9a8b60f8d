//! Mistakes in `only`, and in rules that would open more than it.

use super::{Mistake, VALID};

pub(super) const MISTAKES: &[Mistake] = &[
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": ["a"]"#,
        "access[0].only[0]: this is a text, where an object is needed",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": []"#,
        "access[0].only: an empty list lets nobody see anything: list a value",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": [{ "cluster": ["prod"] }, {}]"#,
        "access[0].only[1]: an empty object restricts nothing: leave the field out, or name a label",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": [{ "cluster": ["prod"] }, { "cluster": [""] }]"#,
        "access[0].only[1].cluster[0]: an empty value is a series without the label: to allow those, write { \"values\": […], \"or_absent\": true }",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": {}"#,
        "access[0].only: an empty object restricts nothing: leave the field out, or name a label",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "": ["a"] }"#,
        "access[0].only.: a label's name is not empty",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant ": { "values": ["a"], "or_absent": true } }"#,
        "access[0].only.tenant : a label's name has no space around it",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "__name__": ["a"] }"#,
        "access[0].only.__name__: Prometheus refuses a matcher on the name where a query names the metric: restrict another label",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": ["a"], "tenant": ["b"] }"#,
        "access[0].only.tenant: this field is given twice",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": [] }"#,
        "access[0].only.tenant: an empty list lets nobody see anything: list a value",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": ["a", ""] }"#,
        "access[0].only.tenant[1]: an empty value is a series without the label: to allow those, write { \"values\": […], \"or_absent\": true }",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": ["a", "b", "a"] }"#,
        "access[0].only.tenant[2]: \"a\" is listed twice",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": ["a", 1] }"#,
        "access[0].only.tenant[1]: this is a number, where a text is needed",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": { "claim": ["scope"], "split": "||" } }"#,
        "access[0].only.tenant.split: this must be the one character that parts the values in a text: \" \", \",\" or \";\"",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": { "values": ["a b"], "split": " " } }"#,
        "access[0].only.tenant: this must be a list of values, or an object with one of regex, claim, by and values, and or_absent beside values alone, and split beside claim alone",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": "a" }"#,
        "access[0].only.tenant: this must be a list of values, or an object with one of regex, claim, by and values, and or_absent beside values alone, and split beside claim alone",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": {} }"#,
        "access[0].only.tenant: this must be a list of values, or an object with one of regex, claim, by and values, and or_absent beside values alone, and split beside claim alone",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": { "or_absent": true } }"#,
        "access[0].only.tenant: this must be a list of values, or an object with one of regex, claim, by and values, and or_absent beside values alone, and split beside claim alone",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": { "regex": "a", "values": ["a"] } }"#,
        "access[0].only.tenant: this must be a list of values, or an object with one of regex, claim, by and values, and or_absent beside values alone, and split beside claim alone",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": { "regex": "a", "or_absent": true } }"#,
        "access[0].only.tenant: this must be a list of values, or an object with one of regex, claim, by and values, and or_absent beside values alone, and split beside claim alone",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": { "regexp": "a" } }"#,
        "access[0].only.tenant.regexp: there is no such field; the fields here are regex, claim, split, by, values, or_absent",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": { "values": [], "or_absent": true } }"#,
        "access[0].only.tenant.values: an empty list lets nobody see anything: list a value",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": { "values": ["a", "a"] } }"#,
        "access[0].only.tenant.values[1]: \"a\" is listed twice",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": { "regex": "" } }"#,
        "access[0].only.tenant.regex: an empty pattern matches nothing",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": { "regex": "team-\\d+" } }"#,
        "access[0].only.tenant.regex: a pattern can't have this (character 7): it has characters, . for any of them, classes like [a-z] and [^/], groups ( ), |, and * + ? once after each; \\ makes punctuation a character",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": { "regex": "(a" } }"#,
        "access[0].only.tenant.regex: a group or a class has no end: write \\( or \\[ for the character",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": { "claim": [] } }"#,
        "access[0].only.tenant.claim: this must be a list of field names, like [\"realm_access\", \"tenants\"]",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": { "claim": ["a", ""] } }"#,
        "access[0].only.tenant.claim: this must be a list of field names, like [\"realm_access\", \"tenants\"]",
    ),
    (
        VALID,
        r#"{ "mounts": [{ "prefix": "/" }], "access": [{ "who": ["anyone"], "may": ["read"], "only": { "tenant": { "claim": ["tenants"] } } }] }"#,
        "access[0].only.tenant.claim: no caller has a token: there is no issuer in callers.jwt",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": { "by": {} } }"#,
        "access[0].only.tenant.by: an empty object lets nobody see anything: say who sees what",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": { "by": { "user:nobody": ["a"] } } }"#,
        "access[0].only.tenant.by.user:nobody: \"user:nobody\" is not defined in callers.users",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": { "by": { "everybody": ["a"] } } }"#,
        "access[0].only.tenant.by.everybody: \"everybody\" names nobody: write anyone, anonymous, authenticated, user:N, token:N, certificate:N, jwt:ISSUER/SUBJECT, group:N or group:ISSUER/N",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": { "by": { "anyone": [] } } }"#,
        "access[0].only.tenant.by.anyone: an empty list lets nobody see anything: list a value",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": { "by": { "anyone": ["a", "a"] } } }"#,
        "access[0].only.tenant.by.anyone[1]: \"a\" is listed twice",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": ["a"] }, "unrestricted": true"#,
        "access[0].unrestricted: this says the opposite of \"only\": keep one of the two",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "unrestricted": "yes""#,
        "access[0].unrestricted: this is a text, where true or false is needed",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["admin", "metrics", "unknown"], "only": { "tenant": ["a"] }"#,
        "access[0].may: \"only\" leaves nothing of this: a restricted caller gets none of these classes",
    ),
    (
        r#"[{ "who": ["anyone"], "may": ["health", "ui"] }]"#,
        r#"[{ "who": ["anyone"], "may": ["ui"], "only": { "tenant": ["a"] } }, { "who": ["user:viewer"], "may": ["query", "admin"] }]"#,
        "access[1].who[0]: this can never decide anything: access[0] restricts them, and access[1] has no \"only\": it gives them health info ui and no more, unless it says \"unrestricted\": true",
    ),
    (
        r#"[{ "who": ["anyone"], "may": ["health", "ui"] }]"#,
        r#"[{ "who": ["group:sre"], "may": ["ui"], "only": { "tenant": ["a"] } }, { "who": ["user:viewer"], "may": ["ui", "query"] }]"#,
        "access[1].who[0]: this can never decide anything: access[0] restricts them, and access[1] has no \"only\": it gives them health info ui and no more, unless it says \"unrestricted\": true",
    ),
    (
        r#"[{ "who": ["anyone"], "may": ["health", "ui"] }]"#,
        r#"[{ "who": ["anyone"], "may": ["query"], "only": { "tenant": ["a"] } }, { "who": ["user:viewer"], "may": ["query"], "only": { "tenant": ["b"] } }]"#,
        "access[1].who[0]: this can never decide anything: earlier rules decide all of it",
    ),
    (
        r#""access": [{ "who": ["anyone"], "may": ["health", "ui"] }],
  "headers": { "hsts": "max-age=1" }"#,
        r#""access": [{ "who": ["anyone"], "may": ["read"], "only": { "tenant": ["a", "b|c"] } }],
  "headers": { "tenant": { "name": "x-scope-orgid", "label": "tenant" } }"#,
        "access[0].only.tenant[1]: headers.tenant carries this: \"b|c\" can't be sent as a tenant: a tenant has 1 to 150 letters, digits and !_.*'()-, and is not . or ..",
    ),
    (
        r#""access": [{ "who": ["anyone"], "may": ["health", "ui"] }],
  "headers": { "hsts": "max-age=1" }"#,
        r#""access": [{ "who": ["anyone"], "may": ["read"], "only": { "tenant": { "values": [".."], "or_absent": true } } }],
  "headers": { "tenant": { "name": "x-scope-orgid", "label": "tenant" } }"#,
        "access[0].only.tenant.values[0]: headers.tenant carries this: \"..\" can't be sent as a tenant: a tenant has 1 to 150 letters, digits and !_.*'()-, and is not . or ..",
    ),
    (
        r#""access": [{ "who": ["anyone"], "may": ["health", "ui"] }],
  "headers": { "hsts": "max-age=1" }"#,
        r#""access": [{ "who": ["anyone"], "may": ["read"], "only": { "tenant": { "by": { "anyone": ["a b"] } } } }],
  "headers": { "tenant": { "name": "x-scope-orgid", "label": "tenant" } }"#,
        "access[0].only.tenant.by.anyone[0]: headers.tenant carries this: \"a b\" can't be sent as a tenant: a tenant has 1 to 150 letters, digits and !_.*'()-, and is not . or ..",
    ),
    (
        r#""access": [{ "who": ["anyone"], "may": ["health", "ui"] }],
  "headers": { "hsts": "max-age=1" }"#,
        r#""access": [{ "who": ["anyone"], "may": ["read"], "only": { "tenant": { "regex": "a.*" } } }],
  "headers": { "tenant": { "name": "x-scope-orgid", "label": "tenant" } }"#,
        "access[0].only.tenant.regex: headers.tenant carries this label's values, and a regular expression has none",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "__graphite__": ["a"] }"#,
        "access[0].only.__graphite__: VictoriaMetrics selects series by name with this, and other servers have no such label: restrict another label",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "a\\b": ["a"] }"#,
        "access[0].only.a\\b: servers read quotes, backslashes and control characters in a label's name differently: restrict another label",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "shared": ["up"]"#,
        "access[0].shared: without \"only\" every metric is the callers' already: leave it out, or restrict them",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": ["a"] }, "shared": []"#,
        "access[0].shared: an empty list shares nothing: leave the field out, or name a metric",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": ["a"] }, "shared": ["up", "up"]"#,
        "access[0].shared[1]: \"up\" is listed twice",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": ["a"] }, "shared": ["up", ""]"#,
        "access[0].shared[1]: \"\" is not the name of a metric: a name has letters, digits, _ : and .; for several names at once write { \"regex\": \"kube_node_.*\" }",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": ["a"] }, "shared": ["kube_node_.*"]"#,
        "access[0].shared[0]: \"kube_node_.*\" is not the name of a metric: a name has letters, digits, _ : and .; for several names at once write { \"regex\": \"kube_node_.*\" }",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": ["a"] }, "shared": ["1m"]"#,
        "access[0].shared[0]: \"1m\" is not the name of a metric: a name has letters, digits, _ : and .; for several names at once write { \"regex\": \"kube_node_.*\" }",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": ["a"] }, "shared": "up""#,
        "access[0].shared: this must be a list of metrics' names, or an object with a regex",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": ["a"] }, "shared": {}"#,
        "access[0].shared.regex: this field is missing",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": ["a"] }, "shared": { "regex": "" }"#,
        "access[0].shared.regex: an empty pattern matches nothing",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": ["a"] }, "shared": { "regex": "a", "names": ["a"] }"#,
        "access[0].shared.names: there is no such field; the fields here are regex",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["read"], "only": { "tenant": ["a"] }, "shared": { "regex": "kube_\\w+" }"#,
        "access[0].shared.regex: a pattern can't have this (character 7): it has characters, . for any of them, classes like [a-z] and [^/], groups ( ), |, and * + ? once after each; \\ makes punctuation a character",
    ),
];
