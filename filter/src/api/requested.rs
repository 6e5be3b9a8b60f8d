//! The endpoint that a request is for. A path below a mount and the headers come in; the endpoint and a method that it
//! supports go out, or the reason why the request isn't served.

use super::class::Class;
use super::endpoint::Endpoint;
use super::mount::AtMount;
use super::profile::Contents;
use crate::target::headers::Headers;
use crate::target::method::{Method, Methods};

/// The endpoint that a request is for, with a method that the endpoint supports.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Requested<'a> {
    /// The mount, and the path below it.
    pub at: AtMount<'a>,
    /// The endpoint; `None` means the class `unknown`.
    pub endpoint: Option<&'static Endpoint>,
    /// The method of the request, which the endpoint supports.
    pub method: Method,
}

/// The reason why an endpoint doesn't serve a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotServed {
    /// The request asks for another protocol, whose requests the filter would not see (`threats.md` H6).
    Upgrade,
    /// The endpoint doesn't support the method; it supports these.
    Method(Methods),
}

impl<'a> Requested<'a> {
    /// Finds the endpoint at a path.
    ///
    /// # Errors
    ///
    /// Returns an error if the request asks for another protocol, or if the endpoint doesn't support its method.
    pub(crate) fn find(at: AtMount<'a>, headers: &Headers) -> Result<Self, NotServed> {
        let api = at.mount.api;
        if api.contents == Contents::Known && headers.has("upgrade") {
            return Err(NotServed::Upgrade);
        }
        let endpoint = api.endpoint(at.path);
        let options = if api.is_api(at.path) { Methods::OPTIONS } else { Methods::default() };
        let methods = endpoint.map_or(Methods::ALL, |endpoint| endpoint.methods.with(options));
        let method = Method::of(headers).filter(|&method| methods.contains(method));
        Ok(Self { at, endpoint, method: method.ok_or(NotServed::Method(methods))? })
    }

    pub(crate) fn class(&self) -> Class {
        self.endpoint.map_or(Class::Unknown, |endpoint| endpoint.class)
    }
}
