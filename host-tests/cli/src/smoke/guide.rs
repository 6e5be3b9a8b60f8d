//! The guide's own steps, as its reader takes them with curl and a browser, but with a login, which the guide lacks.

use super::{As, Ask, Login, SUCCESS, Step};

/// The user who may do everything that the guide does.
const ADMIN: Login = Login::User("admin");

const LABEL_VALUES: &str = "/prometheus/api/v1/label/job/values";

pub(super) const STEPS: &[Step] = &[
    Step {
        what: "curl --user admin:… --cacert ca.crt …/prometheus/api/v1/label/job/values",
        ask: Ask::Get(As::Trusting, ADMIN, LABEL_VALUES, SUCCESS),
        expected: r#"200 HTTP/1.1 with "status":"success""#,
    },
    Step {
        what: "the same with curl -k",
        ask: Ask::Get(As::Careless, ADMIN, LABEL_VALUES, SUCCESS),
        expected: r#"200 HTTP/1.1 with "status":"success""#,
    },
    Step {
        what: "the same without the authority",
        ask: Ask::Get(As::Stranger, ADMIN, LABEL_VALUES, SUCCESS),
        expected: "certificate refused",
    },
    Step {
        what: "the same over HTTP/2",
        ask: Ask::Get(As::TrustingHttp2, ADMIN, LABEL_VALUES, SUCCESS),
        expected: r#"200 HTTP/2.0 with "status":"success""#,
    },
    Step {
        what: "POST …/prometheus/api/v1/query, query=up",
        ask: Ask::Post(As::Trusting, ADMIN, "/prometheus/api/v1/query", "query=up", SUCCESS),
        expected: r#"200 HTTP/1.1 with "status":"success""#,
    },
    Step {
        what: "the same over HTTP/2",
        ask: Ask::Post(As::TrustingHttp2, ADMIN, "/prometheus/api/v1/query", "query=up", SUCCESS),
        expected: r#"200 HTTP/2.0 with "status":"success""#,
    },
    Step {
        what: "/prometheus",
        ask: Ask::Get(As::Trusting, Login::Nobody, "/prometheus", ""),
        expected: "301 HTTP/1.1 to /prometheus/",
    },
    Step {
        what: "the page /prometheus/, following redirects",
        ask: Ask::Page(ADMIN, "/prometheus/"),
        expected: "200, an HTML page",
    },
    Step {
        what: "every file that the page names",
        ask: Ask::Assets(ADMIN, "/prometheus/"),
        expected: "200, all of them",
    },
    Step {
        what: "/prometheus/metrics",
        ask: Ask::Get(As::Trusting, ADMIN, "/prometheus/metrics", "prometheus_build_info"),
        expected: "200 HTTP/1.1 with prometheus_build_info",
    },
    Step { what: "/", ask: Ask::Get(As::Trusting, Login::Nobody, "/", ""), expected: "404 HTTP/1.1" },
    Step {
        what: "/prometheusX",
        ask: Ask::Get(As::Trusting, Login::Nobody, "/prometheusX", ""),
        expected: "404 HTTP/1.1",
    },
    Step {
        what: "http://example.com/prometheus/graph",
        ask: Ask::Get(As::Plain, Login::Nobody, "/prometheus/graph", ""),
        expected: "308 HTTP/1.1 to https://example.com/prometheus/graph",
    },
    Step { what: "a handshake of TLS 1.1", ask: Ask::OldTls, expected: "refused" },
];
