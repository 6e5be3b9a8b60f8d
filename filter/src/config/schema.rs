//! Types for the JSON Schema alone, where a field takes more than one form, or one of some words.

#![allow(dead_code, reason = "only their schemas are used")]

use crate::api::PROFILES;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// An object whose names the user chooses.
pub(super) type ByName<T> = BTreeMap<String, T>;

/// One value, or a list of them.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

/// A number of bytes with a unit, like `256KiB`.
#[derive(JsonSchema)]
pub(super) struct Size(String);

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum ElsewhereConfig {
    Refuse,
    Pass,
}

/// The name of an API.
pub(super) struct ApiConfig;

impl JsonSchema for ApiConfig {
    fn schema_name() -> Cow<'static, str> {
        "ApiConfig".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "enum": PROFILES.map(|profile| profile.name) })
    }
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum CredentialsConfig {
    Remove,
    Pass,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum ForeignBearerConfig {
    Refuse,
    Ignore,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum EncodedSlashConfig {
    Refuse,
    Pass,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum WebSocketsConfig {
    Pass,
    Refuse,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum WriteConfig {
    Refuse,
    Label,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum QueryReportConfig {
    Off,
    Text,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum DescriptorConfig {
    Rule,
    Caller,
    Class,
}
