//! The effects of one request that its client and its server saw, in the form in which the command is compared with them.

use super::done::Done;
use promward_harness::client::Answer;
use promward_harness::upstream::{End, Received};
use std::net::Ipv4Addr;
use std::time::{SystemTime, UNIX_EPOCH};

/// The address before that of the first client. They are all of this machine.
const FIRST: Ipv4Addr = Ipv4Addr::new(127, 1, 0, 0);

/// The longest time from the explanation of a request to the decision about it, in seconds.
const ON_ITS_WAY: f64 = 30.0;

/// An answer as its client got it.
pub(crate) enum Answered {
    Whole(Answer),
    /// The status and the body, by a client that reads no headers.
    Bare(u16, String),
    /// No answer, or one that was broken off.
    None,
}

impl Answered {
    /// Returns the answer to a request over HTTP/2, whose status may be `closed`.
    pub(crate) fn of_http2(status: &str, body: &str) -> Self {
        status.parse().map_or(Self::None, |status| Self::Bare(status, body.to_owned()))
    }
}

/// A client of one request, and the answers that it got.
pub(crate) struct Seen {
    /// The client's address, which no other one has.
    pub(crate) client: Ipv4Addr,
    pub(crate) answers: Vec<Answered>,
    /// The time before it was sent, in milliseconds since 1970.
    pub(super) now: u64,
}

impl Seen {
    /// Begins the request of a new client, by the number of those before it.
    pub(crate) fn next(clients: &mut u32) -> Self {
        *clients += 1;
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = since.as_millis().try_into().unwrap_or_default();
        Self { client: Ipv4Addr::from_bits(FIRST.to_bits() + *clients), answers: Vec::new(), now }
    }
}

/// Adds what reached the server.
pub(super) fn take_arrival(done: &mut Done, arrived: Option<&Received>) {
    let Some(Received { method, target, headers, body, end, .. }) = arrived else { return };
    done.add("to the server: line", format!("{method} {target}").as_bytes().escape_ascii().to_string());
    done.add("to the server: body", body.escape_ascii().to_string());
    done.add("to the server: end", if *end == End::Clean { "whole" } else { "cut" }.to_owned());
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        done.add(&format!("to the server: {}", name.escape_default()), value.escape_ascii().to_string());
    }
}

/// Adds what the client got.
pub(super) fn take_answer(done: &mut Done, answer: &Answered) {
    match answer {
        Answered::Whole(answer) => {
            done.add("answer: head", answer.status.to_string());
            done.add("answer: body", answer.body.escape_ascii().to_string());
            for (name, value) in &answer.headers {
                done.add(&format!("answer: {}", name.escape_default()), value.escape_ascii().to_string());
            }
        }
        Answered::Bare(status, body) => {
            done.add("answer: head", status.to_string());
            done.add("answer: body", body.as_bytes().escape_ascii().to_string());
        }
        Answered::None => done.add("answer: end", "reset".to_owned()),
    }
}

/// Compares two texts. Where both have a number that is a time of these years, or a
/// duration of days, the two may differ a little.
pub(super) fn is_same_but_for_the_time(said: &str, done: &str) -> bool {
    let parts = |text: &str| -> Vec<String> {
        let is_number = |character: char| character.is_ascii_digit() || character == '.';
        let mut parts: Vec<String> = Vec::new();
        for character in text.chars() {
            match parts.last_mut() {
                Some(part) if part.ends_with(is_number) == is_number(character) => part.push(character),
                _ => parts.push(character.into()),
            }
        }
        parts
    };
    let is_near = |said: &str, done: &str| {
        let (Ok(said), Ok(done)) = (said.parse::<f64>(), done.parse::<f64>()) else { return false };
        let unit = if said > 1e11 { 1e3 } else { 1.0 };
        said > 1e9 && (done - said).abs() < ON_ITS_WAY * unit
    };
    if said == done {
        return true;
    }
    let (said, done) = (parts(&in_milliseconds(said)), parts(&in_milliseconds(done)));
    said.len() == done.len() && said.iter().zip(&done).all(|(said, done)| said == done || is_near(said, done))
}

/// Writes the durations of days in a text, such as `20787d21h33m`, in milliseconds: they may be counted up to now.
fn in_milliseconds(text: &str) -> String {
    let words = text.split_inclusive(|character: char| !character.is_ascii_alphanumeric());
    let written = |word: &str| {
        let end = word.trim_end_matches(|character: char| !character.is_ascii_alphanumeric()).len();
        let (word, after) = word.split_at(end);
        days(word).map_or_else(|| format!("{word}{after}"), |milliseconds| format!("{milliseconds}{after}"))
    };
    words.map(written).collect()
}

/// A time that no duration reaches, in milliseconds.
const FAR: u64 = 10_000_000_000_000;

/// Returns the milliseconds of a duration that begins with days, as a time after [`FAR`].
fn days(word: &str) -> Option<u64> {
    let units = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];
    let (mut rest, mut total) = (word, 0);
    for (unit, milliseconds) in units {
        let digits = rest.len() - rest.trim_start_matches(|character: char| character.is_ascii_digit()).len();
        let (number, after) = rest.split_at(digits);
        let letters =
            after.len() - after.trim_start_matches(|character: char| character.is_ascii_alphabetic()).len();
        if after.get(..letters) == Some(unit) {
            total += number.parse::<u64>().ok()?.checked_mul(milliseconds)?;
            rest = after.get(letters..)?;
        } else if unit == "d" {
            return None;
        }
    }
    rest.is_empty().then_some(FAR + total)
}

#[cfg(test)]
mod tests {
    use super::is_same_but_for_the_time;

    #[test]
    fn a_time_may_be_a_little_earlier_or_later() {
        for (said, done, is_same) in [
            ("start=1796000000.5&end=2", "start=1796000001.000&end=2", true),
            ("1796000000500ms", "1796000010500ms", true),
            ("start=1796000000.5", "start=1796000000.4", true),
            ("is 1d23h59m59s722ms", "is 1d23h59m59s681ms", true),
            ("start=1796000000", "start=1796000100", false),
            ("is 20787d21h33m43s597ms old", "is 20787d21h33m44s old", true),
            ("is 20787d21h33m43s597ms old", "is 20788d21h33m44s old", false),
            ("allows 1d", "allows 2d", false),
            ("limit=1", "limit=2", false),
            ("a1796000000", "b1796000000", false),
        ] {
            assert_eq!(is_same_but_for_the_time(said, done), is_same, "{said} {done}");
        }
    }
}
