//! What the JSON Schema says where a field takes more than one form. The filter reads these forms by hand.

#![allow(dead_code, reason = "only their schemas are used")]

use super::certificates::CertificateConfig;
use super::only::LabelConfig;
use schemars::JsonSchema;
use std::collections::BTreeMap;

/// By name, one or a list of them.
pub(super) type Named<T> = BTreeMap<String, OneOrMany<T>>;

/// One, or a list of them.
#[derive(JsonSchema)]
#[serde(untagged)]
pub(super) enum OneOrMany<T> {
    One(T),
    Many(Vec<T>),
}

/// A certificate: by the SHA-256 of its DER form, or by what it says of itself.
#[derive(JsonSchema)]
#[serde(untagged)]
pub(super) enum Certificate {
    Sha256(String),
    Says(CertificateConfig),
}

/// What a label may be: a list of values, or where they come from.
#[derive(JsonSchema)]
#[serde(untagged)]
pub(super) enum LabelValues {
    Listed(Vec<String>),
    Otherwise(LabelConfig),
}
