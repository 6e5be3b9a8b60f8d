//! The endpoint that a request is for. A path below a mount and the headers come in; the endpoint and a method that it
//! supports go out, or the reason why the request isn't served.

use super::class::Class;
use super::endpoint::{Endpoint, Links};
use super::mount::AtMount;
use super::profile::{Contents, Listed};
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

/// The error of a method that an endpoint doesn't support; it supports these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotSupported(pub Methods);

impl<'a> Requested<'a> {
    /// Finds the endpoint at a path.
    ///
    /// # Errors
    ///
    /// Returns an error if the endpoint doesn't support the method of the request.
    pub(crate) fn find(at: AtMount<'a>, headers: &Headers) -> Result<Self, NotSupported> {
        let api = at.mount.api;
        let method = Method::of(headers);
        let listed = api.listed(at.path);
        let mut endpoint = listed.map(|listed| listed.first);
        let mut methods = endpoint.map_or(Methods::ALL, |endpoint| endpoint.methods);
        let is_for = |methods: Methods| method.is_some_and(|method| methods.contains(method));
        if !is_for(methods) {
            // Another row with the path may have the method.
            for other in listed.into_iter().flat_map(Listed::others) {
                methods = methods.with(other.methods);
                if is_for(other.methods) {
                    endpoint = Some(other);
                }
            }
        }
        if api.is_api(at.path) {
            methods = methods.with(Methods::OPTIONS);
        }
        let method = method.filter(|&method| methods.contains(method));
        Ok(Self { at, endpoint, method: method.ok_or(NotSupported(methods))? })
    }

    /// Returns the treatment of a link to this path. The filter doesn't know which paths of an opaque mount are pages,
    /// so a link may lead to all of them.
    pub(crate) fn links(&self) -> Links {
        match (self.endpoint, self.at.mount.api.contents) {
            (Some(endpoint), _) => endpoint.links,
            (None, Contents::Opaque) => Links::Followed,
            (None, Contents::Known) => Links::Refused,
        }
    }

    pub(crate) fn class(&self) -> Class {
        self.endpoint.map_or(Class::Unknown, |endpoint| endpoint.class)
    }
}
