//! An endpoint: one row of a table, and how a path finds it.

use super::class::Class;
use super::listing::Listing;
use crate::target::method::Methods;
use crate::target::parameters::ParameterNames;

/// A row: what is at a path.
#[derive(Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Path below the mount. A segment `:name` stands for any one segment, a last `*` for anything at all below.
    pub path: &'static str,
    /// The methods that the server knows there.
    pub methods: Methods,
    /// What a request to it does.
    pub class: Class,
    /// The parameters that it reads; none means that query string and body pass as they are.
    pub parameters: ParameterNames,
    /// What a restricted caller gets.
    pub to_restricted: ToRestricted,
    /// What kind of answer it gives, as far as headers are concerned.
    pub content: Content,
    /// Where its parameters may stand.
    pub parameters_in: ParametersIn,
}

/// What a caller who may see only some series gets from an endpoint, whatever a rule allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToRestricted {
    /// The restriction is written into its selectors.
    Restrict(Selectors),
    /// The answer is cut down, and the restriction is written into selectors, if it takes any.
    Filter(Listing, Option<Selectors>),
    /// A valid empty answer, made by the filter: this JSON.
    Empty(&'static str),
    /// The answer as it is: it holds no data.
    Pass,
    /// The same, if it is a page. What another server has at that path may hold data.
    Page,
    /// Nothing.
    Refuse,
}

/// The parameter that has selectors in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selectors {
    /// The parameter's name.
    pub parameter: &'static str,
    /// What its values are read as.
    pub form: SelectorForm,
}

/// What a parameter that has selectors in it is read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectorForm {
    /// An expression.
    Expression,
    /// Selectors. Without one the server answers with everything, so that the restriction is one itself.
    AnyOf,
    /// The same where an answer is filtered, and none means that nothing is left out.
    Filters,
}

/// Where an endpoint's parameters may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParametersIn {
    /// In the query string, or in a form where the method may have one.
    QueryOrForm,
    /// In the query string alone. The server acts as soon as the headers have come, even if the body then breaks off, so
    /// that a form could not be refused in time (`threats.md` P4).
    QueryOnly,
}

/// Whether an answer may be kept by a browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Data or a page made for this request.
    Fresh,
    /// A file that is the same for everybody.
    Static,
}

impl Endpoint {
    /// Whether a path below the mount is this endpoint's.
    pub fn matches(&self, path: &str) -> bool {
        let mut given = path.split('/');
        let mut segments = self.path.split('/');
        loop {
            match (segments.next(), given.next()) {
                (None, None) => return true,
                (Some("*"), Some(_)) => return true,
                (Some(segment), Some(text)) if segment.starts_with(':') => {
                    if text.is_empty() {
                        return false;
                    }
                }
                (Some(segment), Some(text)) if segment == text => {}
                _ => return false,
            }
        }
    }
}
