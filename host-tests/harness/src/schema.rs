//! Validates documents against schemas as Kubernetes has them (OpenAPI, structural), and strictly: a field that the schema
//! doesn't have is a mistake, as a server that is asked for strict validation says. Only the keywords that such schemas use
//! are known.

use regex::Regex;
use serde_json::Value;

/// Returns every mistake in a document, each with the path of its field. A valid document has none.
#[must_use]
pub fn mistakes(schema: &Value, document: &Value) -> Vec<String> {
    let mut mistakes = Vec::new();
    check("", schema, document, Unknown::IsAMistake, &mut mistakes);
    mistakes
}

/// The meaning of a field that a schema doesn't have. Schemas within `anyOf` and its like only add conditions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unknown {
    IsAMistake,
    IsAllowed,
}

fn check(path: &str, schema: &Value, value: &Value, unknown: Unknown, mistakes: &mut Vec<String>) {
    let mut complain = |what: String| {
        mistakes.push(format!("{}: {what}", if path.is_empty() { "the document" } else { path }));
    };
    if value.is_null() && schema["nullable"] == true {
        return;
    }
    if schema["x-kubernetes-int-or-string"] == true {
        if !value.is_string() && !value.is_i64() {
            complain("a whole number or a text is needed".to_owned());
        }
        return;
    }
    if !has_type(schema, value) {
        return complain(format!("{} is needed, and this is {value}", schema["type"]));
    }
    if let Some(words) = schema["enum"].as_array().filter(|words| !words.contains(value)) {
        complain(format!("{value} is none of {}", Value::from(words.clone())));
    }
    if let Some(text) = value.as_str() {
        let pattern =
            schema["pattern"].as_str().map(|pattern| Regex::new(pattern).expect("a schema's pattern is one"));
        if pattern.is_some_and(|pattern| !pattern.is_match(text)) {
            complain(format!("{text:?} doesn't match {}", schema["pattern"]));
        }
    }
    let size = match value {
        Value::String(text) => Some(("minLength", "maxLength", text.chars().count())),
        Value::Array(items) => Some(("minItems", "maxItems", items.len())),
        Value::Object(fields) => Some(("minProperties", "maxProperties", fields.len())),
        _ => None,
    };
    if let Some((least, most, size)) = size {
        let size = u64::try_from(size).unwrap_or(u64::MAX);
        if schema[least].as_u64().is_some_and(|least| size < least)
            || schema[most].as_u64().is_some_and(|most| size > most)
        {
            complain(format!(
                "its size is {size}, and {least} is {}, {most} {}",
                schema[least], schema[most]
            ));
        }
    }
    if let Some(number) = value.as_f64() {
        let (least, most) = (schema["minimum"].as_f64(), schema["maximum"].as_f64());
        if least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most) {
            complain(format!("{number} is out of bounds"));
        }
    }
    combined(schema, value, &mut complain);
    match value {
        Value::Object(_) => object(path, schema, value, unknown, mistakes),
        Value::Array(items) if schema["items"].is_object() => {
            for (index, item) in items.iter().enumerate() {
                check(&format!("{path}[{index}]"), &schema["items"], item, unknown, mistakes);
            }
        }
        _ => {}
    }
}

/// Checks `required` and every field of an object.
fn object(path: &str, schema: &Value, value: &Value, unknown: Unknown, mistakes: &mut Vec<String>) {
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            mistakes.push(format!("{path}.{name}: this field is missing"));
        }
    }
    // Objects of any kind, and the metadata of a custom resource, whose schema its definition leaves out.
    let is_open = unknown == Unknown::IsAllowed
        || schema["x-kubernetes-preserve-unknown-fields"] == true
        || schema["properties"].is_null() && schema["additionalProperties"].is_null();
    for (name, field) in value.as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        match (&schema["properties"][name], &schema["additionalProperties"]) {
            (Value::Null, Value::Null) if !is_open => {
                mistakes.push(format!("{path}: there is no such field"))
            }
            (Value::Null, other) if other.is_object() => check(&path, other, field, unknown, mistakes),
            (Value::Null, _) => {}
            (known, _) => check(&path, known, field, unknown, mistakes),
        }
    }
}

