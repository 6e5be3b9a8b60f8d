//! Messages of remote write, which are held whole in the buffers of the shipped file and of its variant.

use crate::envoy::envoy_file::setup::Setup;
use promward_harness::client::Request;
use promward_harness::envoy::Options;
use promward_harness::envoy::variants::Variant;

const CONFIGURATION: &str = r#"{
    "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
    "listener_writes_client": true,
    "access": [{ "who": ["anyone"], "may": ["write"], "only": { "tenant": ["a"] } }]
}"#;

/// Returns a message of this length or a little more, with series of the tenant, and of snappy's literals alone.
fn message(length: usize) -> Vec<u8> {
    let label = |name: &str, value: &str| {
        let text = [
            b"\x0a",
            &[name.len() as u8][..],
            name.as_bytes(),
            b"\x12",
            &[value.len() as u8],
            value.as_bytes(),
        ]
        .concat();
        [&[0x0a, text.len() as u8][..], &text].concat()
    };
    let mut message = Vec::new();
    for number in 0.. {
        let series = [label("__name__", &format!("metric_{number:08}")), label("tenant", "a")].concat();
        message.extend([0x0a, series.len() as u8]);
        message.extend(series);
        if message.len() >= length {
            break;
        }
    }
    let mut block = Vec::new();
    let mut left = message.len();
    while left >= 0x80 {
        block.push(left as u8 | 0x80);
        left >>= 7;
    }
    block.push(left as u8);
    for piece in message.chunks(1 << 16) {
        let [low, high, ..] = (piece.len() - 1).to_le_bytes();
        block.extend([61 << 2, low, high]);
        block.extend(piece);
    }
    block
}

/// Sends a message by both versions of HTTP, and returns the statuses. What arrives is what was sent.
fn send(setup: &Setup, body: &[u8]) -> [u16; 2] {
    [setup.client(), setup.client().http2()].map(|client| {
        let before = setup.upstream.requests().len();
        let request = Request::new("POST", "/prometheus/api/v1/write")
            .header("content-type", "application/x-protobuf")
            .header("content-encoding", "snappy")
            .body(body);
        let answer = client.send(request).unwrap();
        if answer.status == 200 {
            let arrived = setup.upstream.wait_for(before).unwrap();
            assert_eq!((arrived.target.as_str(), arrived.body_length), ("/api/v1/write", body.len() as u64));
            assert!(body.starts_with(&arrived.body));
        }
        answer.status
    })
}

#[test]
fn a_long_message_is_held_where_the_buffers_are_large() {
    let configured = |options: &mut Options| options.configuration = Some(CONFIGURATION.to_owned());
    let Some(setup) = Setup::with(configured) else { return };
    assert_eq!(send(&setup, &message(200_000)), [200; 2]);
    assert_eq!(send(&setup, &message(400_000)), [200; 2], "in slices");
    let larger = |options: &mut Options| {
        configured(options);
        options.variants.push(Variant::RemoteWrite);
    };
    let Some(setup) = Setup::with(larger) else { return };
    assert_eq!(send(&setup, &message(1_900_000)), [200; 2]);
    assert_eq!(send(&setup, &message(2_200_000)), [413; 2]);
}
