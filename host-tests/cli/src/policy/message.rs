//! A request or an answer: headers with the pseudo headers among them, and a body.

use promward::target::header_edits::{Change, HeaderEdits};
use promward::target::headers::Headers;

/// Headers whose values are secrets, and shown nowhere.
const SECRET: [&str; 3] = ["authorization", "proxy-authorization", "cookie"];

/// A request or an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// The names and values of the headers, in order. `:method`, `:path` and `:authority` or `:status` are among them.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body, which is empty if there is none.
    pub body: Vec<u8>,
}

impl Message {
    /// Returns the message with a header behind all others.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Sets a header to one value.
    pub fn set(&mut self, name: &str, value: impl Into<Vec<u8>>) {
        let mut value = Some(value.into());
        self.headers.retain_mut(|(known, old)| {
            if !known.eq_ignore_ascii_case(name) {
                return true;
            }
            value.take().map(|value| *old = value).is_some()
        });
        self.headers.extend(value.map(|value| (name.to_owned(), value)));
    }

    /// Returns the first value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let is_it = |(known, _): &&(String, Vec<u8>)| known.eq_ignore_ascii_case(name);
        self.headers.iter().find(is_it).map(|(_, value)| value.as_slice())
    }

    /// Returns the first value of a header as text, or an empty text if there is no such header.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        String::from_utf8_lossy(self.header(name).unwrap_or_default()).into_owned()
    }

    /// Returns the first line of a request, without the protocol.
    #[must_use]
    pub fn first_line(&self) -> String {
        format!("{} {}", self.text(":method"), self.text(":path"))
    }

    /// Applies changes to the headers as a host does.
    pub fn apply(&mut self, edits: &HeaderEdits) {
        let headers = self.to_headers();
        for change in edits.changes(&headers) {
            match change {
                Change::Remove(name) => {
                    self.headers.retain(|(known, _)| !known.as_bytes().eq_ignore_ascii_case(name));
                }
                Change::Replace(name, value) => self.set(name, value),
                Change::Add(name, value) => {
                    self.headers.push((name.to_owned(), value.as_bytes().to_vec()));
                }
            }
        }
    }

    /// Returns the headers as the core reads them.
    #[must_use]
    pub fn to_headers(&self) -> Headers {
        self.headers.iter().map(|(name, value)| (name.as_bytes(), value.as_slice())).collect()
    }

    /// Returns the headers but the pseudo headers as they may be shown, without secrets.
    pub fn shown(&self) -> impl Iterator<Item = (&str, String)> {
        let is_plain = |(name, _): &&(String, Vec<u8>)| !name.starts_with(':');
        self.headers.iter().filter(is_plain).map(|(name, value)| {
            let is_secret = SECRET.iter().any(|secret| name.eq_ignore_ascii_case(secret));
            let value =
                if is_secret { "…".to_owned() } else { String::from_utf8_lossy(value).into_owned() };
            (name.as_str(), value)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use promward::target::header_edits::HeaderName;

    #[test]
    fn changes_are_applied_as_a_host_does() {
        let mut message = Message::default().with("a", "1").with("B", "2").with("b", "3").with("c", "4");
        message.apply(&HeaderEdits {
            remove: vec![b"C".to_vec()],
            set: vec![
                (HeaderName::Configured("b".into()), "5".into()),
                (HeaderName::Configured("d".into()), "6".into()),
            ],
            add: vec![("a", "7".into())],
        });
        let shown: Vec<_> = message.shown().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(shown, ["a=1", "B=5", "d=6", "a=7"]);
    }

    #[test]
    fn secrets_are_not_shown() {
        let message = Message::default().with("Authorization", "Basic x").with("cookie", "y");
        assert!(message.shown().all(|(_, value)| value == "…"));
    }
}
