//! Turns the fields of a file into the JSON that the filter gets of them: from a `google.protobuf.Struct` in an Envoy file,
//! and from what control planes make of a manifest.

use super::Written;
use serde_json::{Map, Number, Value as Json};
use serde_norway::Value;

/// The characters that Go's `encoding/json` escapes, beside those that every writer does.
const ESCAPED_BY_GO: [char; 5] = ['<', '>', '&', '\u{2028}', '\u{2029}'];

/// Returns the configuration whose fields are the content of a field of the file, written by `write`. One that is missing or
/// has no field is sent as an empty text.
pub(super) fn written(
    value: Option<&Value>,
    field: &str,
    write: fn(&Value) -> String,
) -> Result<Written, String> {
    let text = match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::Mapping(fields)) if fields.is_empty() => String::new(),
        Some(value @ Value::Mapping(_)) => write(value),
        Some(_) => {
            return Err(format!(
                "{field}: this is no object: write mounts, access and the other fields below it"
            ));
        }
    };
    Ok(Written { text: text.into_bytes(), field: Some(field.to_owned()) })
}

/// Returns the JSON with its fields in the order of their names, as the filter makes it of a `Struct`.
pub(super) fn json(value: &Value) -> String {
    converted(value).to_string()
}

/// Returns the same JSON as the control planes write it, which are programs in Go.
pub(super) fn json_of_go(value: &Value) -> String {
    json(value).chars().fold(String::new(), |mut text, character| {
        match ESCAPED_BY_GO.contains(&character) {
            true => text.push_str(&format!("\\u{:04x}", u32::from(character))),
            false => text.push(character),
        }
        text
    })
}

/// Returns the texts of a configuration that stand in the file without quotes, and that Envoy and Kubernetes read as true or
/// false there: they keep to an older YAML.
pub(super) fn read_otherwise(json: &[u8], file: &str) -> Vec<String> {
    let mut words = Vec::new();
    collect(&serde_json::from_slice(json).unwrap_or_default(), &mut words);
    words.retain(|word| file.match_indices(word.as_str()).any(|(at, _)| is_plain(file, at, word)));
    words.dedup();
    words
}

/// The words that are true or false in that YAML, beside `true` and `false`.
const TRUE_OR_FALSE: [&str; 6] = ["y", "n", "yes", "no", "on", "off"];

fn collect(value: &Json, words: &mut Vec<String>) {
    match value {
        Json::String(text) if TRUE_OR_FALSE.contains(&text.to_lowercase().as_str()) => {
            words.push(text.clone())
        }
        Json::Array(items) => items.iter().for_each(|item| collect(item, words)),
        Json::Object(fields) => fields.values().for_each(|field| collect(field, words)),
        _ => {}
    }
}

/// Returns `true` if a word at this place of a file is a whole value without quotes.
fn is_plain(file: &str, at: usize, word: &str) -> bool {
    let (before, rest) = file.split_at(at);
    let after = rest[word.len()..].trim_start_matches(' ').chars().next();
    before.ends_with([' ', '[', '{', ','])
        && before.trim_end_matches(' ').ends_with(['[', '{', ',', ':', '-'])
        && after.is_none_or(|next| [',', ']', '}', '#', '\n', '\r'].contains(&next))
}

fn converted(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(is) => Json::Bool(*is),
        Value::Number(number) => whole(number).unwrap_or_else(|| Json::from(number.as_f64())),
        Value::String(text) => Json::from(text.as_str()),
        Value::Sequence(items) => items.iter().map(converted).collect(),
        Value::Mapping(fields) => {
            let field = |(name, value): (&Value, &Value)| (key(name), converted(value));
            Json::Object(fields.iter().map(field).collect::<Map<_, _>>())
        }
        Value::Tagged(tagged) => converted(&tagged.value),
    }
}

/// Returns a number without a fraction, however it is written: `4.0` is 4.
fn whole(number: &serde_norway::Number) -> Option<Json> {
    let from_double =
        || number.as_f64().filter(|double| double.fract() == 0.0).map(|double| format!("{double}"));
    let digits = number.as_i64().map(|whole| whole.to_string()).or_else(from_double)?;
    digits.parse::<Number>().ok().map(Json::Number)
}

/// Returns the name of a field. YAML reads some of them as something other than a text.
fn key(name: &Value) -> String {
    match name {
        Value::String(name) => name.clone(),
        other => json(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_others_read_as_true_or_false_are_found_where_they_stand_without_quotes() {
        for (yaml, found) in [
            ("a: [no, \"on\"]", &["no"][..]),
            ("a: No # a comment\nb: y\n", &["No", "y"]),
            ("- off\n- x-off\n", &["off"]),
            ("a: ['no', \"y\"]\nb: [nothing, y-axis, no way]\n", &[]),
        ] {
            let value: Value = serde_norway::from_str(yaml).unwrap();
            assert_eq!(read_otherwise(json(&value).as_bytes(), yaml), found, "{yaml}");
        }
    }

    #[test]
    fn yaml_is_the_json_that_the_filter_gets() {
        let yaml = "b: [1, 2.0, 0.5, -3, 11000]\na: { x: null, 4: \"<&>\\u2028\\\"\\n\" } # a comment\n";
        let value = serde_norway::from_str(yaml).unwrap();
        assert_eq!(
            json(&value),
            "{\"a\":{\"4\":\"<&>\u{2028}\\\"\\n\",\"x\":null},\"b\":[1,2,0.5,-3,11000]}"
        );
        assert_eq!(
            json_of_go(&value),
            r#"{"a":{"4":"\u003c\u0026\u003e\u2028\"\n","x":null},"b":[1,2,0.5,-3,11000]}"#
        );
    }
}
