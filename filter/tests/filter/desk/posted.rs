//! Messages of Prometheus' remote protocols, as they are posted to a worker and as they go upstream.

use super::Desk;
use promward::caller::source::Source;
use promward::decision::{Decision, Facts, Forward};
use promward::report::Record;
use promward::target::body::Body;
use promward::target::headers::Headers;
use promward::time::instant::Instant;

/// Midnight on 31 January 2026, in milliseconds since 1970.
pub(crate) const NOW: i64 = 1_769_817_600_000;

/// Returns the client of all messages, and the time of them.
pub(crate) fn facts() -> Facts {
    let now = Some(Instant(u64::try_from(NOW).unwrap().saturating_mul(1_000_000)));
    Facts { source: Source::parse(b"127.0.0.1:1"), now, ..Facts::default() }
}

/// Sends the headers of a message, and returns how it is forwarded, or the status and the text of the refusal.
pub(crate) fn announce(
    desk: &mut Desk,
    path: &str,
    pairs: &[(&str, &str)],
) -> Result<(Box<Forward>, Record), (u16, String)> {
    let about = [(":method", "POST"), (":path", path), (":authority", "example.com")];
    let headers = Headers::from_iter(about.into_iter().chain(pairs.iter().copied()));
    match desk.decide(&headers, Body::Follows, &facts(), 1) {
        (Decision::Forward(forward), record) => Ok((forward, record)),
        (Decision::Reply(reply), _) => Err((reply.status, reply.body)),
        other => panic!("{other:?}"),
    }
}

/// Sends a whole message, and returns the body that goes upstream, or the status and the text of the refusal.
pub(crate) fn post(
    desk: &mut Desk,
    path: &str,
    pairs: &[(&str, &str)],
    body: &[u8],
) -> Result<Vec<u8>, (u16, String)> {
    let (forward, mut record) = announce(desk, path, pairs)?;
    let completed = desk.complete(&forward.body.unwrap(), None, body, &facts(), &mut record);
    completed.map_err(|refusal| {
        let reply = desk.gateway.refuse(&forward.context, record.class, &refusal);
        (reply.status, reply.body)
    })
}
