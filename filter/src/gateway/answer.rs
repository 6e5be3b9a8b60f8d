//! A server's answer: its redirects lead back to the public site, what it says about itself goes, and what browsers need
//! to be told comes.

use super::Gateway;
use crate::api::endpoint::Content;
use crate::api::listing::Listing;
use crate::api::mount::MountId;
use crate::api::profile::Contents;
use crate::decision::refusal::Refusal;
use crate::enforce::restriction::Restriction;
use crate::response::cors::AllowedOrigin;
use crate::response::filtered::{self, Filter};
use crate::response::location::Redirected;
use crate::response::page::Expected;
use crate::response::reply::{Reply, Wording};
use crate::response::security;
use crate::target::header_edits::Edits;
use crate::target::headers::Headers;
use crate::target::origin::Scheme;
use std::rc::Rc;

/// What an answer is read against: what is still known of its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The mount it went to.
    pub mount: MountId,
    /// What kind of answer its endpoint gives.
    pub content: Content,
    /// The path that the server was asked for, its own prefix included.
    pub upstream_path: String,
    /// The host that the client named.
    pub host: Option<String>,
    /// The listed site that it came from.
    pub origin: Option<AllowedOrigin>,
    /// What the client's connection speaks.
    pub scheme: Scheme,
    /// In which form a refusal from here on is worded.
    pub wording: Wording,
    /// What it has to be, for the client to get it.
    pub expected: Expected,
    /// How it is filtered, if it is.
    pub filtered: Option<Filtered>,
}

/// How an answer is filtered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filtered {
    /// What it lists.
    pub kind: Listing,
    /// What the caller may see of it.
    pub restriction: Rc<Restriction>,
}

impl Filtered {
    /// What the answer's body goes through.
    pub fn filter(&self) -> Filter {
        Filter::new(self.kind, Rc::clone(&self.restriction))
    }
}

impl Gateway {
    /// The way of an answer: what changes in its headers.
    ///
    /// # Errors
    ///
    /// Why it can't be passed on; [`Gateway::refuse`] says it in its place.
    pub fn answer(&self, asked: &Asked, headers: &Headers) -> Result<Edits, Refusal> {
        let mount = self.mounts.get(asked.mount).ok_or(Refusal::Host)?;
        let mut edits =
            Edits { remove: security::removed_from_answers(mount.api.contents, headers), ..Edits::default() };
        if mount.api.contents == Contents::Known && headers.first(":status") == Some(b"101") {
            return Err(Refusal::Switched);
        }
        asked.expected.check(headers)?;
        if asked.filtered.is_some() {
            filtered::headers::check(headers)?;
            edits.remove.extend(filtered::headers::removed_from_answer(headers));
        }
        if mount.api.contents == Contents::Known {
            edits.add = self.cors.answer(asked.origin.as_ref());
        }
        if headers.has("location") {
            // Two of them are as ambiguous as one that can be read in two ways.
            let location = headers.only("location").unwrap_or(b"//");
            let host = asked.host.as_deref();
            let redirected = Redirected { mount, host, upstream_path: &asked.upstream_path };
            edits.set.push(("location".into(), redirected.public(location)?));
        }
        let content = if is_whole(headers) { asked.content } else { Content::Fresh };
        let security = self.security.answer(mount.api.contents, content, asked.scheme, headers);
        edits.set.extend(security.into_iter().map(|(name, value)| (name.into(), value.to_owned())));
        Ok(edits)
    }

    /// The reply to a request that was forwarded and then refused, for its form or for its answer.
    pub fn refuse(&self, asked: &Asked, refusal: &Refusal) -> Reply {
        self.refusal(refusal, asked.wording, asked.scheme, asked.origin.as_ref())
    }

    /// The reply that refuses, with what is to be presented the next time if it is a 401.
    pub(crate) fn refusal(
        &self,
        refusal: &Refusal,
        wording: Wording,
        scheme: Scheme,
        origin: Option<&AllowedOrigin>,
    ) -> Reply {
        let mut reply = refusal.reply(wording);
        if reply.status == 401 {
            let challenge = |challenge: &str| ("www-authenticate", challenge.to_owned());
            reply.headers.extend(self.callers.challenges().into_iter().map(challenge));
        }
        self.dressed(reply, scheme, origin)
    }

    /// The reply where the host failed and nothing is known of the request.
    pub fn failed(&self) -> Reply {
        self.dressed(Refusal::Host.reply(Wording::Plain), Scheme::Http, None)
    }

    /// Gives a reply of the filter's own the headers that every answer has.
    pub(crate) fn dressed(&self, mut reply: Reply, scheme: Scheme, origin: Option<&AllowedOrigin>) -> Reply {
        let security = self.security.headers(Content::Fresh, scheme);
        reply.headers.extend(security.into_iter().map(|(name, value)| (name, value.to_owned())));
        reply.headers.extend(self.cors.answer(origin));
        reply
    }
}

/// Whether an answer is what was asked for, and no error in its place.
fn is_whole(headers: &Headers) -> bool {
    headers.first(":status").is_some_and(|status| status.starts_with(b"2") || status == b"304")
}
