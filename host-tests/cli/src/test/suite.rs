//! A file with tests, read and ready to run: its configuration is loaded, and every request is complete.

use super::file::{AnswerOf, BodyOf, OneOrMany, RequestOf, TestCase, TestFile, Text};
use crate::check;
use crate::explain::request::{self, certificate};
use crate::policy::Policy;
use crate::policy::answer::of_body;
use crate::policy::asked::Asked;
use crate::policy::caller::As;
use crate::policy::message::Message;
use promward::caller::source::Source;
use promward::target::parameters::FormText;
use promward::time::instant::Instant;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A file with tests.
pub(super) struct Suite {
    /// The file, as the user called it.
    pub(super) name: String,
    /// The configuration that is tested.
    pub(super) policy: Policy,
    /// The path of the configuration, and the filter in it, as `promward explain` takes them.
    pub(super) configuration: (PathBuf, Option<String>),
    /// The tests. One with several callers is there once for each.
    pub(super) tests: Vec<Test>,
}

/// A test, ready to run.
pub(super) struct Test {
    /// The name, and the caller if the test has one.
    pub(super) name: String,
    /// The request that is asked about.
    pub(super) asked: Asked,
    /// The file of the certificate that the client presents.
    pub(super) certificate: Option<PathBuf>,
    /// The address that the request comes from, if it is said.
    pub(super) source: Option<String>,
    /// The answer of the server.
    pub(super) answer: Option<Message>,
    /// The test as the file has it, with its expectations.
    pub(super) case: TestCase,
    /// The body that is expected, if it is given.
    pub(super) body: Option<Body>,
}

/// A body that is expected.
pub(super) enum Body {
    /// This JSON, however it is written.
    Json(Value),
    /// This text, to the byte.
    Text(String),
    /// Any text that contains this one.
    Containing(String),
}

impl Suite {
    /// Reads a file with tests.
    ///
    /// # Errors
    ///
    /// Returns a message that begins with the file, and names the field or the test that is wrong.
    pub(super) fn read(file: &Path, now: Instant) -> Result<Self, String> {
        let name = file.display().to_string();
        let text = check::read_named(file)?;
        let read: TestFile = serde_norway::from_slice(&text).map_err(|error| format!("{name}: {error}"))?;
        let folder = file.parent().unwrap_or(Path::new("")).to_owned();
        let configuration = folder.join(&read.configuration);
        let policy = Policy::of_file(&configuration, read.filter.as_deref())?;
        let defaults = Defaults {
            now: time(read.now.as_deref(), now).map_err(|error| format!("{name}: now: {error}"))?,
            source: read.source.clone(),
            folder,
        };
        let mut tests = Vec::new();
        for case in read.tests {
            let place = |error| format!("{name}: {:?}: {error}", case.name);
            tests.extend(defaults.tests(&case).map_err(place)?);
        }
        Ok(Self { name, policy, configuration: (configuration, read.filter), tests })
    }
}

/// The settings that hold for all tests of a file.
struct Defaults {
    now: Instant,
    source: Option<String>,
    folder: PathBuf,
}

impl Defaults {
    /// Returns the tests of a case, one for each caller.
    fn tests(&self, case: &TestCase) -> Result<Vec<Test>, String> {
        let mut asked = self.asked(&case.request, time(case.now.as_deref(), self.now)?)?;
        let source = case.source.as_ref().or(self.source.as_ref());
        if let Some(source) = source {
            let parsed = Source::parse(source.as_bytes());
            asked.source =
                parsed.ok_or_else(|| format!("source: {source:?} is no address like 192.0.2.1"))?;
        }
        asked.claims.clone_from(&case.claims);
        asked.times = case.repeat.unwrap_or(1).max(1);
        let file = case.certificate.as_ref().map(|file| self.folder.join(file));
        if let Some(file) = &file {
            asked.certificate = Some(certificate(file)?);
        }
        let answer = case.answer.as_ref().map(|answer| self.answer(answer)).transpose()?;
        let test = |name: String, caller: As| -> Result<Test, String> {
            let asked = Asked { caller, ..asked.clone() };
            let body = case.expect.body.as_ref().map(|body| self.body(body)).transpose()?;
            Ok(Test {
                name,
                asked,
                certificate: file.clone(),
                source: source.cloned(),
                answer: answer.clone(),
                case: case.clone(),
                body,
            })
        };
        let callers = case.callers.as_ref().map(OneOrMany::all).unwrap_or_default();
        if callers.is_empty() {
            return Ok(vec![test(case.name.clone(), As::Shown)?]);
        }
        let named = |caller: &String| {
            let parsed = caller.parse().map_err(|error| format!("as: {error}"))?;
            test(format!("{} ({caller})", case.name), parsed)
        };
        callers.iter().map(named).collect()
    }

