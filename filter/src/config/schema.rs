//! What the JSON Schema says where a field takes more than one form. The filter reads these forms by hand.

#![allow(dead_code, reason = "only their schemas are used")]

use super::certificates::CertificateConfig;
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

/// The values that a label may have, where they aren't a list: one of `regex`, `claim`, `by` and `values`.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct LabelConfig {
    /// Every value that this matches in full: characters, `.`, classes, groups, `|`, `*`, `+`, `?`.
    regex: Option<String>,
    /// Where in the claims of the caller's token the values are: a text or a list of texts.
    claim: Option<Vec<String>>,
    /// Values by whom they are for, as rules name them; who is several of these gets the values of all.
    by: Option<BTreeMap<String, Vec<String>>>,
    /// These values.
    values: Option<Vec<String>>,
    /// Beside `values`: whether series without the label may be seen as well.
    or_absent: Option<bool>,
}

/// How often each caller may do what the rule allows, and how much one query of theirs may touch.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct LimitsConfig {
    /// How often, like `20/s`, in all workers together. Those who aren't known count by their address.
    rate: Option<String>,
    /// How often at once; the number in `rate` if not given.
    burst: Option<u32>,
    /// The longest from `start` to `end`, like `31d`.
    range: Option<String>,
    /// The longest from the time of evaluation back to the oldest sample that a query touches, like `7d`.
    lookback: Option<String>,
    /// The longest from now back to that sample, like `90d`.
    oldest: Option<String>,
    /// The most points of one series.
    points: Option<u32>,
    /// How long a query may take, like `30s`.
    timeout: Option<String>,
}

/// A header that carries the values of a label that the caller is restricted to, joined by `|`. A client's own is removed.
#[derive(JsonSchema)]
#[schemars(deny_unknown_fields)]
pub(super) struct TenantConfig {
    /// The header's name, like `x-scope-orgid`.
    name: String,
    /// The label, which a rule restricts by `only`.
    label: String,
}
