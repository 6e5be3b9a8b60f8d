//! Holds `promward explain` to Envoy: what the command says of a request is what its client got, what reached the server,
//! and what the access log says, but for what Envoy does by itself ([`envoys_own`]). The requests are sent by others, who
//! tell what they saw.

use super::agreement::Agreement;
use super::cases;
use super::done::Done;
use super::envoys_own::{self, Told};
use super::exchange::Exchange;
use super::said::{Said, differences, said};
use super::seen::{Answered, Seen, is_same_but_for_the_time, take_answer, take_arrival};
use super::shown;
use super::situation::Suite;
use crate::attacks::format::Case;
use crate::attacks::honest;
use crate::attacks::setting::{Running, Setting};
use anyhow::Result;
use promward_cli::policy::Policy;
use promward_e2e::deployment::Host;
use promward_embedded::host::Headers;
use promward_harness::envoy::Envoy;
use promward_harness::jwt;
use promward_harness::tools::{self, Version};
use promward_harness::upstream::Received;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

/// The longest wait for the lines of the access log.
const PATIENCE: Duration = Duration::from_secs(60);

/// The length of a path, in bytes, up to which the log has it whole.
const LONG: usize = 1_000;

/// The release of Envoy whose own differences are listed.
const RELEASE: Version = Version::new(1, 40, 0);

/// The command beside an Envoy, and the requests that are to be compared.
pub(crate) struct OnEnvoy {
    suite: Suite,
    setting: Setting,
    policy: Policy,
    requests: Vec<Asked>,
    agreement: Agreement,
}

/// A request, and what Envoy did with it.
struct Asked {
    exchange: Exchange,
    /// The metadata of a token that Envoy has verified.
    metadata: Vec<u8>,
    now: u64,
    client: Ipv4Addr,
    is_answered: bool,
    has_headers: bool,
    done: Done,
}

impl OnEnvoy {
    /// Returns `true` if this machine's Envoy is of the release whose own differences are listed.
    pub(crate) fn is_for_this_release() -> bool {
        tools::envoy().is_ok_and(|envoy| envoy.version >= RELEASE)
    }

    /// Returns the command beside a deployment on Envoy. Rules on trial change nothing but the log.
    pub(crate) fn beside(running: &Running) -> Option<Self> {
        let is_envoy = running.setting.host() == Host::Envoy && Self::is_for_this_release();
        if !is_envoy || running.setting.has_trial() {
            return None;
        }
        let policy = Policy::load(running.configuration.as_bytes()).unwrap();
        let suite = Suite::of(running.configuration.clone(), running.known_digest());
        Some(Self {
            suite,
            setting: running.setting,
            policy,
            requests: Vec::new(),
            agreement: Agreement::default(),
        })
    }

    /// Adds a request, and what became of it.
    pub(crate) fn add(&mut self, case: &Case, seen: &Seen, arrived: &[Received]) {
        // Of several requests in one, and of a server that doesn't speak HTTP, a single explanation says nothing.
        let ([answer], [] | [_], []) = (seen.answers.as_slice(), arrived, case.raw_reply.as_slice()) else {
            return self.agreement.leave_out();
        };
        if only_a_codec_can_read(case) {
            return self.agreement.leave_out();
        }
        let (mut case, mut metadata) = (case.clone(), Vec::new());
        if let Some((_, claims)) = &case.claims {
            // The token came last, and Envoy removes it.
            case.request.headers.pop();
            metadata = jwt::metadata(&honest::all_claims(claims));
        }
        let mut done = Done::default();
        take_arrival(&mut done, arrived.first());
        take_answer(&mut done, answer);
        self.requests.push(Asked {
            exchange: cases::exchange_from(seen.client.into(), &case, &self.suite),
            metadata,
            now: seen.now,
            client: seen.client,
            is_answered: !matches!(answer, Answered::None),
            has_headers: matches!(answer, Answered::Whole(_)),
            done,
        });
    }

    /// Compares all requests with what the command says.
    ///
    /// # Errors
    ///
    /// Returns an error if the access log lacks a request that was answered, or if the command said something else of one.
    pub(crate) fn check(mut self, envoy: &Envoy) -> Result<()> {
        let lines =
            envoy.process().wait_until("the access log", PATIENCE, || self.lines(&envoy.access_log()))?;
        for (mut asked, line) in std::mem::take(&mut self.requests).into_iter().zip(&lines) {
            let told = Told::of(line);
            for (name, value) in told.record.as_object().into_iter().flatten() {
                asked.done.add_reported(name, value);
            }
            asked.done.add("envoy", told.shown());
            let said = self.said(&asked, &told);
            let mut own = Vec::new();
            self.agreement.add(&asked.exchange, said.as_ref(), &asked.done, |said| {
                let mut all = differences(&said.effects, &asked.done, is_same_but_for_the_time);
                all.retain(|difference| match envoys_own::reason(difference, &told) {
                    Some(reason) => {
                        own.push(reason);
                        false
                    }
                    None => true,
                });
                all
            });
            self.agreement.does_itself(own);
        }
        self.agreement.check()
    }

