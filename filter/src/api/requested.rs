//! What a request is for: an endpoint of the server at a mount.

use super::class::Class;
use super::endpoint::Endpoint;
use super::mount::AtMount;
use crate::target::method::Method;

/// The endpoint that a request is for, with a method that is known there.
#[derive(Clone, Copy, Debug)]
pub struct Requested<'a> {
    /// Where the path is.
    pub at: AtMount<'a>,
    /// The table's row; none is the class `unknown`.
    pub endpoint: Option<&'static Endpoint>,
    /// A method that the row has.
    pub method: Method,
}

impl Requested<'_> {
    /// What the request does.
    pub fn class(&self) -> Class {
        self.endpoint.map_or(Class::Unknown, |endpoint| endpoint.class)
    }
}
