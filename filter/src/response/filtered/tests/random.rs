//! Random answers, generated as text, so that keys come in any order and any spelling.

use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The text in everything that the caller must not see, and in nothing else.
pub(super) const SECRET: &str = "SECRET";

/// Generates text with characters that JSON has to escape.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z]{0,24}",
        prop::collection::vec(
            prop_oneof![
                Just('"'),
                Just('\\'),
                Just('{'),
                Just(']'),
                Just(','),
                Just(':'),
                Just('\n'),
                Just('\u{0}'),
                Just('é'),
                Just('😀'),
                Just('/'),
                any::<char>(),
            ],
            0..6
        )
        .prop_map(|characters| characters.into_iter().collect()),
    ]
}

/// Generates the name of a field, sometimes one that matters elsewhere.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![3 => text().prop_map(|text| format!("x{text}")), 1 => Just("data".into()), 1 => Just("name".into())]
}

/// Generates any JSON value.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9_f64..1e9).prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name(), inner), 0..4).prop_map(|fields| fields.into_iter().collect()),
        ]
    })
}

/// The fields of an object: their names, and their values as text.
type NamedValues = Vec<(String, String)>;

/// Generates white space, which is mostly none.
fn space() -> impl Strategy<Value = String> {
    prop_oneof![5 => Just(String::new()), 1 => "[ \t\r\n]{1,3}"]
}

/// Writes a text as JSON, with some characters escaped that need not be.
fn spelled(text: String) -> impl Strategy<Value = String> {
    prop_oneof![3 => Just(false), 1 => Just(true)].prop_map(move |escape| {
        if !escape {
            return Value::from(text.clone()).to_string();
        }
        let units: Vec<_> = text.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        format!("\"{}\"", units.concat())
    })
}

/// Generates an object with these fields, shuffled among some that don't matter.
fn object(fields: NamedValues, marker: &'static str) -> impl Strategy<Value = String> {
    let more = prop::collection::vec((name(), anything()), 0..3).prop_map(move |more| {
        let mark = |value: Value| if marker.is_empty() { value } else { json!([value, marker]) };
        more.into_iter()
            .map(|(name, value)| (format!("x{name}"), mark(value).to_string()))
            .collect::<NamedValues>()
    });
    (Just(fields), more)
        .prop_map(|(mut fields, more)| {
            fields.extend(more);
            fields
        })
        .prop_shuffle()
        .prop_flat_map(|fields| {
            fields
                .into_iter()
                .map(|(name, value)| {
                    (space(), spelled(name), space(), space(), space())
                        .prop_map(move |(a, name, b, c, d)| format!("{a}{name}{b}:{c}{value}{d}"))
                })
                .collect::<Vec<_>>()
        })
        .prop_map(|fields| format!("{{{}}}", fields.join(",")))
}

fn list(element: impl Strategy<Value = String> + 'static, length: usize) -> impl Strategy<Value = String> {
    prop::collection::vec((space(), element, space()), 0..=length).prop_map(|elements| {
        let elements: Vec<_> =
            elements.into_iter().map(|(a, element, b)| format!("{a}{element}{b}")).collect();
        format!("[{}]", elements.join(","))
    })
}

/// The owner of a series.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Owner {
    Caller,
    Others,
}

fn whose() -> impl Strategy<Value = Owner> {
    prop_oneof![Just(Owner::Caller), Just(Owner::Others)]
}

/// Generates the field `labels`, or none.
fn labels(whose: Owner) -> BoxedStrategy<Option<(String, String)>> {
    let more = prop::collection::btree_map(text().prop_map(|name| format!("x{name}")), text(), 0..4).boxed();
    let field = move |tenant: Option<&str>, more: BTreeMap<String, String>| {
        let mut fields: NamedValues =
            more.into_iter().map(|(name, value)| (name, Value::from(value).to_string())).collect();
        fields.extend(tenant.map(|tenant| ("tenant".to_owned(), Value::from(tenant).to_string())));
        fields
    };
    let object = |fields: NamedValues| {
        let fields: Vec<_> =
            fields.into_iter().map(|(name, value)| format!("{}:{value}", Value::from(name))).collect();
        ("labels".to_owned(), format!("{{{}}}", fields.join(" ,")))
    };
    match whose {
        Owner::Caller => more.prop_map(move |more| Some(object(field(Some("a"), more)))).boxed(),
        Owner::Others => prop_oneof![
            Just(None),
            Just(Some(("labels".to_owned(), "null".to_owned()))),
            more.clone().prop_map(move |more| Some(object(field(None, more)))),
            (more, text()).prop_map(move |(more, text)| {
                Some(object(field(Some(&format!("b{text}{SECRET}")), more)))
            }),
        ]
        .boxed(),
    }
}

/// Generates an alert or a target.
fn one() -> impl Strategy<Value = String> {
    whose().prop_flat_map(|whose| {
        let marker = if whose == Owner::Caller { "" } else { SECRET };
        labels(whose).prop_flat_map(move |labels| object(labels.into_iter().collect(), marker))
    })
}

