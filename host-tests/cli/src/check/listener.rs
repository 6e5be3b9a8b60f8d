//! Reads what stands around a filter in an Envoy file, as far as the filter relies on it: whose word Envoy takes for the
//! address of a client, and how long a body it holds. The filter can't see either.

use super::envoy_file::{either, holds_type};
use super::rate_limit::RateLimits;
use promward::api::mount::PassedCredentials;
use promward::caller::client::{CLIENT_HEADER, ClientFrom};
use promward::caller::who::Who;
use promward::gateway::Gateway;
use promward::promql::MAX_RESTRICTED;
use serde_norway::Value;

/// The settings around one filter, as far as its file shows them.
#[derive(Clone, Debug, Default)]
pub(super) struct Surroundings {
    /// True if Envoy takes the word of the client for its address.
    takes_the_clients_word: bool,
    /// True if a connection manager is in the file, and doesn't write who connects into [`CLIENT_HEADER`].
    hides_the_client: bool,
    /// True if Envoy takes the word of another proxy for the address of a client.
    trusts_a_proxy: bool,
    bounds: Vec<Bound>,
    /// True if Envoy keeps sessions of people who have logged in, and decrypts their cookies.
    keeps_sessions: bool,
    /// The questions to a rate limit service, if a connection manager is in the file.
    rate_limits: Option<RateLimits>,
}

/// A bound on the bodies that Envoy holds.
#[derive(Clone, Debug)]
struct Bound {
    /// The field, in words.
    field: String,
    /// The cluster that it is about; `None` if it is about all of them.
    cluster: Option<String>,
    /// The largest number of bytes that it allows.
    size: usize,
}

/// The type of Envoy's filter that lets people log in.
const OAUTH2: &str = "envoy.extensions.filters.http.oauth2.v3.OAuth2";

/// The bound on buffers where a file has none.
const DEFAULT: usize = 1024 * 1024;

impl Surroundings {
    /// Reads the settings of a connection manager and its listener, where they are in the file.
    pub(super) fn of(listener: Option<&Value>, manager: Option<&Value>) -> Self {
        let mut surroundings = Self::default();
        if let Some(listener) = listener {
            surroundings.bounds.push(buffer_limit(listener, "the listener's", None));
        }
        let Some(manager) = manager else { return surroundings };
        let is_set =
            |snake, camel| either(manager, snake, camel).is_some_and(|value| *value != Value::Bool(false));
        surroundings.takes_the_clients_word = !is_set("use_remote_address", "useRemoteAddress")
            && !is_set("original_ip_detection_extensions", "originalIpDetectionExtensions");
        surroundings.hides_the_client = !writes_client(manager);
        surroundings.keeps_sessions = holds_type(manager, OAUTH2);
        surroundings.rate_limits = Some(RateLimits::of(manager));
        surroundings.trusts_a_proxy = either(manager, "xff_num_trusted_hops", "xffNumTrustedHops")
            .is_some_and(|hops| number(hops) != Some(0));
        let window = either(manager, "http2_protocol_options", "http2ProtocolOptions")
            .and_then(|options| either(options, "initial_stream_window_size", "initialStreamWindowSize"))
            .and_then(number);
        if let Some(size) = window {
            surroundings.bound("initial_stream_window_size of HTTP/2", size);
        }
        if let Some(size) = least_request(manager) {
            surroundings.bound("max_request_bytes of the buffer filter", size);
        }
        surroundings
    }

    /// Returns the settings that a control plane makes, with these bounds on bodies.
    pub(super) fn of_control_plane(bounds: &[(&str, usize)]) -> Self {
        let mut surroundings = Self { hides_the_client: true, ..Self::default() };
        bounds.iter().for_each(|(field, size)| surroundings.bound(field, *size));
        surroundings
    }

    fn bound(&mut self, field: &str, size: usize) {
        self.bounds.push(Bound { field: field.to_owned(), cluster: None, size });
    }

    /// Adds the limit of each cluster.
    pub(super) fn add_clusters(&mut self, document: &Value) {
        let resources = either(document, "static_resources", "staticResources");
        let clusters = resources.and_then(|resources| resources.get("clusters")?.as_sequence());
        for cluster in clusters.into_iter().flatten() {
            if let Some(name) = cluster.get("name").and_then(Value::as_str) {
                self.bounds.push(buffer_limit(cluster, &format!("the cluster {name:?}'s"), Some(name)));
            }
        }
    }

    /// Returns a warning for each setting that doesn't fit the configuration.
    pub(super) fn warnings(&self, gateway: &Gateway) -> Vec<String> {
        let rate_limits = self.rate_limits.iter().flat_map(|limits| limits.warnings(gateway));
        let others = self.address(gateway).into_iter().chain(self.client(gateway));
        let others = others.chain(self.sessions(gateway));
        others.chain(self.bodies(gateway)).chain(rate_limits).collect()
    }

    fn address(&self, gateway: &Gateway) -> Option<String> {
        let counted = counted_by_address(gateway).filter(|_| self.takes_the_clients_word)?;
        Some(format!(
            "{counted} counts by address, and without use_remote_address: true in the connection manager clients choose their \
             own with x-forwarded-for: write it, unless nobody but a proxy of yours can reach this listener"
        ))
    }

