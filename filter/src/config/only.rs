//! Reads `access[].only`, the labels that the callers of a rule are restricted by.

use super::claim;
use super::error::ConfigError;
use super::field::Field;
use super::list::listed;
use super::object::object;
use super::who::who;
use crate::access::only::{OfCaller, OnLabel, Only, Values};
use crate::caller::callers::Callers;
use crate::enforce::pattern::Pattern;
use crate::enforce::restriction::{Absent, Term};
use crate::enforce::tenant::{self, TenantHeader};
use crate::json::Tree;
use crate::promql::MAX_RESTRICTED;
use std::rc::Rc;

#[cfg(feature = "schema")]
use super::schema::ByName;

object! {
    /// The values that a label may have, where they aren't a list: one of `regex`, `claim`, `by` and `values`.
    pub(super) LabelConfig, read as LabelObject {
        /// A regular expression that a value has to match in full: characters, `.`, classes, groups, `|`, `*`, `+`,
        /// `?`.
        regex: Option<String>,
        /// The path to the values in the claims of the caller's token, which are a text or a list of texts.
        claim: Option<Vec<String>>,
        /// The character that parts the values in a claim that is a text: a space, `,` or `;`. Only beside `claim`.
        split: Option<String>,
        /// Values by the names that rules use for callers. A caller who has several of these names gets the values of
        /// all.
        by: Option<ByName<Vec<String>>>,
        /// The values that the label may have.
        values: Option<Vec<String>>,
        /// If `true`, series without the label may be seen as well; only beside `values`.
        or_absent: Option<bool>,
    }
}

/// The values that a label may have: a list, or an object that says where they come from.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "only its schema is used")]
pub(super) enum LabelValues {
    Listed(Vec<String>),
    Otherwise(LabelConfig),
}

/// The parts of the configuration that the values are checked against.
#[derive(Clone, Copy)]
pub(super) struct Definitions<'a> {
    /// The callers of the configuration.
    pub(super) callers: &'a Callers,
    /// The header that carries the values of one label.
    pub(super) tenant_header: Option<&'a TenantHeader>,
}

impl Definitions<'_> {
    /// Returns `true` if the header for tenants carries the values of this label.
    fn carries(self, label: &str) -> bool {
        self.tenant_header.is_some_and(|header| header.label.as_deref() == Some(label))
    }
}

/// The labels of a rule: an object, or a list of objects of which any may hold.
#[cfg(feature = "schema")]
#[derive(schemars::JsonSchema)]
#[schemars(untagged)]
#[allow(dead_code, reason = "only its schema is used")]
pub(super) enum OnlyConfig {
    All(ByName<LabelValues>),
    AnyOf(Vec<ByName<LabelValues>>),
}

/// Compiles the `only` of a rule.
pub(super) fn compile(field: &Field<'_>, known: Definitions<'_>) -> Result<Only, ConfigError> {
    let is_list = matches!(field.tree()?, Tree::List(_));
    let listed = if is_list { field.items()? } else { Vec::new() };
    let items = if is_list { listed.as_slice() } else { std::slice::from_ref(field) };
    if items.len() > MAX_ALTERNATIVES {
        return Err(field.refuse(TOO_MANY));
    }
    let mut alternatives: Vec<Vec<OnLabel>> = Vec::with_capacity(items.len());
    for item in items {
        let labels = labels(item, known)?;
        // Alternatives that agree in this are easy to tell from a label that was forgotten.
        let is_carried = |labels: &[OnLabel]| labels.iter().any(|on| known.carries(&on.label));
        if alternatives.first().is_some_and(|first| is_carried(first) != is_carried(&labels)) {
            return Err(item.refuse(CARRIED));
        }
        alternatives.push(labels);
    }
    let only = Only::any_of(alternatives).ok_or_else(|| field.refuse(EMPTY))?;
    let (length, _) = only.lengths();
    if length > MOST_MATCHERS {
        let message = format!(
            "this makes matchers of {length} bytes, and a query may have {MAX_RESTRICTED} with them: list fewer values, or \
             write a regular expression"
        );
        return Err(field.refuse(&message));
    }
    Ok(only)
}

