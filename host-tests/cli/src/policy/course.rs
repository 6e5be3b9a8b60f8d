//! The course of one request: it is put before the filter's core as a host does it, and goes upstream or is answered.

use super::Policy;
use super::asked::Asked;
use super::credentials::Credentials;
use super::message::Message;
use super::shared_data::Memory;
use promward::caller::logins::{Logins, StreamId};
use promward::decision::{Decision, Facts, Forward, Request};
use promward::gateway::Gateway;
use promward::gateway::account::Account;
use promward::gateway::worker_state::{Resources, WorkerState};
use promward::report::Record;
use promward::response::answer::RequestContext;
use promward::response::reply::Reply;
use promward::time::instant::Instant;

/// The random bytes of a worker. Nothing here depends on them.
const RANDOM: [[u8; 32]; 3] = [[1; 32], [2; 32], [3; 32]];

/// The course of a request, and the account of it.
#[derive(Debug)]
pub struct Course<'a> {
    /// The findings of the rooms.
    pub account: Account<'a>,
    /// The record that feeds metrics and access log.
    pub record: Record,
    /// The request as it came, with the credentials that it showed.
    pub sent: Message,
    /// The end of its course.
    pub end: End,
}

/// The end of a request's course.
#[derive(Debug)]
pub enum End {
    /// The request goes upstream like this, and its answer in this context.
    Upstream(Box<(Message, RequestContext)>),
    /// The request is at no mount, and is left to the proxy's own routes.
    Passed(Message),
    /// The filter itself answers.
    Reply(Reply),
}

/// The memory from one request to the next: checked passwords, which stand in for real ones.
#[derive(Default)]
pub struct Remembered(Option<Logins>);

impl Course<'_> {
    /// Returns `true` if the request isn't refused: it goes on, or is answered with something other than an error.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.status().is_none_or(|status| status < 400)
    }

    /// Returns the status of the filter's own answer, if it answers.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        match &self.end {
            End::Reply(reply) => Some(reply.status),
            End::Upstream(_) | End::Passed(_) => None,
        }
    }

    /// Returns the request as it goes upstream, if it does.
    #[must_use]
    pub fn upstream(&self) -> Option<&Message> {
        match &self.end {
            End::Upstream(upstream) => Some(&upstream.0),
            End::Passed(message) => Some(message),
            End::Reply(_) => None,
        }
    }
}

impl Policy {
    /// Asks what becomes of a request.
    ///
    /// # Errors
    ///
    /// Returns a message if the request can't be made in this caller's name.
    pub fn ask(&self, asked: &Asked, remembered: &mut Remembered) -> Result<Course<'_>, String> {
        let credentials = self.credentials(asked)?;
        let mut sent = asked.message.clone();
        if let Some(authorization) = &credentials.authorization {
            sent.set("authorization", authorization.as_str());
        }
        let shared = Memory::default();
        let unreachable = |_| "shared data can't be written".to_owned();
        let mut state =
            WorkerState::new(RANDOM, credentials.gateway.tables(), &shared).map_err(unreachable)?;
        let stands_in = credentials.authorization.is_some();
        if stands_in && let Some(logins) = remembered.0.take() {
            state.logins = logins;
        }
        let mut resources = Resources { state: &mut state, shared: &shared };
        for number in 1..asked.times {
            decide(asked, &sent, &credentials, number, &mut resources);
        }
        let course = course(asked, sent, &credentials, &mut resources);
        if stands_in {
            remembered.0 = Some(state.logins);
        }
        Ok(course)
    }
}

/// Decides a request of so many that are open, and checks its password in between if it has one. None of the others ends,
/// so one that stands in line waits for as long as it may.
fn decide(
    asked: &Asked,
    sent: &Message,
    credentials: &Credentials<'_>,
    number: u32,
    resources: &mut Resources<'_>,
) -> (Decision, Record) {
    let (headers, facts) = (sent.to_headers(), facts(asked, credentials));
    let request = request(asked, &headers, &facts, number);
    let decided = credentials.gateway.decide(&request, resources);
    if decided.0 != Decision::Wait {
        return decided;
    }
    while !resources.state.logins.is_idle() {
        resources.state.logins.slice(credentials.gateway.hints(resources.shared));
    }
    let decided = credentials.gateway.decide(&request, resources);
    if decided.0 != Decision::Wait {
        return decided;
    }
    if let Some(lines) = &mut resources.state.lines {
        lines.tend(resources.shared, Instant(u64::MAX));
    }
    credentials.gateway.decide(&request, resources)
}

fn facts(asked: &Asked, credentials: &Credentials<'_>) -> Facts {
    Facts {
        source: Some(asked.source),
        certificate: credentials.certificate.clone(),
        metadata: credentials.metadata.clone(),
        now: Some(asked.now),
    }
}

fn request<'a>(
    asked: &Asked,
    headers: &'a promward::target::headers::Headers,
    facts: &'a Facts,
    number: u32,
) -> Request<'a> {
    Request { stream: StreamId(number), headers, body: asked.follows, scheme: asked.scheme, facts }
}

fn course<'a>(
    asked: &Asked,
    sent: Message,
    credentials: &Credentials<'a>,
    resources: &mut Resources<'_>,
) -> Course<'a> {
    let gateway: &'a Gateway = credentials.gateway;
    let (decision, mut record) = decide(asked, &sent, credentials, asked.times, resources);
    let end = match decision {
        Decision::Reply(reply) => End::Reply(reply),
        Decision::Pass(edits) => {
            let mut message = sent.clone();
            message.apply(&edits);
            End::Passed(message)
        }
        Decision::Forward(forward) => {
            let facts = facts(asked, credentials);
            forwarded(*forward, &sent, gateway, &facts, &mut record, resources)
        }
        // Its password has been checked, so that this is the answer to one that can't be.
        Decision::Wait => End::Reply(gateway.failed()),
    };
    let (headers, facts) = (sent.to_headers(), facts(asked, credentials));
    let account = gateway.account(&request(asked, &headers, &facts, asked.times), &record, resources);
    Course { account, record, sent, end }
}

/// Sends a request upstream, with its body if that is awaited.
fn forwarded(
    forward: Forward,
    sent: &Message,
    gateway: &Gateway,
    facts: &Facts,
    record: &mut Record,
    resources: &mut Resources<'_>,
) -> End {
    // What the server would say of a silence isn't known here, and it is taken to be the caller's.
    let Forward { edits, body, context, trial, .. } = forward;
    let mut message = sent.clone();
    message.apply(&edits);
    if let Some(awaited) = body {
        match gateway.complete(&awaited, trial.as_deref(), &sent.body, facts, resources, record) {
            Ok(completed) => message.body = completed,
            Err(refusal) => {
                let reply = gateway.refuse(&context, record.class, &refusal);
                record.refused(reply.status, refusal.reason(), &refusal);
                return End::Reply(reply);
            }
        }
    }
    End::Upstream(Box::new((message, context)))
}
