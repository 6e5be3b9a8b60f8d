//! What goes upstream: printed from what was read, with the filter's own headers in place of the client's.

use super::answer::{Asked, Filtered};
use crate::api::class::Classes;
use crate::api::endpoint::{Content, Endpoint, ParametersIn, ToRestricted};
use crate::api::listing::Listing;
use crate::api::mount::{Mount, MountId};
use crate::caller::identity::Caller;
use crate::decision::refusal::Refusal;
use crate::enforce::RuleNumber;
use crate::enforce::form::{AwaitedForm, Body, FORM_TYPE, FormError};
use crate::enforce::guards::Guarded;
use crate::enforce::requirements::Demands;
use crate::enforce::restriction::Restriction;
use crate::enforce::rewrite_cache::Queries;
use crate::gateway::{Decision, Gateway, Request};
use crate::response::filtered;
use crate::response::page::Expected;
use crate::response::reply::{Reply, Wording};
use crate::target::header_edits::Edits;
use crate::target::headers::{Headers, Strip};
use crate::target::method::Method;
use crate::target::origin;
use crate::target::parameters::Parameters;
use crate::target::query::Query;
use std::rc::Rc;

/// What the client's connection speaks, as proxies tell servers.
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// A request on its way upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    /// What changes in its headers, `:path` among them.
    pub edits: Edits,
    /// A form that has to be awaited; any other body streams.
    pub form: Option<AwaitedForm>,
    /// What its answer is read against.
    pub asked: Asked,
}

/// What a rule holds its callers to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// What they may see; none is everything.
    pub restriction: Option<Rc<Restriction>>,
    /// How much a query of theirs may touch.
    pub guarded: Option<Guarded>,
}

/// A request that a rule allows.
#[derive(Clone, Debug)]
pub struct Granted<'a> {
    /// The configuration.
    pub gateway: &'a Gateway,
    /// Where it goes.
    pub id: MountId,
    /// The mount of that id.
    pub mount: &'a Mount,
    /// The canonical path below the mount.
    pub path: &'a str,
    /// The raw query string.
    pub query: Option<&'a Query>,
    /// The table's row; none is the class `unknown`.
    pub endpoint: Option<&'static Endpoint>,
    /// A method that the row has.
    pub method: Method,
    /// Who is calling.
    pub caller: &'a Caller,
    /// By which rule.
    pub rule: RuleNumber,
    /// What that holds them to.
    pub terms: Terms,
}

