//! An endpoint: one row of an API's table, and the comparison of its path with the path of a request.

use super::class::Class;
use super::listing::Listing;
use crate::promql::Wanted;
use crate::same::is_same;
use crate::target::method::Methods;
use crate::target::parameters::ParameterNames;

/// A row of an API's table: one path of the server, and how requests to it are treated.
#[derive(Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The path below the mount. A segment `:name` stands for any one segment that is not empty, and a last segment
    /// that ends in `*` for everything that begins so, also further below.
    pub path: &'static str,
    /// The treatment of a request to this endpoint. Many rows share one, which keeps the tables small.
    pub treatment: &'static Treatment,
    /// The methods that the server answers at this path.
    pub methods: Methods,
    /// The class of a request to this endpoint.
    pub class: Class,
    /// The treatment of links that lead here from pages of other sites.
    pub links: Links,
    /// True if the path has a segment that stands for others, and so more than one path of a request belongs to it.
    pub is_pattern: bool,
}

/// The treatment of a request to an endpoint: the parameters that it may have, and the answer that it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Treatment {
    /// The parameters that the endpoint reads. If there are none, query string and body pass unchanged.
    pub parameters: ParameterNames,
    /// The parameters that clients send and the server doesn't read here. They are removed where every other parameter
    /// outside the list is refused.
    pub unread: ParameterNames,
    /// The parts of a request in which the parameters may stand.
    pub parameters_in: ParametersIn,
    /// The answer that a restricted caller gets.
    pub to_restricted: ToRestricted,
    /// The kind of answer, which decides its cache headers.
    pub content: Content,
}

impl Endpoint {
    /// Returns the parameter in which the selectors of a request stand, if the endpoint takes any.
    pub fn selectors(&self) -> Option<Selectors> {
        match self.treatment.to_restricted {
            ToRestricted::Restrict(selectors) | ToRestricted::Read(selectors) => Some(selectors),
            ToRestricted::Filter(_, selectors) => selectors,
            ToRestricted::Message(_) => None,
            ToRestricted::Empty(_)
            | ToRestricted::Pass
            | ToRestricted::Page
            | ToRestricted::OwnSilence
            | ToRestricted::NewSilence
            | ToRestricted::Refuse => None,
        }
    }
}

/// The answer that an endpoint gives to a caller who may see only some series, whatever a rule allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToRestricted {
    /// The restriction is written into the selectors of the request.
    Restrict(Selectors),
    /// The answer is filtered. If the endpoint takes selectors, the restriction is written into them too.
    Filter(Listing, Option<Selectors>),
    /// The filter itself gives a valid, empty answer: this JSON.
    Empty(&'static str),
    /// The answer passes unchanged, because it holds no data.
    Pass,
    /// The answer passes unchanged, because it is made of the text in this parameter and holds no data. The text is read
    /// and bounded, because the server works on it (`threats.md` P6).
    Read(Selectors),
    /// The request is a message, which is read and held to the restriction.
    Message(Message),
    /// The answer passes if it is a page. Another kind of server may have data at the same path.
    Page,
    /// The request is one for a silence, which passes if the silence is the caller's. The server is asked for it first.
    OwnSilence,
    /// The body is a silence, which gets the matchers that it must have. If it changes another one, that one has to be the
    /// caller's.
    NewSilence,
    /// The request is refused.
    Refuse,
}

/// A message that an endpoint reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// Series of Prometheus' remote write protocol, which get no label but those that the caller may see.
    RemoteWrite,
    /// Queries of Prometheus' remote read protocol, each of which gets the restriction.
    RemoteRead,
}

/// The parameter in which the selectors of a request stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selectors {
    /// The name of the parameter.
    pub parameter: &'static str,
    /// The form of its values.
    pub form: SelectorForm,
}

/// The form of the values of a parameter that has selectors in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectorForm {
    /// A PromQL expression, as the parameter `query` holds it.
    Expression,
    /// Selectors, as the parameter `match[]` holds them. Without one the server answers with everything, so the
    /// restriction is then sent as a selector of its own.
    AnyOf,
    /// Selectors of an endpoint whose answer is filtered. Without one the server leaves nothing out, and none is added.
    Filters,
    /// A PromQL expression that the server prints anew.
    Formatted,
    /// A PromQL expression that the server shows as a tree.
    Parsed,
    /// Matchers of Alertmanager, one in each value. The server holds every alert to all of them, so the restriction is
    /// added as more of them.
    Matchers,
    /// Matchers of Alertmanager that a silence must have itself, word for word. Of the restriction only what a silence must
    /// have in just one way is added; the rest is left to the filter of the answer.
    OwnMatchers,
}

impl SelectorForm {
    /// Returns the kind of text that each value is.
    pub fn wanted(self) -> Wanted {
        match self {
            Self::Expression | Self::Formatted | Self::Parsed => Wanted::Expression,
            Self::AnyOf | Self::Filters | Self::Matchers | Self::OwnMatchers => Wanted::Selector,
        }
    }
}

/// The parts of a request in which an endpoint's parameters may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParametersIn {
    /// The query string, or a form where the method may have one.
    QueryOrForm,
    /// The query string alone. The server acts as soon as the headers have come, even if the body then breaks off, so a
    /// form could not be refused in time (`threats.md` P4).
    QueryOnly,
}

/// The treatment of a link from another site, which a browser follows with the password that it remembers
/// (`threats.md` B1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Links {
    /// The link may be followed: it leads to a page, which changes nothing, and which the other site can't read.
    Followed,
    /// The link is refused.
    Refused,
}

/// The kind of an endpoint's answer, which decides if a browser may keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Data, or a page that is made for this request.
    Fresh,
    /// A file that is the same for everybody.
    Static,
}

impl Endpoint {
    /// Returns `true` if a path below the mount belongs to this endpoint.
    pub fn matches(&self, path: &str) -> bool {
        if !self.is_pattern {
            return is_same(self.path.as_bytes(), path.as_bytes());
        }
        let (mut row, mut given) = (self.path.as_bytes(), path.as_bytes());
        loop {
            (row, given) = match (row, given) {
                ([], []) | ([b'*'], _) => return true,
                ([b'/', b':', row @ ..], [b'/', given @ ..]) => {
                    let rest = after_segment(given);
                    if rest.len() == given.len() {
                        return false;
                    }
                    (after_segment(row), rest)
                }
                ([expected, row @ ..], [byte, given @ ..]) if expected == byte => (row, given),
                _ => return false,
            };
        }
    }
}

/// Returns what follows the segment with which a path begins here.
fn after_segment(path: &[u8]) -> &[u8] {
    let end = path.iter().position(|&byte| byte == b'/').unwrap_or(path.len());
    path.get(end..).unwrap_or_default()
}
