//! Holds `promward explain` to the module: requests of both suites and generated ones go through the module, and the
//! command has to say what becomes of each: what reaches the server, byte for byte, what the client gets, and what is
//! reported.

use super::cases;
use super::done::Done;
use super::exchange::Exchange;
use super::generator::Generator;
use super::situation::{self, Situation};
use super::subject::Subject;
use promward::caller::certificates::Presented;
use promward::caller::source::Source;
use promward::target::body::Body;
use promward::target::origin::UrlScheme;
use promward::time::instant::Instant;
use promward_cli::explain::json;
use promward_cli::policy::Policy;
use promward_cli::policy::answer::Given;
use promward_cli::policy::asked::Asked;
use promward_cli::policy::course::{Course, End, Remembered};
use promward_cli::policy::message::Message;
use promward_e2e::queries::Random;
use promward_embedded::host::{Connection, Frame, Way, shown};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;

/// The number of generated requests.
const MANY: u64 = 20_000;

/// The most examples that are shown of one kind of difference.
const SHOWN: usize = 5;

#[test]
fn the_command_says_what_the_module_does() {
    let module = fs::read(promward_module::build().unwrap()).unwrap();
    let mut comparison = Agreement::default();
    for (situation, exchanges) in cases::all() {
        let mut pair = Pair::start(&module, &situation);
        exchanges.iter().for_each(|exchange| comparison.add(&mut pair, exchange));
    }
    assert!(comparison.requests > 4_000, "{} requests of the suites", comparison.requests);
    let situations = situation::generated();
    let shares: u64 = situations.iter().map(|situation| situation.share).sum();
    for (seed, situation) in (1..).zip(situations) {
        let mut pair = Pair::start(&module, &situation);
        let mut generator = Generator::new(seed, &situation.configuration);
        for _ in 0..(MANY * situation.share).div_ceil(shares) {
            comparison.add(&mut pair, &generator.exchange());
        }
    }
    let Agreement { requests, forwarded, answered, left_out, wrong } = comparison;
    for (kind, examples) in &wrong {
        println!("{kind}: {}\n{}", examples.len(), examples[..examples.len().min(SHOWN)].join("\n"));
    }
    assert!(wrong.is_empty(), "{} of {requests} differ", wrong.values().map(Vec::len).sum::<usize>());
    assert!(forwarded > 5_000 && answered > 5_000, "{forwarded} forwarded, {answered} answered");
    assert!(left_out * 5 < requests, "{left_out} of {requests} can't be explained");
}

/// The module and the command under one configuration.
struct Pair {
    subject: Subject,
    policy: Policy,
    metadata: Vec<u8>,
}

impl Pair {
    fn start(module: &[u8], situation: &Situation) -> Self {
        Self {
            subject: Subject::start(module, situation).unwrap(),
            policy: Policy::load(situation.configuration.as_bytes()).unwrap(),
            metadata: situation.metadata.clone(),
        }
    }
}

/// The comparison of the command with the module, so far.
#[derive(Default)]
struct Agreement {
    requests: u64,
    forwarded: u64,
    answered: u64,
    /// The requests that a single explanation can't be about.
    left_out: u64,
    /// The requests that differ, by the name of the difference.
    wrong: BTreeMap<String, Vec<String>>,
}

impl Agreement {
    /// Sends a request through the module, and compares what became of it with what the command says.
    fn add(&mut self, pair: &mut Pair, exchange: &Exchange) {
        self.requests += 1;
        let done = pair.subject.run(std::slice::from_ref(exchange), Random::new(1)).remove(0);
        // Rates and budgets count what came before, and an early answer keeps the module from what comes after it. A single
        // explanation knows neither.
        let is_throttled = done.0.get("report: outcome").is_some_and(|outcome| outcome == &["throttled"]);
        if exchange.answers_early || is_throttled {
            self.left_out += 1;
            return;
        }
        let (Some(message), Some(answer)) =
            (message(&exchange.request, Way::Request), message(&exchange.answer, Way::Response))
        else {
            self.left_out += 1;
            return;
        };
        let asked = asked(message, exchange, &pair.metadata, pair.subject.began);
        let course = pair.policy.ask(&asked, &mut Remembered::default()).unwrap();
        let given = pair.policy.answer(&course, &answer);
        let said = json(&pair.policy, &asked, &course, given.as_ref());
        match course.upstream() {
            Some(_) => self.forwarded += 1,
            None => self.answered += 1,
        }
        let expected = expected(&pair.policy, &course, given.as_ref(), &said);
        let differences = differences(&expected, &done);
        if !differences.is_empty() {
            let example = format!("{}\n    {}", exchange.shown(), differences.join("\n    "));
            let kind = differences[0].split(": the command").next().unwrap_or_default().to_owned();
            self.wrong.entry(kind).or_default().push(example);
        }
    }
}

/// Returns a message as a host shows it, unless it ends in trailers.
fn message(frames: &[Frame], way: Way) -> Option<Message> {
    let mut message = Message::default();
    for frame in frames {
        match frame {
            Frame::Headers(fields, _) => {
                let fields = shown(way, fields.clone()).into_iter();
                let fields = fields.map(|(name, value)| Some((String::from_utf8(name).ok()?, value)));
                message.headers = fields.collect::<Option<_>>()?;
            }
            Frame::Data(bytes, _) => message.body.extend_from_slice(bytes),
            Frame::Trailers(_) => return None,
        }
    }
    Some(message)
}