/// Reads the labels of one alternative, of which all have to match.
fn labels(field: &Field<'_>, known: Definitions<'_>) -> Result<Vec<OnLabel>, ConfigError> {
    let mut labels = Vec::new();
    for named in field.entries()? {
        let label = named.name();
        let unusable = match label {
            "" => Some("a label's name is not empty"),
            "__name__" => Some(
                "Prometheus refuses a matcher on the name where a query names the metric: restrict another label",
            ),
            "__graphite__" => Some(
                "VictoriaMetrics selects series by name with this, and other servers have no such label: restrict another label",
            ),
            label if label.trim() != label => Some("a label's name has no space around it"),
            label if label.contains(is_read_in_two_ways) => Some(
                "servers read quotes, backslashes and control characters in a label's name differently: restrict another label",
            ),
            _ => None,
        };
        if let Some(message) = unusable {
            return Err(named.refuse(message));
        }
        let values = Reader { label, is_carried: known.carries(label), known }.values(&named)?;
        labels.push(OnLabel { label: label.to_owned(), values });
    }
    if labels.is_empty() { Err(field.refuse(NO_LABEL)) } else { Ok(labels) }
}

/// The most alternatives of a rule.
const MAX_ALTERNATIVES: usize = 8;

const TOO_MANY: &str =
    "a rule has at most 8 alternatives, each of which repeats a query: list values of one label together";
const CARRIED: &str =
    "headers.tenant carries the values of a label that only some alternatives have: name it in each of them";
const NO_LABEL: &str = "an empty object restricts nothing: leave the field out, or name a label";

/// The most bytes of matchers that the shortest selector leaves room for: two braces.
const MOST_MATCHERS: usize = MAX_RESTRICTED.saturating_sub(2);

/// Returns `true` if a character would have to be escaped in a quoted name, which servers don't read alike
/// (`threats.md` R1).
fn is_read_in_two_ways(character: char) -> bool {
    matches!(character, '"' | '\'' | '`' | '\\' | '\u{fffd}') || character.is_control()
}

/// A reader for the values of one label, or for the tenants of a rule.
pub(super) struct Reader<'a> {
    /// The name of the label; empty for tenants.
    pub(super) label: &'a str,
    /// True if `headers.tenant` carries the values.
    pub(super) is_carried: bool,
    pub(super) known: Definitions<'a>,
}

impl Reader<'_> {
    fn values(&self, field: &Field<'_>) -> Result<Values, ConfigError> {
        match field.tree()? {
            Tree::List(_) => return self.fixed(field, Absent::Refused),
            Tree::Object(_) => {}
            _ => return Err(field.refuse(FORMS)),
        }
        let label = LabelObject::read(field)?;
        let (regex, claim, by, values) = (label.regex(), label.claim(), label.by(), label.values());
        let (split, or_absent) = (label.split(), label.or_absent());
        let given = [&regex, &claim, &split, &by, &values, &or_absent].map(Field::is_given);
        match given {
            [true, false, false, false, false, false] => self.matching(&regex),
            [false, true, _, false, false, false] => self.claim(&claim, &split).map(Values::OfCaller),
            [false, false, false, true, false, false] => self.by(&by).map(Values::OfCaller),
            [false, false, false, false, true, _] if or_absent.is_true()? => {
                self.fixed(&values, Absent::Allowed)
            }
            [false, false, false, false, true, _] => self.fixed(&values, Absent::Refused),
            _ => Err(field.refuse(FORMS)),
        }
    }

    fn matching(&self, regex: &Field<'_>) -> Result<Values, ConfigError> {
        if self.is_carried {
            let message = "headers.tenant carries this label's values, and a regular expression has none";
            return Err(regex.refuse(message));
        }
        let pattern = Pattern::parse(regex.text()?).map_err(|error| regex.refuse(&error.to_string()))?;
        Ok(Values::Fixed(Term::matching(self.label, Rc::new(pattern))))
    }

    /// Reads the claim that has the values, and the character that parts them.
    pub(super) fn claim(&self, path: &Field<'_>, split: &Field<'_>) -> Result<OfCaller, ConfigError> {
        let claim = claim::source(path, split, "tenants")?;
        if self.known.callers.issuers.is_empty() {
            return Err(path.refuse("no caller has a token: there is no issuer in callers.jwt"));
        }
        Ok(OfCaller::Claim(claim))
    }

    /// Reads values by the names that rules use for callers.
    pub(super) fn by(&self, field: &Field<'_>) -> Result<OfCaller, ConfigError> {
        let mut by = Vec::new();
        for named in field.entries()? {
            let who = who(named.name(), self.known.callers).map_err(|message| named.refuse(&message))?;
            by.push((who, self.listed(&named)?));
        }
        if by.is_empty() {
            return Err(field.refuse("an empty object lets nobody see anything: say who sees what"));
        }
        Ok(OfCaller::By(by))
    }

    fn fixed(&self, list: &Field<'_>, absent: Absent) -> Result<Values, ConfigError> {
        let term = Term::listed(self.label, self.listed(list)?, absent);
        term.map(Values::Fixed).ok_or_else(|| list.refuse(EMPTY))
    }

    /// Reads a list of values.
    pub(super) fn listed(&self, list: &Field<'_>) -> Result<Vec<String>, ConfigError> {
        listed(list, EMPTY, |value| {
            if value.is_empty() && !self.label.is_empty() {
                return Err(ABSENT.to_owned());
            }
            if self.is_carried {
                tenant::check(value).map_err(|error| format!("headers.tenant carries this: {error}"))?;
            }
            Ok(value.to_owned())
        })
    }
}

