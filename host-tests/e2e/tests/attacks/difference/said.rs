//! The words of the command about a request, in the form in which a host is observed: what reaches the server, what the
//! client gets, and what is reported.

use super::done::{Done, text};
use super::exchange::Exchange;
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
use promward_embedded::host::{Connection, Frame, Way, shown};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// The effects that the command tells of, by the names of [`Done`].
pub(super) type Observed = BTreeMap<String, String>;

/// The words of the command about one request.
pub(super) struct Said {
    /// The request goes to the server, and isn't answered.
    pub(super) is_forwarded: bool,
    pub(super) effects: Observed,
    /// The explanation in JSON, as `promward explain --json` prints it.
    pub(super) explanation: Value,
}

/// Explains a request that comes at a time, in milliseconds since 1970, and its answer. Returns `None` if a single
/// explanation can't be about it.
pub(super) fn said(policy: &Policy, exchange: &Exchange, metadata: &[u8], now: u64) -> Option<Said> {
    let (message, answer) =
        (message(&exchange.request, Way::Request)?, message(&exchange.answer, Way::Response)?);
    let asked = asked(message, exchange, metadata, now);
    let course = policy.ask(&asked, &mut Remembered::default()).unwrap();
    let given = policy.answer(&course, &answer);
    let explanation = json(policy, &asked, &course, given.as_ref());
    let effects = expected(policy, &course, given.as_ref(), &explanation);
    Some(Said { is_forwarded: course.upstream().is_some(), effects, explanation })
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

/// A difference between what the command says and what was done.
pub(super) struct Difference {
    /// The name of the effect, as [`Done`] has it.
    pub(super) name: String,
    pub(super) said: Option<String>,
    pub(super) done: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.said {
            Some(said) => write!(f, "{}: the command says {said:?}, and it was {:?}", self.name, self.done),
            None => write!(f, "{}: the command doesn't say {:?}", self.name, self.done),
        }
    }
}

/// Returns what was done otherwise. `is_same` compares what the command says with what was done.
pub(super) fn differences(
    expected: &Observed,
    done: &Done,
    is_same: impl Fn(&str, &str) -> bool,
) -> Vec<Difference> {
    let got = |name: &str| done.0.get(name).map(|texts| texts.join(" | ")).unwrap_or_default();
    let otherwise = |(name, said): (&String, &String)| {
        let done = got(name);
        let differs = !is_same(said, &done);
        differs.then(|| Difference { name: name.clone(), said: Some(said.clone()), done })
    };
    let is_told = |of: &str| expected.contains_key(&format!("{of}body"));
    let is_new = |name: &&String| {
        let of = ["to the server: ", "answer: "].into_iter().find(|of| name.starts_with(of));
        of.is_some_and(|of| is_told(of) && !BY_HOSTS.contains(&&name[of.len()..]))
            && !expected.contains_key(*name)
            && !name.ends_with(": end")
    };
    let unsaid = done.0.keys().filter(is_new);
    let unsaid = unsaid.map(|name| Difference { name: name.clone(), said: None, done: got(name) });
    expected.iter().filter_map(otherwise).chain(unsaid).collect()
}
