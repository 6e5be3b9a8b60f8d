//! Questions to a server, and answers that can be compared.

use promward_harness::client::{Answer, Client, Connection, Request};
use serde_json::Value;
use std::fmt::Write;

/// A request to a server.
#[derive(Clone, Debug)]
pub(crate) struct Question {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) parameters: Vec<(&'static str, String)>,
}

impl Question {
    /// Returns `true` if the query chooses among series by their values, of which some may be equal.
    pub(crate) fn chooses(&self) -> bool {
        let texts = self.parameters.iter().map(|(_, value)| value.to_ascii_lowercase());
        texts.into_iter().any(|text| text.contains("topk") || text.contains("bottomk"))
    }
}

/// The parts of an answer that have to be equal. Of an error it is the kind, since the message names positions in a
/// text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) error: Option<String>,
    pub(crate) data: Value,
    /// The whole answer, in which tests search for forbidden texts.
    whole: Whole,
}

/// A text that is equal to any other.
#[derive(Clone, Debug)]
struct Whole(String);

impl PartialEq for Whole {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Question {
    fn request(&self) -> Request {
        let mut form = String::new();
        for (name, value) in &self.parameters {
            let and = if form.is_empty() { "" } else { "&" };
            write!(form, "{and}{}={}", encoded(name), encoded(value)).unwrap();
        }
        match self.method {
            "POST" => Request::form(&self.path).body(form),
            method => Request::new(method, &format!("{}?{form}", self.path)),
        }
    }
}

/// A client with a kept connection.
pub(crate) struct Asker {
    client: Client,
    connection: Connection,
}

impl Asker {
    pub(crate) fn new(client: Client) -> Self {
        Self { connection: client.connect().unwrap(), client }
    }

    /// Sends a question, on a new connection if this one was closed.
    pub(crate) fn ask(&mut self, question: &Question) -> Answer {
        let answer = self.connection.send(question.request()).unwrap_or_else(|_| {
            self.connection = self.client.connect().unwrap();
            self.connection.send(question.request()).unwrap()
        });
        if answer.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
            self.connection = self.client.connect().unwrap();
        }
        answer
    }

    /// Sends a question whose answer is JSON.
    pub(crate) fn say(&mut self, question: &Question) -> Said {
        let answer = self.ask(question);
        Said::new(&answer)
    }
}

impl Said {
    fn new(answer: &Answer) -> Self {
        let whole = Whole(answer.text());
        let Ok(mut body) = answer.json() else {
            let mut lines: Vec<_> = whole.0.lines().collect();
            lines.sort_unstable();
            return Self { status: answer.status, error: None, data: lines.into(), whole };
        };
        let error = body["errorType"].as_str().map(str::to_owned);
        let mut data = body["data"].take();
        if let Some(series) = data.get_mut("result").and_then(Value::as_array_mut) {
            series.sort_by_cached_key(|series| series["metric"].to_string());
            series.iter_mut().for_each(rounded);
        }
        Self { status: answer.status, error, data, whole }
    }

    /// Checks that the answer has samples.
    pub(crate) fn is_something(&self) -> bool {
        self.error.is_none()
            && self.data.get("result").and_then(Value::as_array).is_some_and(|result| !result.is_empty())
    }

    pub(crate) fn text(&self) -> &str {
        &self.whole.0
    }

    /// Returns the values of all series, without the labels of these.
    fn values(&self) -> Vec<String> {
        let series = self.data.get("result").and_then(Value::as_array).into_iter().flatten();
        let mut values: Vec<_> = series
            .map(|series| {
                series.get("values").or_else(|| series.get("value")).map_or(String::new(), Value::to_string)
            })
            .collect();
        values.sort_unstable();
        values
    }
}

/// The number of times that a query is asked again to show that it has more than one right answer.
const ATTEMPTS: usize = 60;

/// Checks that another server gives the same answer. Returns 1 for a query with more than one right answer, such as the
/// equal values that `topk` chooses from: asking again shows that, or the answers have the same values of other series, or
/// nearly the same values.
pub(crate) fn agree(said: &Said, other: &mut Asker, question: &Question) -> usize {
    let first = other.say(question);
    if first == *said {
        return 0;
    }
    let is_chosen_alike = question.chooses() && first.values() == said.values();
    let is_near = said.error.is_none() && is_near(&first.data, &said.data);
    let undecided = is_chosen_alike || is_near || (0..ATTEMPTS).any(|_| other.say(question) != first);
    assert!(undecided, "{question:?}: {said:?} is not {first:?}");
    1
}

/// Returns `true` if two answers differ by so little that only the order of a sum can be the reason. A division makes more
/// of the difference.
fn is_near(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| is_near(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(key, one)| other.get(key).is_some_and(|other| is_near(one, other)))
        }
        (Value::String(one), Value::String(other)) => match (one.parse::<f64>(), other.parse::<f64>()) {
            (Ok(number), Ok(near)) if number.is_finite() && near.is_finite() => {
                (number - near).abs() <= NEAR * number.abs().max(near.abs())
            }
            _ => one == other,
        },
        _ => one == other,
    }
}

/// The largest difference of two values that are near, as a part of them.
const NEAR: f64 = 1e-6;

/// Rounds every value, because Prometheus doesn't always add numbers in the same order.
fn rounded(node: &mut Value) {
    match node {
        Value::Array(items) => items.iter_mut().for_each(rounded),
        Value::Object(fields) => {
            fields.iter_mut().filter(|(key, _)| *key != "metric").for_each(|(_, value)| rounded(value))
        }
        Value::String(text) => {
            if let Ok(number) = text.parse::<f64>() {
                // The sign of a zero isn't always the same either.
                *text = format!("{:.10e}", if number == 0.0 { 0.0 } else { number * BESIDE_TIES });
            }
        }
        _ => {}
    }
}

/// A factor that leads values with few binary places, such as averages of halves, away from the middle between two rounded
/// values, where the order of a sum would decide.
const BESIDE_TIES: f64 = 1.0 + 1.3e-13;

/// Returns a value in the encoding of forms.
pub(crate) fn encoded(value: &str) -> String {
    let mut text = String::new();
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-' => text.push(char::from(byte)),
            _ => write!(text, "%{byte:02X}").unwrap(),
        }
    }
    text
}
