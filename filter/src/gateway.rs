//! The front door of the core: a compiled configuration, and the way of a request through the rooms. A request and the
//! facts that the host knows of it come in, and a decision goes out with a record of how it came about. Nothing here
//! calls the host.

#[cfg(not(target_arch = "wasm32"))]
pub mod account;
mod body;
mod counts;
mod forward;
mod limits;
mod needs;
mod query;
mod replies;
mod trial;
pub mod worker_state;

use crate::access::cross_site::{self, Asking};
use crate::access::{Access, RequestedAccess, Rule, Trial};
use crate::api::mount::{AtMount, Located, Mount, Mounts, PassedCredentials};
use crate::api::requested::Requested;
use crate::caller::callers::{Callers, Identified};
use crate::caller::client::ClientFrom;
use crate::caller::identity::Caller;
use crate::decision::refusal::Refusal;
use crate::decision::{Decision, Request};
use crate::enforce::RuleNumber;
use crate::enforce::guards::Guarded;
use crate::enforce::identity_headers::IdentityHeaders;
use crate::enforce::remote_write::SampleRate;
use crate::enforce::terms::RuleTerms;
use crate::keyed_hash::Digest;
use crate::report::count::Count;
use crate::report::{Outcome, Record};
use crate::response::answer::{Answers, RequestContext};
use crate::response::cors::AllowedOrigin;
use crate::response::refused_page;
use crate::response::reply::Wording;
use crate::target::Target;
use crate::target::cookies;
use crate::target::header_edits::HeaderEdits;
use crate::target::headers::Headers;
use crate::target::headers::name::Name;
use crate::target::method::Method;
use crate::target::path::TargetError;
use crate::target::strip::{Credentials, Strip};
use forward::AllowedRequest;
use worker_state::Resources;

/// A compiled configuration, which decides every request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// The SHA-256 of the configuration, which differs from that of any other one.
    pub digest: Digest,
    /// The servers and the prefixes that they are mounted at.
    pub mounts: Mounts,
    /// The treatment of paths at no mount.
    pub elsewhere: Elsewhere,
    /// The place where scheme and address of a client are learned.
    pub client: ClientFrom,
    /// The callers that the configuration knows.
    pub callers: Callers,
    /// The rules that say who may do what.
    pub access: Access,
    /// The rules that are only tried.
    pub trial: Option<Trial>,
    /// The longest text of a query in the access log, in bytes; `None` keeps queries out of it.
    pub query_report: Option<usize>,
    /// The headers that tell the server of the caller.
    pub identity_headers: IdentityHeaders,
    /// The person or place that somebody who is refused may ask.
    pub contact: Option<String>,
    /// The headers that answers and the filter's own replies have in common.
    pub answers: Answers,
}

/// The treatment of a path at no mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// The request is refused with 404.
    Refuse,
    /// The request goes on to the proxy's own routes.
    Pass,
}

/// The end of a request's way before it is forwarded.
enum Early {
    Decided(Decision),
    Refused(Refusal),
}

/// A request as far as it is read before it matters who is calling.
struct Asked<'a> {
    target: &'a Target<'a>,
    request: &'a Request<'a>,
    requested: Requested<'a>,
    /// The listed origin whose page sent the request.
    origin: Option<AllowedOrigin>,
}

impl<T: Into<Refusal>> From<T> for Early {
    fn from(refusal: T) -> Self {
        Self::Refused(refusal.into())
    }
}

impl Gateway {
    /// Decides a request when its headers have come, and again when its password has been checked.
    pub fn decide(&self, request: &Request<'_>, resources: &mut Resources<'_>) -> (Decision, Record) {
        let mut record = Record::default();
        let target = Target::parse(request.headers.only(Name::Path).unwrap_or_default());
        let way = match &target {
            Ok(target) => self.way(target, request, resources, &mut record),
            Err(error) => Err(Early::from(*error)),
        };
        let decision = match way {
            Ok(decision) | Err(Early::Decided(decision)) => {
                match &decision {
                    Decision::Reply(reply) => record.outcome = Outcome::of(reply.status),
                    Decision::Pass(_) => record.outcome = Outcome::Passed,
                    Decision::Forward(_) | Decision::Wait => {}
                }
                decision
            }
            Err(Early::Refused(refusal)) => {
                record.refused(refusal.status(), refusal.reason(), refusal.for_the_log());
                let wording = self.wording(target.as_ref().ok(), request.headers);
                Decision::Reply(match wording {
                    Wording::Plain if refused_page::is_navigation(request.headers) => {
                        self.refused_page(&refusal, &record, request)
                    }
                    _ => {
                        let origin = self.answers.cors.allowed(request.headers);
                        self.refusal(&refusal, record.class, wording, request.scheme, origin.as_ref())
                    }
                })
            }
        };
        record.path = target.ok().map(|target| target.path.into_text());
        (decision, record)
    }

