//! What goes upstream: printed from what was read, with the filter's own headers in place of the client's.

use crate::api::endpoint::{Content, Endpoint, ParametersIn};
use crate::caller::identity::Caller;
use crate::edits::Edits;
use crate::gateway::{Gateway, Request};
use crate::mount::{Mount, MountId};
use crate::refusal::Refusal;
use crate::request::form::{AwaitedForm, Body, FORM_TYPE, FormError};
use crate::request::headers::{Headers, Strip};
use crate::request::method::Method;
use crate::request::parameters::Parameters;
use crate::request::query::Query;
use crate::response::answer::Asked;
use crate::response::origin;
use crate::response::reply::Wording;

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

/// A request that a rule allows.
#[derive(Clone, Copy, Debug)]
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
}

impl Granted<'_> {
    /// Reads parameters, prints them anew, and says what changes in the headers.
    ///
    /// # Errors
    ///
    /// Parameters or an announced body that can be read in two ways (`threats.md` P2).
    pub fn forward(&self, request: &Request<'_>) -> Result<Forward, Refusal> {
        let upstream_path = self.mount.upstream_path(self.path);
        let (query, form) = self.parameters(request)?;
        let host = host(request.headers);
        let edits = self.edits(&format!("{upstream_path}{query}"), host.as_deref(), form.is_some(), request);
        let asked = Asked {
            mount: self.id,
            content: self.endpoint.map_or(Content::Fresh, |endpoint| endpoint.content),
            upstream_path,
            host,
            origin: self.gateway.cors.allowed(request.headers),
            scheme: request.scheme,
            wording: if self.mount.is_api(self.path) { Wording::Json } else { Wording::Plain },
        };
        Ok(Forward { edits, form, asked })
    }

    /// The query string, with its question mark, and the form that is to be awaited. Where the row names no parameters
    /// both pass as they are.
    fn parameters(&self, request: &Request<'_>) -> Result<(String, Option<AwaitedForm>), Refusal> {
        let Some(endpoint) = self.endpoint.filter(|endpoint| !endpoint.parameters.is_empty()) else {
            return Ok((self.query.map(|query| with_mark(query.as_str())).unwrap_or_default(), None));
        };
        let names = endpoint.parameters;
        let query = Parameters::of_query(self.query)?;
        query.check(names, &Parameters::default())?;
        let text = with_mark(&query.to_text());
        let max = self.mount.max_form;
        if endpoint.parameters_in == ParametersIn::QueryOnly && request.body == Body::Follows {
            return Err(FormError::Unexpected.into());
        }
        let form = AwaitedForm::announced(self.method, request.headers, request.body, names, query, max)?;
        Ok((text, form))
    }

    fn edits(&self, path: &str, host: Option<&str>, has_form: bool, request: &Request<'_>) -> Edits {
        let strip = if self.mount.pass_credentials { Strip::Trusted } else { Strip::TrustedAndCredentials };
        let mut remove = strip.held_back(request.headers, &self.gateway.own_headers());
        let mut set = Vec::new();
        let mut say = |name: &'static str, value: &str| set.push((name.into(), value.to_owned()));
        say(":path", path);
        say("x-forwarded-proto", request.scheme.as_str());
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
        Edits { remove, set, add: Vec::new() }
    }
}

/// A query string with its question mark; nothing, where it says nothing.
pub fn with_mark(query: &str) -> String {
    if query.is_empty() { String::new() } else { format!("?{query}") }
}

/// The host that the client named, if it is one.
fn host(headers: &Headers) -> Option<String> {
    let value = headers.only(":authority").or_else(|| headers.only("host"))?;
    std::str::from_utf8(value).ok().filter(|text| origin::is_authority(text)).map(str::to_owned)
}
