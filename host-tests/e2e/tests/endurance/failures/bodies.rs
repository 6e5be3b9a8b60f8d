//! Bodies without an end, in either direction. A form is refused at its limit. A body that streams takes bounded
//! memory, goes as slowly as its reader, and ends when one side leaves.

use crate::endurance::failures::set_up::{FILTERED, FORM, OPAQUE, QUERY, SetUp, WRITE, healthy};
use promward_e2e::deployment::Host;
use promward_e2e::on_every_host;
use promward_harness::client::{Client, Request};
use promward_harness::upstream::{End, Reply, Upstream};
use std::iter;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

on_every_host! {
    a_form_without_an_end_is_refused_at_its_limit,
    a_body_without_an_end_streams_until_its_client_goes,
    an_answer_without_an_end_streams_until_its_client_goes,
    an_answer_that_nobody_reads_is_not_fetched,
}

const PIECE: usize = 64 << 10;

/// More bytes than all buffers on the way can hold.
const MUCH: usize = 8 << 20;

fn a_form_without_an_end_is_refused_at_its_limit(host: Host) {
    let set_up = SetUp::start(host, Upstream::start(healthy).unwrap());
    for client in set_up.clients() {
        let mut exchange = client.open(Request::form(FORM)).unwrap();
        exchange.data("query=").unwrap();
        // A mebibyte is sixteen times the limit of this mount. The rest is discarded after the answer.
        let _ = exchange.data("x".repeat(PIECE + 1));
        assert_eq!(exchange.head().unwrap().status, 413);
        let taken = (0..2 * MUCH / PIECE).take_while(|_| exchange.data("x".repeat(PIECE)).is_ok()).count();
        assert!(taken < MUCH / PIECE, "{taken} pieces more were taken of a refused form");
    }
    set_up.is_whole("forms without an end");
    assert!(set_up.arrived().is_empty());
    assert!(set_up.upstream.requests().iter().all(|request| request.body.is_empty()));
    set_up.comes_back();
}

fn a_body_without_an_end_streams_until_its_client_goes(host: Host) {
    let set_up = SetUp::start(host, Upstream::start(healthy).unwrap());
    for (client, target) in set_up.clients().iter().zip([WRITE, OPAQUE]) {
        let number = set_up.upstream.requests().len();
        let mut exchange = client.open(Request::new("POST", target)).unwrap();
        for _ in 0..MUCH / PIECE {
            exchange.data(vec![b'x'; PIECE]).unwrap();
        }
        let most = u64::try_from(MUCH).unwrap();
        set_up.upstream.wait_until(|all| all.get(number).is_some_and(|one| one.body_length == most)).unwrap();
        exchange.reset().unwrap();
        let received = set_up.upstream.wait_for(number).unwrap();
        assert_eq!((received.end, received.body_length), (End::Cut, most));
    }
    set_up.is_whole("bodies without an end");
    set_up.comes_back();
}

/// The header of a request whose answer is counted.
const UNREAD: &str = "x-unread";

/// Starts a server with an endless answer, and counts the bytes that it could send of the answers that nobody reads.
fn endless() -> (Upstream, Arc<AtomicUsize>) {
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let upstream = Upstream::start(move |request| {
        if request.target == "/-/healthy" {
            return healthy(request);
        }
        let counter = request.header(UNREAD).map(|_| Arc::clone(&counter));
        let alert = format!(r#"{{"labels":{{"tenant":"a","of":"{}"}}}},"#, "x".repeat(PIECE));
        let pieces = iter::repeat_with(move || {
            if let Some(counter) = &counter {
                counter.fetch_add(PIECE, Ordering::SeqCst);
            }
            alert.clone().into_bytes()
        });
        let begin = iter::once(br#"{"status":"success","data":{"alerts":["#.to_vec());
        Reply::pieces(begin.chain(pieces)).header("content-type", "application/json")
    });
    (upstream.unwrap(), sent)
}

fn read_much(client: &Client, target: &str) {
    let mut exchange = client.ask(Request::new("GET", target)).unwrap();
    let mut read = 0;
    while read < MUCH {
        read += exchange.piece().unwrap().expect("it has no end").len();
    }
    exchange.reset().unwrap();
}

fn an_answer_without_an_end_streams_until_its_client_goes(host: Host) {
    let (upstream, _) = endless();
    let set_up = SetUp::start(host, upstream);
    for client in set_up.clients() {
        for target in [QUERY, FILTERED] {
            read_much(&client, target);
        }
    }
    set_up
        .deployment
        .wait_until_open("the server to be left", |open| open.is_idle() && open.upstream == 0)
        .unwrap();
    set_up.is_whole("answers without an end");
    set_up.comes_back();
}

fn an_answer_that_nobody_reads_is_not_fetched(host: Host) {
    let (upstream, sent) = endless();
    let set_up = SetUp::start(host, upstream);
    for client in set_up.clients() {
        for target in [QUERY, FILTERED] {
            sent.store(0, Ordering::SeqCst);
            let mut unread = client.ask(Request::new("GET", target).header(UNREAD, "1")).unwrap();
            unread.head().unwrap();
            // While others read much on either worker, the unread answer gets no further than the buffers.
            for _ in 0..4 {
                read_much(&client, target);
            }
            let sent = sent.load(Ordering::SeqCst);
            assert!(sent < 3 * MUCH, "{target}: {sent} bytes were taken from the server");
            drop(unread);
        }
    }
    set_up.is_whole("answers that nobody read");
    set_up.comes_back();
}
