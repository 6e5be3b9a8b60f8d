//! Runs a case: sends it, reads the answer, and checks what has reached the server.

mod explained;

use crate::attacks::difference::on_envoy::OnEnvoy;
use crate::attacks::difference::seen::{Answered, Seen};
use crate::attacks::format::Case;
use crate::attacks::http2::Http2;
use crate::attacks::message::{HALF, Message};
use crate::attacks::send::{fields, http1, method, pairs};
use crate::attacks::setting::Running;
use anyhow::{Context, Result, anyhow, bail, ensure};
use promward_harness::client::{Answer, Client, Connection, Request};
use promward_harness::upstream::{End, Received, Reply, Upstream};
use std::fmt::Write;
use std::net::SocketAddr;

/// The path of the marker that follows each case. Everybody may ask for it, and nothing else asks for it.
const MARKER: &str = "/prometheus/-/healthy?marker=";
const MARKED: &str = "/-/healthy?marker=";

/// Headers that reach the server only where a case expects them.
const NEVER: [&str; 4] = ["authorization", "proxy-authorization", "cookie", "x-promward-cluster"];

/// Headers that are set by the filter or by Envoy, and never by a client.
const OWN: [&str; 5] =
    ["x-forwarded-for", "x-forwarded-host", "x-forwarded-prefix", "x-forwarded-proto", "x-forwarded-user"];

/// A deployment, the server behind it, and the position up to which its requests were checked.
pub(crate) struct Runner {
    pub(crate) running: Running,
    upstream: Upstream,
    marker: Option<Connection>,
    markers: usize,
    seen: usize,
    /// Requests that may still arrive incomplete.
    halves: Vec<Message>,
    /// The command, which has to say what Envoy does with each request.
    explained: Option<OnEnvoy>,
    /// The number of clients so far, and what the last one saw.
    clients: u32,
    sent: Seen,
}

impl Runner {
    /// Starts a server, and what `start` makes in front of its address.
    pub(crate) fn start(start: impl FnOnce(SocketAddr) -> Running) -> Self {
        let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
        let running = start(upstream.address());
        let explained = OnEnvoy::beside(&running);
        let (halves, sent) = (Vec::new(), Seen::next(&mut 0));
        Self { running, upstream, marker: None, markers: 0, seen: 0, halves, explained, clients: 0, sent }
    }

    /// Gives the filter another configuration, unless it has that one.
    pub(crate) fn reconfigure(&mut self, configuration: String) {
        if self.running.configuration != configuration {
            self.running.deployment.reconfigure(&configuration).unwrap();
            self.running.configuration = configuration;
        }
        self.explained = OnEnvoy::beside(&self.running);
    }

    /// Sends a case, and checks the answer and what arrives.
    ///
    /// # Errors
    ///
    /// Fails if the result isn't the one that the case expects.
    pub(crate) fn run(&mut self, case: &Case) -> Result<()> {
        self.begin(case);
        let (half, whole) = case.arrivals_under(self.running.setting);
        self.halves.extend(half.into_iter().cloned());
        let answered = if case.http2 { self.ask_by_http2(case) } else { self.ask(case) };
        let mut arrived = self.arrived().context("the marker after it")?;
        if whole.is_empty() && case.may_arrive_emptied(self.running.setting) {
            arrived.retain(|request| !request.body.is_empty() || request.end != End::Clean);
        }
        if let Some(explained) = &mut self.explained {
            explained.add(case, &self.sent, &arrived);
        }
        answered.with_context(|| format!("{} arrived: {}", arrived.len(), shown(&arrived)))?;
        let all = || format!("{} arrived in place of {}: {}", arrived.len(), whole.len(), shown(&arrived));
        ensure!(whole.len() == arrived.len(), all());
        whole.iter().zip(&arrived).try_for_each(|(message, request)| check_arrival(message, request))
    }

    /// Gives the server its reply to a case, and the case a client of its own.
    fn begin(&mut self, case: &Case) {
        let reply = case.reply.clone().map(|reply| (reply, Vec::new()));
        let raw = (!case.raw_reply.is_empty()).then(|| (Message::default(), case.raw_reply.clone()));
        let said = reply.or(raw);
        self.upstream.answer_by(move |request| match &said {
            Some((message, raw)) if !request.target.starts_with(MARKED) => answer(message, raw),
            _ => Reply::text("ok"),
        });
        self.sent = Seen::next(&mut self.clients);
    }

