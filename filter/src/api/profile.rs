//! A server's API as one value, which a mount holds. No other code asks which API a mount has, so a new API is a new
//! value of this type.

use super::class::Classes;
use super::endpoint::{Endpoint, ToRestricted};
use crate::target::parameters::ParameterNames;
use crate::time::dialect::Dialect;

/// A server's API, as far as the filter has to know it.
#[derive(Debug, PartialEq, Eq)]
pub struct Profile {
    /// The name of the API in configurations.
    pub name: &'static str,
    /// The table of endpoints, with the most requested first. A path that it doesn't list has the class `unknown`.
    pub endpoints: &'static [Endpoint],
    /// The classes that a request can have.
    pub classes: Classes,
    /// The classes in which a restricted caller gets something from at least one endpoint.
    pub restrictable: Classes,
    /// Beginnings of whole segments that the server takes off a path before it reads it, once.
    pub aliases: &'static [&'static str],
    /// The beginning of the paths whose answers are JSON, including the filter's refusals.
    pub api_paths: Option<&'static str>,
    /// The beginning of the paths that lose a trailing slash: people type it, and the server would redirect it
    /// elsewhere.
    pub without_slash: Option<&'static str>,
    /// The parameters that need more care than the table says.
    pub parameters: SpecialParameters,
    /// A parameter with a selector that the server holds each selector of a request to. The restriction goes there too,
    /// so that the server cuts what was read in another way here.
    pub second_lock: Option<&'static str>,
    /// The way in which the server reads times and queries.
    pub dialect: Dialect,
    /// The filter's knowledge of the server's paths.
    pub contents: Contents,
}

/// The filter's knowledge of a server's paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contents {
    /// The filter reads parameters, forms and answers, and decides what browsers are told.
    Known,
    /// Bodies stream. The server itself decides on paths, on protocols and on what browsers are told.
    Opaque,
}

/// The parameters of an API that need more care than its table says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpecialParameters {
    /// Parameters that clients add and no server reads. They are removed.
    pub ignored: ParameterNames,
    /// Parameters that are removed for restricted callers: the size of a page and the token of the next one would tell
    /// of groups that only others may see. Without them the answer has one page.
    pub paging: ParameterNames,
    /// Parameters that add data to an answer to which no restriction can apply.
    pub widening: ParameterNames,
}

impl SpecialParameters {
    /// The value for an API without such parameters.
    pub const NONE: Self = Self { ignored: &[], paging: &[], widening: &[] };
}

/// The endpoints of an API that read a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownTo {
    /// At least one endpoint reads it.
    SomeEndpoint,
    /// No endpoint reads it.
    None,
}

impl Profile {
    /// Finds out if any endpoint reads a parameter.
    pub fn knows(&self, parameter: &str) -> KnownTo {
        let is_read = self.endpoints.iter().any(|endpoint| endpoint.parameters.contains(&parameter));
        if is_read { KnownTo::SomeEndpoint } else { KnownTo::None }
    }

    /// Returns the endpoint of a path below the mount. Without one, the request has the class `unknown`.
    pub fn endpoint(&self, path: &str) -> Option<&'static Endpoint> {
        let path = self.without_alias(path);
        self.endpoints.iter().find(|endpoint| endpoint.matches(path))
    }

    /// Returns `true` if answers at this path below the mount are JSON.
    pub fn is_api(&self, path: &str) -> bool {
        self.api_paths.is_some_and(|begin| self.without_alias(path).starts_with(begin))
    }

    /// Returns a path below the mount without the trailing slash that people type after an endpoint.
    pub fn without_trailing_slash<'a>(&self, path: &'a str) -> &'a str {
        let is_endpoint = |trimmed: &&str| {
            self.without_slash.is_some_and(|begin| self.without_alias(trimmed).starts_with(begin))
        };
        path.strip_suffix('/').filter(is_endpoint).unwrap_or(path)
    }

    /// Returns a path as the server reads it, without a beginning that is an alias.
    fn without_alias<'a>(&self, path: &'a str) -> &'a str {
        let rest = self.aliases.iter().find_map(|alias| path.strip_prefix(alias));
        rest.filter(|rest| rest.starts_with('/')).unwrap_or(path)
    }
}

/// Returns the classes in which a restricted caller gets something from at least one of these endpoints.
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
