//! Reads `access[].shared`, the metrics that the callers of a rule may see whatever labels their series have.

use super::error::ConfigError;
use super::field::Field;
use super::list::listed;
use super::object::object;
use crate::access::only::Only;
use crate::enforce::pattern::Pattern;
use crate::enforce::shared::Shared;
use crate::json::Tree;
use std::rc::Rc;

object! {
    /// Metrics by the pattern of their names.
    pub(super) SharedConfig, read as SharedObject {
        /// A regular expression that a name has to match in full: characters, `.`, classes, groups, `|`, `*`, `+`, `?`.
        regex: String,
    }
}

/// The metrics that are everybody's: a list of names, or an object with a regular expression.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "only its schema is used")]
pub(super) enum SharedMetrics {
    Listed(Vec<String>),
    Matching(SharedConfig),
}

/// Adds the shared metrics of a rule, if it has any, to its `only`.
pub(super) fn compile(field: &Field<'_>, only: Option<Only>) -> Result<Option<Only>, ConfigError> {
    if !field.is_given() {
        return Ok(only);
    }
    let shared = match field.tree()? {
        Tree::List(_) => Shared::listed(listed(field, EMPTY, name)?),
        Tree::Object(_) => {
            let regex = SharedObject::read(field)?.regex();
            let pattern = Pattern::parse(regex.text()?).map_err(|error| regex.refuse(&error.to_string()))?;
            Some(Shared::matching(Rc::new(pattern)))
        }
        _ => None,
    };
    let shared = shared.ok_or_else(|| field.refuse(FORMS))?;
    match only {
        Some(only) => Ok(Some(only.with_shared(shared))),
        None => Err(field
            .refuse("without \"only\" every metric is the callers' already: leave it out, or restrict them")),
    }
}

/// Reads the name of a metric, as it can stand before the braces of a selector, or in quotes with dots.
fn name(text: &str) -> Result<String, String> {
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b':' | b'.');
    let begins_as_one =
        text.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '_' | ':'));
    if begins_as_one && text.bytes().all(is_of_name) {
        return Ok(text.to_owned());
    }
    Err(format!(
        "\"{text}\" is not the name of a metric: a name has letters, digits, _ : and .; for several names at once write \
         {{ \"regex\": \"kube_node_.*\" }}"
    ))
}

const EMPTY: &str = "an empty list shares nothing: leave the field out, or name a metric";
const FORMS: &str = "this must be a list of metrics' names, or an object with a regex";
