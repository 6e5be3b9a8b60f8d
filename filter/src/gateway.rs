//! The core's front door: a compiled configuration, and the way of a request through the rooms. It is pure: what the
//! host says comes in, a decision goes out.

use crate::access::{Access, Caller};
use crate::api::class::Class;
use crate::api::endpoint::{Content, Endpoint};
use crate::mount::{Mount, MountId, Mounts, Place};
use crate::refusal::Refusal;
use crate::request::form::{AwaitedForm, Body, FORM_TYPE};
use crate::request::headers::{Headers, Strip};
use crate::request::method::{Method, Methods};
use crate::request::parameters::{Parameters, Place as Part};
use crate::request::path::TargetError;
use crate::request::query::Query;
use crate::request::target::Target;
use crate::response::cors::{self, AllowedOrigin, Cors};
use crate::response::location::Redirected;
use crate::response::origin::{self, Scheme};
use crate::response::reply::{Form, Reply};
use crate::response::security::{REVEALING, Security};

/// A compiled configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gateway {
    /// What is where.
    pub mounts: Mounts,
    /// What happens to paths at no mount.
    pub elsewhere: Elsewhere,
    /// Who may do what.
    pub access: Access,
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
    /// Every header, with `:method`, `:path` and `:authority`.
    pub headers: &'a Headers,
    /// Whether something follows the headers.
    pub body: Body,
    /// What the client's connection speaks.
    pub scheme: Scheme,
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
}

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

/// What an answer is read against.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    mount: MountId,
    content: Content,
    upstream_path: String,
    host: Option<String>,
    origin: Option<AllowedOrigin>,
    scheme: Scheme,
    /// In which form a refusal from here on is worded.
    form: Form,
}

/// Changes to a header map, made in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    /// Names whose headers go, all of them.
    pub remove: Vec<Vec<u8>>,
    /// Names that get just this value.
    pub set: Vec<(&'static str, String)>,
    /// Headers that come beside those of the same name.
    pub add: Vec<(&'static str, String)>,
}

/// A path below a mount, with what the table and the rules say of it.
struct Granted<'a> {
    target: &'a Target,
    id: MountId,
    mount: &'a Mount,
    path: &'a str,
    endpoint: Option<&'static Endpoint>,
    method: Method,
}

impl Gateway {
    /// The way of a request, when its headers have come.
    pub fn decide(&self, request: &Request<'_>) -> Decision {
        self.way(request).unwrap_or_else(|refusal| {
            Decision::Reply(self.dressed(
                refusal.reply(form_of(request)),
                request.scheme,
                self.cors.allowed(request.headers).as_ref(),
            ))
        })
    }

    fn way(&self, request: &Request<'_>) -> Result<Decision, Refusal> {
        let raw = request.headers.only(":path").unwrap_or_default();
        let target = Target::parse(raw)?;
        let (id, mount, path) = match self.mounts.place(target.path.as_str()) {
            Place::Below { id, mount, path } => (id, mount, path),
            Place::Bare { mount } => return self.to_the_mount(mount, &target, request),
            Place::Elsewhere => return self.elsewhere(&target, request),
        };
        check_encoded_slash(&target, mount)?;
        let method = method(request)?;
        let endpoint = mount.endpoint(path);
        if let Some(endpoint) = endpoint.filter(|endpoint| !endpoint.methods.contains(method)) {
            return self.other_method(mount.is_api(path), endpoint, method, request);
        }
        let class = endpoint.map_or(Class::Unknown, |endpoint| endpoint.class);
        self.access.decide(Caller::Anonymous, class, id)?;
        self.forward(&Granted { target: &target, id, mount, path, endpoint, method }, request)
    }

