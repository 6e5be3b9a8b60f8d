//! The works whose cost is measured. Each is a configuration, a request and an answer. The benchmark times them beside
//! other proxies, and tests hold their host calls and instructions to budgets.

use anyhow::{Context, Result, anyhow, ensure};
use bytes::Bytes;
use promward::wire::protobuf::{write_bytes, write_number};
use promward::wire::snappy::{Encoder, Progress};
use promward_e2e::deployment::{Deployment, Host, Options};
use promward_embedded::host::Counts;
use promward_harness::client::{Client, Request};
use promward_harness::upstream::{Reply, Upstream};
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::{Duration, Instant};

/// The user of works that need one.
pub const USER: &str = "alice";
/// The password of [`USER`].
pub const PASSWORD: &str = "correct horse battery staple";

/// A bcrypt hash of [`PASSWORD`] with cost 10, which is the default of most tools.
pub const HASH: &str = "$2b$10$N9qo8uLOickgx2ZMRZoMyehtJ/whDdsI.d1w/JqKiOrDw8pCT0JLG";

/// A query of a dashboard, as a browser sends it.
const QUERY: &str = "histogram_quantile(0.99,+sum+by+(le,job)+(rate(http_request_duration_seconds_bucket{job%3D%22api%22}[5m])))";

/// The least lengths of a server's answers, in bytes: to a query, and for rules and alerts, which are of two teams.
const LONG: usize = 1 << 20;
const RULES: usize = 5_000_000;

/// The number of series in a message of remote write, as Prometheus sends them by default.
const SERIES: u32 = 500;

/// A kind of request whose cost is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Work {
    /// TLS and the prefix; everybody may do everything.
    Prefix,
    /// Also a password, which is remembered, and rules.
    Password,
    /// Also a tenant in the query, which was seen before.
    Restricted,
    /// The same, with the same rules on trial beside those that are enforced.
    Tried,
    /// The same without a trial, and with a new query in every request.
    NewQueries,
    /// A form, with a tenant in it.
    Form,
    /// An answer of 1 MiB to a restricted query.
    LongAnswer,
    /// Rules of 5 MB, of which the caller may see half.
    Rules,
    /// The same for alerts.
    Alerts,
    /// A message of remote write, each of whose series gets the caller's label.
    Write,
}

/// The answer of the server behind the proxy.
#[derive(Clone, Debug)]
pub struct Answer {
    pub media_type: &'static str,
    pub body: Bytes,
}

impl Work {
    pub const ALL: [Self; 10] = [
        Self::Prefix,
        Self::Password,
        Self::Restricted,
        Self::Tried,
        Self::NewQueries,
        Self::Form,
        Self::LongAnswer,
        Self::Rules,
        Self::Alerts,
        Self::Write,
    ];

    /// Returns its name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prefix => "TLS and prefix",
            Self::Password => "password and rules",
            Self::Restricted => "restriction, the same query",
            Self::Tried => "restriction, the same rules on trial",
            Self::NewQueries => "restriction, every query new",
            Self::Form => "restriction of a form (POST)",
            Self::LongAnswer => "an answer of 1 MiB",
            Self::Rules => "rules of 5 MB, filtered",
            Self::Alerts => "alerts of 5 MB, filtered",
            Self::Write => "remote write of 500 series, labelled",
        }
    }

    /// Returns its name with a capital letter.
    #[must_use]
    pub fn title(self) -> String {
        let mut characters = self.name().chars();
        let first = characters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(characters).collect()
    }

    /// Checks that its requests carry a password.
    #[must_use]
    pub fn has_password(self) -> bool {
        self != Self::Prefix
    }

    /// Returns the filter's configuration.
    #[must_use]
    pub fn configuration(self) -> Value {
        let mounts = json!([{ "prefix": "/prometheus", "cluster": "prometheus" }]);
        if !self.has_password() {
            let access = json!([{ "who": ["anyone"], "may": ["everything"] }]);
            return json!({ "mounts": mounts, "listener_writes_client": true, "access": access });
        }
        let rule = match self {
            Self::Password => json!({ "who": ["group:team-a"], "may": ["read", "ui"] }),
            Self::Write => json!({
                "who": ["group:team-a"], "may": ["write"], "only": { "tenant": ["a"] }, "write": "label",
            }),
            _ => json!({
                "who": ["group:team-a"], "may": ["read", "ui"], "only": { "tenant": ["a", "b"] },
            }),
        };
        let rules = json!([
            { "who": ["anyone"], "may": ["health"] },
            { "who": ["group:sre"], "may": ["everything"] },
            rule,
        ]);
        let mut configuration = json!({
            "mounts": mounts,
            "listener_writes_client": true,
            "callers": { "users": { USER: HASH, "root": HASH }, "groups": { "team-a": ["user:alice"], "sre": ["user:root"] } },
            "access": rules,
        });
        if self == Self::Tried {
            configuration["trial"] = configuration["access"].clone();
        }
        configuration
    }

    /// Returns its `number`th request, without a password.
    #[must_use]
    pub fn request(self, number: u64) -> Request {
        let api = "/prometheus/api/v1";
        match self {
            Self::Prefix | Self::Password | Self::Restricted | Self::Tried => {
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
            Self::Write => Request::new("POST", &format!("{api}/write"))
                .header("content-type", "application/x-protobuf")
                .header("content-encoding", "snappy")
                .header("x-prometheus-remote-write-version", "0.1.0")
                .body(written(SERIES)),
        }
    }

    /// Returns the server's answer to its requests.
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

/// The host calls and instructions of a request, counted on the embedded host.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Taken {
    /// Calls of the host's functions by the module.
    pub host_calls: f64,
    /// Calls of the module's functions by the host: callbacks, and requests for memory.
    pub callbacks: f64,
    /// WebAssembly instructions, as wasmtime's fuel counts them.
    pub instructions: f64,
}

