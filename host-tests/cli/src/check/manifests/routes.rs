//! The routes of a file of manifests, as far as the filter depends on them: a proxy looks for a route twice, with the path
//! as it came and, when the filter has stripped a prefix, with the path that is left.

use super::{items_at, kind, text_at};
use promward::api::mount::{Mount, Mounts};
use serde_norway::Value;

/// The path of a route.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Route {
    Prefix(String),
    Exact(String),
    /// A regular expression, which may match anything.
    Unknown,
}

/// The routes of a file.
#[derive(Clone, Debug, Default)]
pub(super) struct Routes(Vec<Route>);

impl Routes {
    /// Reads the routes of all objects: `HTTPRoute` of the Gateway API, and Istio's `VirtualService`.
    pub(super) fn of(objects: &[&Value]) -> Self {
        let routes = objects.iter().flat_map(|object| match kind(object) {
            ("gateway.networking.k8s.io", "HTTPRoute") => matches(object, "rules", "matches", of_gateway),
            ("networking.istio.io", "VirtualService") => matches(object, "http", "match", of_istio),
            _ => Vec::new(),
        });
        Self(routes.collect())
    }

    /// Returns a warning for each mount whose requests find no route.
    pub(super) fn warnings(&self, mounts: &Mounts) -> Vec<String> {
        if self.0.is_empty() {
            return Vec::new();
        }
        mounts.iter().filter_map(|(id, mount)| self.warning(id.0, mount)).collect()
    }

    fn warning(&self, index: usize, mount: &Mount) -> Option<String> {
        let leads_to = |path: &str| self.0.iter().any(|route| route.leads_to(path));
        let [public, stripped] = [&mount.prefix, &mount.upstream_prefix];
        if !leads_to(&format!("{}/-/healthy", public.as_str())) {
            return Some(format!(
                "mounts[{index}].prefix: no route of this file leads to {}: its requests get 404, and the filter isn't asked",
                public.written()
            ));
        }
        (!leads_to(&format!("{}/-/healthy", stripped.as_str()))).then(|| {
            format!(
                "mounts[{index}].prefix: the routes are looked at again for the path that is left, and none leads to {}: \
                 requests get 404; write a route for {0}, or keep the prefix by \"upstream_prefix\": \"{}\" and run the server \
                 with --web.route-prefix={1}",
                stripped.written(),
                public.written(),
            )
        })
    }
}

impl Route {
    fn leads_to(&self, path: &str) -> bool {
        match self {
            Self::Prefix(prefix) => {
                let rest = path.strip_prefix(prefix.trim_end_matches('/'));
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            Self::Exact(exact) => path == exact,
            Self::Unknown => true,
        }
    }
}

/// Reads the routes of an object. A rule that has no match is for every path, and one that redirects leads nowhere.
fn matches(object: &Value, rules: &str, field: &str, read: fn(&Value) -> Route) -> Vec<Route> {
    let routes = |rule: &Value| match items_at(rule, &[field]) {
        [] => vec![Route::Prefix("/".to_owned())],
        matches => matches.iter().map(read).collect(),
    };
    items_at(object, &["spec", rules]).iter().filter(|rule| !redirects(rule)).flat_map(routes).collect()
}

fn redirects(rule: &Value) -> bool {
    rule.get("redirect").is_some()
        || items_at(rule, &["filters"]).iter().any(|filter| filter.get("requestRedirect").is_some())
}

fn of_gateway(matched: &Value) -> Route {
    let path = text_at(matched, &["path", "value"]).unwrap_or("/").to_owned();
    match text_at(matched, &["path", "type"]).unwrap_or("PathPrefix") {
        "PathPrefix" => Route::Prefix(path),
        "Exact" => Route::Exact(path),
        _ => Route::Unknown,
    }
}

fn of_istio(matched: &Value) -> Route {
    let Some(uri) = matched.get("uri") else { return Route::Prefix("/".to_owned()) };
    let text = |kind: &str| text_at(uri, &[kind]).map(str::to_owned);
    let prefix = text("prefix").map(Route::Prefix);
    prefix.or_else(|| text("exact").map(Route::Exact)).unwrap_or(Route::Unknown)
}
