//! Nothing is buffered: 64 MiB through the gateway, in either direction, take less than 8 MiB of additional memory.
//! It is measured in a process of its own, so that on the embedded host no other test's memory is measured too.

use promward_e2e::deployment::{Deployment, Host, Options};
use promward_harness::client::{Client, Request};
use promward_harness::process;
use promward_harness::upstream::{End, Reply, Upstream};
use std::process::Command;
use std::{env, fs};

const PIECE: usize = 64 << 10;
const WHOLE: usize = 64 << 20;
const WARM_UP: usize = 4 << 20;
const MORE_AT_MOST: usize = 8 << 20;

#[test]
fn sixty_four_mebibytes_take_less_than_eight_more() {
    let alone = Command::new(env::current_exe().unwrap())
        .args(["--exact", "--ignored", "--nocapture", "endurance::resident_memory::measured_alone"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&alone.stdout);
    assert!(said.contains("1 passed"), "{said}{}", String::from_utf8_lossy(&alone.stderr));
}

#[test]
#[ignore = "the test above runs it, in a process of its own"]
fn measured_alone() {
    for host in [Host::Envoy, Host::Embedded] {
        if host.is_here() {
            measure(host);
        }
    }
}

fn measure(host: Host) {
    let upstream = Upstream::start(|request| {
        let length: usize = request.target.rsplit('=').next().and_then(|text| text.parse().ok()).unwrap_or(0);
        Reply::pieces((0..length / PIECE).map(|_| vec![b'x'; PIECE]))
    })
    .unwrap();
    let deployment = Deployment::start(host, &Options::new(upstream.address())).unwrap();
    let process = deployment.envoy().map_or_else(std::process::id, |envoy| envoy.process().id());
    for (version, client) in [("HTTP/1.1", deployment.client()), ("HTTP/2", deployment.client().http2())] {
        for (direction, through) in [("down", down as fn(&Client, &Upstream, usize)), ("up", up)] {
            through(&client, &upstream, WARM_UP);
            let before = resident(process, "VmRSS");
            forget_the_peak(process);
            through(&client, &upstream, WHOLE);
            let more = resident(process, "VmHWM").saturating_sub(before);
            let what =
                format!("{WHOLE} bytes {direction} by {version} through {host} take {more} bytes more");
            println!("{what}");
            assert!(more < MORE_AT_MOST, "{what}");
        }
    }
}

fn down(client: &Client, _: &Upstream, length: usize) {
    let mut exchange =
        client.open(Request::new("GET", &format!("/prometheus/consoles/x?length={length}"))).unwrap();
    exchange.end(&[]).unwrap();
    assert_eq!(exchange.head().unwrap().status, 200);
    let mut read = 0;
    while let Some(piece) = exchange.piece().unwrap() {
        read += piece.len();
    }
    assert_eq!(read, length);
}

fn up(client: &Client, upstream: &Upstream, length: usize) {
    let number = upstream.requests().len();
    let mut exchange = client.open(Request::new("POST", "/prometheus/api/v1/write")).unwrap();
    for _ in 0..length / PIECE {
        exchange.data(vec![b'x'; PIECE]).unwrap();
    }
    exchange.end(&[]).unwrap();
    assert_eq!(exchange.answer().unwrap().status, 200);
    let received = upstream.wait_for(number).unwrap();
    assert_eq!((received.body_length, received.end), (u64::try_from(length).unwrap(), End::Clean));
}

/// Returns a size of a process, in bytes.
fn resident(process: u32, name: &str) -> usize {
    usize::try_from(process::size(process, name).unwrap()).unwrap() << 10
}

/// Resets the peak `VmHWM`.
fn forget_the_peak(process: u32) {
    fs::write(format!("/proc/{process}/clear_refs"), "5").unwrap();
}
