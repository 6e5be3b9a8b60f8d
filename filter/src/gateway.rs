//! The core's front door: a compiled configuration, and the way of a request through the rooms. It is pure: what the
//! host says comes in, a decision goes out.

mod admission;
pub mod answer;
pub mod forward;
pub mod state;

use crate::access::Access;
use crate::api::class::Class;
use crate::api::endpoint::Endpoint;
use crate::api::mount::{Mount, Mounts, Place};
use crate::api::profile::Contents;
use crate::caller::callers::{Callers, Facts, Identified};
use crate::caller::logins::StreamId;
use crate::decision::refusal::Refusal;
use crate::enforce::form::Body;
use crate::enforce::tenant::TenantHeader;
use crate::gateway::forward::{Forward, Granted, with_mark};
use crate::gateway::state::{Rates, State};
use crate::keyed_hash::Digest;
use crate::limits::table::SharedData;
use crate::report::{Outcome, Record};
use crate::response::cors::{self, Cors};
use crate::response::reply::{Reply, Wording};
use crate::response::security::Security;
use crate::target::Target;
use crate::target::header_edits::Edits;
use crate::target::headers::{Headers, Strip};
use crate::target::method::{Method, Methods};
use crate::target::origin::Scheme;
use crate::target::parameters::Parameters;

/// A compiled configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// The SHA-256 of what it was compiled from, which tells it from any other one.
    pub digest: Digest,
    /// What is where.
    pub mounts: Mounts,
    /// What happens to paths at no mount.
    pub elsewhere: Elsewhere,
    /// Who is known.
    pub callers: Callers,
    /// Who may do what.
    pub access: Access,
    /// The header that tells the server who is calling, in lower case.
    pub caller_header: Option<String>,
    /// The header that tells the server which tenants the caller may see.
    pub tenant_header: Option<TenantHeader>,
    /// Which sites may read answers.
    pub cors: Cors,
    /// What browsers are told.
    pub security: Security,
}

/// What happens to a path at no mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elsewhere {
    /// 404.
    Refuse,
    /// It goes on to the proxy's own routes.
    Pass,
}

/// What the host knows of a request when its headers have come.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Which one it is.
    pub stream: StreamId,
    /// Every header, with `:method`, `:path` and `:authority`.
    pub headers: &'a Headers,
    /// Whether something follows the headers.
    pub body: Body,
    /// What the client's connection speaks.
    pub scheme: Scheme,
    /// What [`Gateway::needs`] asks for.
    pub facts: &'a Facts,
}

/// What a configuration has to know of a request beside its headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// Where it comes from.
    pub source: bool,
    /// The client's certificate.
    pub certificate: bool,
    /// What filters before this one left.
    pub metadata: bool,
    /// When it is.
    pub now: bool,
}

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It goes upstream.
    Forward(Box<Forward>),
    /// It isn't ours: it goes on as it came, but for these headers.
    Pass(Edits),
    /// It is answered here.
    Reply(Reply),
    /// It waits until its password was checked, and is decided then.
    Wait,
}

/// A worker's own part in a decision.
pub struct Worker<'a> {
    /// What it keeps.
    pub state: &'a mut State,
    /// What it shares with others.
    pub shared: &'a dyn SharedData,
}

impl Gateway {
    /// The way of a request, when its headers have come, and again when its password was checked.
    pub fn decide(&self, request: &Request<'_>, worker: &mut Worker<'_>) -> (Decision, Record) {
        let mut record = Record::default();
        let decision = self.way(request, worker, &mut record).unwrap_or_else(|refusal| {
            record.refused(refusal.status(), &refusal);
            let origin = self.cors.allowed(request.headers);
            let wording = wording_of(&self.mounts, request.headers);
            Decision::Reply(self.refusal(&refusal, wording, request.scheme, origin.as_ref()))
        });
        match &decision {
            Decision::Reply(reply) => record.outcome = Outcome::of(reply.status),
            Decision::Pass(_) => record.outcome = Outcome::Passed,
            Decision::Forward(_) | Decision::Wait => {}
        }
        (decision, record)
    }

    fn way(
        &self,
        request: &Request<'_>,
        worker: &mut Worker<'_>,
        record: &mut Record,
    ) -> Result<Decision, Refusal> {
        let target = Target::parse(request.headers.only(":path").unwrap_or_default())?;
        let (id, mount, path) = match self.mounts.place(target.path.as_str()) {
            Place::Below { id, mount, path } => (id, mount, path),
            Place::Bare { mount } => return self.to_the_mount(mount, &target, request),
            Place::Elsewhere => return self.elsewhere(&target, request),
        };
        record.mount = Some(id);
        self.mounts.check_encoded_slash(id, &target.path)?;
        let (endpoint, method) = endpoint(mount, path, request)?;
        if method == Method::Options && mount.api.is_api(path) {
            return Ok(self.options(endpoint, request));
        }
        let class = endpoint.map_or(Class::Unknown, |endpoint| endpoint.class);
        record.class = Some(class);
        self.check_site(class, mount.api.contents, method, request)?;
        let Identified::Caller(caller) = self.caller(class, id, request, worker)? else {
            return Ok(Decision::Wait);
        };
        record.caller = caller.clone();
        let (number, rule) = self.access.decide(&caller, class, id).map_err(|denied| self.denied(denied))?;
        record.rule = Some(number);
        self.limit(number, rule, &caller, request, worker)?;
        let terms = self.terms(number, rule, &caller, request)?;
        let query = target.query.as_ref();
        let caller = &caller;
        let granted =
            Granted { gateway: self, id, mount, path, query, endpoint, method, caller, rule: number, terms };
        granted.decide(request, &mut worker.state.queries)
    }

