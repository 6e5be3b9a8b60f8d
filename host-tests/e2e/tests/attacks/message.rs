//! A request or an answer of a case, as it is written, sent and compared.

use crate::attacks::expand::{bytes, form};
use anyhow::Result;

/// The word before an arrival that breaks off before its end, if it comes at all.
pub(crate) const HALF: &str = "half ";

/// A request or an answer: a first line, header lines, and a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) first: Vec<u8>,
    pub(crate) headers: Vec<Vec<u8>>,
    /// The body, or `None` if no empty line begins one.
    pub(crate) body: Option<Vec<u8>>,
    pub(crate) parameters: Vec<Vec<u8>>,
    pub(crate) fields: Vec<Vec<u8>>,
}

impl Message {
    /// Returns a request that may arrive without its end.
    pub(crate) fn half(line: &str) -> Self {
        Self { first: format!("{HALF}{line}").into_bytes(), ..Self::default() }
    }

    pub(crate) fn line(&mut self, text: &str, has_first: bool) -> Result<()> {
        let line = bytes(text)?;
        match &mut self.body {
            Some(body) if body.is_empty() => *body = line,
            Some(body) => {
                body.push(b'\n');
                body.extend(line);
            }
            None if line.is_empty() => self.body = Some(Vec::new()),
            None if has_first && self.first.is_empty() => self.first = line,
            None => self.headers.push(line),
        }
        Ok(())
    }

    /// Appends parameters to the target, and fields to the body.
    pub(crate) fn finish(&mut self) {
        if !self.parameters.is_empty() {
            let mark = if self.first.contains(&b'?') { b'&' } else { b'?' };
            self.first.push(mark);
            self.first.extend(form(&self.parameters).into_bytes());
        }
        if !self.fields.is_empty() {
            self.body = Some(form(&self.fields).into_bytes());
        }
    }

    /// Checks that its body was written as fields of a form.
    pub(crate) fn is_form(&self) -> bool {
        !self.fields.is_empty()
    }

    /// Returns the names of its header lines, and their values if they have one.
    pub(crate) fn header_lines(&self) -> impl Iterator<Item = (String, Option<String>)> {
        self.headers.iter().map(|line| {
            let line = String::from_utf8_lossy(line).into_owned();
            match line.split_once(": ") {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (
                    line.trim_start_matches('!').trim_end_matches(':').to_owned(),
                    line.ends_with(':').then(String::new),
                ),
            }
        })
    }
}
