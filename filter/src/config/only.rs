//! `access[].only`: the labels that a rule's callers are restricted by.

use super::ConfigError;
use super::access::who;
use super::list::listed;
use super::tree::{Tree, text};
use crate::access::only::{OnLabel, Only, Values};
use crate::access::pattern::Pattern;
use crate::access::restriction::{Absent, Term};
use crate::access::tenant::{self, TenantHeader};
use crate::caller::callers::Callers;
use serde::Deserialize;
use std::rc::Rc;

/// What an object says of a label's values.
const FIELDS: &[&str] = &["regex", "claim", "by", "values", "or_absent"];

/// What the values are held against.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    /// Who is known.
    pub(super) callers: &'a Callers,
    /// The header that carries the values of one label.
    pub(super) tenant_header: Option<&'a TenantHeader>,
}

/// Compiles the `only` at this path.
#[inline(never)]
pub(super) fn compile(tree: Tree, path: &str, known: Known<'_>) -> Result<Only, ConfigError> {
    let mut labels = Vec::new();
    for (label, tree) in tree.into_fields().map_err(|error| error.in_field(path))? {
        let path = format!("{path}.{label}");
        let unusable = match label.as_str() {
            "" => Some("a label's name is not empty"),
            "__name__" => Some(
                "Prometheus refuses a matcher on the name where a query names the metric: restrict another label",
            ),
            _ => None,
        };
        if let Some(message) = unusable {
            return Err(ConfigError::new(&path, message));
        }
        let values = Reader { label: &label, path: &path, known }.values(tree)?;
        labels.push(OnLabel { label, values });
    }
    Only::new(labels).ok_or_else(|| {
        ConfigError::new(path, "an empty object restricts nothing: leave the field out, or name a label")
    })
}

/// Reads what stands under a label.
struct Reader<'a> {
    label: &'a str,
    path: &'a str,
    known: Known<'a>,
}

impl Reader<'_> {
    fn values(&self, tree: Tree) -> Result<Values, ConfigError> {
        let tree = match tree {
            Tree::List(_) => return self.fixed(tree, self.path, Absent::Refused),
            Tree::Object(_) => tree,
            _ => return Err(self.refuse("", FORMS)),
        };
        let mut fields = tree.into_some_of(FIELDS).map_err(|error| error.in_field(self.path))?;
        let or_absent = fields.take("or_absent");
        let (field, tree) = fields.only().ok_or_else(|| self.refuse("", FORMS))?;
        match (field.as_str(), or_absent) {
            ("regex", None) => self.matching(tree),
            ("claim", None) => self.claim(tree),
            ("by", None) => self.by(tree),
            ("values", None | Some(Tree::Bool(false))) => {
                self.fixed(tree, &self.of("values"), Absent::Refused)
            }
            ("values", Some(Tree::Bool(true))) => self.fixed(tree, &self.of("values"), Absent::Allowed),
            ("values", Some(_)) => Err(self.refuse(".or_absent", "this must be true or false")),
            _ => Err(self.refuse("", FORMS)),
        }
    }

    fn matching(&self, tree: Tree) -> Result<Values, ConfigError> {
        if self.is_carried() {
            let message = "headers.tenant carries this label's values, and a regular expression has none";
            return Err(self.refuse(".regex", message));
        }
        let text = text(tree, &self.of("regex"))?;
        let pattern = Pattern::parse(&text).map_err(|error| self.refuse(".regex", &error.to_string()))?;
        Ok(Values::Fixed(Term::matching(self.label, Rc::new(pattern))))
    }

    fn claim(&self, tree: Tree) -> Result<Values, ConfigError> {
        let path = texts(tree, &self.of("claim"))?;
        if path.is_empty() || path.iter().any(String::is_empty) {
            let message = "this must be a list of field names, like [\"realm_access\", \"tenants\"]";
            return Err(self.refuse(".claim", message));
        }
        if self.known.callers.issuers.is_empty() {
            return Err(self.refuse(".claim", "nobody comes with a token: there is no issuer in callers.jwt"));
        }
        Ok(Values::Claim(path))
    }

    fn by(&self, tree: Tree) -> Result<Values, ConfigError> {
        let by_path = self.of("by");
        let mut by = Vec::new();
        for (text, tree) in tree.into_fields().map_err(|error| error.in_field(&by_path))? {
            let path = format!("{by_path}.{text}");
            let who = who(&text, self.known.callers).map_err(|message| ConfigError::new(&path, &message))?;
            by.push((who, self.listed(tree, &path)?));
        }
        if by.is_empty() {
            return Err(self.refuse(".by", "an empty object lets nobody see anything: say who sees what"));
        }
        Ok(Values::By(by))
    }

    fn fixed(&self, tree: Tree, path: &str, absent: Absent) -> Result<Values, ConfigError> {
        let term = Term::listed(self.label, self.listed(tree, path)?, absent);
        term.map(Values::Fixed).ok_or_else(|| self.refuse("", EMPTY))
    }

    #[inline(never)]
    fn listed(&self, tree: Tree, path: &str) -> Result<Vec<String>, ConfigError> {
        listed(texts(tree, path)?, EMPTY, path, |value| {
            if value.is_empty() {
                return Err(ABSENT.to_owned());
            }
            if self.is_carried() {
                tenant::check(value).map_err(|error| format!("headers.tenant carries this: {error}"))?;
            }
            Ok(value.to_owned())
        })
    }

    fn is_carried(&self) -> bool {
        self.known.tenant_header.is_some_and(|header| header.label == self.label)
    }

    fn of(&self, field: &str) -> String {
        format!("{}.{field}", self.path)
    }

    #[cold]
    #[inline(never)]
    fn refuse(&self, field: &str, message: &str) -> ConfigError {
        ConfigError::new(&format!("{}{field}", self.path), message)
    }
}

#[inline(never)]
fn texts(tree: Tree, path: &str) -> Result<Vec<String>, ConfigError> {
    Vec::deserialize(tree).map_err(|error: ConfigError| error.in_field(path))
}

const EMPTY: &str = "an empty list lets nobody see anything: list a value";
const ABSENT: &str = "an empty value is a series without the label: to allow those, write { \"values\": […], \"or_absent\": true }";
const FORMS: &str = "this must be a list of values, or an object with one of regex, claim, by and values, and or_absent \
                     beside values alone";