    /// The bare prefix: a redirect to a path, never to a host.
    fn to_the_mount(
        &self,
        mount: &Mount,
        target: &Target,
        request: &Request<'_>,
    ) -> Result<Decision, Refusal> {
        let status = match method(request).ok_or(Refusal::Method(Methods::ALL))? {
            Method::Get | Method::Head => 301,
            _ => 308,
        };
        let query = Parameters::of_query(target.query.as_ref())?.to_text();
        let location = format!("{}/{}", mount.prefix.as_str(), with_mark(&query));
        let reply = Reply::empty(status, vec![("location", location)]);
        Ok(Decision::Reply(self.dressed(reply, request.scheme, None)))
    }

    /// A path at no mount. Nothing that could be read as a path below one gets here: a target has one reading only, but
    /// for an escaped slash.
    fn elsewhere(&self, target: &Target, request: &Request<'_>) -> Result<Decision, Refusal> {
        let decoded = target.path.with_slashes();
        let outside = matches!(self.mounts.place(&decoded), Place::Elsewhere);
        match self.elsewhere {
            Elsewhere::Pass if outside => {
                let remove = Strip::OursOnly.held_back(request.headers, &self.own_headers());
                Ok(Decision::Pass(Edits { remove, ..Edits::default() }))
            }
            _ => Err(Refusal::NoMount),
        }
    }

    /// `OPTIONS` below an API: answered here, whoever asks, and a preflight of a listed site with what it may do.
    fn options(&self, endpoint: Option<&Endpoint>, request: &Request<'_>) -> Decision {
        let methods = endpoint.map_or(UNKNOWN_ENDPOINT, |endpoint| endpoint.methods).with(OPTIONS);
        let origin = self.cors.allowed(request.headers);
        let mut headers = vec![("allow", methods.to_string())];
        if origin.is_some() {
            headers.extend(cors::preflight(methods));
        }
        Decision::Reply(self.dressed(Reply::empty(204, headers), request.scheme, origin.as_ref()))
    }

    /// The headers of a configuration's own, in lower case, which no client may set.
    pub fn own_headers(&self) -> Vec<&str> {
        let tenant = self.tenant_header.as_ref().map(|header| header.name.as_str());
        self.caller_header.as_deref().into_iter().chain(tenant).collect()
    }

    /// What has to be known of a request beside its headers.
    pub fn needs(&self) -> Needs {
        let passwords = self.callers.passwords.is_some();
        let rates = self.access.has_rates();
        let metadata = !self.callers.issuers.is_empty();
        Needs {
            source: passwords || rates,
            certificate: !self.callers.certificates.is_empty(),
            metadata,
            now: passwords || rates || metadata || self.access.has_guards(),
        }
    }

    /// Whether workers have to count together.
    pub fn rates(&self) -> Rates {
        if self.access.has_rates() { Rates::Some } else { Rates::None }
    }
}

/// What is at a path, and the method, if it is one that is known there.
fn endpoint(
    mount: &Mount,
    path: &str,
    request: &Request<'_>,
) -> Result<(Option<&'static Endpoint>, Method), Refusal> {
    if mount.api.contents == Contents::Known && request.headers.has("upgrade") {
        return Err(Refusal::Upgrade);
    }
    let endpoint = mount.api.endpoint(path);
    let options = if mount.api.is_api(path) { OPTIONS } else { Methods::default() };
    let methods = endpoint.map_or(Methods::ALL, |endpoint| endpoint.methods.with(options));
    let method = method(request).filter(|&method| methods.contains(method));
    Ok((endpoint, method.ok_or(Refusal::Method(methods))?))
}

/// What a preflight is told of an endpoint that a newer server may have.
const UNKNOWN_ENDPOINT: Methods = Methods::of(&[Method::Get, Method::Post]);

const OPTIONS: Methods = Methods::of(&[Method::Options]);

fn method(request: &Request<'_>) -> Option<Method> {
    Method::parse(request.headers.only(":method").unwrap_or_default())
}

/// The form of a refusal when nothing may be known yet but the raw target.
fn wording_of(mounts: &Mounts, headers: &Headers) -> Wording {
    let raw = headers.only(":path").unwrap_or_default();
    let Ok(target) = Target::parse(raw) else {
        let is_api = raw.windows(API.len()).any(|window| window == API);
        return if is_api { Wording::Json } else { Wording::Plain };
    };
    match mounts.place(target.path.as_str()) {
        Place::Below { mount, path, .. } if mount.api.is_api(path) => Wording::Json,
        _ => Wording::Plain,
    }
}

/// What a path of an API has in it.
const API: &[u8] = b"/api/";
