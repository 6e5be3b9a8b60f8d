//! The replies of the gateway itself: redirects to a mount, answers to `OPTIONS`, and refusals in the form that the
//! client can read.

use super::Gateway;
use super::forward::with_query;
use crate::access::Denied;
use crate::access::only::NoValues;
use crate::access::tenants::TenantError;
use crate::api::class::Class;
use crate::api::mount::{Located, Mount};
use crate::api::requested::Requested;
use crate::caller::identity::{Caller, Identity};
use crate::caller::scheme::Scheme;
use crate::decision::refusal::{CanLogIn, Refusal};
use crate::decision::{Decision, Request};
use crate::report::Record;
use crate::response::answer::RequestContext;
use crate::response::cors::{self, AllowedOrigin};
use crate::response::refused_page::RefusedPage;
use crate::response::reply::{Reply, Wording};
use crate::target::Target;
use crate::target::headers::Headers;
use crate::target::headers::name::Name;
use crate::target::method::{Method, Methods};
use crate::target::origin::UrlScheme;
use crate::target::parameters::Parameters;

impl Gateway {
    /// Redirects the prefix without a slash to the mount. The redirect names a path, never a host.
    pub(super) fn to_the_mount(
        &self,
        mount: &Mount,
        target: &Target<'_>,
        request: &Request<'_>,
    ) -> Result<Decision, Refusal> {
        let status = match Method::of(request.headers).ok_or(Refusal::Method(Methods::ALL))? {
            Method::Get | Method::Head => 301,
            _ => 308,
        };
        let query = Parameters::of_query(target.query)?.into_text();
        let location = with_query(&format!("{}/", mount.prefix.as_str()), &query);
        let reply = Reply::empty(status, vec![("location", location)]);
        Ok(Decision::Reply(self.answers.dressed(reply, request.scheme, None)))
    }

    /// Answers `OPTIONS` below an API, for any caller. A preflight of a listed origin is told what it may do.
    pub(super) fn options(&self, requested: &Requested<'_>, request: &Request<'_>) -> Decision {
        let methods =
            requested.endpoint.map_or(UNKNOWN_ENDPOINT, |endpoint| endpoint.methods).with(Methods::OPTIONS);
        let origin = self.answers.cors.allowed(request.headers);
        let mut headers = vec![("allow", methods.to_string())];
        if origin.is_some() {
            headers.extend(cors::preflight(methods));
        }
        Decision::Reply(self.answers.dressed(Reply::empty(204, headers), request.scheme, origin.as_ref()))
    }

    /// Returns the refusal for a caller whom no rule allows the request.
    pub(super) fn denied(&self, denied: Denied) -> Refusal {
        match denied.caller {
            Caller::Anonymous => Refusal::Unknown(denied, self.can_log_in()),
            Caller::Known(_) => Refusal::Denied(denied),
        }
    }

    /// Returns the refusal for a caller for whom a rule's `only` or `tenant` has no value. Anonymous callers may have to log in
    /// first.
    pub(super) fn nothing_to_see(&self, none: NoValues) -> Refusal {
        let can_log_in = match none.caller {
            Caller::Anonymous => self.can_log_in(),
            Caller::Known(_) => CanLogIn::No,
        };
        Refusal::NoValues(none, can_log_in)
    }

    /// Returns the refusal for a caller whose tenants can't be sent to the server.
    pub(super) fn no_tenant(&self, error: TenantError) -> Refusal {
        match error {
            TenantError::Missing(none) => self.nothing_to_see(none),
            TenantError::Unfit(unfit) => unfit.into(),
        }
    }

    pub(super) fn can_log_in(&self) -> CanLogIn {
        if self.callers.challenges().is_empty() { CanLogIn::No } else { CanLogIn::Yes }
    }

    /// Returns the reply to a request that was forwarded and then refused because of its body or its answer.
    pub fn refuse(&self, context: &RequestContext, class: Option<Class>, refusal: &Refusal) -> Reply {
        self.refusal(refusal, class, context.wording, context.scheme, context.origin.as_ref())
    }

    /// Returns the reply to use when the host fails and nothing is known of the request.
    pub fn failed(&self) -> Reply {
        self.answers.dressed(Refusal::Host.reply(None, Wording::Plain), UrlScheme::Http, None)
    }

    /// Returns the reply of a refusal, with challenges to authenticate if its status is 401.
    pub(super) fn refusal(
        &self,
        refusal: &Refusal,
        class: Option<Class>,
        wording: Wording,
        scheme: UrlScheme,
        origin: Option<&AllowedOrigin>,
    ) -> Reply {
        self.challenging(refusal.reply(class, wording), scheme, origin)
    }

    /// Returns the page for a person whose browser's navigation is refused. At no mount it names none.
    pub(super) fn refused_page(&self, refusal: &Refusal, record: &Record, request: &Request<'_>) -> Reply {
        let mount = record.mount.and_then(|id| self.mounts.get(id));
        let back = mount.map(|mount| format!("{}/", mount.prefix.as_str()));
        let in_session = record.caller.identity().is_none_or(|identity| identity.scheme() == Scheme::Jwt);
        let page = RefusedPage {
            sentence: refusal.sentence(),
            message: &refusal.to_string(),
            who: record.caller.identity().map(Identity::who).filter(|_| mount.is_some()),
            can_log_in: mount.is_some() && self.can_log_in() == CanLogIn::Yes,
            logout: self.callers.logout.as_deref().filter(|_| mount.is_some() && in_session),
            contact: self.contact.as_deref(),
            back: back.as_deref(),
        };
        let reply = refusal.with_headers(page.reply(refusal.status()));
        self.challenging(reply, request.scheme, self.answers.cors.allowed(request.headers).as_ref())
    }

    /// Adds challenges to authenticate to a reply with the status 401, and the headers that every answer has.
    fn challenging(&self, mut reply: Reply, scheme: UrlScheme, origin: Option<&AllowedOrigin>) -> Reply {
        if reply.status == 401 {
            let challenge = |challenge: &str| ("www-authenticate", challenge.to_owned());
            reply.headers.extend(self.callers.challenges().into_iter().map(challenge));
        }
        self.answers.dressed(reply, scheme, origin)
    }

    /// Returns the form in which a request is refused before it is forwarded. `target` is `None` if it can't be parsed.
    pub(super) fn wording(&self, target: Option<&Target<'_>>, headers: &Headers) -> Wording {
        let is_api = match target {
            Some(target) => match self.mounts.locate(target.path.as_str()) {
                Located::Below(at) => at.mount.api.is_api(at.path),
                Located::Bare { .. } | Located::Elsewhere => false,
            },
            None => {
                let raw = headers.only(Name::Path).unwrap_or_default();
                raw.windows(API.len()).any(|window| window == API)
            }
        };
        if is_api { Wording::Json } else { Wording::Plain }
    }
}

/// The methods that `OPTIONS` is told for a path that the API's table doesn't list: a newer server may have an endpoint
/// there.
const UNKNOWN_ENDPOINT: Methods = Methods::of(&[Method::Get, Method::Post]);

/// The text by which a target that can't be parsed is known to be one of an API.
const API: &[u8] = b"/api/";
