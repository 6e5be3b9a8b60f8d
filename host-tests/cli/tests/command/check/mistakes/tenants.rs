//! Mistakes in `tenant`, of rules and of `headers`.

use super::Mistake;

pub(super) const MISTAKES: &[Mistake] = &[
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "tenant": ["a"]"#,
        "access[0].tenant: headers.tenant has to name the header that carries this, like { \"name\": \"x-scope-orgid\" }",
    ),
    (
        r#""access": [{ "who": ["anyone"], "may": ["health", "ui"] }],
  "headers": { "hsts": "max-age=1" }"#,
        r#""access": [{ "who": ["anyone"], "may": ["ui"], "tenant": [] }],
  "headers": { "tenant": { "name": "x-scope-orgid" } }"#,
        "access[0].tenant: an empty list lets nobody see anything: list a value",
    ),
    (
        r#""access": [{ "who": ["anyone"], "may": ["health", "ui"] }],
  "headers": { "hsts": "max-age=1" }"#,
        r#""access": [{ "who": ["anyone"], "may": ["ui"], "tenant": "a" }],
  "headers": { "tenant": { "name": "x-scope-orgid" } }"#,
        "access[0].tenant: this must be a list of tenants, or an object with one of claim and by, and split beside claim alone",
    ),
    (
        r#""access": [{ "who": ["anyone"], "may": ["health", "ui"] }],
  "headers": { "hsts": "max-age=1" }"#,
        r#""access": [{ "who": ["anyone"], "may": ["ui"], "tenant": {} }],
  "headers": { "tenant": { "name": "x-scope-orgid" } }"#,
        "access[0].tenant: this must be a list of tenants, or an object with one of claim and by, and split beside claim alone",
    ),
    (
        r#""access": [{ "who": ["anyone"], "may": ["health", "ui"] }],
  "headers": { "hsts": "max-age=1" }"#,
        r#""access": [{ "who": ["anyone"], "may": ["ui"], "tenant": { "claim": ["a"], "by": { "anyone": ["a"] } } }],
  "headers": { "tenant": { "name": "x-scope-orgid" } }"#,
        "access[0].tenant: this must be a list of tenants, or an object with one of claim and by, and split beside claim alone",
    ),
    (
        r#""access": [{ "who": ["anyone"], "may": ["health", "ui"] }],
  "headers": { "hsts": "max-age=1" }"#,
        r#""access": [{ "who": ["anyone"], "may": ["ui"], "tenant": { "regex": "a" } }],
  "headers": { "tenant": { "name": "x-scope-orgid" } }"#,
        "access[0].tenant.regex: there is no such field; the fields here are claim, split, by",
    ),
    (
        r#""access": [{ "who": ["anyone"], "may": ["health", "ui"] }],
  "headers": { "hsts": "max-age=1" }"#,
        r#""access": [{ "who": ["anyone"], "may": ["ui"], "tenant": { "claim": [] } }],
  "headers": { "tenant": { "name": "x-scope-orgid" } }"#,
        "access[0].tenant.claim: this must be a list of field names, like [\"realm_access\", \"tenants\"]",
    ),
    (
        r#""access": [{ "who": ["anyone"], "may": ["health", "ui"] }],
  "headers": { "hsts": "max-age=1" }"#,
        r#""access": [{ "who": ["anyone"], "may": ["ui"], "tenant": { "by": { "anyone": ["a", "a|b"] } } }],
  "headers": { "tenant": { "name": "x-scope-orgid" } }"#,
        "access[0].tenant.by.anyone[1]: headers.tenant carries this: \"a|b\" can't be sent as a tenant: a tenant has 1 to 150 letters, digits and !_.*'()-, and is not . or ..",
    ),
    (
        r#""access": [{ "who": ["anyone"], "may": ["health", "ui"] }],
  "headers": { "hsts": "max-age=1" }"#,
        r#""access": [{ "who": ["anyone"], "may": ["ui"], "tenant": [""] }],
  "headers": { "tenant": { "name": "x-scope-orgid" } }"#,
        "access[0].tenant[0]: headers.tenant carries this: \"\" can't be sent as a tenant: a tenant has 1 to 150 letters, digits and !_.*'()-, and is not . or ..",
    ),
    (
        r#""access": [{ "who": ["anyone"], "may": ["health", "ui"] }],
  "headers": { "hsts": "max-age=1" }"#,
        r#""access": [{ "who": ["anyone"], "may": ["ui"], "tenant": ["a"] }, { "who": ["anyone"], "may": ["query"] }],
  "headers": { "tenant": { "name": "x-scope-orgid" } }"#,
        "access[1].who[0]: this can never decide anything: access[0] names their tenants, and access[1] has no \"tenant\": it gives them health info ui and no more, unless it says \"unrestricted\": true",
    ),
];
