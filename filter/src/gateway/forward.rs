//! The last step before a request goes upstream. A request that a rule allows comes in, and the decision about it goes
//! out: the request that is forwarded is written from the parsed parameters, with the filter's own headers in place of
//! the client's.

use crate::api::class::{Class, Classes};
use crate::api::endpoint::{Content, Endpoint, Message, ParametersIn, ToRestricted};
use crate::api::listing::Listing;
use crate::api::mount::{AtMount, Mount, WebSockets};
use crate::api::requested::Requested;
use crate::caller::client::ClientFrom;
use crate::caller::identity::{Caller, Identity};
use crate::decision::refusal::Refusal;
use crate::decision::{Decision, Forward, Request};
use crate::enforce::RuleNumber;
use crate::enforce::announced::{Announced, BodyError, BodyKind, refused};
use crate::enforce::body::AwaitedBody;
use crate::enforce::form::AwaitedForm;
use crate::enforce::identity_headers::IdentityHeaders;
use crate::enforce::remote_read::{AwaitedRead, ReadTerms};
use crate::enforce::remote_write::{AwaitedWrite, WriteTerms};
use crate::enforce::requirements::Requirements;
use crate::enforce::rewrite_cache::RewriteCache;
use crate::enforce::silence::awaited::AwaitedSilence;
use crate::enforce::silence::lookup::Lookup;
use crate::enforce::terms::RuleTerms;
use crate::enforce::violation::Violation;
use crate::promql::Bounds;
use crate::response::answer::{Answers, Filtered, Offered, RequestContext};
use crate::response::cors::AllowedOrigin;
use crate::response::filtered;
use crate::response::page::Expected;
use crate::response::reply::{Reply, Wording};
use crate::target::body::Body;
use crate::target::cookies;
use crate::target::header_edits::{HeaderEdits, HeaderValue};
use crate::target::headers::Headers;
use crate::target::headers::name::Name;
use crate::target::media_type::JSON_TYPE;
use crate::target::method::Method;
use crate::target::origin;
use crate::target::parameters::Parameters;
use crate::target::parameters::accepted::Accepted;
use crate::target::query::QueryString;
use crate::target::strip::{Credentials, Strip};
use crate::target::upgrade;
use std::rc::Rc;

/// The number of headers that a request usually gets.
const USUALLY_SET: usize = 6;

/// A request that a rule allows.
#[derive(Clone, Debug)]
pub(super) struct AllowedRequest<'a> {
    /// The request as the client sent it.
    pub(super) request: &'a Request<'a>,
    /// The endpoint that the request is for.
    pub(super) requested: Requested<'a>,
    /// The raw query string.
    pub(super) query: Option<QueryString<'a>>,
    /// The listed origin whose page sent the request.
    pub(super) origin: Option<AllowedOrigin>,
    /// The headers of the request that don't go upstream.
    pub(super) strip: Strip,
    /// The place where the client's connection is learned.
    pub(super) client: ClientFrom,
    /// True if the proxy keeps sessions, whose cookies don't go upstream.
    pub(super) has_sessions: bool,
    /// The caller that sends the request.
    pub(super) caller: &'a Caller,
    /// The rule that allows the request.
    pub(super) rule: RuleNumber,
    /// The terms that the rule holds the caller to.
    pub(super) terms: RuleTerms,
}

