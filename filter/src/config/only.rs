//! `access[].only`: the labels that a rule's callers are restricted by.

use super::ConfigError;
use super::access::who;
use super::list::listed;
use super::tree::Tree;
use crate::access::only::{OnLabel, Only, Values};
use crate::access::pattern::Pattern;
use crate::access::restriction::{Absent, Term};
use crate::access::tenant::{self, TenantHeader};
use crate::caller::callers::Callers;
use serde::Deserialize;
use std::rc::Rc;

/// The values that a label may have, where they aren't a list: one of `regex`, `claim`, `by` and `values`.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct LabelConfig {
    /// Every value that this matches in full: characters, `.`, classes, groups, `|`, `*`, `+`, `?`.
    regex: Option<String>,
    /// Where in the claims of the caller's token the values are: a text or a list of texts.
    claim: Option<Vec<String>>,
    /// Values by whom they are for, as rules name them; who is several of these gets the values of all.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<std::collections::BTreeMap<String, Vec<String>>>")
    )]
    by: Option<Tree>,
    /// These values.
    values: Option<Vec<String>>,
    /// Beside `values`: whether series without the label may be seen as well.
    or_absent: Option<bool>,
}

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
        let config = match tree {
            Tree::List(_) => {
                let values = self.listed(texts(tree, self.path)?, self.path)?;
                return self.fixed(values, Absent::Refused);
            }
            Tree::Object(_) => LabelConfig::deserialize(tree).map_err(|error| error.in_field(self.path))?,
            _ => return Err(self.refuse("", FORMS)),
        };
        match config {
            LabelConfig { regex: Some(text), claim: None, by: None, values: None, or_absent: None } => {
                self.matching(&text)
            }
            LabelConfig { regex: None, claim: Some(path), by: None, values: None, or_absent: None } => {
                self.claim(path)
            }
            LabelConfig { regex: None, claim: None, by: Some(by), values: None, or_absent: None } => {
                self.by(by)
            }
            LabelConfig { regex: None, claim: None, by: None, values: Some(values), or_absent } => {
                let values = self.listed(values, &format!("{}.values", self.path))?;
                let absent = if or_absent == Some(true) { Absent::Allowed } else { Absent::Refused };
                self.fixed(values, absent)
            }
            _ => Err(self.refuse("", FORMS)),
        }
    }

    fn matching(&self, text: &str) -> Result<Values, ConfigError> {
        if self.is_carried() {
            let message = "headers.tenant carries this label's values, and a regular expression has none";
            return Err(self.refuse(".regex", message));
        }
        let pattern = Pattern::parse(text).map_err(|error| self.refuse(".regex", &error.to_string()))?;
        Ok(Values::Fixed(Term::matching(self.label, Rc::new(pattern))))
    }

    fn claim(&self, path: Vec<String>) -> Result<Values, ConfigError> {
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
        let by_path = format!("{}.by", self.path);
        let mut by = Vec::new();
        for (text, tree) in tree.into_fields().map_err(|error| error.in_field(&by_path))? {
            let path = format!("{by_path}.{text}");
            let who = who(&text, self.known.callers).map_err(|message| ConfigError::new(&path, &message))?;
            by.push((who, self.listed(texts(tree, &path)?, &path)?));
        }
        if by.is_empty() {
            return Err(self.refuse(".by", "an empty object lets nobody see anything: say who sees what"));
        }
        Ok(Values::By(by))
    }

    fn fixed(&self, values: Vec<String>, absent: Absent) -> Result<Values, ConfigError> {
        let term = Term::listed(self.label, values, absent);
        term.map(Values::Fixed).ok_or_else(|| self.refuse("", EMPTY))
    }

    fn listed(&self, values: Vec<String>, path: &str) -> Result<Vec<String>, ConfigError> {
        listed(values, EMPTY, path, |value| {
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

    fn refuse(&self, field: &str, message: &str) -> ConfigError {
        ConfigError::new(&format!("{}{field}", self.path), message)
    }
}

fn texts(tree: Tree, path: &str) -> Result<Vec<String>, ConfigError> {
    Vec::deserialize(tree).map_err(|error: ConfigError| error.in_field(path))
}

const EMPTY: &str = "an empty list lets nobody see anything: list a value";
const ABSENT: &str = "an empty value is a series without the label: to allow those, write { \"values\": […], \"or_absent\": true }";
const FORMS: &str = "this must be a list of values, or an object with one of regex, claim, by and values, and or_absent \
                     beside values alone";
