//! The works whose cost is measured: a configuration, a request that takes it, and an answer. The benchmark times them
//! beside other proxies, and tests hold what they take to budgets.

use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use promward_e2e::deployment::{Deployment, Host, Options};
use promward_embedded::host::Counts;
use promward_harness::client::{Client, Request};
use promward_harness::upstream::{Reply, Upstream};
use serde_json::{Value, json};
use std::fmt::Write;

/// The user of works that need one, and her password.
pub const USER: &str = "alice";
/// See [`USER`].
pub const PASSWORD: &str = "correct horse battery staple";

/// What bcrypt makes of [`PASSWORD`] with cost 10, which is what tools take if nobody says otherwise.
pub const HASH: &str = "$2b$10$N9qo8uLOickgx2ZMRZoMyehtJ/whDdsI.d1w/JqKiOrDw8pCT0JLG";

/// A query of a dashboard, as a browser sends it.
const QUERY: &str = "histogram_quantile(0.99,+sum+by+(le,job)+(rate(http_request_duration_seconds_bucket{job%3D%22api%22}[5m])))";

/// A server's answer of 1 MiB, and rules and alerts of 5 MB: a group of each has rules of two teams.
const LONG: usize = 1 << 20;
const RULES: usize = 5_000_000;

/// One work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// TLS and the prefix; everybody may do everything.
    Prefix,
    /// Also a password, which is remembered, and rules.
    Password,
    /// Also a tenant in the query, which was seen before.
    Restricted,
    /// The same, and no query was seen before.
    NewQueries,
    /// A form, with a tenant in it.
    Form,
    /// An answer of 1 MiB to a restricted query.
    LongAnswer,
    /// Rules of 5 MB, of which the caller may see half.
    Rules,
    /// The same for alerts.
    Alerts,
}

/// What the server behind answers.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its `content-type`.
    pub media_type: &'static str,
    /// Its body.
    pub body: Bytes,
}

impl Work {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Prefix,
        Self::Password,
        Self::Restricted,
        Self::NewQueries,
        Self::Form,
        Self::LongAnswer,
        Self::Rules,
        Self::Alerts,
    ];

    /// What tables call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prefix => "TLS and prefix",
            Self::Password => "password and rules",
            Self::Restricted => "restriction, the same query",
            Self::NewQueries => "restriction, every query new",
            Self::Form => "restriction of a form (POST)",
            Self::LongAnswer => "an answer of 1 MiB",
            Self::Rules => "rules of 5 MB, filtered",
            Self::Alerts => "alerts of 5 MB, filtered",
        }
    }

    /// Its name as a title.
    #[must_use]
    pub fn title(self) -> String {
        let mut characters = self.name().chars();
        let first = characters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(characters).collect()
    }

    /// Whether its requests carry a password.
    #[must_use]
    pub fn has_password(self) -> bool {
        self != Self::Prefix
    }

    /// The filter's configuration.
    #[must_use]
    pub fn configuration(self) -> Value {
        let mounts = json!([{ "prefix": "/prometheus", "cluster": "prometheus" }]);
        if !self.has_password() {
            return json!({ "mounts": mounts, "access": [{ "who": ["anyone"], "may": ["everything"] }] });
        }
        let rule = match self {
            Self::Password => json!({ "who": ["group:team-a"], "may": ["read", "ui"] }),
            _ => json!({
                "who": ["group:team-a"], "may": ["read", "ui"], "only": { "tenant": ["a", "b"] },
            }),
        };
        json!({
            "mounts": mounts,
            "callers": { "users": { USER: HASH, "root": HASH }, "groups": { "team-a": ["user:alice"], "sre": ["user:root"] } },
            "access": [
                { "who": ["anyone"], "may": ["health"] },
                { "who": ["group:sre"], "may": ["everything"] },
                rule,
            ],
        })
    }

    /// Its `number`th request, without a password.
    #[must_use]
    pub fn request(self, number: u64) -> Request {
        let api = "/prometheus/api/v1";
        match self {
            Self::Prefix | Self::Password | Self::Restricted => {
                Request::new("GET", &format!("{api}/query?query={QUERY}"))
            }
            Self::NewQueries => {
                let query = QUERY.replace("api", &format!("api-{number}"));
                Request::new("GET", &format!("{api}/query?query={query}"))
            }
            Self::Form => {
                let form = format!("query={QUERY}&start=1700000000&end=1700003600&step=15");
                Request::form(&format!("{api}/query_range")).body(form)
            }
            Self::LongAnswer => Request::new(
                "GET",
                &format!("{api}/query_range?query={QUERY}&start=1700000000&end=1700003600&step=1"),
            ),
            Self::Rules => Request::new("GET", &format!("{api}/rules")),
            Self::Alerts => Request::new("GET", &format!("{api}/alerts")),
        }
    }

    /// What its requests are answered with.
    #[must_use]
    pub fn answer(self) -> Answer {
        let body = match self {
            Self::LongAnswer => query_answer(LONG),
            Self::Rules => rules(RULES),
            Self::Alerts => alerts(RULES),
            _ => query_answer(0),
        };
        Answer { media_type: "application/json", body: body.into() }
    }
}

