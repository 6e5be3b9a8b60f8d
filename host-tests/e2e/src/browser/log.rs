//! The browser's report of its requests and of its console, put together from the events that its driver keeps.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use std::collections::BTreeMap;

/// A request of the browser, and its result.
#[derive(Clone, Debug)]
pub struct Request {
    pub url: String,
    pub method: String,
    /// The purpose of the request, in Chromium's words: `Document`, `XHR`, `Script`, `Other`…
    pub kind: String,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// The headers of the answer, by name in lower case.
    pub headers: BTreeMap<String, String>,
    /// The end of the request, once it has ended.
    pub end: Option<End>,
    /// The body of the answer, if the answer is complete and the page was still there when the body was asked for.
    pub body: Option<String>,
    id: String,
}

/// The way in which a request ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// A complete answer arrived.
    Whole,
    /// The server sent the browser elsewhere, which is another request.
    Redirected,
    /// No complete answer arrived, for this reason in Chromium's words.
    Failed(String),
}

/// A line on the console.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Complaint {
    /// `SEVERE`, `WARNING`, `INFO` or `DEBUG`.
    pub level: String,
    /// The part of the browser that wrote it: `javascript`, `network`, `security`…
    pub source: String,
    pub text: String,
}

/// All events so far.
#[derive(Default)]
pub(super) struct Log {
    requests: Vec<Request>,
    complaints: Vec<Complaint>,
    unread: Vec<String>,
}

impl Log {
    pub(super) fn requests(&self) -> &[Request] {
        &self.requests
    }

    pub(super) fn complaints(&self) -> &[Complaint] {
        &self.complaints
    }

    /// Returns a request that hasn't ended.
    pub(super) fn open(&self) -> Option<&Request> {
        self.requests.iter().find(|request| request.end.is_none())
    }

    /// Takes the ids of the requests whose answers have become complete since the last call.
    pub(super) fn unread(&mut self) -> Vec<String> {
        std::mem::take(&mut self.unread)
    }

    /// Takes the driver's reply to the question for a body.
    pub(super) fn read(&mut self, id: &str, answer: &Value) {
        let Some(body) = answer.get("body").and_then(Value::as_str) else { return };
        let is_binary = answer.get("base64Encoded").and_then(Value::as_bool).unwrap_or_default();
        let body = if is_binary {
            String::from_utf8_lossy(&STANDARD.decode(body).unwrap()).into_owned()
        } else {
            body.to_owned()
        };
        if let Some(request) = self.latest(id) {
            request.body = Some(body);
        }
    }

    /// Takes a line of the console.
    pub(super) fn take_line(&mut self, entry: &Value) {
        let (level, source, text) = (text(entry, "/level"), text(entry, "/source"), text(entry, "/message"));
        self.complaints.push(Complaint { level, source, text });
    }

    /// Takes an event of the page.
    pub(super) fn take_event(&mut self, entry: &Value) {
        let message: Value = serde_json::from_str(&text(entry, "/message")).unwrap();
        let id = text(&message, "/message/params/requestId");
        let Some(event) = message.pointer("/message/params") else { return };
        match text(&message, "/message/method").as_str() {
            "Network.requestWillBeSent" => self.begin(id, event),
            "Network.responseReceived" => {
                if let Some(request) = self.latest(&id) {
                    request.answered(event.get("response"));
                }
            }
            "Network.loadingFinished" => {
                self.end(&id, End::Whole);
                self.unread.push(id);
            }
            "Network.loadingFailed" => {
                let blocked = event.get("blockedReason").and_then(Value::as_str).unwrap_or_default();
                self.end(
                    &id,
                    End::Failed(format!("{} {blocked}", text(event, "/errorText")).trim().to_owned()),
                );
            }
            _ => {}
        }
    }

    /// Begins a request. After a redirect, the next request has the same id as the one before.
    fn begin(&mut self, id: String, event: &Value) {
        if let Some(before) = self.latest(&id).filter(|request| request.end.is_none()) {
            before.answered(event.get("redirectResponse"));
            before.end = Some(End::Redirected);
        }
        let (url, method) = (text(event, "/request/url"), text(event, "/request/method"));
        let (kind, headers) = (text(event, "/type"), BTreeMap::new());
        self.requests.push(Request { url, method, kind, headers, id, status: None, end: None, body: None });
    }

    fn end(&mut self, id: &str, end: End) {
        if let Some(request) = self.latest(id) {
            request.end = Some(end);
        }
    }

    fn latest(&mut self, id: &str) -> Option<&mut Request> {
        self.requests.iter_mut().rfind(|request| request.id == id)
    }
}

impl Request {
    fn answered(&mut self, response: Option<&Value>) {
        let Some(response) = response else { return };
        let status = response.get("status").and_then(Value::as_u64);
        self.status = status.and_then(|status| u16::try_from(status).ok());
        let headers = response.get("headers").and_then(Value::as_object).into_iter().flatten();
        self.headers = headers
            .map(|(name, value)| (name.to_lowercase(), value.as_str().unwrap_or_default().to_owned()))
            .collect();
    }
}

fn text(value: &Value, place: &str) -> String {
    value.pointer(place).and_then(Value::as_str).unwrap_or_default().to_owned()
}