fn asked(message: Message, exchange: &Exchange, metadata: &[u8], now: u64) -> Asked {
    let follows = match exchange.request.first() {
        Some(Frame::Headers(_, true)) => Body::None,
        _ => Body::Follows,
    };
    let connection: &Connection = &exchange.connection;
    let certificate = connection.certificate.clone().map(|certificate| Presented {
        sha256: certificate.sha256,
        uri_san: certificate.uri_san,
        dns_san: certificate.dns_san,
        subject: certificate.subject,
    });
    let scheme = if connection.tls_version.is_some() { UrlScheme::Https } else { UrlScheme::Http };
    let source = Source::parse(connection.source.to_string().as_bytes()).unwrap();
    let plain = Asked::new("", "", "", Instant(now * 1_000_000));
    Asked { message, follows, scheme, certificate, source, metadata: metadata.to_vec(), ..plain }
}

/// Headers of answers that hosts add.
const BY_HOSTS: [&str; 2] = ["content-length", "server"];

/// The effects on a module that are compared, by the names of [`Done`].
type Observed = BTreeMap<String, String>;

/// Returns what the command says, in the form in which the module is observed.
fn expected(policy: &Policy, course: &Course<'_>, given: Option<&Given>, said: &Value) -> Observed {
    let mut expected = Observed::new();
    // Where the answer is refused, the record says so, and not what became of the request.
    if !matches!(given, Some(Given::Refused(..) | Given::BrokenOff(_))) {
        let record: BTreeMap<String, Value> =
            serde_json::from_str(&course.record.json(&policy.gateway().mounts)).unwrap();
        expected.extend(record.iter().map(|(name, value)| (format!("report: {name}"), text(value))));
    }
    let sent = if said["passed"].is_null() { &said["upstream"] } else { &said["passed"] };
    if let Some(message) = course.upstream() {
        let pseudo = |(name, value): &(String, Vec<u8>)| match name.as_str() {
            ":method" => told(&sent["method"], value),
            ":path" => told(&sent["target"], value),
            ":authority" => told(&sent["host"], value),
            _ => value.escape_ascii().to_string(),
        };
        let line = message.headers.iter().filter(|(name, _)| name.starts_with(':')).map(pseudo);
        expected.insert("to the server: head".to_owned(), line.collect::<Vec<_>>().join(" "));
        expected.insert("to the server: body".to_owned(), told(&sent["body"], &message.body));
        expected.insert("to the server: end".to_owned(), "whole".to_owned());
        headers(&mut expected, "to the server", Way::Request, &message.headers);
    } else {
        expected.insert("to the server: end".to_owned(), String::new());
    }
    let answer = if said["reply"].is_null() { &said["answer"] } else { &said["reply"] };
    let fields: Vec<(String, Vec<u8>)> = match (given, &course.end) {
        (Some(Given::BrokenOff(_)), _) => {
            expected.insert("answer: end".to_owned(), "reset".to_owned());
            return expected;
        }
        (Some(Given::Answer(answer)), _) => answer.headers.clone(),
        (Some(Given::Refused(reply, _)), _) | (None, End::Reply(reply)) => {
            let field =
                |(name, value): &(&'static str, String)| ((*name).to_owned(), value.clone().into_bytes());
            reply.headers.iter().map(field).collect()
        }
        (None, _) => Vec::new(),
    };
    if !answer.is_null() {
        // The body of the filter's own answer to HEAD isn't sent.
        let body = match (given, &course.end) {
            (Some(Given::Answer(given)), _) => told(&answer["body"], &given.body),
            _ if course.sent.text(":method") == "HEAD" => String::new(),
            _ => told(&answer["body"], b""),
        };
        expected.insert("answer: head".to_owned(), text(&answer["status"]));
        // Hosts say the filter's own answers to a gRPC request in words of their own.
        let is_own = !matches!(given, Some(Given::Answer(_)));
        if is_own && course.sent.text("content-type").to_ascii_lowercase().starts_with("application/grpc") {
            return expected;
        }
        expected.insert("answer: body".to_owned(), body);
        headers(&mut expected, "answer", Way::Response, &fields);
    }
    expected
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Returns a text that the command says, or the bytes that it stands for where they aren't UTF-8.
fn told(said: &Value, raw: &[u8]) -> String {
    let said = said.as_str().unwrap_or_default().as_bytes();
    let told = if std::str::from_utf8(raw).is_ok() { said } else { raw };
    told.escape_ascii().to_string()
}

fn headers(expected: &mut Observed, of: &str, way: Way, fields: &[(String, Vec<u8>)]) {
    let fields = fields.iter().map(|(name, value)| (name.clone().into_bytes(), value.clone()));
    for (name, value) in shown(way, fields.collect()).into_iter().filter(|(name, _)| !name.starts_with(b":"))
    {
        let values = expected.entry(format!("{of}: {}", name.escape_ascii())).or_default();
        if !values.is_empty() {
            values.push_str(" | ");
        }
        values.push_str(&value.escape_ascii().to_string());
    }
}

/// Returns what the module did otherwise.
fn differences(expected: &Observed, done: &Done) -> Vec<String> {
    let got = |name: &str| done.0.get(name).map(|texts| texts.join(" | ")).unwrap_or_default();
    let otherwise = |(name, said): (&String, &String)| {
        let got = got(name);
        (got != *said).then(|| format!("{name}: the command says {said:?}, and the module {got:?}"))
    };
    let is_told = |of: &str| expected.contains_key(&format!("{of}body"));
    let is_new = |name: &&String| {
        let of = ["to the server: ", "answer: "].into_iter().find(|of| name.starts_with(of));
        of.is_some_and(|of| is_told(of) && !BY_HOSTS.contains(&&name[of.len()..]))
            && !expected.contains_key(*name)
            && !name.ends_with(": end")
    };
    let unsaid =
        done.0.keys().filter(is_new).map(|name| format!("{name}: the command doesn't say {:?}", got(name)));
    expected.iter().filter_map(otherwise).chain(unsaid).collect()
}
