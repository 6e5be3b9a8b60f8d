//! Every mistake that the validator knows, as one change to a valid configuration, and the message about it.

mod access;
mod callers;
mod limits;
mod only;
mod tenants;

/// A valid configuration, into which each mistake puts one change.
pub(crate) const VALID: &str = r#"{
  "mounts": [{ "prefix": "/prometheus", "api": "prometheus", "cluster": "prometheus", "max_form": "256KiB" }],
  "elsewhere": "refuse",
  "callers": {
    "users": { "viewer": "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW" },
    "tokens": { "grafana": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
    "certificates": { "scraper": "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" },
    "jwt": { "corp": { "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward" } },
    "groups": { "sre": ["user:viewer"] }
  },
  "access": [{ "who": ["anyone"], "may": ["health", "ui"] }],
  "headers": { "hsts": "max-age=1" }
}"#;

/// A text of [`VALID`], its replacement, and the message that follows.
pub(crate) type Mistake = (&'static str, &'static str, &'static str);

/// Returns all mistakes, in the order of the files.
pub(crate) fn all() -> impl Iterator<Item = &'static Mistake> {
    [MISTAKES, callers::MISTAKES, access::MISTAKES, only::MISTAKES, tenants::MISTAKES, limits::MISTAKES]
        .into_iter()
        .flatten()
}

