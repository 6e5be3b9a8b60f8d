//! A server's API as one value, which a mount holds. No other code asks which API a mount has, so a new API is a new
//! value of this type.

use super::class::{Class, Classes};
use super::endpoint::{Endpoint, ToRestricted};
use crate::target::parameters::ParameterNames;
use crate::time::dialect::Dialect;

/// A server's API, as far as the filter has to know it.
#[derive(Debug, PartialEq, Eq)]
pub struct Profile {
    /// The name of the API in configurations.
    pub name: &'static str,
    /// The table of endpoints, in sections. The first section that lists a path decides what the path is. A path that
    /// none lists has the class `unknown`.
    pub sections: &'static [Section],
    /// The classes that a request can have.
    pub classes: Classes,
    /// The classes in which a restricted caller gets something from at least one endpoint.
    pub restrictable: Classes,
    /// Beginnings of whole segments that the server takes off a path before it reads it, once.
    pub aliases: &'static [&'static str],
    /// The beginnings of the paths whose answers are JSON, including the filter's refusals.
    pub api_paths: &'static [&'static str],
    /// The beginnings of the paths that lose a trailing slash: people type it, and the server would redirect it
    /// elsewhere.
    pub without_slash: &'static [&'static str],
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

/// A section of an API's table. Servers that speak the API of another one share its section.
#[derive(Debug, PartialEq, Eq)]
pub struct Section {
    /// The path that the paths of the rows follow; empty for none.
    pub below: &'static str,
    /// The rows, with the most requested first. Of two rows that cover a path the first one counts, but rows that name
    /// the same path may have different methods.
    pub rows: &'static [Endpoint],
}

/// The rows of a section that name a path.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    /// The first of them.
    pub first: &'static Endpoint,
    after: &'static [Endpoint],
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
    /// Parameters that the server reads and no row lists, since nobody has to send them who may send what is listed.
    pub unlisted: ParameterNames,
    /// Parameters that are removed for restricted callers: the size of a page and the token of the next one would tell
    /// of groups that only others may see. Without them the answer has one page.
    pub paging: ParameterNames,
    /// Parameters that add data to an answer to which no restriction can apply.
    pub widening: ParameterNames,
    /// Parameters that name labels for the server to leave out. None of them may be a label that restricts the caller:
    /// the matcher on it might be left out as well.
    pub dropping: ParameterNames,
    /// Parameters whose texts the server compares with every name or value that it finds, so that its time grows with
    /// their length.
    pub searched: ParameterNames,
}

impl SpecialParameters {
    /// The value for an API without such parameters.
    pub const NONE: Self =
        Self { ignored: &[], unlisted: &[], paging: &[], widening: &[], dropping: &[], searched: &[] };
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
        let mut rows = self.sections.iter().flat_map(|section| section.rows);
        let is_read = rows.any(|endpoint| endpoint.treatment.parameters.contains(&parameter));
        if is_read || self.parameters.unlisted.contains(&parameter) {
            KnownTo::SomeEndpoint
        } else {
            KnownTo::None
        }
    }

    /// Returns the rows that name a path below the mount. Without one, the request has the class `unknown`.
    pub fn listed(&self, path: &str) -> Option<Listed> {
        let path = self.without_alias(path);
        self.sections.iter().find_map(|section| {
            let path = path.strip_prefix(section.below)?;
            let mut rows = section.rows.iter();
            let first = rows.find(|row| row.matches(path))?;
            Some(Listed { first, after: rows.as_slice() })
        })
    }

    /// Returns `true` if answers at this path below the mount are JSON.
    pub fn is_api(&self, path: &str) -> bool {
        self.api_paths.iter().any(|begin| self.without_alias(path).starts_with(begin))
    }

    /// Returns a path below the mount without the trailing slash that people type after an endpoint.
    pub fn without_trailing_slash<'a>(&self, path: &'a str) -> &'a str {
        let is_endpoint = |trimmed: &&str| {
            self.without_slash.iter().any(|begin| self.without_alias(trimmed).starts_with(begin))
        };
        path.strip_suffix('/').filter(is_endpoint).unwrap_or(path)
    }

    /// Returns a path as the server reads it, without a beginning that is an alias.
    fn without_alias<'a>(&self, path: &'a str) -> &'a str {
        let rest = self.aliases.iter().find_map(|alias| path.strip_prefix(alias));
        rest.filter(|rest| rest.starts_with('/')).unwrap_or(path)
    }
}

impl Listed {
    /// Returns the rows after the first that name the same path, for other methods.
    pub fn others(self) -> impl Iterator<Item = &'static Endpoint> {
        self.after.iter().filter(move |row| row.path == self.first.path)
    }
}

/// Returns the classes of the endpoints of these sections, and of paths that none of them lists.
pub(super) const fn listed(sections: &[Section]) -> Classes {
    let mut classes = Classes::of(&[Class::Unknown]);
    let mut sections = sections;
    while let [section, others @ ..] = sections {
        let mut rows = section.rows;
        while let [endpoint, others @ ..] = rows {
            classes = classes.with(Classes::of(&[endpoint.class]));
            rows = others;
        }
        sections = others;
    }
    classes
}

/// Returns the classes in which a restricted caller gets something from at least one endpoint of these sections.
pub(super) const fn restrictable(sections: &[Section]) -> Classes {
    let mut classes = Classes::of(&[]);
    let mut sections = sections;
    while let [section, others @ ..] = sections {
        let mut rows = section.rows;
        while let [endpoint, others @ ..] = rows {
            if !matches!(endpoint.treatment.to_restricted, ToRestricted::Refuse) {
                classes = classes.with(Classes::of(&[endpoint.class]));
            }
            rows = others;
        }
        sections = others;
    }
    classes
}
