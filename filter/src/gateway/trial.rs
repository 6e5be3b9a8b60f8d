//! Rules on trial. They say of each request what they would have decided, after it has been decided, and nothing of that
//! changes the decision: nobody is asked for a password, nothing is counted against a rate, and what goes upstream is what
//! the enforced rules wrote.

use super::{Asked, Early, Gateway};
use crate::access::{RequestedAccess, Trial};
use crate::caller::identity::Caller;
use crate::decision::refusal::Refusal;
use crate::decision::{Decision, Forward, ReadAtOnce, Request, TriedBody};
use crate::enforce::RuleNumber;
use crate::enforce::body::AwaitedBody;
use crate::gateway::worker_state::WorkerState;
use crate::report::{Outcome, Record, Tried};
use crate::response::answer::RequestContext;
use crate::target::headers::name::Name;

impl Gateway {
    /// Records what the rules on trial would have decided, if it differs. A body that they may write in another way is
    /// kept beside the one that is enforced, until it has come.
    pub(super) fn try_rules(
        &self,
        trial: &Trial,
        asked: &Asked<'_>,
        decided: &mut Result<Decision, Early>,
        state: &mut WorkerState,
        record: &mut Record,
    ) {
        let requested = RequestedAccess::of(&asked.requested);
        let is_refused_login = match decided {
            Err(Early::Decided(Decision::Wait)) => return,
            Err(Early::Refused(Refusal::Login(..))) => true,
            _ => false,
        };
        if record.caller == Caller::Anonymous && trial.rules.asks(&requested) {
            if is_refused_login {
                return;
            }
            if self.presents_credentials(asked.request) && !self.access.asks(&requested) {
                let asks =
                    Tried { outcome: None, rule: None, reason: String::new(), matchers: String::new() };
                record.trial = Some(Box::new(asks));
                return;
            }
        }
        let said = self.tried(trial, asked, decided, state, record);
        if let Some(Said { rule, verdict }) = said {
            record.trial = compared(rule, verdict, decided).map(Box::new);
        }
    }

    /// Returns what the rules on trial say, or `None` if that can't differ from what was decided, or can't be known.
    fn tried(
        &self,
        trial: &Trial,
        asked: &Asked<'_>,
        decided: &Result<Decision, Early>,
        state: &mut WorkerState,
        record: &Record,
    ) -> Option<Said> {
        let refused = |rule, refusal| Some(Said { rule, verdict: Err(refusal) });
        if let Err(error) = self.check_encoded_slash(&trial.rules, asked.requested.at, asked.target) {
            return refused(None, error.into());
        }
        let caller = &record.caller;
        let (number, rule) = match trial.rules.decide(caller, &RequestedAccess::of(&asked.requested)) {
            Ok(found) => found,
            Err(denied) => return refused(None, self.denied(denied)),
        };
        // A number of requests can't be tried without counting the request.
        let (is_throttled, would_be) = match decided {
            Err(Early::Refused(Refusal::RateExceeded(_))) => (true, rule.rate.is_some()),
            Err(Early::Refused(Refusal::AtOnceExceeded(_))) => (true, rule.concurrent.is_some()),
            _ => (false, false),
        };
        let is_alike = record.rule.is_some_and(|enforced| trial.is_alike(number, enforced));
        if (is_alike && !is_throttled) || would_be {
            return None;
        }
        let terms = match self.terms(number, rule, caller, asked.request) {
            Ok(terms) => terms,
            Err(Refusal::Host) => return None,
            Err(refusal) => return refused(Some(number), refusal),
        };
        let matchers = terms.restriction.as_ref().map_or(String::new(), |only| only.matchers().to_owned());
        let allowed = self.allowed(asked, caller, number, terms);
        match allowed.decide(&self.identity_headers, &self.answers, &mut state.tried_rewrites) {
            Ok(decision) => Some(Said { rule: Some(number), verdict: Ok((decision, matchers)) }),
            Err(Refusal::Host) => None,
            Err(refusal) => refused(Some(number), refusal),
        }
    }

