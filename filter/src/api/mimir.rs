//! The API of Grafana Mimir, taken from its source (`pkg/api/api.go`) and its reference. Prometheus' API is below
//! `/prometheus` (`-http.prometheus-http-prefix`), and everything else beside it, so paths here are Mimir's own full
//! paths.
//!
//! Mimir keeps tenants apart by a header, but not on its own pages: those of the status of a component show all
//! tenants. They have no class that the shorthand `read` gives.

use super::class::{Class, Classes};
use super::endpoint::{Endpoint, SelectorForm, Selectors, ToRestricted, Treatment};
use super::profile::{Contents, Profile, Section, restrictable};
use super::prometheus::{self, RULES};
use super::row::{DELETE, GET, GET_POST, PASSED, POST, check, closed, file, reads, refused, row, ui};
use crate::target::method::{Method, Methods};
use crate::target::parameters::ParameterNames;
use crate::time::dialect::Dialect;

/// The API of Mimir.
pub static PROFILE: Profile = Profile {
    name: "mimir",
    sections: SECTIONS,
    classes: Classes::OF_PROMETHEUS,
    // It takes writes at other paths than Prometheus, which can't be restricted.
    restrictable: restrictable(SECTIONS).without(Classes::of(&[Class::Write])),
    aliases: &[],
    api_paths: &["/api/", "/prometheus/api/", "/prometheus/config/"],
    without_slash: &["/api/v1/", "/prometheus/api/v1/", "/prometheus/config/v1/"],
    parameters: prometheus::PARAMETERS,
    second_lock: None,
    dialect: Dialect::Prometheus,
    contents: Contents::Known,
};

static SECTIONS: &[Section] = &[
    Section { below: "/prometheus", rows: READ_OTHERWISE },
    Section { below: "/prometheus", rows: prometheus::ENDPOINTS },
    Section { below: "/prometheus", rows: BELOW_PROMETHEUS },
    Section { below: "", rows: ENDPOINTS },
];

const GET_DELETE_POST: Methods = Methods::of(&[Method::Get, Method::Delete, Method::Post]);
const DELETE_POST: Methods = Methods::of(&[Method::Delete, Method::Post]);
const GET_DELETE_PUT: Methods = Methods::of(&[Method::Get, Method::Delete, Method::Put]);

/// The parameter by which the cardinality of labels is asked for some series only.
const SELECTOR: ToRestricted =
    ToRestricted::Restrict(Selectors { parameter: "selector", form: SelectorForm::AnyOf });

/// Returns the treatment of requests for the cardinality of labels. `selector` may be given once only, in the query string or the form, so a
/// form can't follow one that was sent ahead of it.
const fn cardinality(parameters: ParameterNames) -> Treatment {
    reads(parameters, SELECTOR).in_the_query_alone()
}

/// The endpoints that read parameters which Prometheus doesn't read: here the filters without brackets mean something.
#[rustfmt::skip]
pub static READ_OTHERWISE: &[Endpoint] = &[
    row("/api/v1/rules", GET, Class::Rules,
        &reads(&["type", "rule_name[]", "rule_group[]", "file[]", "rule_name", "rule_group", "file", "match[]", "exclude_alerts",
            "group_limit", "group_next_token"], RULES)),
];

/// The endpoints below the prefix of Prometheus' API that Prometheus doesn't have.
#[rustfmt::skip]
pub static BELOW_PROMETHEUS: &[Endpoint] = &[
    row("/api/v1/cardinality/label_names", GET_POST, Class::Series, &cardinality(&["selector", "limit", "count_method"])),
    row("/api/v1/cardinality/active_series", GET_POST, Class::Series, &cardinality(&["selector"])),
    row("/api/v1/cardinality/active_native_histogram_metrics", GET_POST, Class::Series, &cardinality(&["selector"])),
    // Its total is that of all series, whatever `selector` says. `selector` isn't read here, so no row names it.
    row("/api/v1/cardinality/label_values", GET_POST, Class::Series,
        &refused(&["label_names[]", "limit", "count_method"])),

    closed("/config/v1/rules", GET, Class::Rules),
    closed("/config/v1/rules/:namespace", GET, Class::Rules),
    closed("/config/v1/rules/:namespace", DELETE_POST, Class::Admin),
    closed("/config/v1/rules/:namespace/:group", GET, Class::Rules),
    closed("/config/v1/rules/:namespace/:group", DELETE, Class::Admin),
];

