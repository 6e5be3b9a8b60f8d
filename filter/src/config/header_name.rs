//! Reads the name of a header that tells a server something of the filter's own: the caller, or tenants. Names that mean
//! something to HTTP, to proxies or to the filter itself are refused: a server or the host would act on the value.

use super::error::ConfigError;
use super::field::Field;

/// Names that have a meaning of their own (RFC 9110 and its extensions), or that servers believe about a connection, a
/// target or a trace.
const TAKEN: [&str; 49] = [
    "age",
    "allow",
    "alt-svc",
    "alt-used",
    "authentication-info",
    "authorization",
    "b3",
    "baggage",
    "cache-control",
    "connection",
    "cookie",
    "cookie2",
    "date",
    "digest",
    "dnt",
    "early-data",
    "expect",
    "forwarded",
    "from",
    "front-end-https",
    "host",
    "keep-alive",
    "last-event-id",
    "location",
    "max-forwards",
    "origin",
    "pragma",
    "prefer",
    "priority",
    "range",
    "referer",
    "server",
    "set-cookie",
    "te",
    "traceparent",
    "tracestate",
    "trailer",
    "transfer-encoding",
    "true-client-ip",
    "user-agent",
    "vary",
    "via",
    "warning",
    "www-authenticate",
    "x-forwarded-client-cert",
    "x-forwarded-for",
    "x-forwarded-port",
    "x-real-ip",
    "x-request-id",
];

/// Beginnings of names that all have such a meaning.
const FAMILIES: [&str; 15] = [
    "accept",
    "access-control-",
    "content-",
    "grpc-",
    "http2-",
    "if-",
    "proxy-",
    "sec-",
    "upgrade",
    "x-b3-",
    "x-envoy-",
    "x-http-method",
    "x-method-",
    "x-original-",
    "x-rewrite-",
];

/// Names that the filter sets itself.
const OURS: [&str; 3] = ["x-forwarded-host", "x-forwarded-proto", "x-forwarded-prefix"];

/// The beginning of names that the filter uses between itself and Envoy's routes.
const FILTERS: &str = "x-promward-";

/// Reads the name of a header (RFC 9110 §5.1) that carries something, in lower case and without `_`, which some servers
/// read as `-`.
pub(super) fn own(field: &Field<'_>, carried: &str, example: &str) -> Result<String, ConfigError> {
    let name = field.text()?.to_ascii_lowercase();
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let why = if !is_name {
        "name a header of letters, digits and -"
    } else if TAKEN.contains(&name.as_str()) || FAMILIES.iter().any(|family| name.starts_with(family)) {
        "it means something to HTTP or to proxies; name one that means nothing else"
    } else if OURS.contains(&name.as_str()) || name.starts_with(FILTERS) {
        "the filter sets it already; name another one"
    } else {
        return Ok(name);
    };
    Err(field.refuse(&format!("\"{name}\" can't carry {carried}: {why}, like {example}")))
}

#[cfg(test)]
mod tests {
    use crate::config::load;

    #[test]
    fn a_name_that_means_something_else_carries_nothing() {
        let caller = |name: &str| {
            let access = r#""access": [{ "who": ["anyone"], "may": ["ui"] }]"#;
            let text = format!(
                r#"{{ "mounts": [{{ "prefix": "/" }}], {access}, "headers": {{ "caller": "{name}" }} }}"#
            );
            load(text.as_bytes()).map_err(|error| error.to_string())
        };
        for name in [
            "accept",
            "Accept-Encoding",
            "authorization",
            "connection",
            "content-length",
            "cookie",
            "Expect",
            "host",
            "if-none-match",
            "if-range",
            "range",
            "te",
            "transfer-encoding",
            "upgrade",
            "x-envoy-upstream-rq-timeout-ms",
            "x-forwarded-for",
            "x-forwarded-proto",
            "x-http-method-override",
            "x-promward-cluster",
            "x-user_name",
            ":path",
            "",
        ] {
            let error = caller(name).unwrap_err();
            assert!(error.starts_with("headers.caller: ") && error.contains("can't carry"), "{error}");
        }
        for name in ["x-forwarded-user", "X-WebAuth-User", "remote-user", "x-remote-user", "user"] {
            assert!(caller(name).is_ok(), "{name}");
        }
    }
}
