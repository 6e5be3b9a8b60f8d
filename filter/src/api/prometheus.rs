//! The endpoints of Prometheus 2.42 to 3.14, taken from its source (`web/web.go`, `web/api/v1/api.go`). Releases
//! differ, so every path that is not listed has the class `unknown`. Pages have the class of the data that they show:
//! 2.x and VictoriaMetrics render them on the server, with the data of all callers.

use super::class::{Class, Classes};
use super::endpoint::{Endpoint, Message, SelectorForm, Selectors, ToRestricted};
use super::listing::Listing;
use super::profile::{Contents, Profile, Section, SpecialParameters, restrictable};
use super::row::{
    GET, GET_POST, PASSED, POST, POST_PUT, check, closed, file, joined, page, reads, refused, row, ui,
};
use crate::target::parameters::ParameterNames;
use crate::time::dialect::Dialect;

pub(super) const QUERY: ToRestricted = ToRestricted::Restrict(EXPRESSION);
pub(super) const MATCH: ToRestricted = ToRestricted::Restrict(ANY_OF);
pub(super) const RULES: ToRestricted = ToRestricted::Filter(Listing::Rules, Some(FILTERS));
pub(super) const ALERTS: ToRestricted = ToRestricted::Filter(Listing::Alerts, None);
pub(super) const TARGETS: ToRestricted = ToRestricted::Filter(Listing::Targets, None);
const FORMAT: ToRestricted =
    ToRestricted::Read(Selectors { parameter: "query", form: SelectorForm::Formatted });
const PARSE: ToRestricted = ToRestricted::Read(Selectors { parameter: "query", form: SelectorForm::Parsed });

/// The API of Prometheus, and of servers that speak it too.
pub static PROFILE: Profile = Profile {
    name: "prometheus",
    sections: SECTIONS,
    classes: Classes::OF_PROMETHEUS,
    restrictable: restrictable(SECTIONS),
    aliases: &[],
    api_paths: &["/api/"],
    // People type `/api/v1/query/`, and Prometheus would redirect it to `/query`, which is another page. It redirects
    // `/api/v1` to `/api/v1/`, so that slash stays.
    without_slash: &["/api/v1/"],
    parameters: PARAMETERS,
    second_lock: None,
    dialect: Dialect::Prometheus,
    contents: Contents::Known,
};

/// The sections of Prometheus' table: one.
static SECTIONS: &[Section] = &[Section { below: "", rows: ENDPOINTS }];

/// The parameters of Prometheus that need care.
pub(super) const PARAMETERS: SpecialParameters = SpecialParameters {
    // jQuery adds this so that no cache answers, as the pages of Prometheus 2.x do. No current server reads it, and
    // since it is removed no later one will.
    ignored: &["_"],
    unlisted: &[],
    paging: &["group_limit", "group_next_token"],
    widening: &["include_metadata"],
    dropping: &[],
    searched: &["search[]"],
};

/// The parameter of an endpoint that evaluates an expression.
pub const EXPRESSION: Selectors = Selectors { parameter: "query", form: SelectorForm::Expression };

/// The parameter of an endpoint that selects series.
pub const ANY_OF: Selectors = Selectors { parameter: "match[]", form: SelectorForm::AnyOf };

/// The parameter of an endpoint whose answer is filtered by its labels.
pub const FILTERS: Selectors = Selectors { parameter: "match[]", form: SelectorForm::Filters };

