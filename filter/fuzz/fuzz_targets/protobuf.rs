//! Writes and reads by messages in the name of a tenant: whatever goes on is read by another library as series of that tenant
//! alone, or as queries that all have the restriction.

#![no_main]

#[path = "../../tests/filter/messages/mod.rs"]
mod messages;

use libfuzzer_sys::fuzz_target;
use messages::read::ReadRequest;
use messages::{RequestV2, WriteRequest, compressed, decoded, texts, texts_v2};
use promward::enforce::remote_read::{AwaitedRead, ReadTerms};
use promward::enforce::remote_write::{AwaitedWrite, MissingLabel, WriteTerms};
use promward::enforce::restriction::{Absent, Restriction, Term};
use promward::promql::Bounds;
use promward::target::headers::Headers;
use prost::Message;
use std::rc::Rc;

fuzz_target!(|bytes: &[u8]| {
    let Some((&first, message)) = bytes.split_first() else { return };
    let (is_second, missing) =
        (first & 1 == 1, if first & 2 == 2 { MissingLabel::Add } else { MissingLabel::Refuse });
    let content_type = if is_second {
        "application/x-protobuf;proto=io.prometheus.write.v2.Request"
    } else {
        "application/x-protobuf"
    };
    let headers = Headers::from_iter([("content-type", content_type), ("content-encoding", "snappy")]);
    let term = Term::listed("tenant", vec!["a".to_owned()], Absent::Refused);
    let restriction = term.and_then(|term| Restriction::new(vec![term])).map(Rc::new);
    if first & 4 == 4 {
        return read(&headers, ReadTerms { restriction, guarded: None, bounds: Bounds::default() }, message);
    }
    let terms = WriteTerms { restriction, missing, samples: None };
    let Ok(awaited) = AwaitedWrite::announced(&headers, 1 << 20, terms) else { return };
    let Ok(completed) = awaited.complete(compressed(message)) else { return };
    // Numbers of histograms go on unread. Where they are none, the other library refuses the message, and so does a server.
    let series = if is_second {
        readable::<RequestV2>(&completed.body).map(|request| texts_v2(&request))
    } else {
        readable::<WriteRequest>(&completed.body).map(|request| texts(&request))
    };
    for labels in series.unwrap_or_default() {
        let tenants: Vec<_> = labels.split(',').filter(|label| label.starts_with("tenant=")).collect();
        assert!(tenants.contains(&"tenant=a"), "{labels:?}");
    }
});

/// Returns the message that was sent, if the other library can read it.
fn readable<M: Message + Default>(body: &[u8]) -> Option<M> {
    M::decode(snap::raw::Decoder::new().decompress_vec(body).ok()?.as_slice()).ok()
}

fn read(headers: &Headers, terms: ReadTerms, message: &[u8]) {
    let Ok(awaited) = AwaitedRead::announced(headers, 1 << 20, terms) else { return };
    let Ok(completed) = awaited.complete(&compressed(message)) else { return };
    let (sent, given) = (decoded::<ReadRequest>(&completed), decoded::<ReadRequest>(&compressed(message)));
    assert_eq!(sent.accepted_response_types, given.accepted_response_types);
    assert_eq!(sent.queries.len(), given.queries.len());
    for (mut sent, given) in sent.queries.into_iter().zip(given.queries) {
        let added = sent.matchers.pop().map(|added| (added.kind, added.name, added.value));
        assert_eq!(added, Some((2, "tenant".to_owned(), "a".to_owned())));
        assert_eq!(sent, given);
    }
}
