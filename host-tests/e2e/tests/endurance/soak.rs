//! Very many requests of every kind, from many callers and addresses, through Envoy as it ships. Each is answered as
//! its kind is, and at the end Envoy has no more memory and descriptors than at half time.

mod kinds;
mod load;
mod server;

use crate::endurance::figures;
use crate::endurance::memory::PAGES;
use kinds::{KINDS, configuration};
use load::Seen;
use promward_e2e::deployment::{Deployment, Host, Options};
use server::Server;
use std::time::Instant;

#[test]
fn twenty_thousand_requests_leave_nothing_behind() {
    soak(20_000);
}

#[test]
#[ignore = "it takes about a quarter of an hour"]
fn two_million_requests_leave_nothing_behind() {
    soak(2_000_000);
}

/// The number of measurements. The last two are half time and the end.
const LEGS: u64 = 4;

/// The memory and descriptors of Envoy while no client is connected.
#[derive(Debug)]
struct Figures {
    pages: u64,
    resident: u64,
}

fn soak(requests: u64) {
    if !Host::Envoy.is_here() {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let server = runtime.block_on(Server::start());
    let deployment =
        Deployment::start(Host::Envoy, &Options::configured(server.address(), &configuration())).unwrap();
    let envoy = deployment.envoy().unwrap();
    let before = figures::descriptors(envoy);
    let leg = requests / LEGS;
    let mut seen = Seen::default();
    let mut taken = Vec::new();
    for number in 0..LEGS {
        let start = Instant::now();
        let of_leg = runtime.block_on(load::run(&deployment, number * leg..(number + 1) * leg));
        let seconds = start.elapsed().as_secs_f64();
        seen.add(&of_leg);
        server.hang_up();
        // As many as before the first client.
        figures::wait_for_descriptors(envoy, before);
        let figures =
            Figures { pages: deployment.metric(PAGES).unwrap(), resident: figures::resident(envoy) };
        println!("{} requests, {:.0}/s: {figures:?}", (number + 1) * leg, leg as f64 / seconds);
        taken.push(figures);
    }
    assert_eq!(server.unrestricted(), 0, "a query that arrived without the tenants of its caller");
    for (number, kind) in KINDS.iter().enumerate() {
        let answers: u64 = seen.statuses(number).values().sum();
        println!("{:12} {:?}, {} left", kind.name, seen.statuses(number), seen.left(number));
        assert!(seen.statuses(number).keys().all(|status| kind.statuses.contains(status)), "{}", kind.name);
        assert_eq!(answers + seen.left(number), requests / KINDS.len() as u64, "{}", kind.name);
    }
    assert!(seen.total() > server.requests(), "what is refused doesn't arrive");
    let [half, end] = [&taken[taken.len() / 2 - 1], &taken[taken.len() - 1]];
    assert_eq!(half.pages, end.pages, "pages of 64 KiB");
    assert!(end.resident * 100 <= half.resident * 105, "{half:?} {end:?}");
}