    /// Returns the client of a case. Where the command has to say what becomes of it, it has an address of its own.
    fn client(&self, case: &Case) -> Result<Client> {
        let client = if case.plain { self.running.plain()? } else { self.running.client(&case.caller) };
        Ok(if self.explained.is_some() { client.source(self.sent.client.into()) } else { client })
    }

    /// Sends a case over HTTP/2, and returns the status and the body of the answer.
    fn answer_by_http2(&mut self, case: &Case) -> Result<(String, String)> {
        let mut connection = Http2::connect(&self.client(case)?)?;
        let stream = connection.ask(&fields(case), case.request.body.as_deref(), &pairs(&case.trailers))?;
        let (status, body) = connection.answer(stream)?;
        self.sent.answers.push(Answered::of_http2(&status, &body));
        Ok((status, body))
    }

    /// Allows this number of requests to arrive incomplete from now on.
    pub(crate) fn expect_halves(&mut self, half: &Message, number: usize) {
        self.halves.extend(std::iter::repeat_n(half.clone(), number));
    }

    /// Returns the requests that have arrived since the last call, once everything on its way has ended. Leaves out
    /// those that may arrive incomplete, which may have been on their way since the case before.
    pub(crate) fn arrived(&mut self) -> Result<Vec<Received>> {
        self.markers += 1;
        let target = format!("{MARKER}{}", self.markers);
        let sent = match &mut self.marker {
            Some(connection) => connection.send(Request::new("GET", &target)),
            None => Err(anyhow!("no connection")),
        };
        if sent.is_err() {
            let mut connection = self.running.client("anonymous").connect()?;
            let answer = connection.send(Request::new("GET", &target))?;
            ensure!(answer.status == 200, "the marker is answered {}", answer.status);
            self.marker = Some(connection);
        }
        let marker = format!("{MARKED}{}", self.markers);
        // Those before have ended, or the call before would still wait.
        let all = self.upstream.wait_after(self.seen, |all| {
            let marked = all.iter().any(|request| request.target == marker);
            marked && all.iter().all(|request| request.end != End::Open)
        })?;
        self.seen += all.len();
        let mut arrived = Vec::new();
        for request in all.into_iter().filter(|request| !request.target.starts_with(MARKED)) {
            let fits = |half: &Message| request.end == End::Cut && check_arrival(half, &request).is_ok();
            match self.halves.iter().position(fits) {
                Some(half) => drop(self.halves.remove(half)),
                None => arrived.push(request),
            }
        }
        Ok(arrived)
    }

