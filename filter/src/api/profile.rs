//! A server's API as one value, which a mount holds: nothing else asks which API it is. Each has a file with its tables.

use super::class::Classes;
use super::endpoint::{Endpoint, ToRestricted};
use crate::target::parameters::ParameterNames;

/// A server's API, as much as the filter has to know of it.
#[derive(Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name in configurations.
    pub name: &'static str,
    /// The rows of its paths, those that come most first. A path that has none is of the class `unknown`.
    pub endpoints: &'static [Endpoint],
    /// The classes that a request can have.
    pub classes: Classes,
    /// The classes in which at least one endpoint has something for a restricted caller.
    pub restrictable: Classes,
    /// The beginning of the paths whose answers are JSON, refusals among them.
    pub api_paths: Option<&'static str>,
    /// The beginning of the API paths that lose a trailing slash: people type it, and the server would redirect it elsewhere.
    pub without_slash: Option<&'static str>,
    /// Parameters that need more than an endpoint's row says.
    pub parameters: SpecialParameters,
    /// The filter's knowledge of what is at its paths.
    pub contents: Contents,
}

/// The filter's knowledge of what a server has at its paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// Parameters, forms and answers are read, and what browsers are told is the filter's.
    Known,
    /// Bodies stream, paths and protocols are the server's own, and so is what browsers are told.
    Opaque,
}

/// Parameters that need more than an endpoint's row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpecialParameters {
    /// Parameters that clients add and no server reads. They go no further.
    pub ignored: ParameterNames,
    /// Parameters that are left out for the restricted: where a page of an answer ends, and how the next one is called,
    /// would tell of groups that only others have. Without them there is one page.
    pub paging: ParameterNames,
    /// Parameters that add data to an answer to which no restriction can apply.
    pub widening: ParameterNames,
}

impl SpecialParameters {
    /// No parameter of the API is special.
    pub const NONE: Self = Self { ignored: &[], paging: &[], widening: &[] };
}

impl Profile {
    /// Returns the row of a path below the mount; a path without one is of the class `unknown`.
    pub fn endpoint(&self, path: &str) -> Option<&'static Endpoint> {
        self.endpoints.iter().find(|endpoint| endpoint.matches(path))
    }

    /// Returns true if answers at this path below the mount are JSON.
    pub fn is_api(&self, path: &str) -> bool {
        self.api_paths.is_some_and(|begin| path.starts_with(begin))
    }

    /// Returns a path below the mount without the slash that people type behind an endpoint.
    pub fn without_trailing_slash<'a>(&self, path: &'a str) -> &'a str {
        let is_endpoint = |trimmed: &&str| self.without_slash.is_some_and(|begin| trimmed.starts_with(begin));
        path.strip_suffix('/').filter(is_endpoint).unwrap_or(path)
    }
}

/// Collects the classes of which a restricted caller gets something in this table.
pub(super) const fn restrictable(endpoints: &[Endpoint]) -> Classes {
    let mut classes = Classes::of(&[]);
    let mut rest = endpoints;
    while let [endpoint, others @ ..] = rest {
        if !matches!(endpoint.to_restricted, ToRestricted::Refuse) {
            classes = classes.with(Classes::of(&[endpoint.class]));
        }
        rest = others;
    }
    classes
}