impl AllowedRequest<'_> {
    /// Decides the request. A restricted caller gets the answer that the endpoint provides for them, whatever a
    /// rule allows (`threats.md` R2).
    ///
    /// # Errors
    ///
    /// Returns an error if the endpoint can't be restricted, and if the parameters or an announced body can be read in
    /// two ways (P2) or violate the requirements of the rule.
    pub(super) fn decide(
        self,
        headers: &IdentityHeaders,
        answers: &Answers,
        rewrites: &mut RewriteCache,
    ) -> Result<Decision, Refusal> {
        match self.gives() {
            ToRestricted::Refuse => Err(Refusal::Withheld(self.rule)),
            ToRestricted::Empty(body) => {
                self.parameters(rewrites)?;
                let scheme = self.request.scheme;
                Ok(Decision::Reply(answers.dressed(Reply::nothing(body), scheme, self.origin.as_ref())))
            }
            ToRestricted::Filter(listing, _) => self.forward(headers, Some(listing), rewrites),
            ToRestricted::Restrict(_)
            | ToRestricted::Message(_)
            | ToRestricted::Pass
            | ToRestricted::Read(_)
            | ToRestricted::Page
            | ToRestricted::OwnSilence
            | ToRestricted::NewSilence => self.forward(headers, None, rewrites),
        }
    }

    /// Returns the answer that the caller gets from the endpoint.
    fn gives(&self) -> ToRestricted {
        match &self.terms.restriction {
            None => ToRestricted::Pass,
            Some(_) => self
                .requested
                .endpoint
                .map_or(ToRestricted::Refuse, |endpoint| endpoint.treatment.to_restricted),
        }
    }

    /// Reads the parameters, writes them anew, and decides the changes to the headers.
    fn forward(
        self,
        headers: &IdentityHeaders,
        listing: Option<Listing>,
        rewrites: &mut RewriteCache,
    ) -> Result<Decision, Refusal> {
        let AtMount { id, mount, path } = self.requested.at;
        let upstream_path = mount.upstream_path(path);
        let offered = self.offered();
        let (query, body) = self.parameters(rewrites)?;
        let host = host(self.request.headers);
        let filtered = listing.zip(self.terms.restriction.clone());
        let filtered = filtered.map(|(listing, restriction)| Filtered { listing, restriction });
        let target = with_query(&upstream_path, &query);
        let mut edits = self.edits(target, host.as_ref(), body.as_ref(), headers)?;
        if filtered.is_some() {
            edits.remove.extend(filtered::headers::removed_from_request(self.request.headers));
            edits.set.push((Name::AcceptEncoding.into(), "identity".into()));
        }
        let is_page = matches!(self.gives(), ToRestricted::Page);
        let expected = if is_page { Expected::Page } else { Expected::Anything };
        let lookup = match (self.gives(), path.rsplit_once('/')) {
            (ToRestricted::OwnSilence, Some((folder, id))) => self.lookup(folder, id),
            _ => None,
        };
        lookup.as_ref().map(Lookup::request).transpose()?;
        let context = RequestContext {
            mount: id,
            content: self.requested.endpoint.map_or(Content::Fresh, |endpoint| endpoint.treatment.content),
            upstream_path,
            host,
            origin: self.origin,
            scheme: self.request.scheme,
            offered,
            wording: if mount.api.is_api(path) { Wording::Json } else { Wording::Plain },
            expected,
            filtered,
        };
        Ok(Decision::Forward(Box::new(Forward { edits, body, trial: None, lookup, context })))
    }

    /// Returns the query string, and the body to wait for. If the endpoint lists no parameters
    /// both pass unchanged, except where its answer is filtered or empty.
    fn parameters(&self, rewrites: &mut RewriteCache) -> Result<(String, Option<AwaitedBody>), Refusal> {
        let Request { headers, body, .. } = *self.request;
        let method = self.requested.method;
        // Hosts that take an offer to switch protocols read what follows as the other protocol, which never ends.
        if body == Body::Follows && method.may_have_a_body() && self.offers() {
            return Err(BodyError::Offered.into());
        }
        if let Some(awaited) = self.message()? {
            return Ok(awaited);
        }
        let is_read = |endpoint: &&Endpoint| {
            let is_held = matches!(
                self.gives(),
                ToRestricted::Filter(..)
                    | ToRestricted::Empty(_)
                    | ToRestricted::OwnSilence
                    | ToRestricted::NewSilence
            );
            is_held || !endpoint.treatment.parameters.is_empty()
        };
        let Some(endpoint) = self.requested.endpoint.filter(is_read) else {
            let query = self.query.map(|query| query.as_str().to_owned()).unwrap_or_default();
            if body == Body::None || !self.offers() {
                return Ok((query, None));
            }
            let nothing = Accepted { names: &[], ignored: Rc::new([]) };
            let form = AwaitedForm::announced(method, headers, body, &nothing, &Parameters::default(), 0)?;
            return Ok((query, form.map(AwaitedBody::Form)));
        };
        let Mount { max_form, ignored, .. } = self.requested.at.mount;
        let accepted = Accepted { names: endpoint.treatment.parameters, ignored: Rc::clone(ignored) };
        let query = accepted.query(self.query)?;
        if endpoint.treatment.parameters_in == ParametersIn::QueryOnly && body == Body::Follows {
            return Err(BodyError::Unexpected.into());
        }
        if body == Body::Follows && matches!(self.gives(), ToRestricted::NewSilence) {
            return Ok((query.into_text(), Some(AwaitedBody::Silence(self.silence(*max_form)?))));
        }
        let mut form = AwaitedForm::announced(method, headers, body, &accepted, &query, *max_form)?;
        let Some(requirements) = self.requirements(endpoint)? else {
            return Ok((query.into_text(), form.map(AwaitedBody::Form)));
        };
        if let Some(violation) = requirements.ends_with(&query) {
            form = form.map(|form| form.refusing(BodyError::Violation(violation))).transpose()?;
        }
        let follows = form.as_ref().is_some_and(|form| !form.announcement().must_be_empty());
        let query = if follows {
            requirements.of_first_half(query, rewrites)?
        } else {
            requirements.of_query(query, rewrites)?
        };
        let awaited = form.map(|form| AwaitedBody::Form(form.with_requirements(Some(requirements))));
        Ok((query.into_text(), awaited))
    }

    /// Returns the silence that follows.
    fn silence(&self, max: usize) -> Result<AwaitedSilence, Refusal> {
        let refused = refused(self.requested.method, self.request.headers, JSON_TYPE);
        let announced = Announced::by(self.request.headers, max, BodyKind::Form, refused)?;
        // New ones are sent to `/api/v2/silences`, and those that exist are in `/api/v2/silence`.
        let path = self.requested.at.path;
        let former =
            self.lookup(path.strip_suffix('s').unwrap_or(path), "").ok_or(Refusal::Withheld(self.rule))?;
        let created_by = self.caller.identity().map_or("anonymous", Identity::who).to_owned();
        Ok(AwaitedSilence::new(announced, created_by, former))
    }

    /// Returns the lookup of a silence with this id, in a folder of the mount, to hold it to the restriction.
    fn lookup(&self, folder: &str, id: &str) -> Option<Lookup> {
        let mount = self.requested.at.mount;
        Some(Lookup {
            cluster: mount.cluster.clone(),
            folder: mount.upstream_path(folder),
            id: id.to_owned(),
            restriction: self.terms.restriction.clone()?,
        })
    }

    /// Returns the query string and the message to wait for, if the rule requires something of it.
    fn message(&self) -> Result<Option<(String, Option<AwaitedBody>)>, Refusal> {
        let Some(ToRestricted::Message(message)) =
            self.requested.endpoint.map(|endpoint| endpoint.treatment.to_restricted)
        else {
            return Ok(None);
        };
        let RuleTerms { restriction, guarded, missing, samples, .. } = &self.terms;
        let is_held = match message {
            Message::RemoteWrite => samples.is_some(),
            Message::RemoteRead => guarded.is_some(),
        };
        if restriction.is_none() && !is_held {
            return Ok(None);
        }
        let Mount { max_form, max_write, ignored, api, .. } = self.requested.at.mount;
        let accepted = Accepted { names: &[], ignored: Rc::clone(ignored) };
        // Remote read has no parameters. Those of a remote write are read only for who is restricted.
        let takes_none = restriction.is_some() || message == Message::RemoteRead;
        let query = match takes_none {
            true => accepted.query(self.query)?,
            false => Parameters::of_query(self.query)?,
        };
        if takes_none && let Some(given) = query.iter().next() {
            let name = given.name();
            let known = api.knows(&name);
            return Err(Violation::Parameter(name.into_owned(), known).into());
        }
        let (headers, restriction) = (self.request.headers, restriction.clone());
        let awaited = match message {
            _ if self.request.body == Body::None => None,
            Message::RemoteWrite => {
                let terms = WriteTerms { restriction, missing: *missing, samples: *samples };
                Some(AwaitedBody::Write(AwaitedWrite::announced(headers, *max_write, terms)?))
            }
            Message::RemoteRead => {
                let terms = ReadTerms { restriction, guarded: *guarded, bounds: self.bounds() };
                Some(AwaitedBody::Read(AwaitedRead::announced(headers, *max_form, terms)?))
            }
        };
        Ok(Some((query.into_text(), awaited)))
    }

    /// Returns `true` if the request offers to switch to another protocol, which the server doesn't get to see.
    fn offers(&self) -> bool {
        upgrade::is_offered(self.request.headers) && self.offered() == Offered::Nothing
    }

    /// Returns the requirements of the rule on the parameters, or `None` if it has none.
    fn requirements(&self, endpoint: &Endpoint) -> Result<Option<Requirements>, Refusal> {
        let RuleTerms { restriction, guarded, .. } = &self.terms;
        if restriction.is_none() && guarded.is_none() {
            return Ok(None);
        }
        let guarded = guarded.filter(|_| Classes::GUARDED.contains(endpoint.class));
        Ok(Some(Requirements {
            profile: self.requested.at.mount.api,
            names: endpoint.treatment.parameters,
            unread: endpoint.treatment.unread,
            selectors: endpoint.selectors(),
            restriction: restriction.clone(),
            guarded,
            bounds: self.bounds(),
            now: self.now()?,
        }))
    }

    /// Returns the bounds on the queries and selectors of the request.
    fn bounds(&self) -> Bounds {
        let mount = self.requested.at.mount;
        let given = self.terms.guarded.and_then(|guarded| guarded.guards.bounds).unwrap_or_default();
        Bounds { length: mount.max_query, extensions: mount.extensions, ..given }
    }

    /// Returns the time of the request in milliseconds, if the server takes times that are relative to it.
    fn now(&self) -> Result<Option<i64>, Refusal> {
        match self.requested.at.mount.api.dialect.is_spelled_out() {
            true => Ok(Some(self.request.facts.now()?.milliseconds())),
            false => Ok(None),
        }
    }

    /// Returns the protocol that the server is offered to switch to. Any other offer goes no further.
    fn offered(&self) -> Offered {
        let passes = self.requested.at.mount.websockets == WebSockets::Pass;
        match passes && upgrade::is_websocket(self.request.headers, self.requested.method) {
            true => Offered::WebSocket,
            false => Offered::Nothing,
        }
    }

    /// Returns the changes to the headers of the request.
    fn edits(
        &self,
        target: String,
        host: Option<&Rc<str>>,
        body: Option<&AwaitedBody>,
        identity_headers: &IdentityHeaders,
    ) -> Result<HeaderEdits, Refusal> {
        let (request, mount) = (self.request, self.requested.at.mount);
        // Most proxies set it themselves, and to the same.
        let says_the_scheme =
            request.headers.only(Name::XForwardedProto) == Some(request.scheme.as_str().as_bytes());
        let is_kept = |name| self.client.leaves(name) || says_the_scheme && name == Name::XForwardedProto;
        let mut remove = self.strip.held_back(request.headers, &identity_headers.names(), is_kept);
        // A form behind an offer has been refused already.
        let offers = body.is_none_or(AwaitedBody::must_be_empty) && self.offers();
        if offers {
            remove.extend(upgrade::offer(request.headers));
        }
        let mut set = Vec::with_capacity(USUALLY_SET);
        let mut say = |name: Name, value: HeaderValue| set.push((name.into(), value));
        say(Name::Path, target.into());
        if self.requested.class() == Class::Health && self.requested.method == Method::Options {
            say(Name::Method, "GET".into());
        }
        if !says_the_scheme {
            say(Name::XForwardedProto, request.scheme.as_str().into());
        }
        host.into_iter().for_each(|host| say(Name::XForwardedHost, host.into()));
        if !mount.prefix.is_root() {
            say(Name::XForwardedPrefix, mount.prefix.text().into());
        }
        mount.cluster.iter().for_each(|cluster| say(Name::XPromwardCluster, cluster.into()));
        match body {
            // After an offer the end may never come, so the server must not wait for it.
            Some(_) if offers => say(Name::ContentLength, "0".into()),
            // The proxy may wait for the end, so that nothing is executed if a byte comes.
            Some(body) if body.must_be_empty() => {
                mount.cluster.iter().for_each(|_| say(Name::XPromwardBody, body.kind().into()));
            }
            // The body is written anew and then has another length. An upstream that trusts the old length would read
            // the rest as the next request.
            Some(body) => {
                remove.extend(request.headers.has(Name::ContentLength).then(|| b"content-length".to_vec()));
                say(Name::ContentType, body.content_type().into());
                // The proxy's routes know by it that the whole body has to come before the request goes on.
                mount.cluster.iter().for_each(|_| say(Name::XPromwardBody, body.kind().into()));
            }
            None => {}
        }
        identity_headers.add(self.caller, &self.terms, &mut set)?;
        let class = self.requested.class();
        if class != Class::Health {
            identity_headers.add_descriptors(self.rule, self.caller, class, request.facts, &mut set)?;
        }
        let mut edits = HeaderEdits { remove, set, add: Vec::new() };
        // Where no cookie goes on, the header is removed already.
        if self.has_sessions && self.strip != Strip::TrustedAnd(Credentials::All) {
            cookies::leave_out_sessions(request.headers, &mut edits);
        }
        Ok(edits)
    }
}