/// What a request takes of the module, counted on the embedded host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taken {
    /// Calls of the host's functions.
    pub host_calls: f64,
    /// Calls of the module's functions by the host, callbacks and memory that it asks for.
    pub callbacks: f64,
    /// WebAssembly instructions, as wasmtime's fuel counts them.
    pub instructions: f64,
}

/// How many requests are counted, and how many go before: metrics have been defined then, and memory is there.
const COUNTED: u32 = 10;
const BEFORE: u32 = 5;

/// Counts what requests of a work take on average, with promward's module and a configuration.
///
/// # Errors
///
/// When the deployment can't be started, or a request isn't answered with 200.
pub fn taken(work: Work, configuration: &Value) -> Result<Taken> {
    let answer = work.answer();
    let upstream = Upstream::start(move |_| {
        Reply::status(200).header("content-type", answer.media_type).body(answer.body.clone())
    })?;
    let options =
        Options { workers: 1, ..Options::configured(upstream.address(), &configuration.to_string()) };
    let deployment = Deployment::start(Host::Embedded, &options)?;
    let client =
        if work.has_password() { deployment.client().user(USER, PASSWORD) } else { deployment.client() };
    let count = || deployment.counts().context("the embedded host counts");
    send(&client, work, 0..BEFORE)?;
    let before = count()?;
    send(&client, work, BEFORE..BEFORE + COUNTED)?;
    let after = count()?;
    Ok(Taken::between(&before, &after, COUNTED))
}

fn send(client: &Client, work: Work, numbers: std::ops::Range<u32>) -> Result<()> {
    let mut connection = client.connect()?;
    for number in numbers {
        let status = connection.send(work.request(number.into()))?.status;
        ensure!(status == 200, "{} is answered with {status}", work.name());
    }
    Ok(())
}

impl Taken {
    /// What was counted between two times, for each of so many requests.
    fn between(before: &Counts, after: &Counts, requests: u32) -> Self {
        let each =
            |figure: &dyn Fn(&Counts) -> u64| (figure(after) - figure(before)) as f64 / f64::from(requests);
        Self {
            host_calls: each(&|counts| counts.host_calls.values().sum()),
            callbacks: each(&|counts| counts.callbacks.values().map(|callback| callback.calls).sum()),
            instructions: each(&|counts| {
                counts.callbacks.values().map(|callback| callback.instructions).sum()
            }),
        }
    }
}

/// Columns of the result of a query, as long as `least` says.
fn query_answer(least: usize) -> String {
    let mut text = String::from(r#"{"status":"success","data":{"resultType":"vector","result":["#);
    for number in 0_u32.. {
        let comma = if number == 0 { "" } else { "," };
        let labels = format!(r#""job":"api","instance":"10.0.0.{}:9100","tenant":"a""#, number % 250);
        write!(text, r#"{comma}{{"metric":{{{labels}}},"value":[1700000000,"0.{number}"]}}"#).unwrap();
        if text.len() >= least {
            break;
        }
    }
    text + "]}}"
}

/// Groups with a rule of each of two teams.
fn rules(least: usize) -> String {
    let mut text = String::from(r#"{"status":"success","data":{"groups":["#);
    for number in 0_u32.. {
        let comma = if number == 0 { "" } else { "," };
        let rules = ["a", "c"].map(|tenant| alerting_rule(number, tenant)).join(",");
        write!(
            text,
            r#"{comma}{{"name":"group-{number}","file":"/etc/rules/{number}.yml","rules":[{rules}],"interval":30,"limit":0,"evaluationTime":0.002,"lastEvaluation":"2026-01-01T00:00:00Z"}}"#
        )
        .unwrap();
        if text.len() >= least {
            break;
        }
    }
    text + "]}}"
}

fn alerting_rule(number: u32, tenant: &str) -> String {
    let alert = alert(number, tenant);
    format!(
        r#"{{"state":"firing","name":"TooManyErrors{number}","query":"rate(errors_total{{tenant=\"{tenant}\"}}[5m]) > 0.5","duration":300,"labels":{{"severity":"page","tenant":"{tenant}"}},"annotations":{{"summary":"errors of {tenant}"}},"alerts":[{alert}],"health":"ok","evaluationTime":0.0004,"lastEvaluation":"2026-01-01T00:00:00Z","type":"alerting"}}"#
    )
}

/// Alerts of two teams in turn.
fn alerts(least: usize) -> String {
    let mut text = String::from(r#"{"status":"success","data":{"alerts":["#);
    for number in 0_u32.. {
        let comma = if number == 0 { "" } else { "," };
        text.push_str(comma);
        text.push_str(&alert(number, if number.is_multiple_of(2) { "a" } else { "c" }));
        if text.len() >= least {
            break;
        }
    }
    text + "]}}"
}

fn alert(number: u32, tenant: &str) -> String {
    format!(
        r#"{{"labels":{{"alertname":"TooManyErrors{number}","instance":"10.0.0.{}:9100","job":"api","severity":"page","tenant":"{tenant}"}},"annotations":{{"summary":"errors of {tenant}"}},"state":"firing","activeAt":"2026-01-01T00:00:00Z","value":"1.5e+00"}}"#,
        number % 250
    )
}
