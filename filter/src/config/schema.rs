//! What the JSON Schema says where a field takes more than one form, or one of some words.

#![allow(dead_code, reason = "only their schemas are used")]

use super::certificates::CertificateConfig;
use super::only::LabelConfig;
use schemars::JsonSchema;
use std::collections::BTreeMap;

/// By names that are the user's.
pub(super) type ByName<T> = BTreeMap<String, T>;

/// One, or a list of them.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

/// A certificate: by the SHA-256 of its DER form, or by what it says of itself.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum Certificate {
    Sha256(String),
    Says(CertificateConfig),
}

/// What a label may be: a list of values, or where they come from.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub(super) enum LabelValues {
    Listed(Vec<String>),
    Otherwise(LabelConfig),
}

/// A number of bytes.
#[derive(JsonSchema)]
pub(super) struct Size(String);

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum ElsewhereConfig {
    Refuse,
    Pass,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum ApiConfig {
    Prometheus,
    Opaque,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum CredentialsConfig {
    Remove,
    Pass,
}

#[derive(JsonSchema)]
#[schemars(rename_all = "snake_case")]
pub(super) enum EncodedSlashConfig {
    Refuse,
    Pass,
}