    /// Returns `true` if a request has something by which its caller could be known.
    fn presents_credentials(&self, request: &Request<'_>) -> bool {
        let Request { headers, facts, .. } = request;
        // What the host doesn't say may be there.
        let has_certificate = || {
            !self.callers.certificates.is_empty() && facts.certificate().map_or(true, |shown| shown.is_some())
        };
        let has_token = || {
            !self.callers.issuers.is_empty() && facts.metadata().map_or(true, |metadata| !metadata.is_empty())
        };
        headers.has(Name::Authorization) || has_certificate() || has_token()
    }

    /// Records what the rules on trial would have made of a body that has been completed, if that differs. `sent` is the body
    /// that goes upstream, unless it is refused.
    pub(super) fn try_body(
        &self,
        trial: &TriedBody,
        body: &[u8],
        sent: Option<&[u8]>,
        state: &mut WorkerState,
        record: &mut Record,
    ) {
        let tried = match &trial.body {
            ReadAtOnce::Form(form) => form.complete(body, &mut state.tried_rewrites).map(String::into_bytes),
            ReadAtOnce::Read(read) => read.complete(body),
        };
        match tried {
            Ok(tried) if Some(&*tried) == sent => {}
            Ok(_) => record.trial = Some(Box::new(trial.allowed.clone())),
            Err(error) => {
                let refusal = Refusal::Body(error);
                record.trial = Some(Box::new(refused_by(trial.allowed.rule, &refusal)));
            }
        }
    }
}

/// A verdict of the rules on trial.
struct Said {
    rule: Option<RuleNumber>,
    /// The decision, with the matchers of the rule, or the refusal.
    verdict: Result<(Decision, String), Refusal>,
}

/// Returns a verdict if it differs from what was decided.
fn compared(
    rule: Option<RuleNumber>,
    verdict: Result<(Decision, String), Refusal>,
    decided: &mut Result<Decision, Early>,
) -> Option<Tried> {
    let enforced = match decided {
        Ok(decision) | Err(Early::Decided(decision)) => outcome(decision),
        Err(Early::Refused(refusal)) => Outcome::of(refusal.status()),
    };
    let (decision, matchers) = match verdict {
        Ok(allowed) => allowed,
        Err(refusal) => {
            return Some(refused_by(rule, &refusal)).filter(|tried| tried.outcome != Some(enforced));
        }
    };
    let allowed = Tried { outcome: Some(outcome(&decision)), rule, reason: String::new(), matchers };
    let is_same = match (decided, decision) {
        (Ok(Decision::Forward(sent)), Decision::Forward(tried)) => {
            let Forward { edits, body, context, .. } = *tried;
            // A message of remote write is long: it isn't read twice. A silence would be looked up twice.
            let body = match body {
                Some(AwaitedBody::Form(form)) => Some(ReadAtOnce::Form(form)),
                Some(AwaitedBody::Read(read)) => Some(ReadAtOnce::Read(read)),
                Some(AwaitedBody::Write(_) | AwaitedBody::Silence(_)) | None => None,
            };
            sent.trial = body.map(|body| Box::new(TriedBody { body, allowed: allowed.clone() }));
            // That an answer has to be a page shows only where the server has something else in its place.
            let context = RequestContext { expected: sent.context.expected, ..context };
            edits == sent.edits && context == sent.context
        }
        (Ok(Decision::Reply(sent)), Decision::Reply(tried)) => *sent == tried,
        _ => false,
    };
    if is_same { None } else { Some(allowed) }
}

fn refused_by(rule: Option<RuleNumber>, refusal: &Refusal) -> Tried {
    let outcome = Some(Outcome::of(refusal.status()));
    Tried { outcome, rule, reason: refusal.to_string(), matchers: String::new() }
}

fn outcome(decision: &Decision) -> Outcome {
    match decision {
        Decision::Forward(_) | Decision::Wait => Outcome::Allowed,
        Decision::Pass(_) => Outcome::Passed,
        Decision::Reply(reply) => Outcome::of(reply.status),
    }
}