impl Granted<'_> {
    /// What becomes of the request. Whoever is restricted gets what the endpoint's row says, whatever a rule allows
    /// (`threats.md` R2).
    ///
    /// # Errors
    ///
    /// Nothing can be restricted there; the parameters or an announced body can be read in two ways (P2), or don't meet
    /// what the rule demands.
    pub fn decide(&self, request: &Request<'_>, queries: &mut Queries) -> Result<Decision, Refusal> {
        match self.gives() {
            ToRestricted::Refuse => Err(Refusal::Withheld(self.rule)),
            ToRestricted::Empty(body) => {
                self.parameters(request, queries)?;
                let origin = self.gateway.cors.allowed(request.headers);
                let reply = self.gateway.dressed(Reply::nothing(body), request.scheme, origin.as_ref());
                Ok(Decision::Reply(reply))
            }
            ToRestricted::Filter(kind, _) => self.forward(request, Some(kind), queries),
            ToRestricted::Restrict(_) | ToRestricted::Pass | ToRestricted::Page => {
                self.forward(request, None, queries)
            }
        }
    }

    /// What the caller gets there.
    fn gives(&self) -> ToRestricted {
        match &self.terms.restriction {
            None => ToRestricted::Pass,
            Some(_) => self.endpoint.map_or(ToRestricted::Refuse, |endpoint| endpoint.to_restricted),
        }
    }

    /// Reads parameters, prints them anew, and says what changes in the headers.
    fn forward(
        &self,
        request: &Request<'_>,
        kind: Option<Listing>,
        queries: &mut Queries,
    ) -> Result<Decision, Refusal> {
        let upstream_path = self.mount.upstream_path(self.path);
        let (query, form) = self.parameters(request, queries)?;
        let host = host(request.headers);
        let filtered = kind.zip(self.terms.restriction.clone());
        let filtered = filtered.map(|(kind, restriction)| Filtered { kind, restriction });
        let mut edits =
            self.edits([upstream_path.as_str(), &query].concat(), host.as_deref(), form.is_some(), request)?;
        if filtered.is_some() {
            edits.remove.extend(filtered::headers::removed_from_request(request.headers));
            edits.set.push(("accept-encoding".into(), "identity".to_owned()));
        }
        let asked = Asked {
            mount: self.id,
            content: self.endpoint.map_or(Content::Fresh, |endpoint| endpoint.content),
            upstream_path,
            host,
            origin: self.gateway.cors.allowed(request.headers),
            scheme: request.scheme,
            wording: if self.mount.api.is_api(self.path) { Wording::Json } else { Wording::Plain },
            expected: if self.gives() == ToRestricted::Page { Expected::Page } else { Expected::Anything },
            filtered,
        };
        Ok(Decision::Forward(Box::new(Forward { edits, form, asked })))
    }

    /// The query string, with its question mark, and the form that is to be awaited. Where the row names no parameters
    /// both pass as they are, but where an answer has to be what the row says.
    fn parameters(
        &self,
        request: &Request<'_>,
        queries: &mut Queries,
    ) -> Result<(String, Option<AwaitedForm>), Refusal> {
        let is_read = |endpoint: &&Endpoint| {
            let is_cut = matches!(self.gives(), ToRestricted::Filter(..) | ToRestricted::Empty(_));
            is_cut || !endpoint.parameters.is_empty()
        };
        let Some(endpoint) = self.endpoint.filter(is_read) else {
            return Ok((self.query.map(|query| with_mark(query.as_str())).unwrap_or_default(), None));
        };
        let names = endpoint.parameters;
        let query = Parameters::of_query(self.query)?;
        query.check(names, &Parameters::default())?;
        let max = self.mount.max_form;
        if endpoint.parameters_in == ParametersIn::QueryOnly && request.body == Body::Follows {
            return Err(FormError::Unexpected.into());
        }
        let form = AwaitedForm::announced(self.method, request.headers, request.body, names, &query, max)?;
        let demands = self.demands(endpoint);
        let query = match (&demands, &form) {
            (None, _) => query,
            (Some(demands), None) => demands.of_query(query, queries)?,
            (Some(demands), Some(_)) => demands.of_first_half(query, queries)?,
        };
        Ok((with_mark(&query.to_text()), form.map(|form| form.with_demands(demands))))
    }

    /// What the rule demands of the parameters; nothing, where it holds nobody to anything.
    fn demands(&self, endpoint: &Endpoint) -> Option<Demands> {
        let Terms { restriction, guarded } = self.terms.clone();
        if restriction.is_none() && guarded.is_none() {
            return None;
        }
        let selectors = match endpoint.to_restricted {
            ToRestricted::Restrict(selectors) => Some(selectors),
            ToRestricted::Filter(_, selectors) => selectors,
            ToRestricted::Empty(_) | ToRestricted::Pass | ToRestricted::Page | ToRestricted::Refuse => None,
        };
        let guarded = guarded.filter(|_| Classes::GUARDED.contains(endpoint.class));
        Some(Demands { profile: self.mount.api, names: endpoint.parameters, selectors, restriction, guarded })
    }

    fn edits(
        &self,
        path: String,
        host: Option<&str>,
        has_form: bool,
        request: &Request<'_>,
    ) -> Result<Edits, Refusal> {
        let strip = if self.mount.pass_credentials { Strip::Trusted } else { Strip::TrustedAndCredentials };
        let mut remove = strip.held_back(request.headers, &self.gateway.own_headers());
        let mut set = vec![(":path".into(), path)];
        let mut say = |name: &'static str, value: &str| set.push((name.into(), value.to_owned()));
        if request.headers.only(FORWARDED_PROTO) == Some(request.scheme.as_str().as_bytes()) {
            // Proxies say it themselves, as a rule.
            remove.retain(|name| !name.eq_ignore_ascii_case(FORWARDED_PROTO.as_bytes()));
        } else {
            say(FORWARDED_PROTO, request.scheme.as_str());
        }
        host.into_iter().for_each(|host| say("x-forwarded-host", host));
        if !self.mount.prefix.is_root() {
            say("x-forwarded-prefix", self.mount.prefix.as_str());
        }
        self.mount.cluster.iter().for_each(|cluster| say("x-promward-cluster", cluster));
        if has_form {
            // The form is printed anew and has another length then; an upstream that believed the old one would read
            // the rest as the next request.
            remove.push(b"content-length".to_vec());
            say("content-type", FORM_TYPE);
        }
        if let (Some(name), Some(identity)) = (&self.gateway.caller_header, self.caller.identity()) {
            set.push((name.clone().into(), identity.header_value()));
        }
        if let (Some(header), Some(restriction)) = (&self.gateway.tenant_header, &self.terms.restriction)
            && let Some(tenants) = header.value(restriction)?
        {
            set.push((header.name.clone().into(), tenants));
        }
        Ok(Edits { remove, set, add: Vec::new() })
    }
}

/// A query string with its question mark; nothing, where it says nothing.
pub fn with_mark(query: &str) -> String {
    if query.is_empty() { String::new() } else { ["?", query].concat() }
}

/// The host that the client named, if it is one.
fn host(headers: &Headers) -> Option<String> {
    let value = headers.only(":authority").or_else(|| headers.only("host"))?;
    std::str::from_utf8(value).ok().filter(|text| origin::is_authority(text)).map(str::to_owned)
}
