//! The API of Thanos: its querier and query frontend, and what its ruler, receiver and pages add, taken from the source of
//! 0.42 (`pkg/api`, `pkg/ui`, `pkg/receive`). It is Prometheus' API with more parameters and paths.

use super::class::{Class, Classes};
use super::endpoint::Endpoint;
use super::profile::{Contents, Profile, Section, SpecialParameters, restrictable};
use super::prometheus::{self, ALERTS, MATCH, NOTHING, QUERY};
use super::row::{GET, GET_POST, POST, closed, joined, page, reads, refused, row};
use crate::target::parameters::ParameterNames;
use crate::time::dialect::Dialect;

/// The API of Thanos.
pub static PROFILE: Profile = Profile {
    name: "thanos",
    sections: SECTIONS,
    classes: Classes::OF_PROMETHEUS,
    // It takes writes at other paths than Prometheus, which can't be restricted, and has no remote read.
    restrictable: restrictable(SECTIONS).without(Classes::of(&[Class::Write, Class::RemoteRead])),
    aliases: &[],
    api_paths: &["/api/"],
    without_slash: &["/api/v1/"],
    parameters: SpecialParameters {
        // `storeMatch[]` chooses among stores by labels of theirs, and a warning says if there are none: with it a
        // caller could find out the names of other tenants. The analysis of a query lists the stores. `shard_info` is
        // between frontends and queriers, and no row names it.
        widening: &["include_metadata", "storeMatch[]", "analyze"],
        dropping: &["replicaLabels[]"],
        ..prometheus::PARAMETERS
    },
    second_lock: None,
    dialect: Dialect::Prometheus,
    contents: Contents::Known,
};

static SECTIONS: &[Section] =
    &[Section { below: "", rows: ENDPOINTS }, Section { below: "", rows: prometheus::ENDPOINTS }];

// Grafana adds the parameters of a data source to each of its requests, so every row has those that choose how series are
// read. `dedup`, `partial_response`, `max_source_resolution` and `engine` choose among the series that matchers leave.
const CHOICE: ParameterNames =
    &["dedup", "partial_response", "max_source_resolution", "engine", "replicaLabels[]"];
const EXPRESSION: ParameterNames = &joined::<13>(&[
    &["query", "time", "timeout", "limit", "lookback_delta", "stats"],
    CHOICE,
    &["storeMatch[]", "analyze"],
]);
const RANGE: ParameterNames = &joined::<15>(&[
    &["query", "start", "end", "step", "timeout", "limit", "lookback_delta", "stats"],
    CHOICE,
    &["storeMatch[]", "analyze"],
]);
const SERIES: ParameterNames =
    &joined::<10>(&[&["match[]", "start", "end", "limit"], CHOICE, &["storeMatch[]"]]);
const EXEMPLARS: ParameterNames = &joined::<8>(&[&["query", "start", "end"], CHOICE]);
const RULES: ParameterNames = &joined::<13>(&[
    &[
        "type",
        "rule_name[]",
        "rule_group[]",
        "file[]",
        "match[]",
        "exclude_alerts",
        "group_limit",
        "group_next_token",
    ],
    CHOICE,
]);
const METADATA: ParameterNames = &joined::<8>(&[&["limit", "limit_per_metric", "metric"], CHOICE]);

/// The endpoints that Prometheus doesn't have, or has with fewer parameters.
#[rustfmt::skip]
pub static ENDPOINTS: &[Endpoint] = &[
    row("/api/v1/query", GET_POST, Class::Query, &reads(EXPRESSION, QUERY).unread(&["step"])),
    row("/api/v1/query_range", GET_POST, Class::Query, &reads(RANGE, QUERY)),
    row("/api/v1/query_exemplars", GET_POST, Class::Query, &reads(EXEMPLARS, QUERY)),
    row("/api/v1/query_explain", GET_POST, Class::Query, &reads(EXPRESSION, QUERY).unread(&["step"])),
    row("/api/v1/query_range_explain", GET_POST, Class::Query, &reads(RANGE, QUERY)),

    row("/api/v1/series", GET_POST, Class::Series, &reads(SERIES, MATCH)),
    row("/api/v1/labels", GET_POST, Class::Series, &reads(SERIES, MATCH)),
    row("/api/v1/label/:name/values", GET, Class::Series, &reads(SERIES, MATCH)),

    row("/api/v1/metadata", GET, Class::Metadata, &reads(METADATA, NOTHING)),
    row("/api/v1/rules", GET, Class::Rules,
        &reads(RULES, prometheus::RULES).unread(&["rule_name", "rule_group", "file"])),
    row("/api/v1/alerts", GET, Class::Rules, &reads(CHOICE, ALERTS)),

    // The statistics are added up before anybody can filter them.
    row("/api/v1/status/tsdb", GET, Class::Status, &refused(&["limit", "match[]"])),
    closed("/api/v1/stores", GET, Class::Status),
    closed("/api/v1/blocks", GET, Class::Status),
    // This marks a block for deletion.
    closed("/api/v1/blocks/mark", POST, Class::Admin),

    closed("/api/v1/receive", POST, Class::Write),
    closed("/api/v1/otlp", POST, Class::Write),

    closed("/debug/fgprof", GET, Class::Debug),

    page("/stores", Class::Status),
    page("/blocks", Class::Status),
    page("/loaded", Class::Status),
    page("/global", Class::Status),
];