    /// Returns the line of the access log of each request: `Null` for one that has none. Returns `None` while the line of
    /// one that was answered is missing.
    fn lines(&self, log: &[Value]) -> Option<Vec<Value>> {
        let mut by_client = BTreeMap::new();
        for line in log {
            let source: Option<SocketAddr> = line["source"].as_str().and_then(|source| source.parse().ok());
            by_client.entry(source.map(|source| source.ip())).or_insert(line);
        }
        let line = |asked: &Asked| match by_client.get(&Some(asked.client.into())) {
            Some(line) => Some((*line).clone()),
            None => (!asked.is_answered).then_some(Value::Null),
        };
        self.requests.iter().map(line).collect()
    }

    /// Returns what the command says of the request as Envoy shows it to the filter.
    fn said(&self, asked: &Asked, told: &Told<'_>) -> Option<Said> {
        let explain = |path: Option<&str>| {
            let shown = shown::by_envoy(&asked.exchange, self.setting, path);
            said(&self.policy, &shown, &asked.metadata, asked.now)
        };
        let first = explain(None)?;
        let path = told.record["path"].as_str();
        let is_as_sent = |path: &str| match first.explanation["path"].as_str() {
            // A long path is cut in the log.
            Some(whole) => {
                whole == path || path.len() >= LONG && whole.starts_with(path.get(..LONG).unwrap_or(path))
            }
            None => false,
        };
        let said = match path.filter(|path| !is_as_sent(path)) {
            // Nobody knows how the rest of it came to the filter.
            Some(path) if path.len() >= LONG => return None,
            Some(path) => explain(Some(path))?,
            None => first,
        };
        Some(as_sent(said, &asked.exchange, asked.has_headers))
    }
}

/// Returns `true` if only a codec can tell which headers and which body a case has: of chunks, of lines that go on or have
/// an end within, of two names of the site, and of a target that has the name.
fn only_a_codec_can_read(case: &Case) -> bool {
    let lines = || case.raw.iter().chain(&case.request.headers);
    let begins = |line: &Vec<u8>, name: &[u8]| {
        line.get(..name.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(name))
    };
    let is_unread = |line: &Vec<u8>| {
        begins(line, b" ")
            || begins(line, b"\t")
            || begins(line, b"transfer-encoding")
            || line.iter().any(|byte| matches!(byte, b'\r' | b'\n'))
    };
    let names = lines().filter(|line| begins(line, b"host:") || begins(line, b":authority:")).count();
    let first = case.raw.first().unwrap_or(&case.request.first);
    let has_name = first.windows(3).any(|three| three == b"://");
    lines().any(is_unread)
        || has_name
        || names > 1
        || case.http2 && lines().any(|line| begins(line, b"host:"))
}

/// Brings what the command says into the form in which a server and a client see it.
fn as_sent(mut said: Said, exchange: &Exchange, has_headers: bool) -> Said {
    let effects = &mut said.effects;
    if effects.remove("to the server: head").is_some() {
        let sent = ["upstream", "passed"].map(|end| &said.explanation[end]);
        let sent = sent.into_iter().find(|sent| !sent.is_null()).unwrap_or(&Value::Null);
        let word = |name: &str| sent[name].as_str().unwrap_or_default();
        let line = format!("{} {}", word("method"), word("target"));
        effects.insert("to the server: line".to_owned(), line.as_bytes().escape_ascii().to_string());
        effects.insert("to the server: host".to_owned(), word("host").as_bytes().escape_ascii().to_string());
    }
    // These have no body, whatever the server says.
    let method = header(&exchange.sent, b":method");
    let status = effects.get("answer: head").map_or("", String::as_str);
    if method == b"HEAD" || matches!(status, "204" | "304") {
        effects.insert("answer: body".to_owned(), String::new());
    }
    if !has_headers {
        let kept = ["answer: head", "answer: body", "answer: end"];
        effects.retain(|name, _| !name.starts_with("answer: ") || kept.contains(&name.as_str()));
    }
    said
}

/// Returns the first value of a header.
pub(super) fn header<'a>(fields: &'a Headers, name: &[u8]) -> &'a [u8] {
    fields.iter().find(|(other, _)| other == name).map_or(&[], |(_, value)| value)
}
