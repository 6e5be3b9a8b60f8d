//! The servers that originals name by URL: their APIs, the mounts in front of them, and the clusters that Envoy needs.

use super::draft::{Imported, Mount};
use http::Uri;
use promward::api::{self, Profile, prometheus};

/// A server, as an original names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Upstream {
    /// Host and port, as they are written.
    pub(super) authority: String,
    /// The path that is put in front of every request's, without a slash at its end.
    pub(super) path: String,
    /// The query string that is added to every request's.
    pub(super) query: String,
    pub(super) is_tls: bool,
}

impl Upstream {
    /// Parses a URL of HTTP or HTTPS.
    ///
    /// # Errors
    ///
    /// Returns the reason why it names no server.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let uri: Uri = url.parse().map_err(|_| format!("{url} is no URL that can be read here"))?;
        let is_tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(format!("{url} is no URL of HTTP")),
        };
        let authority = uri.authority().ok_or_else(|| format!("{url} names no host"))?;
        if authority.as_str().contains('@') {
            return Err("the URL has a password in it, which promward doesn't send on".to_owned());
        }
        Ok(Self {
            authority: authority.to_string(),
            path: uri.path().trim_end_matches('/').to_owned(),
            query: uri.query().unwrap_or_default().to_owned(),
            is_tls,
        })
    }

    /// Guesses the API from the name and the port, as their documentation has them, or returns `None`.
    pub(super) fn api(&self) -> Option<&'static Profile> {
        let host = self.authority.to_ascii_lowercase();
        let is_named = |words: &[&str]| words.iter().any(|word| host.contains(word));
        let is_of_a_cluster = ["/select/", "/insert/"].iter().any(|begin| self.path.starts_with(begin));
        let name = match () {
            // The clustered VictoriaMetrics has Prometheus' API below a path of its own.
            () if is_of_a_cluster => "prometheus",
            () if is_named(&["thanos", ":10902", ":10904"]) => "thanos",
            () if is_named(&["mimir", "cortex", ":9009"]) => "mimir",
            () if is_named(&["victoria", ":8428"]) => "victoriametrics",
            () if is_named(&["alertmanager", ":9093"]) => "alertmanager",
            () if is_named(&["prometheus", "prom", ":9090"]) => "prometheus",
            () => return None,
        };
        api::named(name)
    }
}

/// Adds the mount of a server, with notes about the lines that Envoy's file needs. Returns its API.
///
/// # Errors
///
/// Returns the reason why there can't be such a mount, such as a query string that narrows what requests get.
pub(super) fn mount(
    imported: &mut Imported,
    prefix: &str,
    upstream: &Upstream,
    api: Option<&'static Profile>,
) -> Result<&'static Profile, String> {
    if !upstream.query.is_empty() {
        return Err(format!(
            "{} gets {} in the query string of each request, which can't be carried over",
            upstream.authority, upstream.query
        ));
    }
    let api = match api.or_else(|| upstream.api()) {
        Some(api) => api,
        None => {
            imported.remind(format!(
                "nothing says which API {} has, so it is taken for Prometheus: if that is wrong, say --api",
                upstream.authority
            ));
            &prometheus::PROFILE
        }
    };
    let number = imported.draft.mounts.len();
    // The shipped Envoy file has this cluster.
    let cluster = if number == 0 { "prometheus".to_owned() } else { cluster(prefix, imported) };
    let tls = if upstream.is_tls { ", with TLS to the server" } else { "" };
    imported.remind(match number {
        0 => format!(
            "{prefix} leads to {}{tls}: cargo promward render --upstream {} writes the cluster \"{cluster}\" into Envoy's file",
            upstream.authority, upstream.authority
        ),
        _ => format!(
            "{prefix} leads to {}{tls}: cargo promward render --cluster {cluster}={} writes this cluster into Envoy's file",
            upstream.authority, upstream.authority
        ),
    });
    let upstream_prefix = if upstream.path.is_empty() { "/".to_owned() } else { upstream.path.clone() };
    imported.draft.mounts.push(Mount { prefix: prefix.to_owned(), api: api.name, upstream_prefix, cluster });
    Ok(api)
}

/// Returns a name for the cluster of a further mount: the last part of the prefix, if that is a plain name which no other has.
fn cluster(prefix: &str, imported: &Imported) -> String {
    let last = prefix.rsplit('/').next().unwrap_or_default();
    let is_plain = !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let is_taken = last == "prometheus" || imported.draft.mounts.iter().any(|mount| mount.cluster == last);
    match is_plain && !is_taken {
        true => last.to_owned(),
        false => format!("upstream-{}", imported.draft.mounts.len() + 1),
    }
}
