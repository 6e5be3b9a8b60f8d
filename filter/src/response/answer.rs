//! The way of an answer: its headers come in, and the changes to them go out, or the reason to refuse it. Redirects are
//! mapped back to the public site, headers about the server itself are removed, and headers for browsers are added.

use super::cors::{AllowedOrigin, Cors};
use super::filtered::headers::NotFilterable;
use super::filtered::{self, Filter};
use super::location::{LocationError, Redirected};
use super::page::{Expected, NoPage};
use super::reply::{Reply, Wording};
use super::security::{self, Security};
use crate::api::endpoint::Content;
use crate::api::listing::Listing;
use crate::api::mount::{Mount, MountId, Mounts};
use crate::api::profile::Contents;
use crate::enforce::restriction::Restriction;
use crate::target::header_edits::HeaderEdits;
use crate::target::headers::Headers;
use crate::target::headers::name::Name;
use crate::target::origin::UrlScheme;
use crate::target::upgrade;
use std::fmt;
use std::rc::Rc;

/// The context of an answer: the properties of its request that are still needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestContext {
    /// The mount of the request.
    pub mount: MountId,
    /// The kind of answer that the endpoint gives.
    pub content: Content,
    /// The path that was requested from the server, with the server's own prefix.
    pub upstream_path: String,
    /// The host that the client named.
    pub host: Option<Rc<str>>,
    /// The listed origin that sent the request.
    pub origin: Option<AllowedOrigin>,
    /// The scheme of the client's connection.
    pub scheme: UrlScheme,
    /// The protocol that the server may switch to.
    pub offered: Offered,
    /// The form of a refusal from here on.
    pub wording: Wording,
    /// The kind of answer that the client may get.
    pub expected: Expected,
    /// The filter that the answer goes through, if there is one.
    pub filtered: Option<Filtered>,
}

/// The protocol that a server may switch to in its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offered {
    /// The request was sent without an offer.
    Nothing,
    /// The request is the handshake of a WebSocket.
    WebSocket,
}

/// The way in which an answer is filtered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filtered {
    /// The kind of list in the answer.
    pub listing: Listing,
    /// The restriction on what the caller may see of it.
    pub restriction: Rc<Restriction>,
}

impl Filtered {
    /// Returns the filter for the body of the answer.
    pub fn filter(&self) -> Filter {
        Filter::new(self.listing, Rc::clone(&self.restriction))
    }
}

/// The reason why an answer can't be passed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerError {
    /// The server switched to another protocol, although no request asked for one (`threats.md` H6).
    Switched,
    /// The server's answer can't be filtered.
    NotFilterable(NotFilterable),
    /// The server's answer isn't the page that a restricted caller may have (`threats.md` R2).
    NoPage(NoPage),
    /// The server redirects off the site.
    Location(LocationError),
}

impl fmt::Display for AnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Switched => f.write_str("the server switched to another protocol, which nobody asked for"),
            Self::NotFilterable(error) => error.fmt(f),
            Self::NoPage(error) => error.fmt(f),
            Self::Location(error) => error.fmt(f),
        }
    }
}

impl From<NotFilterable> for AnswerError {
    fn from(error: NotFilterable) -> Self {
        Self::NotFilterable(error)
    }
}

impl From<NoPage> for AnswerError {
    fn from(error: NoPage) -> Self {
        Self::NoPage(error)
    }
}

impl From<LocationError> for AnswerError {
    fn from(error: LocationError) -> Self {
        Self::Location(error)
    }
}

/// The part of a configuration that is about answers, the server's and the filter's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    /// The origins whose pages may read answers.
    pub cors: Cors,
    /// The security headers for browsers.
    pub security: Security,
}

impl Answers {
    /// Returns the changes to the headers of an answer.
    ///
    /// # Errors
    ///
    /// Returns the reason why the answer can't be passed on.
    pub fn edits(
        &self,
        context: &RequestContext,
        mount: &Mount,
        mounts: &Mounts,
        headers: &Headers,
    ) -> Result<HeaderEdits, AnswerError> {
        let contents = mount.api.contents;
        let remove = security::removed_from_answers(contents, headers);
        let mut edits = HeaderEdits { remove, ..HeaderEdits::default() };
        let is_agreed = || context.offered == Offered::WebSocket && upgrade::switches_to_websocket(headers);
        if headers.first(Name::Status) == Some(b"101") && !is_agreed() {
            return Err(AnswerError::Switched);
        }
        context.expected.check(headers)?;
        if context.filtered.is_some() {
            filtered::headers::check(headers)?;
            edits.remove.extend(filtered::headers::removed_from_answer(headers));
        }
        if contents == Contents::Known {
            let cors = self.cors.answer(context.origin.as_ref());
            edits.add = cors.into_iter().map(|(name, value)| (name, value.into())).collect();
        }
        let policy = self.security.added_policy(contents, headers);
        edits.add.extend(policy.map(|policy| ("content-security-policy", policy.into())));
        if headers.has(Name::Location) {
            // Two `Location` headers are as ambiguous as one that can be read in two ways.
            let location = headers.only(Name::Location).unwrap_or(b"//");
            let host = context.host.as_deref();
            let redirected = Redirected { mount, mounts, host, upstream_path: &context.upstream_path };
            edits.set.push((Name::Location.into(), redirected.public(location)?.into()));
        }
        let content = if is_whole(headers) { context.content } else { Content::Fresh };
        let security = self.security.answer(contents, content, context.scheme, headers);
        edits.set.extend(security.into_iter().map(|(name, value)| (name.into(), value)));
        Ok(edits)
    }

    /// Adds the headers that every answer has to a reply of the filter itself.
    pub(crate) fn dressed(
        &self,
        mut reply: Reply,
        scheme: UrlScheme,
        origin: Option<&AllowedOrigin>,
    ) -> Reply {
        let security = self.security.headers(Content::Fresh, scheme);
        reply
            .headers
            .extend(security.into_iter().map(|(name, value)| (name.text(), value.as_str().to_owned())));
        reply.headers.extend(self.cors.answer(origin));
        reply
    }
}

/// Returns `true` if an answer is a stream of events, or the beginning of a WebSocket, which may last for hours. It is the
/// server that says so, and not the client.
pub fn is_lasting(headers: &Headers) -> bool {
    let says_events = |value: &[u8]| value.starts_with(b"text/event-stream");
    headers.first(Name::ContentType).is_some_and(says_events) || upgrade::switches_to_websocket(headers)
}

/// Returns `true` if an answer is what was requested, and not an error instead.
fn is_whole(headers: &Headers) -> bool {
    headers.first(Name::Status).is_some_and(|status| status.starts_with(b"2") || status == b"304")
}