/// The number of requests that are counted, and of those before them, which define the metrics and take the memory.
const COUNTED: u32 = 10;
const BEFORE: u32 = 5;

/// Counts what a request of a work takes on average, with promward's module and a configuration.
///
/// # Errors
///
/// Fails if the deployment doesn't start, or if a request isn't answered with 200.
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

/// The work of the module for a query that it reads and restricts in one callback.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Read {
    /// WebAssembly instructions of the most expensive callback, as wasmtime's fuel counts them.
    pub instructions: f64,
    /// The time that they take here, by what the same request takes without them.
    pub time: Duration,
}

/// Measures what reading a query takes, which comes in a form. Without the restriction it isn't read.
///
/// # Errors
///
/// Fails if the deployment doesn't start, or if a request isn't answered with 200.
pub fn read(query: &str) -> Result<Read> {
    let upstream = Upstream::start(|_| Reply::text("ok"))?;
    let mut measured = Vec::new();
    for only in [json!({}), json!({ "only": { "tenant": ["a"] } })] {
        let mut rule = json!({ "who": ["anyone"], "may": ["read"] });
        rule.as_object_mut().context("a rule is an object")?.extend(
            only.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())),
        );
        let configuration = json!({
            "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus", "max_form": "1MiB", "max_query": "512KiB" }],
            "access": [rule],
        });
        let options =
            Options { workers: 1, ..Options::configured(upstream.address(), &configuration.to_string()) };
        let deployment = Deployment::start(Host::Embedded, &options)?;
        let mut connection = deployment.client().connect()?;
        let form = form_urlencoded(query);
        let mut least = Duration::MAX;
        for _ in 0..BEFORE + COUNTED {
            let start = Instant::now();
            let answer = connection.send(Request::form("/prometheus/api/v1/query").body(form.clone()))?;
            least = least.min(start.elapsed());
            ensure!(
                answer.status == 200,
                "a query of {} bytes is answered with {}",
                query.len(),
                answer.text()
            );
        }
        let counts = deployment.counts().context("the embedded host counts")?;
        let most = counts.callbacks.values().map(|callback| callback.most).max().unwrap_or_default();
        measured.push((most as f64, least));
    }
    let [(unread, without), (instructions, with)] =
        measured.try_into().map_err(|_| anyhow!("two are measured"))?;
    Ok(Read { instructions: instructions - unread, time: with.saturating_sub(without) })
}

/// Returns a form with a query in it.
fn form_urlencoded(query: &str) -> String {
    let mut form = String::from("query=");
    for byte in query.bytes() {
        if byte.is_ascii_alphanumeric() {
            form.push(char::from(byte));
        } else {
            let _ = write!(form, "%{byte:02X}");
        }
    }
    form
}

impl Taken {
    /// Returns the average for each request between two counts.
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

/// Returns a message of remote write with one sample of each of this number of series.
fn written(series: u32) -> Vec<u8> {
    let mut message = Vec::new();
    for number in 0..series {
        let instance = format!("10.0.0.{}:9100", number % 250);
        let le = format!("{}", number / 250);
        let labels = [
            ("__name__", "http_request_duration_seconds_bucket"),
            ("instance", &instance),
            ("job", "api"),
            ("le", &le),
        ];
        let mut one = Vec::new();
        for (name, value) in labels {
            let mut label = Vec::new();
            write_bytes(&mut label, 1, name.as_bytes());
            write_bytes(&mut label, 2, value.as_bytes());
            write_bytes(&mut one, 1, &label);
        }
        // A double is eight bytes behind the number of its field.
        let mut sample = vec![0x09];
        sample.extend(f64::from(number).to_le_bytes());
        write_number(&mut sample, 2, 1_700_000_000_000);
        write_bytes(&mut one, 2, &sample);
        write_bytes(&mut message, 1, &one);
    }
    let mut encoder = Encoder::new(message.len());
    while encoder.run(&message) == Progress::More {}
    encoder.take_block()
}

/// Returns the result of a query with at least `least` bytes.
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

/// Returns groups that each have a rule of two teams, with at least `least` bytes.
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

/// Returns alerts of two teams in turn, with at least `least` bytes.
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
