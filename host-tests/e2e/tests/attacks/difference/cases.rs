//! The requests of both suites, as frames.

use super::exchange::{Exchange, frames, head};
use super::situation::{Situation, Suite};
use crate::attacks::format::Case;
use crate::attacks::honest;
use crate::attacks::send::{fields, pairs};
use crate::attacks::{CATEGORIES, cases};
use promward_embedded::host::{Connection, Frame, Headers};
use promward_harness::jwt;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

/// Returns all requests of both suites, by configuration.
pub(super) fn all() -> Vec<(Situation, Vec<Exchange>)> {
    let suite = Suite::new();
    let situation = |name: &str, stops_at_headers| Situation {
        name: name.to_owned(),
        configuration: suite.configuration.clone(),
        metadata: Vec::new(),
        stops_at_headers,
        share: 0,
    };
    let hostile: Vec<_> = CATEGORIES.iter().flat_map(|(category, text)| cases(category, text)).collect();
    let hostile: Vec<_> = hostile.iter().map(|case| exchange(case, &suite)).collect();
    let mut all = vec![
        (situation("the attack suite", false), hostile.clone()),
        (situation("the attack suite, stopping at headers", true), hostile),
    ];
    let mut by_situation: BTreeMap<_, Vec<Case>> = BTreeMap::new();
    for case in honest::cases() {
        by_situation.entry((case.configuration.clone(), case.claims.clone())).or_default().push(case);
    }
    for ((_, claims), cases) in by_situation {
        let metadata =
            claims.map_or_else(Vec::new, |(_, claims)| jwt::metadata(&honest::all_claims(&claims)));
        let situation = Situation {
            name: format!("honest clients, from {}", cases[0].place),
            configuration: honest::configuration(&cases[0]),
            metadata,
            stops_at_headers: false,
            share: 0,
        };
        all.push((situation, cases.iter().map(|case| exchange(case, &suite)).collect()));
    }
    all
}

/// Returns a case as frames, from the usual client.
fn exchange(case: &Case, suite: &Suite) -> Exchange {
    exchange_by(suite.connection(case), case)
}

/// Returns a case as frames, from a client of this address.
pub(super) fn exchange_from(client: IpAddr, case: &Case, suite: &Suite) -> Exchange {
    let mut connection = suite.connection(case);
    connection.source.set_ip(client);
    exchange_by(connection, case)
}

fn exchange_by(connection: Connection, case: &Case) -> Exchange {
    let (sent, body) = match case.raw.is_empty() {
        true => (fields(case), case.request.body.clone()),
        false => raw(&case.raw),
    };
    let pieces = body.filter(|body| !body.is_empty()).into_iter().collect();
    let request = frames(head(sent.clone(), &connection), pieces, pairs(&case.trailers));
    Exchange {
        name: format!("{} {}", case.place, case.name),
        connection: Arc::new(connection),
        sent,
        request,
        answer: answer(case),
        answers_early: false,
    }
}

/// Reads lines that are sent as they are in the way in which most proxies do.
fn raw(lines: &[Vec<u8>]) -> (Headers, Option<Vec<u8>>) {
    let mut words = lines[0].split(|byte| *byte == b' ');
    let mut word = || words.next().unwrap_or_default().to_vec();
    let mut sent = vec![(b":method".to_vec(), word()), (b":path".to_vec(), word())];
    let end = lines.iter().position(Vec::is_empty).unwrap_or(lines.len());
    sent.push((b":scheme".to_vec(), b"https".to_vec()));
    for line in &lines[1..end.max(1)] {
        let colon = line.iter().position(|byte| *byte == b':').unwrap_or(line.len());
        let value = line.get(colon + 1..).unwrap_or_default().trim_ascii().to_vec();
        sent.push((line[..colon].to_ascii_lowercase(), value));
    }
    let body = lines.get(end + 1..).unwrap_or_default().join(&b"\r\n"[..]);
    (sent, Some(body))
}

/// Returns the frames of the server's answer, "ok" if the case has none.
fn answer(case: &Case) -> Vec<Frame> {
    let Some(reply) = &case.reply else {
        let head =
            vec![(b":status".to_vec(), b"200".to_vec()), (b"content-type".to_vec(), b"text/plain".to_vec())];
        return frames(head, vec![b"ok".to_vec()], Headers::new());
    };
    let status = if reply.first.is_empty() { b"200".to_vec() } else { reply.first.clone() };
    let mut head = vec![(b":status".to_vec(), status)];
    head.extend(pairs(&reply.headers).into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)));
    frames(head, reply.body.clone().into_iter().collect(), Headers::new())
}