    /// Leads a request through the rooms, one call for each step, and records what the steps find out.
    fn way(
        &self,
        target: &Target<'_>,
        request: &Request<'_>,
        resources: &mut Resources<'_>,
        record: &mut Record,
    ) -> Result<Decision, Early> {
        let at = self.mount(target, request)?;
        record.mount = Some(at.id);
        self.check_encoded_slash(&self.access, at, target)?;
        let requested = self.endpoint(at, request)?;
        record.class = Some(requested.class());
        let origin = self.origin(&requested, request)?;
        let asked = Asked { target, request, requested, origin };
        let caller = self.caller(&requested, request, resources);
        let mut decided = caller.and_then(|caller| self.enforce(&asked, caller, resources, record));
        if let Some(trial) = &self.trial {
            self.try_rules(trial, &asked, &mut decided, resources.state, record);
        }
        if let Some(most) = self.query_report {
            self.record_query(most, &asked, decided.as_ref().ok(), record);
        }
        decided
    }

    /// Decides a request by the rules that are enforced.
    fn enforce(
        &self,
        asked: &Asked<'_>,
        caller: Caller,
        resources: &mut Resources<'_>,
        record: &mut Record,
    ) -> Result<Decision, Early> {
        record.caller = caller.clone();
        let (number, rule) = self.access(&caller, &asked.requested)?;
        record.rule = Some(number);
        self.limits(number, rule, &caller, asked.request, resources)?;
        let terms = self.terms(number, rule, &caller, asked.request)?;
        let allowed = self.allowed(asked, &caller, number, terms);
        let decision =
            allowed.decide(&self.identity_headers, &self.answers, &mut resources.state.rewrites)?;
        if let (Decision::Forward(_), Some(limit)) = (&decision, rule.concurrent) {
            self.turn(number, limit, &caller, asked.request, resources)?;
        }
        Ok(decision)
    }

    /// Finds the mount that the path is below.
    fn mount<'a>(&'a self, target: &'a Target<'_>, request: &Request<'_>) -> Result<AtMount<'a>, Early> {
        match self.mounts.locate(target.path.as_str()) {
            Located::Below(at) => Ok(at),
            Located::Bare { mount } => Err(Early::Decided(self.to_the_mount(mount, target, request)?)),
            Located::Elsewhere => Err(Early::Decided(self.elsewhere(target, request)?)),
        }
    }

    /// Checks a path below a mount for an escaped slash, which some servers read as a slash. No rule may name only one of
    /// the two readings (`threats.md` T8).
    fn check_encoded_slash(
        &self,
        rules: &Access,
        at: AtMount<'_>,
        target: &Target<'_>,
    ) -> Result<(), TargetError> {
        let Some(position) = target.path.encoded_slash() else { return Ok(()) };
        self.mounts.check_encoded_slash(at.id, &target.path)?;
        let decoded = target.path.with_slashes();
        let reads_alike = |decoded| rules.reads_alike(at.id, at.path, decoded);
        match at.mount.prefix.strip(&decoded).is_some_and(reads_alike) {
            true => Ok(()),
            false => Err(TargetError::Escape { byte: b'/', at: position }),
        }
    }

    /// Decides a request at no mount. No path that could be read as one below a mount gets here: a target can be read
    /// in only one way, except for an escaped slash.
    fn elsewhere(&self, target: &Target<'_>, request: &Request<'_>) -> Result<Decision, Refusal> {
        let decoded = target.path.with_slashes();
        let outside = matches!(self.mounts.locate(&decoded), Located::Elsewhere);
        match self.elsewhere {
            Elsewhere::Pass if outside => {
                let remove =
                    Strip::OursOnly.held_back(request.headers, &self.identity_headers.names(), |_| false);
                let mut edits = HeaderEdits { remove, ..HeaderEdits::default() };
                if self.callers.logout.is_some() {
                    cookies::leave_out_sessions(request.headers, &mut edits);
                }
                Ok(Decision::Pass(edits))
            }
            _ => Err(Refusal::NoMount),
        }
    }

    /// Finds the endpoint of the path. `OPTIONS` below an API is answered here, and goes no further.
    fn endpoint<'a>(&self, at: AtMount<'a>, request: &Request<'_>) -> Result<Requested<'a>, Early> {
        let requested = Requested::find(at, request.headers)?;
        if requested.method == Method::Options && at.mount.api.is_api(at.path) {
            return Err(Early::Decided(self.options(&requested, request)));
        }
        Ok(requested)
    }

