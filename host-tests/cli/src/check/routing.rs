//! Reads the clusters and routes of an Envoy file. The filter accepts a mount whose cluster doesn't exist, or whose
//! cluster no route uses, but every request to such a mount fails.

use super::envoy_file::either;
use promward::api::mount::{Mount, Mounts};
use serde_norway::Value;

/// The header in which the filter names a mount's cluster to the routes.
const HEADER: &str = "x-promward-cluster";

/// Returns the names of a bootstrap file's clusters, or `None` if other clusters may be discovered (CDS).
pub(super) fn clusters(document: &Value) -> Option<Vec<String>> {
    let resources = either(document, "static_resources", "staticResources")?;
    let dynamic = either(document, "dynamic_resources", "dynamicResources");
    if dynamic.is_some_and(|dynamic| either(dynamic, "cds_config", "cdsConfig").is_some()) {
        return None;
    }
    let clusters = resources.get("clusters").and_then(Value::as_sequence).into_iter().flatten();
    Some(clusters.filter_map(|cluster| cluster.get("name")?.as_str().map(str::to_owned)).collect())
}

/// The number of routes behind a filter that depend on the filter's header, and of those that don't.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Routes {
    by_header: usize,
    others: usize,
}

impl Routes {
    /// Counts the routes of a connection manager. Returns `None` if they are discovered, or found by a matcher.
    pub(super) fn of(manager: &Value) -> Option<Self> {
        let configuration = either(manager, "route_config", "routeConfig")?;
        let hosts = either(configuration, "virtual_hosts", "virtualHosts")?.as_sequence()?;
        if configuration.get("vhds").is_some() || hosts.iter().any(|host| host.get("matcher").is_some()) {
            return None;
        }
        let routes = hosts.iter().filter_map(|host| host.get("routes")?.as_sequence()).flatten();
        let mut counted = Self::default();
        for route in routes {
            let Some(action) = route.get("route") else { continue };
            let names_it = either(action, "cluster_header", "clusterHeader").is_some_and(is_header);
            let headers = route.get("match").and_then(|matched| matched.get("headers")?.as_sequence());
            let mut headers = headers.into_iter().flatten().filter_map(|header| header.get("name"));
            match names_it || headers.any(is_header) {
                true => counted.by_header += 1,
                false => counted.others += 1,
            }
        }
        Some(counted)
    }
}

fn is_header(name: &Value) -> bool {
    name.as_str().is_some_and(|name| name.eq_ignore_ascii_case(HEADER))
}

/// The clusters and routes of a file, as far as it shows them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Routing {
    /// The clusters, if all of them are in the file.
    pub(super) clusters: Option<Vec<String>>,
    /// The routes, if they are in the file.
    pub(super) routes: Option<Routes>,
}

impl Routing {
    /// Returns a warning for each mount whose requests reach no server.
    pub(super) fn warnings(&self, mounts: &Mounts) -> Vec<String> {
        mounts.iter().filter_map(|(_, mount)| self.warning(mount)).collect()
    }

    fn warning(&self, mount: &Mount) -> Option<String> {
        let prefix = mount.prefix.written();
        let routes = self.routes.filter(|routes| *routes != Routes::default());
        let Some(cluster) = &mount.cluster else {
            let needs_one = routes.is_some_and(|routes| routes.others == 0);
            return needs_one.then(|| {
                format!("the mount {prefix} names no cluster, and every route needs {HEADER}: its requests get 404")
            });
        };
        let is_defined = |clusters: &&Vec<String>| clusters.iter().any(|defined| **defined == **cluster);
        if let Some(clusters) = self.clusters.as_ref().filter(|clusters| !is_defined(clusters)) {
            let defined = if clusters.is_empty() { "none".to_owned() } else { clusters.join(", ") };
            return Some(format!(
                "the mount {prefix} names the cluster {cluster:?}, which is not in this file: its requests get 503 \
                 (clusters here: {defined})"
            ));
        }
        routes.is_some_and(|routes| routes.by_header == 0).then(|| {
            format!(
                "the mount {prefix} names the cluster {cluster:?}, and no route looks at it: write cluster_header: {HEADER}"
            )
        })
    }
}