    fn sessions(&self, gateway: &Gateway) -> Option<String> {
        if !self.keeps_sessions || gateway.callers.logout.is_some() {
            return None;
        }
        let mut mounts = gateway.mounts.iter().map(|(_, mount)| mount);
        let mount = mounts.find(|mount| mount.credentials != PassedCredentials::None)?;
        Some(format!(
            "callers.logout is missing: Envoy's filter oauth2 decrypts the tokens of sessions before this filter, and the server at \
             {} would get them with its cookies; write the path of signout_path",
            mount.prefix.as_str()
        ))
    }

    fn client(&self, gateway: &Gateway) -> Option<String> {
        if gateway.client != ClientFrom::Listener {
            return None;
        }
        if self.hides_the_client {
            return Some(format!(
                "listener_writes_client: no early header mutation of the connection manager overwrites {CLIENT_HEADER}, and \
                 then every request is refused: write it as the shipped envoy.yaml does, or leave the field out"
            ));
        }
        self.trusts_a_proxy.then(|| {
            "listener_writes_client: with xff_num_trusted_hops the address of a client is not that of its connection, and \
             then every request is refused: leave one of them out"
                .to_owned()
        })
    }

    /// Returns a warning for each bound that the longest form of a mount doesn't fit into.
    fn bodies(&self, gateway: &Gateway) -> Vec<String> {
        self.bounds.iter().filter_map(|bound| bound.warning(gateway)).collect()
    }
}

impl Bound {
    fn warning(&self, gateway: &Gateway) -> Option<String> {
        let forms = gateway.mounts.iter().filter(|(_, mount)| {
            !mount.is_opaque()
                && self.cluster.as_deref().is_none_or(|cluster| mount.cluster.as_deref() == Some(cluster))
        });
        let needed = forms.map(|(id, mount)| {
            let is_restricted = gateway.access.rules().any(|(_, rule)| rule.only.is_some() && rule.is_at(id));
            (mount.max_form.saturating_add(if is_restricted { MAX_RESTRICTED } else { 0 }), id, is_restricted)
        });
        let (needed, id, is_restricted) = needed.max().filter(|(needed, ..)| *needed > self.size)?;
        let room = if is_restricted { ", with 256 KiB for the matchers of restricted callers," } else { "" };
        Some(format!(
            "mounts[{}].max_form: forms{room} need {needed} bytes, and {} is {}: longer ones are refused; raise it, or lower \
             max_form",
            id.0, self.field, self.size
        ))
    }
}

/// Returns `true` if a mutation of a connection manager's requests overwrites [`CLIENT_HEADER`].
fn writes_client(manager: &Value) -> bool {
    let extensions = either(manager, "early_header_mutation_extensions", "earlyHeaderMutationExtensions");
    let mut extensions = extensions.and_then(Value::as_sequence).into_iter().flatten();
    extensions.any(|extension| {
        let mutations = either(extension, "typed_config", "typedConfig")
            .and_then(|mutation| mutation.get("mutations")?.as_sequence());
        let mut appended = mutations.into_iter().flatten().filter_map(|mutation| mutation.get("append"));
        appended.any(|append| {
            let key = append.get("header").and_then(|header| header.get("key")?.as_str());
            let action = either(append, "append_action", "appendAction").and_then(Value::as_str);
            key.is_some_and(|key| key.eq_ignore_ascii_case(CLIENT_HEADER))
                && action == Some("OVERWRITE_IF_EXISTS_OR_ADD")
        })
    })
}

/// Returns the first field by which callers are counted by their address.
fn counted_by_address(gateway: &Gateway) -> Option<String> {
    let unknown = [Who::anyone(), Who::anonymous()];
    let by_number = || {
        let mut rules = gateway.access.rules().filter(|(_, rule)| rule.who.has_any(&unknown));
        rules.find_map(|(number, rule)| match (rule.rate, rule.concurrent) {
            (Some(_), _) => Some(format!("{number}.limits.rate")),
            (None, Some(_)) => Some(format!("{number}.limits.concurrent")),
            (None, None) => None,
        })
    };
    match &gateway.callers.passwords {
        Some(_) => Some("callers.passwords".to_owned()),
        None => by_number(),
    }
}

/// Returns the limit on what Envoy buffers for a listener or a cluster.
fn buffer_limit(value: &Value, whose: &str, cluster: Option<&str>) -> Bound {
    let given =
        either(value, "per_connection_buffer_limit_bytes", "perConnectionBufferLimitBytes").and_then(number);
    let by_default = if given.is_none() { " (not given)" } else { "" };
    Bound {
        field: format!("{whose} per_connection_buffer_limit_bytes{by_default}"),
        cluster: cluster.map(str::to_owned),
        size: given.unwrap_or(DEFAULT),
    }
}

/// Returns the least `max_request_bytes` anywhere in a connection manager: of the buffer filter, or of a route.
fn least_request(value: &Value) -> Option<usize> {
    match value {
        Value::Mapping(fields) => {
            let own = either(value, "max_request_bytes", "maxRequestBytes").and_then(number);
            fields.values().filter_map(least_request).chain(own).min()
        }
        Value::Sequence(items) => items.iter().filter_map(least_request).min(),
        _ => None,
    }
}

fn number(value: &Value) -> Option<usize> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    usize::try_from(number).ok()
}
