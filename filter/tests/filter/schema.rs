//! Checks that the JSON Schema that ships is generated from the fields that the filter reads, so that editors know
//! every field and nothing else. `PROMWARD_BLESS=1` writes it anew.

use promward::config::Configuration;
use schemars::Schema;
use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use serde_json::Value;
use std::{env, fs};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/config.schema.json");

#[test]
fn the_schema_is_that_of_the_configuration() {
    let settings = SchemaSettings::draft2020_12().with_transform(RecursiveTransform(without_null));
    let mut schema = settings.into_generator().into_root_schema_for::<Configuration>();
    schema.insert("title".to_owned(), "The configuration of promward".into());
    let generated = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
    if env::var_os("PROMWARD_BLESS").is_some() {
        fs::write(FILE, &generated).unwrap();
    }
    let committed = fs::read_to_string(FILE).unwrap_or_default();
    assert!(
        committed == generated,
        "filter/config.schema.json is out of date: PROMWARD_BLESS=1 writes it anew"
    );
}

/// Removes `null` from the types of fields that may be missing, since the filter refuses it.
fn without_null(schema: &mut Schema) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".to_owned(), only);
        }
    }
    let Some(Value::Array(choices)) = schema.get_mut("anyOf") else { return };
    choices.retain(|choice| choice["type"] != "null");
    if let [Value::Object(only)] = choices.as_slice() {
        let only = only.clone();
        schema.remove("anyOf");
        for (name, value) in only {
            schema.insert(name, value);
        }
    }
}
