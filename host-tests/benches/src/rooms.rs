//! The instructions of a request by room of the source, and the code that it touches. They are counted exactly, by
//! counters in the module's code, on the embedded host without a network.

use crate::costs::{PASSWORD, USER, Work};
use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use promward_embedded::host::{Connection, Frame, Headers, Output, Plugin, Settings, Why, Worker};
use promward_module::counting;
use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

/// The number of requests that are counted, and of those before them.
const COUNTED: u32 = 10;
const BEFORE: u32 = 5;

/// The most ticks that a password may take.
const PATIENCE: u32 = 100_000;

/// The name for functions that aren't promward's own: the allocator, copies of memory, the standard library.
pub const OTHER: &str = "the standard library and crates";

/// The instructions and calls that a request of a work executes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Executed {
    /// The instructions of a request by room.
    pub rooms: BTreeMap<String, f64>,
    /// The instructions of a request by function, the most first.
    pub functions: Vec<(String, f64)>,
    /// The length of all code that the requests executed, in bytes.
    pub code: u64,
}

/// Counts what a request of a work executes on average.
///
/// # Errors
///
/// Fails if the module can't be built or loaded, or if a request isn't answered with 200.
pub fn executed(work: Work) -> Result<Executed> {
    let named = promward_module::named_file(&promward_module::build()?);
    let module = fs::read(named).context("cannot read the module")?;
    let (module, pieces) = counting::with_counters(&module)?;
    let mut worker = started(module, work)?;
    let count = |worker: &mut Worker| -> Vec<i64> {
        (0..pieces.len()).map(|piece| worker.global(&counting::counter(piece)).unwrap_or_default()).collect()
    };
    (0..BEFORE).try_for_each(|number| send(&mut worker, work, number))?;
    let before = count(&mut worker);
    (BEFORE..BEFORE + COUNTED).try_for_each(|number| send(&mut worker, work, number))?;
    let after = count(&mut worker);
    let mut executed = Executed::default();
    let mut functions: BTreeMap<&str, f64> = BTreeMap::new();
    for ((piece, before), after) in pieces.iter().zip(before).zip(after) {
        if after == before {
            continue;
        }
        let instructions = piece.instructions as f64 * (after - before) as f64 / f64::from(COUNTED);
        let function = piece.function.as_deref().unwrap_or(OTHER);
        let room = function.split_once("::").map_or(function, |(room, _)| room);
        *executed.rooms.entry(room.to_owned()).or_default() += instructions;
        *functions.entry(function).or_default() += instructions;
        executed.code += piece.bytes;
    }
    executed.functions = functions.into_iter().map(|(name, number)| (name.to_owned(), number)).collect();
    executed.functions.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    Ok(executed)
}

fn started(module: Vec<u8>, work: Work) -> Result<Worker> {
    Plugin::load(Settings::new(module, work.configuration().to_string()))?.worker()
}

/// Sends a request through the module, with the answer of the work.
fn send(worker: &mut Worker, work: Work, number: u32) -> Result<()> {
    let connection = Connection {
        tls_version: Some("TLSv1.3".to_owned()),
        ..Connection::plain(1, "192.0.2.7:50000".parse()?, "192.0.2.1:443".parse()?)
    };
    let id = worker.open(Arc::new(connection));
    for frame in request(work, number)? {
        worker.request(id, frame);
    }
    let (mut is_asked, mut status) = (false, None);
    for _ in 0..PATIENCE {
        let mut is_over = false;
        for output in worker.outputs(id) {
            match output {
                Output::ToUpstream(frame) => is_asked |= frame.ends(),
                Output::ToDownstream(frame) => {
                    is_over |= frame.ends();
                    if let Frame::Headers(head, _) = frame {
                        status = head.into_iter().next().map(|(_, value)| value);
                    }
                }
                Output::Reset => is_over = true,
            }
        }
        if is_over {
            break;
        }
        if std::mem::take(&mut is_asked) {
            answer(work).into_iter().for_each(|frame| worker.response(id, frame));
        } else {
            worker.tick();
        }
    }
    worker.close(id, Why::Finished);
    ensure!(status.as_deref() == Some(b"200"), "{} is answered with {status:?}", work.name());
    Ok(())
}

fn request(work: Work, number: u32) -> Result<Vec<Frame>> {
    let request = http::Request::<bytes::Bytes>::try_from(work.request(number.into()))?;
    let text = |name: &str, value: &str| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
    let mut head: Headers = vec![
        text(":authority", "example.com"),
        text(":path", &request.uri().to_string()),
        text(":method", request.method().as_str()),
        text(":scheme", "https"),
    ];
    for (name, value) in request.headers() {
        head.push((name.as_str().as_bytes().to_vec(), value.as_bytes().to_vec()));
    }
    if work.has_password() {
        let user = STANDARD.encode(format!("{USER}:{PASSWORD}"));
        head.push(text("authorization", &format!("Basic {user}")));
    }
    let body = request.into_body();
    if !body.is_empty() {
        head.push(text("content-length", &body.len().to_string()));
    }
    head.push(text("x-forwarded-for", "192.0.2.7"));
    head.push(text("x-forwarded-proto", "https"));
    head.push(text("x-promward-client", "192.0.2.7 TLSv1.3"));
    head.push(text("x-request-id", "4b4e7c5e-6e0c-9a3c-8f0e-3d0a4a1f9a57"));
    let mut frames = vec![Frame::Headers(head, body.is_empty())];
    frames.extend((!body.is_empty()).then_some(Frame::Data(body, true)));
    Ok(frames)
}

fn answer(work: Work) -> [Frame; 2] {
    let answer = work.answer();
    let text = |name: &str, value: &str| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
    let head = vec![
        text(":status", "200"),
        text("content-type", answer.media_type),
        text("content-length", &answer.body.len().to_string()),
        text("date", "Mon, 30 Nov 2026 00:00:00 GMT"),
    ];
    [Frame::Headers(head, false), Frame::Data(answer.body, true)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_instructions_of_all_rooms_are_those_that_fuel_counts() {
        let work = Work::Restricted;
        let mut worker = started(fs::read(promward_module::build().unwrap()).unwrap(), work).unwrap();
        let fuel = |worker: &Worker| {
            worker.counts().callbacks.values().map(|callback| callback.instructions).sum::<u64>()
        };
        (0..BEFORE).for_each(|number| send(&mut worker, work, number).unwrap());
        let before = fuel(&worker);
        (BEFORE..BEFORE + COUNTED).for_each(|number| send(&mut worker, work, number).unwrap());
        let expected = (fuel(&worker) - before) as f64 / f64::from(COUNTED);
        let counted: f64 = executed(work).unwrap().rooms.values().sum();
        assert!(
            (counted / expected - 1.0).abs() < 0.01,
            "{counted} were counted, and fuel counts {expected}"
        );
    }
}