    fn ask(&mut self, case: &Case) -> Result<()> {
        let expected = case.answers_under(self.running.setting);
        let mut connection = match self.client(case)?.connect() {
            Ok(connection) => connection,
            Err(_) if expected == ["closed"] => {
                self.sent.answers.push(Answered::None);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let (bytes, method) = if case.raw.is_empty() {
            (http1(case), method(&case.request.first))
        } else {
            let lines = case.raw.iter().flat_map(|line| [line.as_slice(), b"\r\n"]);
            (lines.collect::<Vec<_>>().concat(), method(&case.raw[0]))
        };
        // A server may answer and stop reading before the whole request is sent.
        let sent = connection.write_raw(&bytes);
        for expected in expected {
            if expected == "closed" {
                let rest = connection.wait_for_close()?;
                ensure!(rest.is_empty(), "not closed: {}", String::from_utf8_lossy(&rest));
                self.sent.answers.push(Answered::None);
                continue;
            }
            if expected == "broken" {
                let answer = connection.read_answer(&method);
                let whole = answer.ok().filter(|answer| answer.status < 500);
                let text = whole.map(|answer| format!("{} {}", answer.status, answer.text()));
                ensure!(text.is_none(), "it looks complete: {text:?}");
                self.sent.answers.push(Answered::None);
                continue;
            }
            let answer = match (connection.read_answer(&method), &sent) {
                (Err(_), Err(error)) => bail!("{expected} expected: {error:#}"),
                (answer, _) => answer.with_context(|| format!("{expected} expected"))?,
            };
            check_answer(case, expected, &answer)?;
            self.sent.answers.push(Answered::Whole(answer));
        }
        Ok(())
    }

    fn ask_by_http2(&mut self, case: &Case) -> Result<()> {
        let (status, body) = self.answer_by_http2(case)?;
        let expected = case.answers_under(self.running.setting);
        ensure!(expected == [status.as_str()], "{status} in place of {expected:?}: {body}");
        check_text(case, &body)
    }
}

/// Returns the server's reply.
fn answer(message: &Message, raw: &[Vec<u8>]) -> Reply {
    if !raw.is_empty() {
        return Reply::raw(
            raw.iter().flat_map(|line| [line.as_slice(), b"\r\n"]).collect::<Vec<_>>().concat(),
        );
    }
    let status = String::from_utf8_lossy(&message.first).parse().unwrap_or(200);
    let reply = pairs(&message.headers).into_iter().fold(Reply::status(status), |reply, (name, value)| {
        reply.header(&String::from_utf8_lossy(&name), value)
    });
    reply.body(message.body.clone().unwrap_or_default())
}

fn check_answer(case: &Case, expected: &str, answer: &Answer) -> Result<()> {
    ensure!(
        answer.status.to_string() == expected,
        "{} in place of {expected}: {:?} {:.300}",
        answer.status,
        answer.header("location"),
        answer.text()
    );
    for (name, value) in case.answer.header_lines() {
        let given = answer.header(&name);
        ensure!(fits(given.as_deref(), value.as_deref()), "{name}: {given:?} in place of {value:?}");
    }
    check_text(case, &answer.text())
}

fn check_text(case: &Case, text: &str) -> Result<()> {
    let Some(expected) = &case.answer.body else { return Ok(()) };
    let expected = String::from_utf8_lossy(expected);
    ensure!(text.contains(&*expected), "no {expected:?} in {text:.300}");
    Ok(())
}

/// Compares a value with the expected one. `x*` matches every value that begins with `x`.
fn fits(given: Option<&str>, expected: Option<&str>) -> bool {
    match (given, expected) {
        (Some(given), Some(expected)) if expected.ends_with('*') => {
            given.starts_with(expected.trim_end_matches('*'))
        }
        (given, expected) => given == expected,
    }
}

fn shown<'a>(requests: impl IntoIterator<Item = &'a Received>) -> String {
    let mut all = String::new();
    for Received { method, target, body, end, .. } in requests {
        let body: String = String::from_utf8_lossy(body).chars().take(300).collect();
        let _ = write!(all, "\n      {method} {target:.300} {end:?} {body:?}");
    }
    all
}

fn check_arrival(expected: &Message, arrived: &Received) -> Result<()> {
    let line = String::from_utf8_lossy(&expected.first).into_owned();
    let line = line.trim_start_matches(HALF);
    let given = format!("{} {}", arrived.method, arrived.target);
    ensure!(given == line, "{given:.400}\n      arrived in place of\n      {line:.400}");
    let lines: Vec<_> = expected.header_lines().collect();
    for (name, value) in &lines {
        let given = arrived.header(name);
        ensure!(fits(given.as_deref(), value.as_deref()), "{name}: {given:?} arrived in place of {value:?}");
    }
    let is_said = |name: &str| lines.iter().any(|(said, _)| said.eq_ignore_ascii_case(name));
    let unexpected = |(name, _): &&(String, Vec<u8>)| !is_said(name) && !may_arrive(name);
    let unexpected: Vec<_> = arrived.headers.iter().filter(unexpected).collect();
    ensure!(unexpected.is_empty(), "{unexpected:?} arrived");
    let cut = line != String::from_utf8_lossy(&expected.first);
    ensure!(cut == (arrived.end == End::Cut), "{given:.400}: {:?}", arrived.end);
    // If the request was refused or given up, the server has seen no byte of its form.
    ensure!(!cut || arrived.body.is_empty(), "{given:.400}: {:?}", arrived.body);
    if !cut {
        let body = expected.body.clone().unwrap_or_default();
        let shown = |body: &[u8]| String::from_utf8_lossy(body).chars().take(400).collect::<String>();
        ensure!(
            arrived.body == body,
            "{:?}\n      arrived in place of\n      {:?}",
            shown(&arrived.body),
            shown(&body)
        );
    }
    Ok(())
}

/// Checks that a header may reach the server although no case expects it.
fn may_arrive(name: &str) -> bool {
    let name = name.to_ascii_lowercase().replace('_', "-");
    if OWN.contains(&name.as_str()) {
        return true;
    }
    let trusted =
        ["x-forwarded", "x-envoy-", "x-promward-", "x-remote-", "x-webauth-", "x-original-", "remote-"];
    !NEVER.contains(&name.as_str()) && !trusted.iter().any(|family| name.starts_with(family))
}
