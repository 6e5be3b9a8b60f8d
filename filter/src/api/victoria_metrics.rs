//! The endpoints of a single VictoriaMetrics, taken from the source of 1.145 (`app/vminsert/main.go`,
//! `app/vmselect/main.go`, `app/vmstorage/main.go`, `lib/httpserver`). It looks at no method and compares some paths by
//! their beginning alone, so whole folders have one class, and nothing that stores, deletes or shows data is `unknown`.

use super::class::{Class, Classes};
use super::endpoint::Endpoint;
use super::profile::{Contents, Profile, Section, SpecialParameters, restrictable};
use super::prometheus::{ALERTS, MATCH, NOTHING, QUERY, RULES, TARGETS};
use super::row::{GET, GET_HEAD, GET_POST, PASSED, check, closed, file, page, reads, refused, row, ui};
use crate::target::method::{Method, Methods};
use crate::target::parameters::ParameterNames;
use crate::time::dialect::Dialect;

/// The methods by which programs send samples, and ask first if they may.
const SENT: Methods = Methods::of(&[Method::Get, Method::Post, Method::Put]);

/// The API of a single VictoriaMetrics.
pub static PROFILE: Profile = Profile {
    name: "victoriametrics",
    sections: SECTIONS,
    classes: Classes::OF_PROMETHEUS,
    restrictable: restrictable(SECTIONS),
    aliases: &["/prometheus", "/graphite"],
    api_paths: &["/api/"],
    without_slash: &["/api/v1/"],
    parameters: SpecialParameters {
        // Clients of Prometheus send the last two, which VictoriaMetrics doesn't read.
        ignored: &["_", "stats", "lookback_delta"],
        // Another spelling of `match[]`, filters, and what moves times or bounds them.
        unlisted: &[
            "match",
            "extra_label",
            "extra_filters",
            "extra_filters[]",
            "max_lookback",
            "latency_offset",
        ],
        paging: &["group_limit", "group_next_token"],
        // A trace counts the series of everybody that a part of the restriction matches.
        widening: &["trace"],
        dropping: &[],
        searched: &[],
    },
    second_lock: Some("extra_filters[]"),
    dialect: Dialect::VictoriaMetrics,
    contents: Contents::Known,
};

static SECTIONS: &[Section] = &[Section { below: "", rows: ENDPOINTS }];

const SERIES: ParameterNames = &["match[]", "start", "end", "limit", "timeout", "trace"];

/// A row for samples that are sent, in whichever protocol.
const fn write(path: &'static str) -> Endpoint {
    closed(path, SENT, Class::Write)
}

/// A row that shows data or the state of the server, or changes it, and can't be restricted.
const fn whole(path: &'static str, class: Class) -> Endpoint {
    closed(path, GET_POST, class)
}