/// Generates an alert of another tenant, with every field marked.
fn others() -> impl Strategy<Value = String> {
    labels(Owner::Others).prop_flat_map(|labels| object(labels.into_iter().collect(), SECRET))
}

fn rule() -> impl Strategy<Value = String> {
    let own = (labels(Owner::Caller), prop::option::of(list(one(), 3)));
    let own = own.prop_flat_map(|(labels, alerts)| {
        let fields = labels.into_iter().chain(alerts.map(|alerts| ("alerts".to_owned(), alerts)));
        object(fields.collect(), "")
    });
    // A rule of another tenant that is seen because of an alert has no marked field but the alerts that are cut out.
    let by_alert = list(one(), 3).prop_flat_map(|alerts| object(vec![("alerts".to_owned(), alerts)], ""));
    let other = (labels(Owner::Others), list(others(), 2)).prop_flat_map(|(labels, alerts)| {
        let fields = labels.into_iter().chain([("alerts".to_owned(), alerts)]);
        object(fields.collect(), SECRET)
    });
    prop_oneof![own, by_alert, other]
}

fn group() -> impl Strategy<Value = String> {
    let rules = prop_oneof![8 => list(rule(), 3), 1 => Just("null".to_owned())];
    rules.prop_flat_map(|rules| object(vec![("rules".to_owned(), rules)], ""))
}

/// Generates a group of alerts, as Alertmanager has it.
fn alert_group() -> impl Strategy<Value = String> {
    list(one(), 3).prop_flat_map(|alerts| object(vec![("alerts".to_owned(), alerts)], ""))
}

/// Generates a matcher of a silence.
fn matcher(name: &str, value: &str, is_regex: bool, is_equal: bool) -> String {
    json!({ "name": name, "value": value, "isRegex": is_regex, "isEqual": is_equal }).to_string()
}

/// Generates a silence of either owner.
fn silence() -> impl Strategy<Value = String> {
    whose().prop_flat_map(|whose| {
        let marker = if whose == Owner::Caller { "" } else { SECRET };
        let more = (text(), any::<bool>(), any::<bool>())
            .prop_map(|(text, is_regex, is_equal)| matcher(&format!("x{text}"), "y", is_regex, is_equal));
        let tenant = match whose {
            Owner::Caller => Just(Some(matcher("tenant", "a", false, true))).boxed(),
            Owner::Others => prop_oneof![
                Just(None),
                Just(Some(matcher("tenant", "a|b", true, true))),
                Just(Some(matcher("tenant", "a", false, false))),
                Just(Some(matcher("tenant", &format!("b{SECRET}"), false, true))),
            ]
            .boxed(),
        };
        (prop::option::of(more), tenant).prop_flat_map(move |(more, tenant)| {
            let matchers: Vec<_> = more.into_iter().chain(tenant).collect();
            object(vec![("matchers".to_owned(), format!("[{}]", matchers.join(" , ")))], marker)
        })
    })
}

/// Generates an answer of this kind, in any spelling.
fn spelled_answer(kind: Listing) -> impl Strategy<Value = String> {
    let field = |name: &str, value| (name.to_owned(), value);
    let data = match kind {
        Listing::Rules => (list(group(), 4), prop::option::of(text()))
            .prop_map(move |(groups, token)| {
                let token = token.map(|token| field("groupNextToken", Value::from(token).to_string()));
                token.into_iter().chain([field("groups", groups)]).collect::<NamedValues>()
            })
            .boxed(),
        Listing::Alerts => list(one(), 6).prop_map(move |alerts| vec![field("alerts", alerts)]).boxed(),
        Listing::Targets => (list(one(), 6), list(others(), 3), object(vec![], SECRET))
            .prop_map(move |(active, dropped, counts)| {
                vec![
                    field("activeTargets", active),
                    field("droppedTargets", dropped),
                    field("droppedTargetCounts", counts),
                ]
            })
            .boxed(),
        Listing::ReceivedAlerts => return list(one(), 6).boxed(),
        Listing::AlertGroups => return list(alert_group(), 4).boxed(),
        Listing::Silences => return list(silence(), 5).boxed(),
    };
    data.prop_flat_map(|data| object(data, ""))
        .prop_flat_map(|data| {
            object(vec![("data".to_owned(), data), ("status".to_owned(), "\"success\"".to_owned())], "")
        })
        .boxed()
}

/// Generates an answer of this kind, half of them as servers write them: without white space and needless escapes.
fn answer(kind: Listing) -> impl Strategy<Value = String> {
    (spelled_answer(kind), any::<bool>()).prop_map(|(answer, is_plain)| match is_plain {
        true => serde_json::from_str::<Value>(&answer).unwrap().to_string(),
        false => answer,
    })
}

pub(super) fn kind_and_answer() -> impl Strategy<Value = (Listing, String)> {
    const KINDS: [Listing; 6] = [
        Listing::Rules,
        Listing::Alerts,
        Listing::Targets,
        Listing::ReceivedAlerts,
        Listing::AlertGroups,
        Listing::Silences,
    ];
    prop::sample::select(&KINDS[..]).prop_flat_map(|kind| (Just(kind), answer(kind)))
}
