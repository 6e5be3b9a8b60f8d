//! The steps that show the callers' rights, from those without a password to the one who may do everything.

use super::{As, Ask, Login, SUCCESS, Step, Subject, Whose};
use anyhow::Result;
use promward_harness::client::Request;

const VIEWER: Login = Login::User("viewer");
const OPERATOR: Login = Login::User("operator");
const ADMIN: Login = Login::User("admin");

const QUERY: &str = "/prometheus/api/v1/query";
const CONFIG: &str = "/prometheus/api/v1/status/config";
const CLEAN_UP: &str = "/prometheus/api/v1/admin/tsdb/clean_tombstones";

const FORBIDDEN: &str = r#""errorType":"forbidden""#;

/// The number of requests that a page may send at once.
const MANY: usize = 20;

/// The steps for any Prometheus. The operator has a password that no worker has seen when the many requests arrive.
const STEPS: &[Step] = &[
    Step {
        what: "POST …/prometheus/api/v1/query, query=up, without a password",
        ask: Ask::Post(As::Trusting, Login::Nobody, QUERY, "query=up", ""),
        expected: "401 HTTP/1.1 asking for Basic",
    },
    Step {
        what: "the same as viewer with a wrong password",
        ask: Ask::Post(As::Trusting, Login::Guesser("viewer"), QUERY, "query=up", ""),
        expected: "401 HTTP/1.1 asking for Basic",
    },
    Step {
        what: "the same as viewer",
        ask: Ask::Post(As::Trusting, VIEWER, QUERY, "query=up", SUCCESS),
        expected: r#"200 HTTP/1.1 with "status":"success""#,
    },
    Step {
        what: "…/prometheus/api/v1/status/config as viewer",
        ask: Ask::Get(As::Trusting, VIEWER, CONFIG, FORBIDDEN),
        expected: r#"403 HTTP/1.1 with "errorType":"forbidden""#,
    },
    Step {
        what: "POST …/api/v1/admin/tsdb/clean_tombstones as viewer",
        ask: Ask::Post(As::Trusting, VIEWER, CLEAN_UP, "", FORBIDDEN),
        expected: r#"403 HTTP/1.1 with "errorType":"forbidden""#,
    },
    Step {
        what: "twenty queries at once over HTTP/2 as operator, for the first time",
        ask: Ask::AtOnce(OPERATOR, QUERY, "query=up"),
        expected: "200 for 20, and 1 check of a password",
    },
    Step {
        what: "…/prometheus/api/v1/status/config as operator",
        ask: Ask::Get(As::Trusting, OPERATOR, CONFIG, SUCCESS),
        expected: r#"200 HTTP/1.1 with "status":"success""#,
    },
    Step {
        what: "POST …/api/v1/admin/tsdb/clean_tombstones as operator",
        ask: Ask::Post(As::Trusting, OPERATOR, CLEAN_UP, "", FORBIDDEN),
        expected: r#"403 HTTP/1.1 with "errorType":"forbidden""#,
    },
    Step {
        what: "…/prometheus/-/healthy without a password",
        ask: Ask::Get(As::Trusting, Login::Nobody, "/prometheus/-/healthy", ""),
        expected: "200 HTTP/1.1",
    },
];

/// The steps that change something, which are left out with somebody else's Prometheus.
const OURS_ONLY: &[Step] = &[Step {
    what: "POST …/api/v1/admin/tsdb/clean_tombstones as admin",
    ask: Ask::Post(As::Trusting, ADMIN, CLEAN_UP, "", ""),
    expected: "204 HTTP/1.1",
}];

/// Returns the steps for this Prometheus.
pub(super) fn steps(prometheus: Whose) -> Vec<&'static Step> {
    let only = if prometheus == Whose::Ours { OURS_ONLY } else { &[] };
    STEPS.iter().chain(only).collect()
}

/// Sends many requests before any of them is answered, and returns their statuses and the number of passwords that were
/// checked.
pub(super) fn at_once(subject: &Subject, login: Login, path: &str, form: &str) -> Result<String> {
    let before = (subject.right_checks)()?;
    let mut connection = subject.client(As::TrustingHttp2, login)?.connect()?;
    let mut exchanges = Vec::new();
    for _ in 0..MANY {
        let mut exchange = connection.open(Request::form(path))?;
        exchange.data(form)?;
        exchange.end(&[])?;
        exchanges.push(exchange);
    }
    for (index, exchange) in exchanges.iter_mut().enumerate() {
        let answer = exchange.answer()?;
        if answer.status != 200 {
            return Ok(format!("{} for the one after {index}: {}", answer.status, answer.text()));
        }
    }
    let checks = (subject.right_checks)()?.saturating_sub(before);
    Ok(format!("200 for {MANY}, and {checks} check{} of a password", if checks == 1 { "" } else { "s" }))
}