/// Every endpoint, beginning with those of queries. Of two rows that cover a path the first one counts.
#[rustfmt::skip]
pub static ENDPOINTS: &[Endpoint] = &[
    row("/api/v1/query", GET_POST, Class::Query,
        &reads(&["query", "time", "step", "timeout", "limit", "nocache", "round_digits", "trace"], QUERY)),
    row("/api/v1/query_range", GET_POST, Class::Query,
        &reads(&["query", "start", "end", "step", "timeout", "limit", "nocache", "round_digits", "trace"], QUERY)),
    row("/api/v1/query_exemplars", GET_POST, Class::Query, &reads(&["query", "start", "end"], QUERY)),

    row("/api/v1/series", GET_POST, Class::Series, &reads(SERIES, MATCH)),
    row("/api/v1/labels", GET_POST, Class::Series, &reads(SERIES, MATCH)),
    row("/api/v1/label/:name/values", GET, Class::Series, &reads(SERIES, MATCH)),

    row("/api/v1/metadata", GET, Class::Metadata, &reads(&["limit", "limit_per_metric", "metric"], NOTHING)),

    row("/api/v1/rules", GET, Class::Rules,
        &reads(&["type", "rule_name[]", "rule_group[]", "file[]", "match[]", "exclude_alerts", "datasource_type", "group_limit",
            "group_next_token"], RULES).unread(&["rule_name", "rule_group", "file"])),
    row("/api/v1/alerts", GET, Class::Rules, &reads(&["datasource_type"], ALERTS)),
    row("/api/v1/targets", GET, Class::Status, &reads(&["state", "scrapePool"], TARGETS)),

    row("/federate", GET, Class::Federate, &reads(&["match[]"], MATCH)),

    row("/api/v1/status/buildinfo", GET, Class::Info, &PASSED),
    row("/functions*", GET, Class::Info, &PASSED),

    // No guard and no restriction holds whoever dumps samples, or reads them by Graphite's API.
    whole("/api/v1/export*", Class::RemoteRead),
    whole("/render", Class::RemoteRead),
    whole("/metrics/*", Class::RemoteRead),
    whole("/tags/delSeries", Class::Admin),
    write("/tags/tagSeries"),
    write("/tags/tagMultiSeries"),
    whole("/tags", Class::RemoteRead),
    whole("/tags/*", Class::RemoteRead),

    whole("/api/v1/status/config", Class::Config),
    whole("/api/v1/status/*", Class::Status),
    whole("/api/v1/series/count", Class::Status),
    whole("/api/v1/notifiers", Class::Status),
    page("/notifiers", Class::Status),
    page("/targets", Class::Status),
    page("/service-discovery", Class::Status),
    // The server asks its target for this, and shows what that answers.
    closed("/target_response", GET_HEAD, Class::Status),
    page("/config", Class::Config),
    page("/flags", Class::Config),
    page("/alerts", Class::Rules),
    page("/rules", Class::Rules),
    page("/vmalert", Class::Rules),
    whole("/vmalert/*", Class::Rules),
    closed("/metrics", GET_HEAD, Class::Metrics),

    row("/api/v1/admin/tsdb/delete_series", GET_POST, Class::Admin, &refused(&["match[]", "start", "end"])),
    whole("/api/v1/admin/*", Class::Admin),
    whole("/delete/*", Class::Admin),
    whole("/snapshot/*", Class::Admin),
    whole("/internal/*", Class::Admin),
    whole("/-/reload", Class::Reload),

    write("/api/v1/write"),
    write("/api/v1/push"),
    write("/api/v1/import*"),
    write("/api/v2/write"),
    write("/write"),
    check("/influx/health"),
    write("/influx/*"),
    // Programs that write as to InfluxDB ask this for the names of databases.
    write("/query"),
    write("/datadog/*"),
    write("/newrelic*"),
    write("/opentelemetry/*"),
    write("/opentsdb/*"),
    write("/api/put"),
    write("/zabbixconnector/*"),

    // What these expand or match may take the server long, and nobody reads it here.
    whole("/expand-with-exprs", Class::Debug),
    whole("/prettify-query", Class::Debug),
    whole("/metric-relabel-debug", Class::Debug),
    whole("/target-relabel-debug", Class::Debug),
    whole("/debug/pprof", Class::Debug),
    whole("/debug/pprof/*", Class::Debug),

    check("/health"),
    check("/ready"),
    check("/ping"),
    check("/-/healthy"),
    check("/-/ready"),

    ui("/"),
    ui("/vmui"),
    ui("/vmui/"),
    ui("/graph"),
    ui("/graph/"),
    // Dashboards from a folder of the server's, which are for whoever it may be.
    page("/vmui/custom-dashboards", Class::Ui),
    page("/graph/custom-dashboards", Class::Ui),
    row("/vmui/config.json", GET_HEAD, Class::Ui, &PASSED),
    row("/vmui/timezone", GET_HEAD, Class::Ui, &PASSED),
    file("/vmui/*"),
    file("/graph/*"),
    file("/static*"),
    file("/favicon.ico"),
    file("/robots.txt"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn class(path: &str) -> Class {
        PROFILE.listed(path).map_or(Class::Unknown, |listed| listed.first.class)
    }

    #[test]
    fn an_alias_has_the_class_of_its_path() {
        for (path, expected) in [
            ("/prometheus/api/v1/query", Class::Query),
            ("/graphite/api/v1/query", Class::Query),
            ("/graphite/tags/delSeries", Class::Admin),
            ("/prometheus/api/v1/admin/tsdb/delete_series", Class::Admin),
            ("/prometheus/", Class::Ui),
            ("/prometheusX/api/v1/query", Class::Unknown),
            ("/prometheus", Class::Unknown),
            ("/prometheus/prometheus/api/v1/query", Class::Unknown),
            ("/select/0/prometheus/api/v1/query", Class::Unknown),
        ] {
            assert_eq!(class(path), expected, "{path}");
        }
        assert!(PROFILE.is_api("/prometheus/api/v1/query"));
        assert_eq!(PROFILE.without_trailing_slash("/prometheus/api/v1/query/"), "/prometheus/api/v1/query");
    }

    #[test]
    fn what_the_server_compares_by_its_beginning_has_a_class_by_its_beginning() {
        for (path, expected) in [
            ("/api/v1/import/prometheusX", Class::Write),
            ("/api/v1/import/prometheus/metrics/job/a", Class::Write),
            ("/api/v1/export/native", Class::RemoteRead),
            ("/functionsX", Class::Info),
            ("/static-x", Class::Ui),
            ("/influx/*/x", Class::Write),
            ("/snapshot/delete_all", Class::Admin),
            ("/snapshot", Class::Unknown),
        ] {
            assert_eq!(class(path), expected, "{path}");
        }
    }

    #[test]
    fn the_restricted_get_something_of_what_can_be_restricted_or_holds_no_data() {
        assert_eq!(
            PROFILE.restrictable.to_string(),
            "health info query series rules metadata federate status ui"
        );
    }
}