    fn asked(&self, request: &RequestOf, now: Instant) -> Result<Asked, String> {
        if let Some(line) = &request.curl {
            return crate::explain::curl::asked(line, now);
        }
        let methods = [
            ("GET", &request.get),
            ("HEAD", &request.head),
            ("POST", &request.post),
            ("PUT", &request.put),
            ("PATCH", &request.patch),
            ("DELETE", &request.delete),
            ("OPTIONS", &request.options),
        ];
        let mut given = methods.into_iter().filter_map(|(method, path)| Some((method, path.as_ref()?)));
        let (Some((method, path)), None) = (given.next(), given.next()) else {
            return Err("request: give one method with its path, such as get: /prometheus/graph".to_owned());
        };
        let mut asked = request::to(method, path, now).map_err(|error| format!("request: {error}"))?;
        asked = asked.with_parameters(&encoded(&request.parameters));
        for (name, values) in &request.headers {
            for value in values.all() {
                request::add_header(&mut asked, &format!("{name}: {value}"))?;
            }
        }
        let body = match &request.body {
            Some(_) if !request.form.is_empty() => {
                return Err("request: give a form or a body, and not both".to_owned());
            }
            Some(body) => body.clone(),
            None => encoded(&request.form),
        };
        Ok(asked.with_body(body.into_bytes()))
    }

    fn answer(&self, answer: &AnswerOf) -> Result<Message, String> {
        let body = match (&answer.file, &answer.json, &answer.text) {
            (Some(file), None, None) => self.read(file)?,
            (None, Some(json), None) => json.to_string().into_bytes(),
            (None, None, Some(text)) => text.clone().into_bytes(),
            (None, None, None) => Vec::new(),
            _ => return Err("answer: give one of file, json and text".to_owned()),
        };
        let mut message = of_body(answer.status.unwrap_or(200), body);
        for (name, value) in &answer.headers {
            message.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
            message = message.with(&name.to_ascii_lowercase(), value.to_string());
        }
        Ok(message)
    }

    fn body(&self, body: &BodyOf) -> Result<Body, String> {
        match (&body.file, &body.json, &body.text, &body.contains) {
            (Some(file), None, None, None) => {
                let text = String::from_utf8_lossy(&self.read(file)?).into_owned();
                Ok(serde_json::from_str(&text).map_or(Body::Text(text), Body::Json))
            }
            (None, Some(json), None, None) => Ok(Body::Json(json.clone())),
            (None, None, Some(text), None) => Ok(Body::Text(text.clone())),
            (None, None, None, Some(text)) => Ok(Body::Containing(text.clone())),
            _ => Err("expect.body: give one of file, json, text and contains".to_owned()),
        }
    }

    fn read(&self, file: &str) -> Result<Vec<u8>, String> {
        check::read_named(&self.folder.join(file))
    }
}

fn time(text: Option<&str>, otherwise: Instant) -> Result<Instant, String> {
    let Some(text) = text else { return Ok(otherwise) };
    Instant::parse(text).ok_or_else(|| format!("{text:?} is no time like 2026-01-31T00:00:00Z"))
}

/// Writes parameters as a query string or a form.
fn encoded(parameters: &BTreeMap<String, OneOrMany<Text>>) -> String {
    let mut pairs = Vec::new();
    for (name, values) in parameters {
        let name = FormText::new(name);
        let pair = |value: &Text| format!("{}={}", name.as_str(), FormText::new(&value.to_string()).as_str());
        pairs.extend(values.all().iter().map(pair));
    }
    pairs.join("&")
}
