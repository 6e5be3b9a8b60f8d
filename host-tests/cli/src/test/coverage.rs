//! The coverage of a configuration by tests: its rules, the values of `only`, and its limits, and which of them no test
//! ever reached.

use crate::policy::Policy;
use crate::policy::course::Course;
use promward::report::Reason;
use serde_norway::Value;

/// The kinds of parts that tests can reach, as a summary names them.
const KINDS: [(Kind, &str); 3] =
    [(Kind::Rule, "rules"), (Kind::Value, "values of \"only\""), (Kind::Limit, "limits")];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Rule,
    Value,
    Limit,
}

/// A part of a configuration that a test can reach.
#[derive(Debug)]
struct Item {
    kind: Kind,
    rule: usize,
    /// The path of its field.
    path: String,
    /// The label and its value, or the name of the limit.
    name: (String, Option<String>),
    is_reached: bool,
}

/// The parts of a configuration, and which of them tests have reached.
#[derive(Debug)]
pub(super) struct Coverage(Vec<Item>);

impl Coverage {
    /// Returns the parts of a configuration, none of which is reached yet.
    #[must_use]
    pub(super) fn of(policy: &Policy) -> Self {
        let mut items = Vec::new();
        let rules = policy.document().get("access").and_then(Value::as_sequence);
        for (rule, fields) in rules.into_iter().flatten().enumerate() {
            let path = format!("access[{rule}]");
            let mut add = |kind, path: String, name| {
                items.push(Item { kind, rule, path, name, is_reached: false });
            };
            add(Kind::Rule, path.clone(), (String::new(), None));
            for (label, values) in object(fields.get("only")) {
                for value in listed(values) {
                    let written = value.as_ref().map(|value| format!(": {value:?}")).unwrap_or_default();
                    add(Kind::Value, format!("{path}.only.{label}{written}"), (label.to_owned(), value));
                }
            }
            // A burst is reached when its rate is, and a wait when the number of requests at once is.
            let alone = |limit: &str| !["burst", "wait"].contains(&limit);
            for (limit, _) in object(fields.get("limits")).filter(|(limit, _)| alone(limit)) {
                add(Kind::Limit, format!("{path}.limits.{limit}"), (limit.to_owned(), None));
            }
        }
        Self(items)
    }

    /// Notes what a request has reached.
    pub(super) fn note(&mut self, course: &Course<'_>) {
        let account = &course.account;
        let Some(number) = account.rule else { return };
        let refused = course.record.refused.map(Reason::name);
        for item in self.0.iter_mut().filter(|item| item.rule == number.position) {
            let (name, value) = &item.name;
            item.is_reached |= match item.kind {
                Kind::Rule => true,
                Kind::Value => account.restriction.as_ref().is_some_and(|restriction| match value {
                    Some(value) => restriction.values(name).is_some_and(|values| values.contains(value)),
                    None => true,
                }),
                Kind::Limit => match name.as_str() {
                    // It refuses nothing, and is written into the request.
                    "timeout" => course.upstream().is_some_and(|sent| {
                        sent.text(":path").contains("timeout=")
                            || sent.body.windows(8).any(|text| text == b"timeout=")
                    }),
                    name => refused == Some(name),
                },
            };
        }
    }

    /// Returns, for each kind of part, its name, how many there are, and how many of them are reached.
    pub(super) fn counts(&self) -> impl Iterator<Item = (&'static str, usize, usize)> {
        KINDS.into_iter().map(|(kind, name)| {
            let of_kind = || self.0.iter().filter(move |item| item.kind == kind);
            (name, of_kind().count(), of_kind().filter(|item| item.is_reached).count())
        })
    }

    /// Returns the paths of the parts that no test has reached.
    pub(super) fn missed(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter(|item| !item.is_reached).map(|item| item.path.as_str())
    }
}

fn object(value: Option<&Value>) -> impl Iterator<Item = (&str, &Value)> {
    let fields = value.and_then(Value::as_mapping).into_iter().flatten();
    fields.filter_map(|(name, value)| Some((name.as_str()?, value)))
}

/// Returns the values that a label of `only` lists. One that lists none has a part of its own, without a value.
fn listed(values: &Value) -> Vec<Option<String>> {
    let texts = |list: Option<&Value>| -> Vec<Option<String>> {
        let items = list.and_then(Value::as_sequence).into_iter().flatten();
        items.filter_map(|item| item.as_str().map(|text| Some(text.to_owned()))).collect()
    };
    let mut all = texts(Some(values));
    all.extend(texts(values.get("values")));
    all.extend(object(values.get("by")).flat_map(|(_, values)| texts(Some(values))));
    let mut seen = Vec::new();
    all.retain(|value| {
        let is_new = !seen.contains(value);
        seen.push(value.clone());
        is_new
    });
    if all.is_empty() { vec![None] } else { all }
}