/// The endpoints beside the prefix of Prometheus' API.
#[rustfmt::skip]
pub static ENDPOINTS: &[Endpoint] = &[
    closed("/api/v1/push", POST, Class::Write),
    closed("/api/v1/push/influx/write", POST, Class::Write),
    closed("/otlp/v1/metrics", POST, Class::Write),
    closed("/api/v1/upload/block/:block/start", POST, Class::Write),
    closed("/api/v1/upload/block/:block/files", POST, Class::Write),
    closed("/api/v1/upload/block/:block/finish", POST, Class::Write),
    closed("/api/v1/upload/block/:block/check", GET, Class::Write),

    check("/ready"),
    row("/api/v1/status/buildinfo", GET, Class::Info, &PASSED),

    closed("/api/v1/user_limits", GET, Class::Status),
    closed("/api/v1/user_stats", GET, Class::Status),

    // The configuration of a tenant's Alertmanager, which may hold secrets.
    closed("/api/v1/alerts", GET, Class::Config),
    closed("/api/v1/alerts", DELETE_POST, Class::Admin),
    closed("/api/v1/status/config", GET, Class::Config),
    closed("/api/v1/status/flags", GET, Class::Config),
    closed("/config", GET, Class::Config),
    closed("/runtime_config", GET, Class::Config),
    closed("/multitenant_alertmanager/configs", GET, Class::Config),

    closed("/metrics", GET, Class::Metrics),
    closed("/debug/pprof", GET_POST, Class::Debug),
    closed("/debug/pprof/*", GET_POST, Class::Debug),
    closed("/debug/fgprof", GET, Class::Debug),

    closed("/ruler/delete_tenant_config", POST, Class::Admin),
    closed("/multitenant_alertmanager/delete_tenant_config", POST, Class::Admin),
    closed("/compactor/delete_tenant", POST, Class::Admin),
    // A GET flushes too.
    closed("/ingester/flush", GET_POST, Class::Admin),

    // Mimir has stopped by GET as well.
    closed("/ingester/shutdown", GET_POST, Class::Quit),
    closed("/ingester/prepare-shutdown", GET_DELETE_POST, Class::Quit),
    closed("/ingester/prepare-partition-downscale", GET_DELETE_POST, Class::Quit),
    closed("/ingester/prepare-instance-ring-downscale", GET_DELETE_POST, Class::Quit),
    closed("/ingester/unregister-on-shutdown", GET_DELETE_PUT, Class::Quit),
    closed("/store-gateway/prepare-shutdown", GET_DELETE_POST, Class::Quit),
    closed("/usage-tracker/prepare-instance-ring-downscale", GET_DELETE_POST, Class::Quit),

    closed("/services", GET, Class::Status),
    closed("/memberlist", GET, Class::Status),
    closed("/distributor/all_user_stats", GET, Class::Status),
    closed("/distributor/ha_tracker", GET, Class::Status),
    closed("/ingester/tenants", GET, Class::Status),
    closed("/ingester/tsdb/:tenant", GET, Class::Status),
    closed("/ingester/tsdb_metrics", GET, Class::Status),
    closed("/ruler/rule_groups", GET, Class::Status),
    closed("/ruler/tenants", GET, Class::Status),
    closed("/ruler/tenant/:tenant/rule_groups", GET, Class::Status),
    closed("/store-gateway/tenants", GET, Class::Status),
    closed("/store-gateway/tenant/:tenant/blocks", GET, Class::Status),
    closed("/compactor/tenants", GET, Class::Status),
    closed("/compactor/tenant/:tenant/planned_jobs", GET, Class::Status),
    closed("/compactor/delete_tenant_status", GET, Class::Status),
    closed("/multitenant_alertmanager/status", GET, Class::Status),

    // A POST to a ring's page makes the ring forget a member.
    closed("/:component/ring", GET, Class::Status),
    closed("/:component/ring", POST, Class::Admin),
    closed("/:component/partition-ring", GET, Class::Status),
    closed("/:component/partition-ring", POST, Class::Admin),
    closed("/:component/instance-ring", GET, Class::Status),
    closed("/:component/instance-ring", POST, Class::Admin),

    ui("/"),
    file("/static/*"),
];