    /// Returns the listed origin whose page sent the request, and refuses requests of other sites' pages.
    fn origin(
        &self,
        requested: &Requested<'_>,
        request: &Request<'_>,
    ) -> Result<Option<AllowedOrigin>, Refusal> {
        let Request { headers, scheme, .. } = *request;
        let origin = self.answers.cors.allowed(headers);
        if origin.is_none() {
            let (class, method, links) = (requested.class(), requested.method, requested.links());
            let (frames, posting) = (self.answers.security.frames(), &requested.at.mount.cross_site);
            cross_site::check(&Asking { class, links, frames, posting, method, headers, scheme })?;
        }
        Ok(origin)
    }

    /// Identifies the caller, if the rules have to know.
    fn caller(
        &self,
        requested: &Requested<'_>,
        request: &Request<'_>,
        resources: &mut Resources<'_>,
    ) -> Result<Caller, Early> {
        if !self.access.asks(&RequestedAccess::of(requested)) {
            return Ok(Caller::Anonymous);
        }
        let Request { headers, facts, stream, .. } = *request;
        let hints = self.hints(resources.shared);
        let identified = self.callers.identify(headers, facts, stream, &mut resources.state.logins, hints);
        if !resources.state.has_stood_in_line(stream) {
            Count::login(&identified).into_iter().for_each(|login| resources.state.count(login));
        }
        match identified {
            Ok(Identified::Caller(caller)) => Ok(caller),
            Ok(Identified::NotYet) => Err(Early::Decided(Decision::Wait)),
            Err(error) => Err(Refusal::Login(error, self.can_log_in()).into()),
        }
    }

    /// Returns the rule that allows the request.
    fn access(&self, caller: &Caller, requested: &Requested<'_>) -> Result<(RuleNumber, &Rule), Refusal> {
        let decided = self.access.decide(caller, &RequestedAccess::of(requested));
        decided.map_err(|denied| self.denied(denied))
    }

    /// Returns the terms that a rule holds the caller to.
    fn terms(
        &self,
        number: RuleNumber,
        rule: &Rule,
        caller: &Caller,
        request: &Request<'_>,
    ) -> Result<RuleTerms, Refusal> {
        let restriction = rule.restriction(caller).map_err(|none| self.nothing_to_see(none))?;
        let tenants = rule.tenants(caller).map_err(|error| self.no_tenant(error))?;
        let guarded = match rule.guards {
            Some(guards) => {
                let now = request.facts.now()?.milliseconds();
                Some(Guarded { rule: number, guards, now })
            }
            None => None,
        };
        let samples = rule.samples.map(|rate| SampleRate { rule: number, rate });
        Ok(RuleTerms { restriction, guarded, missing: rule.missing, samples, tenants })
    }

    /// Returns a request that a rule allows, with the terms of the rule.
    fn allowed<'a>(
        &self,
        asked: &'a Asked<'_>,
        caller: &'a Caller,
        rule: RuleNumber,
        terms: RuleTerms,
    ) -> AllowedRequest<'a> {
        let Asked { target, request, requested, origin } = asked;
        let strip = self.strip(requested.at.mount, request.headers, caller);
        let (query, origin) = (target.query, origin.clone());
        AllowedRequest {
            request,
            requested: *requested,
            query,
            origin,
            strip,
            client: self.client,
            has_sessions: self.callers.logout.is_some(),
            caller,
            rule,
            terms,
        }
    }

    /// Returns the headers of a request that don't go to the server of a mount.
    fn strip(&self, mount: &Mount, headers: &Headers, caller: &Caller) -> Strip {
        Strip::TrustedAnd(match mount.credentials {
            PassedCredentials::None => Credentials::All,
            PassedCredentials::Sessions if self.callers.own(headers, caller) => Credentials::Logins,
            PassedCredentials::Sessions => Credentials::ForProxies,
            PassedCredentials::All => Credentials::None,
        })
    }

    /// Returns the changes to the headers of an answer.
    ///
    /// # Errors
    ///
    /// Returns the reason why the answer can't be passed on. [`Gateway::refuse`] makes the reply to send in its place.
    pub fn answer(&self, context: &RequestContext, headers: &Headers) -> Result<HeaderEdits, Refusal> {
        let mount = self.mounts.get(context.mount).ok_or(Refusal::Host)?;
        Ok(self.answers.edits(context, mount, &self.mounts, headers)?)
    }
}
