//! Messages of remote write that take long for their length. The work on them is shared among ticks where the host has
//! them, and they arrive whole on every host.

use promward_e2e::deployment::{Deployment, Host, Options};
use promward_e2e::on_every_host;
use promward_harness::client::Request;
use promward_harness::upstream::{End, Reply, Upstream};

on_every_host! {
    a_short_message_with_many_series_that_lack_a_label_arrives_whole,
}

const CONFIGURATION: &str = r#"{
    "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
    "access": [
        { "who": ["anyone"], "may": ["query"] },
        { "who": ["anyone"], "may": ["write"], "only": { "tenant": ["a"] }, "write": "label" }
    ]
}"#;

/// The series in a message. Each has two bytes.
const SERIES: usize = 100_001;

/// Returns a message of series without a label: the first of them, and what is copied from there, 64 bytes at a time.
fn message() -> Vec<u8> {
    let mut block = Vec::new();
    let mut left = SERIES * 2;
    while left >= 0x80 {
        block.push(left as u8 | 0x80);
        left >>= 7;
    }
    block.extend([left as u8, 1 << 2, 0x0a, 0]);
    (0..(SERIES - 1) / 32).for_each(|_| block.extend([63 << 2 | 2, 2, 0]));
    block
}

fn a_short_message_with_many_series_that_lack_a_label_arrives_whole(host: Host) {
    let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
    let deployment =
        Deployment::start(host, &Options::configured(upstream.address(), CONFIGURATION)).unwrap();
    for client in [deployment.client(), deployment.client().http2()] {
        let request = Request::new("POST", "/prometheus/api/v1/write")
            .header("content-type", "application/x-protobuf")
            .header("content-encoding", "snappy")
            .body(message());
        assert_eq!(client.send(request).unwrap().status, 200);
        let arrived = upstream.requests().pop().unwrap();
        assert_eq!((arrived.target.as_str(), arrived.end), ("/api/v1/write", End::Clean));
        // Each series has the label now, which takes 15 bytes, before the body was encoded.
        let length = arrived.body.iter().take(4).enumerate();
        let length = length.fold(0, |length, (at, byte)| length | usize::from(byte & 0x7f) << (7 * at));
        assert_eq!(length & 0x1f_ffff, SERIES * 15, "{host}");
    }
}