/// The answer that Prometheus gives when it has nothing to list by name.
pub(super) const NOTHING: ToRestricted = ToRestricted::Empty(r#"{"status":"success","data":{}}"#);

const SERIES: ParameterNames = &["match[]", "start", "end", "limit"];

// `batch_size` is left out: Prometheus 3.14 reserves memory for as many results as it says, without a bound.
const SEARCH: ParameterNames =
    &["search[]", "fuzz_threshold", "fuzz_alg", "case_sensitive", "sort_by", "sort_dir", "include_score"];
const SEARCH_METRICS: ParameterNames = &joined::<12>(&[SERIES, SEARCH, &["include_metadata"]]);
const SEARCH_LABELS: ParameterNames = &joined::<11>(&[SERIES, SEARCH]);
const SEARCH_VALUES: ParameterNames = &joined::<12>(&[SERIES, SEARCH, &["label"]]);

/// Every endpoint, beginning with those of queries, which are requested most.
#[rustfmt::skip]
pub static ENDPOINTS: &[Endpoint] = &[
    // VictoriaMetrics takes the step of an instant query for the time to look back. So vmalert sends one to every server.
    row("/api/v1/query", GET_POST, Class::Query,
        &reads(&["query", "time", "timeout", "limit", "lookback_delta", "stats"], QUERY).unread(&["step"])),
    row("/api/v1/query_range", GET_POST, Class::Query,
        &reads(&["query", "start", "end", "step", "timeout", "limit", "lookback_delta", "stats"], QUERY)),
    // The pages of 2.x ask for exemplars with all parameters of the graph.
    row("/api/v1/query_exemplars", GET_POST, Class::Query,
        &reads(&["query", "start", "end"], QUERY).unread(&["step"])),
    row("/api/v1/format_query", GET_POST, Class::Query, &reads(&["query"], FORMAT)),
    row("/api/v1/parse_query", GET_POST, Class::Query, &reads(&["query"], PARSE)),

    row("/api/v1/series", GET_POST, Class::Series, &reads(SERIES, MATCH)),
    row("/api/v1/labels", GET_POST, Class::Series, &reads(SERIES, MATCH)),
    row("/api/v1/label/:name/values", GET, Class::Series, &reads(SERIES, MATCH)),
    row("/api/v1/search/metric_names", GET_POST, Class::Series, &reads(SEARCH_METRICS, MATCH)),
    row("/api/v1/search/label_names", GET_POST, Class::Series, &reads(SEARCH_LABELS, MATCH)),
    row("/api/v1/search/label_values", GET_POST, Class::Series, &reads(SEARCH_VALUES, MATCH)),

    row("/api/v1/metadata", GET, Class::Metadata, &reads(&["limit", "limit_per_metric", "metric"], NOTHING)),
    row("/api/v1/targets/metadata", GET, Class::Metadata, &refused(&["match_target", "metric", "limit"])),

    // Grafana spells each filter in two ways, as Prometheus and as Mimir does.
    row("/api/v1/rules", GET, Class::Rules,
        &reads(&["type", "rule_name[]", "rule_group[]", "file[]", "match[]", "exclude_alerts", "group_limit", "group_next_token"],
            RULES).unread(&["rule_name", "rule_group", "file"])),
    row("/api/v1/alerts", GET, Class::Rules, &reads(&[], ALERTS)),
    row("/api/v1/targets", GET, Class::Status, &reads(&["state", "scrapePool"], TARGETS)),

    row("/api/v1/targets/relabel_steps", GET, Class::Status, &refused(&["scrapePool", "labels"])),
    closed("/api/v1/scrape_pools", GET, Class::Status),
    closed("/api/v1/alertmanagers", GET, Class::Status),

    row("/api/v1/status/buildinfo", GET, Class::Info, &PASSED),
    row("/api/v1/features", GET, Class::Info, &PASSED),
    row("/api/v1/openapi.yaml", GET, Class::Info, &PASSED),
    row("/version", GET, Class::Info, &PASSED),
    // Every page of 3.x listens for these. They are fixed sentences about the server.
    row("/api/v1/notifications", GET, Class::Info, &PASSED),
    row("/api/v1/notifications/live", GET, Class::Info, &PASSED),

    closed("/api/v1/status/runtimeinfo", GET, Class::Status),
    row("/api/v1/status/tsdb", GET, Class::Status, &refused(&["limit"])),
    closed("/api/v1/status/tsdb/blocks", GET, Class::Status),
    closed("/api/v1/status/walreplay", GET, Class::Status),
    closed("/api/v1/status/self_metrics", GET, Class::Status),

    closed("/api/v1/status/config", GET, Class::Config),
    closed("/api/v1/status/flags", GET, Class::Config),
    row("/api/v1/scrape_pools/config", GET, Class::Config, &refused(&["scrapePool"])),

    row("/api/v1/read", POST, Class::RemoteRead, &reads(&[], ToRestricted::Message(Message::RemoteRead))),
    row("/api/v1/write", POST, Class::Write, &reads(&[], ToRestricted::Message(Message::RemoteWrite))),
    closed("/api/v1/otlp/v1/metrics", POST, Class::Write),

    row("/api/v1/admin/tsdb/delete_series", POST_PUT, Class::Admin, &refused(&["match[]", "start", "end"])),
    closed("/api/v1/admin/tsdb/clean_tombstones", POST_PUT, Class::Admin),
    row("/api/v1/admin/tsdb/snapshot", POST_PUT, Class::Admin,
        &refused(&["skip_head"]).in_the_query_alone()),

    row("/federate", GET, Class::Federate, &reads(&["match[]"], MATCH)),
    closed("/metrics", GET, Class::Metrics),

    check("/-/healthy"),
    check("/-/ready"),
    closed("/-/reload", POST_PUT, Class::Reload),
    closed("/-/quit", POST_PUT, Class::Quit),

    closed("/debug/pprof", GET_POST, Class::Debug),
    closed("/debug/pprof/*", GET_POST, Class::Debug),
    closed("/consoles/*", GET, Class::Consoles),

    ui("/"),
    ui("/graph"),
    // Older releases redirect `/graph` to this path if they have no new page, and redirect on from here.
    ui("/graph/"),
    // VictoriaMetrics answers this path as InfluxDB does, with the names of its databases.
    ui("/query"),
    // The name on the older pages links to this path, which redirects on.
    ui("/classic/"),
    ui("/classic/graph"),
    file("/assets/*"),
    file("/static/*"),
    file("/classic/static/*"),
    file("/favicon.ico"),
    file("/favicon.svg"),
    file("/manifest.json"),

    page("/alerts", Class::Rules),
    page("/rules", Class::Rules),
    page("/classic/alerts", Class::Rules),
    page("/classic/rules", Class::Rules),
    page("/config", Class::Config),
    page("/flags", Class::Config),
    page("/classic/config", Class::Config),
    page("/classic/flags", Class::Config),
    page("/targets", Class::Status),
    page("/service-discovery", Class::Status),
    page("/status", Class::Status),
    page("/tsdb-status", Class::Status),
    page("/alertmanager-discovery", Class::Status),
    page("/agent", Class::Status),
    page("/classic/targets", Class::Status),
    page("/classic/service-discovery", Class::Status),
    page("/classic/status", Class::Status),
    page("/classic/tsdb-status", Class::Status),
    page("/classic/alertmanager-discovery", Class::Status),
    page("/classic/agent", Class::Status),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn class(path: &str) -> Option<Class> {
        PROFILE.listed(path).map(|listed| listed.first.class)
    }

    #[test]
    fn a_label_name_is_one_segment() {
        assert_eq!(class("/api/v1/label/job/values"), Some(Class::Series));
        assert_eq!(class("/api/v1/label//values"), None);
        assert_eq!(class("/api/v1/label/a/b/values"), None);
    }

    #[test]
    fn a_star_covers_what_is_below_and_not_the_folder_itself() {
        assert_eq!(class("/assets/index.js"), Some(Class::Ui));
        assert_eq!(class("/assets/a/b"), Some(Class::Ui));
        assert_eq!(class("/assets"), None);
        assert_eq!(class("/assetsX/a"), None);
        assert_eq!(class("/debug/pprof"), Some(Class::Debug));
        assert_eq!(class("/debug/pprof/heap"), Some(Class::Debug));
    }

    #[test]
    fn what_is_not_in_the_table_has_no_row() {
        for path in
            ["/user/a", "/api/v1", "/api/v2/query", "/API/v1/query", "/-/healthy/", "/-%2Freload", "/query/"]
        {
            assert_eq!(class(path), None, "{path}");
        }
    }

    #[test]
    fn every_path_has_one_row() {
        for endpoint in ENDPOINTS {
            let path = endpoint.path.replace(":name", "x").replace('*', "x");
            assert_eq!(ENDPOINTS.iter().filter(|other| other.matches(&path)).count(), 1, "{path}");
        }
    }

    #[test]
    fn the_restricted_get_something_of_what_can_be_restricted_or_holds_no_data() {
        assert_eq!(
            PROFILE.restrictable.to_string(),
            "health info query series rules metadata federate remote_read status write ui"
        );
    }

    #[test]
    fn what_can_not_be_restricted_is_refused_to_the_restricted() {
        let never = [
            Class::Admin,
            Class::Config,
            Class::Consoles,
            Class::Debug,
            Class::Metrics,
            Class::Quit,
            Class::Reload,
        ];
        for endpoint in ENDPOINTS.iter().filter(|endpoint| never.contains(&endpoint.class)) {
            assert_eq!(endpoint.treatment.to_restricted, ToRestricted::Refuse, "{}", endpoint.path);
        }
        let writes = ENDPOINTS.iter().filter(|endpoint| endpoint.class == Class::Write);
        let open = writes.filter(|endpoint| endpoint.treatment.to_restricted != ToRestricted::Refuse);
        assert_eq!(open.map(|endpoint| endpoint.path).collect::<Vec<_>>(), ["/api/v1/write"]);
    }
}
