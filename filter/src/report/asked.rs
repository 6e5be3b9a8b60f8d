//! The text of a query in the access log: as it was asked and as it was sent, if the configuration wants it. Other
//! parameters are never shown, since they may hold secrets.

use crate::target::parameters::Parameters;

/// The queries of one request, each on a line of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AskedQuery {
    /// The parameter that holds them.
    pub parameter: &'static str,
    /// The queries or selectors as the client sent them.
    pub asked: String,
    /// The same as they went upstream; empty if they didn't.
    pub sent: String,
    /// The longest text in the access log, in bytes.
    pub most: usize,
}

impl AskedQuery {
    /// Adds the values of a parameter as they were asked.
    pub(crate) fn add_asked(&mut self, parameters: &Parameters) {
        add(&mut self.asked, self.most, self.parameter, parameters);
    }

    /// Adds the values of a parameter as they are sent.
    pub(crate) fn add_sent(&mut self, parameters: &Parameters) {
        add(&mut self.sent, self.most, self.parameter, parameters);
    }

    /// Returns the queries as they were asked and, if that is something else, as they were sent.
    pub(super) fn entries(&self) -> [Option<&str>; 2] {
        let [asked, sent] = [&self.asked, &self.sent].map(|text| super::cut(text, self.most));
        [Some(asked), Some(sent).filter(|_| self.sent != self.asked)]
            .map(|text| text.filter(|text| !text.is_empty()))
    }
}

/// Adds the values of a parameter to a text, on lines of their own, as long as the text isn't full.
fn add(text: &mut String, most: usize, name: &str, parameters: &Parameters) {
    for value in parameters.values(name) {
        if text.len() >= most {
            return;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(super::cut(&value, most));
    }
}