const EMPTY: &str = "an empty list lets nobody see anything: list a value";
const ABSENT: &str = "an empty value is a series without the label: to allow those, write { \"values\": […], \"or_absent\": true }";
const FORMS: &str = "this must be a list of values, or an object with one of regex, claim, by and values, and or_absent \
                     beside values alone, and split beside claim alone";

#[cfg(test)]
mod tests {
    use crate::config::load;

    fn error(only: &str) -> Option<String> {
        error_of(&format!("{{ {only} }}"), "{}")
    }

    fn error_of(only: &str, headers: &str) -> Option<String> {
        let rule = format!(r#"{{ "who": ["anyone"], "may": ["read"], "only": {only} }}"#);
        let text =
            format!(r#"{{ "mounts": [{{ "prefix": "/" }}], "headers": {headers}, "access": [{rule}] }}"#);
        load(text.as_bytes()).err().map(|error| error.to_string())
    }

    #[test]
    fn matchers_that_no_query_has_room_for_are_refused() {
        // Of the 262,144 bytes of a query, 2 are braces and 4 stand around the value.
        let value = |length: usize| format!("\"a\": [\"{}\"]", "x".repeat(length));
        assert_eq!(error(&value(262_138)), None);
        let refused = "access[0].only: this makes matchers of 262143 bytes, and a query may have 262144 with them: list \
                       fewer values, or write a regular expression";
        assert_eq!(error(&value(262_139)).as_deref(), Some(refused));
        // Each is short enough by itself.
        let two = format!("{}, \"b\": [\"{}\"]", value(131_072), "x".repeat(131_072));
        assert!(
            error(&two)
                .is_some_and(|error| error.starts_with("access[0].only: this makes matchers of 262153"))
        );
        // Somebody has little enough.
        let by = format!(
            "\"a\": {{ \"by\": {{ \"anyone\": [\"{}\"], \"anonymous\": [\"y\"] }} }}",
            "x".repeat(262_139)
        );
        assert_eq!(error(&by), None);
    }
    #[test]
    fn alternatives_are_a_list_of_objects() {
        for (only, message) in [
            (r#"[{ "a": ["1"] }, { "b": ["2"], "c": { "regex": "x+" } }]"#, ""),
            (r#"[{ "a": ["1"] }]"#, ""),
            ("[]", "only: an empty list lets nobody see anything: list a value"),
            (
                r#"[{ "a": ["1"] }, {}]"#,
                "only[1]: an empty object restricts nothing: leave the field out, or name a label",
            ),
            (
                r#"[{ "a": ["1"] }, { "a": [] }]"#,
                "only[1].a: an empty list lets nobody see anything: list a value",
            ),
            (r#"[{ "a": ["1"] }, ["b"]]"#, "only[1]: this is a list, where an object is needed"),
            (r#"["a"]"#, "only[0]: this is a text, where an object is needed"),
            (r#""a""#, "only: this is a text, where an object is needed"),
        ] {
            let expected = Some(message).filter(|message| !message.is_empty());
            assert_eq!(
                error_of(only, "{}"),
                expected.map(|message| format!("access[0].{message}")),
                "{only}"
            );
        }
    }

    #[test]
    fn there_are_at_most_eight_alternatives() {
        let list = |number: usize| {
            let alternatives: Vec<_> = (0..number).map(|at| format!(r#"{{ "l{at}": ["x"] }}"#)).collect();
            format!("[{}]", alternatives.join(","))
        };
        assert_eq!(error_of(&list(8), "{}"), None);
        let refused = "access[0].only: a rule has at most 8 alternatives, each of which repeats a query: list values of one label \
                       together";
        assert_eq!(error_of(&list(9), "{}").as_deref(), Some(refused));
    }

    #[test]
    fn all_alternatives_carry_the_label_of_the_tenant_header() {
        let header = r#"{ "tenant": { "name": "x-scope-orgid", "label": "t" } }"#;
        let refused = "access[0].only[1]: headers.tenant carries the values of a label that only some alternatives have: name it \
                       in each of them";
        assert_eq!(error_of(r#"[{ "t": ["1"] }, { "b": ["2"] }]"#, header).as_deref(), Some(refused));
        assert_eq!(error_of(r#"[{ "t": ["1"], "a": ["x"] }, { "t": ["2"], "b": ["2"] }]"#, header), None);
    }
}