    /// The bare prefix: a redirect to a path, never to a host.
    fn to_the_mount(
        &self,
        mount: &Mount,
        target: &Target,
        request: &Request<'_>,
    ) -> Result<Decision, Refusal> {
        let status = match method(request)? {
            Method::Get | Method::Head => 301,
            _ => 308,
        };
        let query = rebuilt(target.query.as_ref())?.to_text();
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
            Elsewhere::Pass if outside => Ok(Decision::Pass(Edits {
                remove: held_back(request, Strip::RoutingOnly),
                ..Edits::default()
            })),
            _ => Err(Refusal::NoMount),
        }
    }

    /// A method that the endpoint's row doesn't have: a preflight is answered, anything else refused.
    fn other_method(
        &self,
        is_api: bool,
        endpoint: &Endpoint,
        method: Method,
        request: &Request<'_>,
    ) -> Result<Decision, Refusal> {
        let preflights = Methods::of(&[Method::Options]);
        let allowed = if is_api { endpoint.methods.with(preflights) } else { endpoint.methods };
        if !allowed.contains(method) {
            return Err(Refusal::Method(allowed));
        }
        let origin = self.cors.allowed(request.headers);
        let mut headers = vec![("allow", allowed.to_string())];
        if origin.is_some() {
            headers.extend(cors::preflight(allowed));
        }
        Ok(Decision::Reply(self.dressed(Reply::empty(204, headers), request.scheme, origin.as_ref())))
    }

    /// What goes upstream, printed from what was read.
    fn forward(&self, granted: &Granted<'_>, request: &Request<'_>) -> Result<Decision, Refusal> {
        let Granted { target, id, mount, path, endpoint, method } = *granted;
        let upstream_path = mount.upstream_path(path);
        let (query, form) = match endpoint.filter(|endpoint| !endpoint.parameters.is_empty()) {
            Some(endpoint) => {
                let query = rebuilt(target.query.as_ref())?;
                query.check(endpoint.parameters, &Parameters::default())?;
                let text = query.to_text();
                let form = AwaitedForm::announced(
                    method,
                    request.headers,
                    request.body,
                    endpoint.parameters,
                    query,
                    mount.max_form,
                )?;
                (with_mark(&text), form)
            }
            None => {
                (target.query.as_ref().map(|query| format!("?{}", query.as_str())).unwrap_or_default(), None)
            }
        };
        let host = host(request.headers);
        let edits = self.request_edits(
            mount,
            format!("{upstream_path}{query}"),
            host.as_deref(),
            form.is_some(),
            request,
        );
        let asked = Asked {
            mount: id,
            content: endpoint.map_or(Content::Fresh, |endpoint| endpoint.content),
            upstream_path,
            host,
            origin: self.cors.allowed(request.headers),
            scheme: request.scheme,
            form: if mount.is_api(path) { Form::Json } else { Form::Plain },
        };
        Ok(Decision::Forward(Box::new(Forward { edits, form, asked })))
    }

    fn request_edits(
        &self,
        mount: &Mount,
        path: String,
        host: Option<&str>,
        has_form: bool,
        request: &Request<'_>,
    ) -> Edits {
        let strip = if mount.pass_credentials { Strip::Trusted } else { Strip::TrustedAndCredentials };
        let mut remove = held_back(request, strip);
        let mut set = vec![(":path", path), ("x-forwarded-proto", request.scheme.as_str().to_owned())];
        if let Some(host) = host {
            set.push(("x-forwarded-host", host.to_owned()));
        }
        if !mount.prefix.is_root() {
            set.push(("x-forwarded-prefix", mount.prefix.as_str().to_owned()));
        }
        if let Some(cluster) = &mount.cluster {
            set.push(("x-promward-cluster", cluster.clone()));
        }
        if has_form {
            // The form is printed anew and has another length then; an upstream that believed the old one would read
            // the rest as the next request.
            remove.push(b"content-length".to_vec());
            set.push(("content-type", FORM_TYPE.to_owned()));
        }
        Edits { remove, set, add: Vec::new() }
    }

    /// The way of an answer: what changes in its headers.
    ///
    /// # Errors
    ///
    /// The reply that takes the answer's place.
    pub fn answer(&self, asked: &Asked, headers: &Headers) -> Result<Edits, Reply> {
        let refuse = |refusal: Refusal| self.refuse(asked, &refusal);
        let mount = self.mounts.get(asked.mount).ok_or_else(|| refuse(Refusal::Host))?;
        let mut edits = Edits::default();
        if headers.has("location") {
            let location = headers.only("location").unwrap_or(b"//");
            let redirected =
                Redirected { mount, host: asked.host.as_deref(), upstream_path: &asked.upstream_path };
            let public = redirected.public(location).map_err(|error| refuse(Refusal::Location(error)))?;
            edits.set.push(("location", public));
        }
        let ours = REVEALING.iter().chain(&cors::ANSWERS).filter(|name| headers.has(name));
        edits.remove.extend(ours.map(|name| name.as_bytes().to_vec()));
        let security = self.security.answer(mount.api, asked.content, asked.scheme, headers);
        edits.set.extend(security.into_iter().map(|(name, value)| (name, value.to_owned())));
        edits.add = self.cors.answer(asked.origin.as_ref());
        Ok(edits)
    }

    /// The reply to a request that was forwarded and then refused, for its form or for its answer.
    pub fn refuse(&self, asked: &Asked, refusal: &Refusal) -> Reply {
        self.dressed(refusal.reply(asked.form), asked.scheme, asked.origin.as_ref())
    }

    /// The reply where the host failed and nothing is known of the request.
    pub fn failed(&self) -> Reply {
        self.dressed(Refusal::Host.reply(Form::Plain), Scheme::Http, None)
    }

    /// Gives a reply the headers that every answer has.
    fn dressed(&self, mut reply: Reply, scheme: Scheme, origin: Option<&AllowedOrigin>) -> Reply {
        let security = self.security.headers(Content::Fresh, scheme);
        reply.headers.extend(security.into_iter().map(|(name, value)| (name, value.to_owned())));
        reply.headers.extend(self.cors.answer(origin));
        reply
    }
}

