//! An answer of the server on its way to the client.

use super::Policy;
use super::course::{Course, End};
use super::message::Message;
use promward::response::reply::Reply;
use promward::target::body;

/// The answer that the client gets in the end.
#[derive(Debug)]
pub enum Given {
    /// The answer, with its headers changed, and filtered where the caller is restricted.
    Answer(Message),
    /// A refusal in place of the answer.
    Refused(Reply, String),
    /// The beginning of the answer, which is then broken off for this reason.
    BrokenOff(String),
}

impl Policy {
    /// Returns what the client gets if the server answers like this. A request that didn't go upstream gets nothing.
    #[must_use]
    pub fn answer(&self, course: &Course<'_>, answer: &Message) -> Option<Given> {
        let End::Upstream(upstream) = &course.end else { return None };
        let context = &upstream.1;
        let mut given = answer.clone();
        let edits = match self.gateway().answer(context, &answer.to_headers()) {
            Ok(edits) => edits,
            Err(refusal) => {
                return Some(Given::Refused(
                    self.gateway().refuse(context, None, &refusal),
                    refusal.to_string(),
                ));
            }
        };
        given.apply(&edits);
        // Hosts show a filter no body where there is none.
        if let Some(filtered) = context.filtered.as_ref().filter(|_| !answer.body.is_empty()) {
            match filtered.filter().next(&answer.body, body::End::Here) {
                Ok(body) => given.body = body,
                Err(error) => return Some(Given::BrokenOff(error.to_string())),
            }
        }
        Some(Given::Answer(given))
    }
}

/// Returns an answer of a server with this body. Its media type is the one that the body looks like.
#[must_use]
pub fn of_body(status: u16, body: Vec<u8>) -> Message {
    let begins = body.trim_ascii_start();
    let media_type = match begins.first() {
        Some(b'{' | b'[') => "application/json",
        Some(b'<') => "text/html; charset=utf-8",
        _ => "text/plain; charset=utf-8",
    };
    let answer = Message { headers: Vec::new(), body };
    answer.with(":status", status.to_string()).with("content-type", media_type)
}