/// Checks the conditions that other schemas add.
fn combined(schema: &Value, value: &Value, complain: &mut impl FnMut(String)) {
    let holds = |condition: &Value| {
        let mut mistakes = Vec::new();
        check("", condition, value, Unknown::IsAllowed, &mut mistakes);
        mistakes.is_empty()
    };
    let number = |keyword: &str| {
        let conditions = schema[keyword].as_array()?;
        Some((conditions.iter().filter(|condition| holds(condition)).count(), conditions.len()))
    };
    if number("allOf").is_some_and(|(held, all)| held < all) {
        complain(format!("not all of these hold: {}", schema["allOf"]));
    }
    if number("anyOf").is_some_and(|(held, _)| held == 0) {
        complain(format!("none of these holds: {}", schema["anyOf"]));
    }
    if number("oneOf").is_some_and(|(held, _)| held != 1) {
        complain(format!("not exactly one of these holds: {}", schema["oneOf"]));
    }
    if schema["not"].is_object() && holds(&schema["not"]) {
        complain(format!("this must not hold: {}", schema["not"]));
    }
}

fn has_type(schema: &Value, value: &Value) -> bool {
    let Some(kind) = schema["type"].as_str() else { return true };
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        other => panic!("a schema has the type {other}, which isn't known here"),
    }
}

#[cfg(test)]
mod tests {
    use super::mistakes;
    use serde_json::json;

    #[test]
    fn each_mistake_is_named_with_its_path() {
        let schema = json!({
            "type": "object",
            "required": ["kind"],
            "properties": {
                "kind": { "type": "string", "enum": ["A", "B"] },
                "metadata": { "type": "object" },
                "port": { "x-kubernetes-int-or-string": true, "anyOf": [{ "type": "integer" }, { "type": "string" }] },
                "labels": { "type": "object", "additionalProperties": { "type": "string", "pattern": "^[a-z]*$" } },
                "list": { "type": "array", "maxItems": 2, "items": { "type": "integer", "minimum": 1 } },
                "one": {
                    "type": "object",
                    "properties": { "a": { "type": "string" }, "b": { "type": "string", "nullable": true } },
                    "oneOf": [{ "required": ["a"] }, { "required": ["b"] }]
                },
                "not": { "type": "string", "not": { "enum": ["x"] } }
            }
        });
        let valid = json!({
            "kind": "A", "metadata": { "name": "x" }, "port": "https", "labels": { "a": "b" }, "list": [1], "one": { "b": null },
            "not": "y"
        });
        assert_eq!(mistakes(&schema, &valid), [""; 0]);
        for (pointer, wrong, said) in [
            ("/kind", json!("C"), ".kind: \"C\" is none of "),
            ("/kind", json!(1), ".kind: \"string\" is needed, and this is 1"),
            ("/port", json!([]), ".port: a whole number or a text is needed"),
            ("/labels", json!({ "a": "B" }), ".labels.a: \"B\" doesn't match "),
            ("/list", json!([1, 0]), ".list[1]: 0 is out of bounds"),
            ("/list", json!([1, 2, 3]), ".list: its size is 3"),
            ("/one", json!({ "a": "x", "b": "x" }), ".one: not exactly one of these holds"),
            ("/one", json!({ "a": "x", "c": 1 }), ".one.c: there is no such field"),
            ("/not", json!("x"), ".not: this must not hold"),
            ("", json!({}), ".kind: this field is missing"),
        ] {
            let mut spoiled = valid.clone();
            *spoiled.pointer_mut(pointer).unwrap() = wrong;
            let found = mistakes(&schema, &spoiled);
            assert!(found.len() == 1 && found[0].starts_with(said), "{said}: {found:?}");
        }
    }
}
