//! Sends generated requests to Envoy, of which the command has to say what becomes of them.

use super::exchange::Exchange;
use super::generator::Generator;
use super::on_envoy::{OnEnvoy, header};
use super::situation;
use super::{REQUESTS, SEED};
use crate::attacks::format::Case;
use crate::attacks::honest;
use crate::attacks::message::Message;
use crate::attacks::run::Runner;
use crate::attacks::setting::{Running, Setting};
use promward_e2e::deployment::{Host, Options};
use promward_embedded::host::{Frame, Headers};
use std::collections::BTreeMap;
use std::env;

/// The number of requests in the test that always runs, and in the long one.
const FEW: u64 = 900;
const MANY: u64 = 20_000;

#[test]
fn the_command_says_what_envoy_does_with_generated_requests() {
    compare(FEW, 1);
}

#[test]
#[ignore = "takes some ten minutes"]
fn the_command_says_what_envoy_does_with_many_generated_requests() {
    let number = |name, usual| env::var(name).map_or(usual, |text| text.parse().unwrap());
    compare(number(REQUESTS, MANY), number(SEED, 2));
}

/// Sends so many generated requests to Envoy, under several configurations.
fn compare(requests: u64, seed: u64) {
    if !Host::Envoy.is_here() || !OnEnvoy::is_for_this_release() {
        return;
    }
    let deployed = |configuration: String| {
        move |upstream| {
            let options = Options::configured(upstream, &configuration);
            Running::deploy(Setting::Shipped, options, BTreeMap::new())
        }
    };
    let parts: [(Runner, u64); 4] = [
        (Runner::start(|upstream| Running::start(Setting::Shipped, upstream)), 5),
        (Runner::start(|upstream| Running::start(Setting::Stopping, upstream)), 2),
        (Runner::start(deployed(honest::configuration(&Case::default()))), 1),
        (Runner::start(deployed(situation::open())), 1),
    ];
    let shares: u64 = parts.iter().map(|(_, share)| share).sum();
    for (number, (mut runner, share)) in (seed..).zip(parts) {
        let mut generator = Generator::new(number, &runner.running.configuration);
        let mut left = (requests * share).div_ceil(shares);
        while left > 0 {
            let Some(case) = case(&generator.exchange()) else { continue };
            runner.explain(&case).unwrap_or_else(|error| panic!("{}: {error:#}", case.shown()));
            left -= 1;
        }
        runner.check_explained().unwrap();
    }
}

/// Returns a generated request as a case, or `None` if it can't be sent as it is, or its answer can't.
fn case(exchange: &Exchange) -> Option<Case> {
    let (head, body, trailers) = message(&exchange.answer);
    let has_a_length = head.iter().any(|(name, _)| name == b"content-length");
    // 204 has no length, after 101 another protocol is spoken, trailers are for HTTP/2, and by another name the routes answer.
    let is_of_the_site =
        header(&exchange.sent, b":authority").to_ascii_lowercase().starts_with(b"example.com");
    let status = header(&head, b":status");
    if status == b"101" || status == b"204" && has_a_length || !trailers.is_empty() || !is_of_the_site {
        return None;
    }
    let reply = Message { first: status.to_vec(), headers: lines(&head), ..Message::default() };
    let (_, body_sent, trailers) = message(&exchange.request);
    let is_sent =
        |name: &str| exchange.sent.iter().any(|(sent, _)| sent.eq_ignore_ascii_case(name.as_bytes()));
    let length = body_sent.len().to_string();
    let has_wrong_length =
        exchange.sent.iter().any(|(name, value)| name == b"content-length" && value != length.as_bytes());
    let http2 = is_sent("transfer-encoding") || !trailers.is_empty();
    // Of such a body the host would wait for the rest, or answer before it knows. The client of HTTP/2 reads no answer but
    // the last.
    if has_wrong_length || http2 && is_sent("expect") {
        return None;
    }
    let mut case = Case {
        place: exchange.name.clone(),
        name: "generated".to_owned(),
        caller: "anonymous".to_owned(),
        http2,
        reply: Some(Message { body: Some(body), ..reply }),
        ..Case::default()
    };
    let sent = |name: &[u8]| header(&exchange.sent, name);
    case.request.body = (!body_sent.is_empty()).then_some(body_sent);
    if http2 {
        let pseudo = exchange.sent.iter().filter(|(name, _)| name.starts_with(b":"));
        let mut pseudo = pseudo.map(|(name, value)| [name.as_slice(), b": ", value].concat());
        case.request.first = pseudo.next()?;
        case.request.headers = pseudo.chain(lines(&exchange.sent)).collect();
        case.trailers = lines(&trailers);
    } else {
        case.request.first = [sent(b":method"), b" ", sent(b":path")].concat();
        case.request.headers = vec![[b"host: ", sent(b":authority")].concat()];
        case.request.headers.extend(lines(&exchange.sent));
    }
    Some(case)
}

/// Returns the head, the body and the trailers of a message.
fn message(frames: &[Frame]) -> (Headers, Vec<u8>, Headers) {
    let (mut head, mut body, mut trailers) = (Headers::new(), Vec::new(), Headers::new());
    for frame in frames {
        match frame {
            Frame::Headers(fields, _) => head.clone_from(fields),
            Frame::Data(bytes, _) => body.extend_from_slice(bytes),
            Frame::Trailers(fields) => trailers.clone_from(fields),
        }
    }
    (head, body, trailers)
}

/// Returns fields that aren't pseudo headers as lines.
fn lines(fields: &Headers) -> Vec<Vec<u8>> {
    let fields = fields.iter().filter(|(name, _)| !name.starts_with(b":"));
    fields.map(|(name, value)| [name.as_slice(), b": ", value].concat()).collect()
}
