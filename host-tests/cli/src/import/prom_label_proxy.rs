//! prom-label-proxy: its flags. It knows no callers; who gets which label is what other programs in front of it say.

use super::draft::{Imported, Rule, Values};
use super::flags::Flags;
use super::rights::{self, To};
use super::upstream::{self, Upstream};
use super::{Failed, Options};
use promward::target::method::Method;
use std::collections::{BTreeMap, BTreeSet};

/// The paths that it serves, all with the label.
const PATHS: [&str; 6] = [
    "/federate",
    "/api/v1/query",
    "/api/v1/query_range",
    "/api/v1/query_exemplars",
    "/api/v1/rules",
    "/api/v1/alerts",
];

/// Flags that are carried over, or that mean nothing here.
const KNOWN: [&str; 18] = [
    "label",
    "label-value",
    "query-param",
    "header-name",
    "header-uses-list-syntax",
    "upstream",
    "enable-label-apis",
    "unsafe-passthrough-paths",
    "error-on-replace",
    "regex-match",
    "insecure-listen-address",
    "internal-listen-address",
    "upstream-ca-cert",
    "enable-label-matchers-for-rules-api",
    "enable-promql-duration-expression-parsing",
    "enable-promql-experimental-functions",
    "rules-with-active-alerts",
    "version",
];

pub(super) fn import(text: &str, options: &Options) -> Result<Imported, Failed> {
    let flags = Flags::find(text, "prom-label-proxy")?;
    let mut imported = Imported::default();
    let label = flags.get("label").ok_or_else(|| Failed::Nothing("it has no -label".to_owned()))?;
    let server = flags.get("upstream").ok_or_else(|| Failed::Nothing("it has no -upstream".to_owned()))?;
    let server = Upstream::parse(server)?;
    let api = upstream::mount(&mut imported, options.prefix("/"), &server, options.api)?;

    let is_served = |path: &str, _: Method| {
        let lists = path == "/api/v1/labels" || path.starts_with("/api/v1/label/");
        PATHS.contains(&path) || path == "/api/v1/series" || (lists && flags.is_set("enable-label-apis"))
    };
    let said = rights::by_class(api, To::Restricted, &BTreeSet::new(), is_served);
    let may = rights::words(rights::given(&said, |served| *served), api);
    imported.leave_out_parts(&said, "");
    notes(&flags, &mut imported);
    let values: Vec<String> = flags.all("label-value").map(str::to_owned).collect();
    let Some(values) = allowed(&flags, values) else {
        return Err(without_values(&flags, label, &may, imported));
    };
    let only = BTreeMap::from([(label.to_owned(), values)]);
    imported.remind("prom-label-proxy asks nobody who they are, and neither does this: name callers in \"who\" in place of \"anyone\"");
    imported.draft.access.push(Rule { who: vec!["anyone".to_owned()], may, only, ..Rule::default() });
    Ok(imported)
}

/// Returns the values that the flags allow, or `None` if each client says which it wants.
fn allowed(flags: &Flags, values: Vec<String>) -> Option<Values> {
    match values.as_slice() {
        [] => None,
        [pattern] if flags.is_set("regex-match") => Some(Values::Matching { regex: pattern.clone() }),
        _ => Some(Values::Listed(values)),
    }
}

/// Returns the failure for flags under which the client says its tenant, with a rule to start from.
fn without_values(flags: &Flags, label: &str, may: &[&str], mut imported: Imported) -> Failed {
    let source = match (flags.get("header-name"), flags.get("query-param")) {
        (Some(header), _) => format!("the header {header}"),
        (None, Some(parameter)) => format!("the parameter {parameter}"),
        (None, None) => format!("the parameter {label}"),
    };
    let why = format!(
        "each client says in {source} which {label} it sees, and promward believes no client: make a token for each tenant \
         (cargo promward token TENANT), and write a rule for it, {{ \"who\": [\"token:TENANT\"], \"may\": {}, \"only\": {{ \
         \"{label}\": [\"TENANT\"] }} }}",
        serde_json::json!(may)
    );
    imported.leave_out("all rights", why);
    Failed::Left(imported.notes, "the flags don't say who sees what".to_owned())
}

fn notes(flags: &Flags, imported: &mut Imported) {
    for path in flags.all("unsafe-passthrough-paths").flat_map(|list| list.split(',')) {
        imported.leave_out(
            format!("path {path}"),
            "it passes without the label; a caller who is restricted gets only what can be restricted: pages without data \
             are of the class \"ui\"",
        );
    }
    if flags.is_set("error-on-replace") {
        imported.leave_out(
            "-error-on-replace",
            "a query for another value isn't refused: it has an empty answer",
        );
    }
    if flags.is_set("rules-with-active-alerts") {
        imported.leave_out("-rules-with-active-alerts", "rules are shown by their own labels");
    }
    if flags.is_set("enable-promql-experimental-functions")
        || flags.is_set("enable-promql-duration-expression-parsing")
    {
        imported.remind(
            "experimental PromQL is opened by \"promql\" in the mount, if the server has it switched on",
        );
    }
    for (name, value) in flags.beside(&KNOWN) {
        imported.leave_out(format!("-{name}={value}"), "this flag isn't known here");
    }
    imported.leave_out(
        "paths below /api/v2/",
        "they are Alertmanager's; mount it by itself with \"api\": \"alertmanager\", a \"cluster\" and the same \"only\", which guards silences too",
    );
}
