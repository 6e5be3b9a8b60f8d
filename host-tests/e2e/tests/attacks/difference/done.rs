//! The effects of a request, in a form that can be compared.

use promward_embedded::host::{Frame, Output};
use serde_json::Value;
use std::collections::BTreeMap;

/// The effects of a request that can be seen, by a name such as `answer: status`. A header is named by itself, so that
/// the order of different headers doesn't count, and the order of equal ones does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Done(pub(super) BTreeMap<String, Vec<String>>);

impl Done {
    /// Takes what the module put out.
    pub(super) fn take(&mut self, output: Output) {
        match output {
            Output::ToUpstream(frame) => self.frame("to the server", frame),
            Output::ToDownstream(frame) => self.frame("answer", frame),
            Output::Reset => self.add("answer: end", "reset".to_owned()),
        }
    }

    pub(super) fn add(&mut self, name: &str, text: String) {
        self.0.entry(name.to_owned()).or_default().push(text);
    }

    /// Adds a field of the record that the filter reports of the request.
    pub(super) fn add_reported(&mut self, name: &str, value: &Value) {
        self.add(&format!("report: {name}"), text(value));
    }

    fn frame(&mut self, to: &str, frame: Frame) {
        if frame.ends() {
            self.add(&format!("{to}: end"), "whole".to_owned());
        }
        match frame {
            Frame::Headers(head, _) => {
                let (pseudo, headers): (Vec<_>, Vec<_>) =
                    head.into_iter().partition(|(name, _)| name.starts_with(b":"));
                let line: Vec<_> = pseudo.iter().map(|(_, value)| value.escape_ascii().to_string()).collect();
                self.add(&format!("{to}: head"), line.join(" "));
                for (name, value) in headers {
                    self.add(&format!("{to}: {}", name.escape_ascii()), value.escape_ascii().to_string());
                }
            }
            Frame::Data(bytes, _) => {
                // How a body is cut into pieces may differ.
                let texts = self.0.entry(format!("{to}: body")).or_default();
                let text = bytes.escape_ascii().to_string();
                match texts.first_mut() {
                    Some(before) => before.push_str(&text),
                    None => texts.push(text),
                }
            }
            Frame::Trailers(trailers) => {
                for (name, value) in trailers {
                    let text = format!("{}: {}", name.escape_ascii(), value.escape_ascii());
                    self.add(&format!("{to}: trailers"), text);
                }
            }
        }
    }
}

/// Returns a value as a record has it: a text without its quotes, and everything else in JSON.
pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