fn check_encoded_slash(target: &Target, mount: &Mount) -> Result<(), TargetError> {
    match target.path.encoded_slash() {
        Some(at) if !mount.pass_encoded_slash => Err(TargetError::Escape { byte: b'/', at }),
        _ => Ok(()),
    }
}

fn method(request: &Request<'_>) -> Result<Method, Refusal> {
    let name = request.headers.only(":method").unwrap_or_default();
    Method::parse(name).ok_or(Refusal::Method(Methods::ALL))
}

fn rebuilt(query: Option<&Query>) -> Result<Parameters, Refusal> {
    let raw = query.map(Query::as_str).unwrap_or_default();
    Ok(Parameters::parse(raw.as_bytes(), Part::Query)?)
}

fn with_mark(query: &str) -> String {
    if query.is_empty() { String::new() } else { format!("?{query}") }
}

fn held_back(request: &Request<'_>, strip: Strip) -> Vec<Vec<u8>> {
    let mut names: Vec<Vec<u8>> =
        request.headers.0.iter().map(|(name, _)| name).filter(|name| strip.covers(name)).cloned().collect();
    names.dedup();
    names
}

/// The host that the client named, if it is one.
fn host(headers: &Headers) -> Option<String> {
    let value = headers.only(":authority").or_else(|| headers.only("host"))?;
    std::str::from_utf8(value).ok().filter(|text| origin::is_authority(text)).map(str::to_owned)
}

/// The form of a refusal when nothing is known yet but the raw target.
fn form_of(request: &Request<'_>) -> Form {
    let path = request.headers.first(":path").unwrap_or_default();
    let path = path.split(|&byte| byte == b'?').next().unwrap_or_default();
    if path.windows(5).any(|window| window == b"/api/") { Form::Json } else { Form::Plain }
}