/// Returns a path with its query string, unless that is empty.
pub(super) fn with_query(path: &str, query: &str) -> String {
    let mut target = String::with_capacity(path.len().saturating_add(query.len()).saturating_add(1));
    target.push_str(path);
    if !query.is_empty() {
        target.push('?');
        target.push_str(query);
    }
    target
}

/// Returns the host that the client named, if it is valid.
fn host(headers: &Headers) -> Option<Rc<str>> {
    std::str::from_utf8(headers.named_host()?).ok().filter(|text| origin::is_authority(text)).map(Rc::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::mount::{MountId, PassedCredentials, Prefix};
    use crate::api::prometheus;
    use crate::caller::logins::StreamId;
    use crate::decision::Facts;
    use crate::enforce::RuleList;
    use crate::enforce::restriction::samples;
    use crate::promql::Extensions;
    use crate::response::cors::Cors;
    use crate::response::security::{Frames, Security};
    use crate::target::origin::UrlScheme;

    /// Tests the last line of defence: rules refuse this earlier (`tests/rules.rs`), and even if one let it pass, it
    /// isn't forwarded.
    #[test]
    fn what_is_not_in_the_table_is_withheld_even_if_a_rule_gives_it() {
        let mount = Mount {
            prefix: Prefix::default(),
            upstream_prefix: Prefix::default(),
            api: &prometheus::PROFILE,
            cluster: None,
            origins: Vec::new(),
            max_form: 0,
            max_write: 0,
            max_query: 0,
            extensions: Extensions::NONE,
            ignored: [].into(),
            credentials: PassedCredentials::None,
            cross_site: Vec::new(),
            websockets: WebSockets::Refuse,
            pass_encoded_slash: false,
        };
        let (headers, facts) = (Headers::default(), Facts::default());
        let (body, scheme) = (Body::None, UrlScheme::Https);
        let request = Request { stream: StreamId(1), headers: &headers, body, scheme, facts: &facts };
        let at = AtMount { id: MountId(0), mount: &mount, path: "/api/v1/new" };
        let allowed = AllowedRequest {
            request: &request,
            requested: Requested { at, endpoint: None, method: Method::Get },
            query: None,
            origin: None,
            strip: Strip::OursOnly,
            client: ClientFrom::Host,
            has_sessions: false,
            caller: &Caller::Anonymous,
            rule: RuleNumber { list: RuleList::Access, position: 0 },
            terms: RuleTerms {
                restriction: Some(samples::restriction(samples::only(&["a"]))),
                ..RuleTerms::default()
            },
        };
        let headers = IdentityHeaders { caller: None, tenant: None, rate_limit: Vec::new() };
        let security = Security::new(None, None, Frames::Nobody);
        let answers = Answers { cors: Cors::default(), security };
        let refusal = allowed.decide(&headers, &answers, &mut RewriteCache::new(1)).unwrap_err();
        assert_eq!(refusal.status(), 403);
    }
}