const MISTAKES: &[Mistake] = &[
    // The whole.
    (VALID, "{}", "mounts: this field is missing"),
    (VALID, "{ \"mounts\": [", "the configuration is not JSON: EOF while parsing a list at line 1 column 13"),
    (
        VALID,
        "\u{feff}{}",
        "the configuration begins with a byte-order mark (U+FEFF): save it as UTF-8 without one",
    ),
    (
        r#""elsewhere""#,
        r#""elsewere""#,
        "elsewere: there is no such field; the fields here are $schema, mounts, elsewhere, listener_writes_client, callers, access, trial, report, contact, headers",
    ),
    (r#""elsewhere": "refuse""#, r#""mounts": []"#, "mounts: this field is given twice"),
    (
        r#""elsewhere": "refuse""#,
        r#""elsewhere": null"#,
        "elsewhere: this is null, where one of refuse, pass is needed",
    ),
    (r#""elsewhere": "refuse""#, r#""elsewhere": "ignore""#, "elsewhere: \"ignore\" is none of refuse, pass"),
    // Headers.
    (
        r#""hsts": "max-age=1""#,
        r#""rate_limit": []"#,
        "headers.rate_limit: an empty list tells nothing: leave the field out, or list rule, caller or class",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""rate_limit": ["rule", "user"]"#,
        "headers.rate_limit[1]: \"user\" is none of rule, caller, class",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""rate_limit": ["caller", "caller"]"#,
        "headers.rate_limit[1]: \"caller\" is listed twice",
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
        "mounts[0].prefix: \"/prometheus/\" is not a prefix: write \"/\", or a path of letters, digits and -._~ like \"/prometheus\", without a trailing slash",
    ),
    (
        r#""prefix": "/prometheus""#,
        r#""prefix": "/a", "upstream_prefix": "b""#,
        "mounts[0].upstream_prefix: \"b\" is not a prefix: write \"/\", or a path of letters, digits and -._~ like \"/prometheus\", without a trailing slash",
    ),
    (
        r#""256KiB" }]"#,
        r#""256KiB" }, { "prefix": "/prometheus" }]"#,
        "mounts[1].prefix: another mount has this prefix already",
    ),
    (
        r#""api": "prometheus""#,
        r#""api": "loki""#,
        "mounts[0].api: \"loki\" is none of prometheus, victoriametrics, thanos, mimir, alertmanager, opaque",
    ),
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
        "mounts[0].origins[0]: \"localhost\" is not an origin: write scheme, host and perhaps port, like https://grafana.example.com",
    ),
    (
        r#""256KiB""#,
        r#""256""#,
        "mounts[0].max_form: \"256\" is not a size: write a whole number and B, KiB or MiB, like 256KiB",
    ),
    (
        r#""256KiB""#,
        r#""256KiB", "max_query": "257KiB""#,
        "mounts[0].max_query: this must be 1KiB to max_form, which is 262144B here",
    ),
    (
        r#""256KiB""#,
        r#""256KiB", "max_query": 64"#,
        "mounts[0].max_query: this is a number, where a text is needed",
    ),
    (
        r#""256KiB""#,
        r#""256KiB", "promql": []"#,
        "mounts[0].promql: an empty list switches nothing on: leave the field out, or list a part",
    ),
    (
        r#""256KiB""#,
        r#""256KiB", "promql": ["fill_modifiers"]"#,
        "mounts[0].promql[0]: \"fill_modifiers\" is no experimental part of PromQL that is known here: those are experimental_functions, duration_expressions, extended_range_selectors, binop_fill_modifiers",
    ),
    (
        r#""api": "prometheus", "cluster": "prometheus", "max_form": "256KiB""#,
        r#""api": "victoriametrics", "promql": ["experimental_functions"]"#,
        "mounts[0].promql: this is only for servers with Prometheus' own PromQL",
    ),
    (r#""256KiB""#, r#""64MiB""#, "mounts[0].max_form: this must be 1KiB to 1MiB"),
    (
        r#""cluster": "prometheus""#,
        r#""ignore": []"#,
        "mounts[0].ignore: an empty list ignores nothing: leave the field out, or list a parameter",
    ),
    (
        r#""cluster": "prometheus""#,
        r#""ignore": ["namespace", "match[]"]"#,
        "mounts[0].ignore[1]: an endpoint of the API \"prometheus\" reads \"match[]\", so it can't be ignored",
    ),
    (
        r#""api": "prometheus", "cluster": "prometheus""#,
        r#""api": "victoriametrics", "ignore": ["namespace", "match"]"#,
        "mounts[0].ignore[1]: an endpoint of the API \"victoriametrics\" reads \"match\", so it can't be ignored",
    ),
    (
        r#""cluster": "prometheus""#,
        r#""ignore": [""]"#,
        "mounts[0].ignore[0]: a parameter's name has 1 to 128 bytes",
    ),
    (
        r#""cluster": "prometheus""#,
        r#""ignore": ["namespace", "namespace"]"#,
        "mounts[0].ignore[1]: \"namespace\" is listed twice",
    ),
    (
        r#""cluster": "prometheus""#,
        r#""credentials": "keep""#,
        "mounts[0].credentials: \"keep\" is none of remove, pass",
    ),
    (
        r#""cluster": "prometheus""#,
        r#""encoded_slash": "pass""#,
        "mounts[0].encoded_slash: \"pass\" is only for mounts with \"api\": \"opaque\": other servers route on the decoded path",
    ),
    (
        r#""api": "prometheus""#,
        r#""api": "opaque""#,
        "mounts[0].max_form: this is for other mounts than opaque ones: bodies stream through those",
    ),
    (
        r#""prefix": "/prometheus""#,
        r#""prefix": "/a+b""#,
        "mounts[0].prefix: \"/a+b\" is not a prefix: write \"/\", or a path of letters, digits and -._~ like \"/prometheus\", without a trailing slash",
    ),
    (
        r#""cluster": "prometheus""#,
        r#""origins": ["http://a", "http://A:80"]"#,
        "mounts[0].origins[1]: \"http://A:80\" is listed twice",
    ),
    (
        r#""cluster": "prometheus""#,
        r#""timeout": "1s""#,
        "mounts[0].timeout: there is no such field; the fields here are prefix, api, upstream_prefix, cluster, origins, max_form, max_write, max_query, promql, ignore, credentials, encoded_slash, cross_site, websockets",
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
        "else\u{fffd}where\u{fffd}[2J: there is no such field; the fields here are $schema, mounts, elsewhere, listener_writes_client, callers, access, trial, report, contact, headers",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""cors": { "origins": [] }"#,
        "headers.cors.origins: an empty list allows nothing: leave the field out, or list an origin",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""cors": { "origins": ["*"] }"#,
        "headers.cors.origins[0]: \"*\" is not an origin: write scheme, host and perhaps port, like https://grafana.example.com",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""content_security_policy": "frame-ancestors 'self'", "frame_ancestors": ["https://a.example"]"#,
        "headers.frame_ancestors: headers.content_security_policy names frame-ancestors already: keep one of the two",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""tenant": { "name": "x-scope-orgid" }"#,
        "headers.tenant: no rule has \"tenant\", and this has no \"label\": the header would never carry anything",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""tenant": { "name": "x_tenant", "label": "tenant" }"#,
        "headers.tenant.name: \"x_tenant\" can't carry tenants: name a header of letters, digits and -, like x-scope-orgid",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""caller": "x-a", "tenant": { "name": "X-A", "label": "tenant" }"#,
        "headers.tenant.name: headers.caller is this header already",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""tenant": { "name": "x-scope-orgid", "label": "tenant" }"#,
        "headers.tenant.label: no rule restricts this label by \"only\": the header would never carry its values",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""caller": "content-length""#,
        "headers.caller: \"content-length\" can't carry the caller: it means something to HTTP or to proxies; name one that means nothing else, like x-forwarded-user",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""caller": "Expect""#,
        "headers.caller: \"expect\" can't carry the caller: it means something to HTTP or to proxies; name one that means nothing else, like x-forwarded-user",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""caller": "x-forwarded-proto""#,
        "headers.caller: \"x-forwarded-proto\" can't carry the caller: the filter sets it already; name another one, like x-forwarded-user",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""tenant": { "name": "If-None-Match", "label": "tenant" }"#,
        "headers.tenant.name: \"if-none-match\" can't carry tenants: it means something to HTTP or to proxies; name one that means nothing else, like x-scope-orgid",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""caller": "x_user""#,
        "headers.caller: \"x_user\" can't carry the caller: name a header of letters, digits and -, like x-forwarded-user",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""caller": """#,
        "headers.caller: \"\" can't carry the caller: name a header of letters, digits and -, like x-forwarded-user",
    ),
];
