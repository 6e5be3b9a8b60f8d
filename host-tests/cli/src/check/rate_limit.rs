//! Reads how an Envoy file asks a rate limit service. The filter can't see if anybody reads the headers that it writes for
//! that, and Envoy leaves out a descriptor whose header isn't there: requests would pass without a limit, and without a word.

use super::envoy_file::{WASM, either, type_of};
use promward::gateway::Gateway;
use serde_norway::Value;

/// The type of Envoy's filter that asks a rate limit service.
const RATE_LIMIT: &str = "envoy.extensions.filters.http.ratelimit.v3.RateLimit";

/// The beginning of the headers that the filter alone writes.
const OURS: &str = "x-promward-";

/// The questions of a connection manager to a rate limit service.
#[derive(Clone, Debug)]
pub(super) struct RateLimits {
    asking: Asking,
    /// The filter's headers that `rate_limits` counts by.
    counted: Vec<String>,
}

/// The place of the filter that asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asking {
    Nowhere,
    BeforeTheFilter,
    BehindTheFilter,
}

impl RateLimits {
    /// Reads a connection manager.
    pub(super) fn of(manager: &Value) -> Self {
        let filters = either(manager, "http_filters", "httpFilters").and_then(Value::as_sequence);
        let types = filters.into_iter().flatten().map(|filter| {
            let discovered = either(filter, "config_discovery", "configDiscovery").map(|_| WASM);
            discovered.or_else(|| type_of(either(filter, "typed_config", "typedConfig")?))
        });
        let mut asking = Asking::Nowhere;
        let mut has_passed = false;
        for of in types {
            has_passed |= of == Some(WASM);
            if of == Some(RATE_LIMIT) && asking != Asking::BehindTheFilter {
                asking = if has_passed { Asking::BehindTheFilter } else { Asking::BeforeTheFilter };
            }
        }
        let mut counted = Vec::new();
        find_counted(manager, &mut counted);
        Self { asking, counted }
    }

    /// Returns a warning for each thing by which requests pass without a limit.
    pub(super) fn warnings(&self, gateway: &Gateway) -> Vec<String> {
        let listed: Vec<_> = gateway.identity_headers.rate_limited_by().collect();
        let mut warnings = Vec::new();
        let (has_list, none) = (!listed.is_empty(), "nothing counts by these headers");
        match self.asking {
            Asking::Nowhere if has_list => warnings.push(format!(
                "headers.rate_limit: {none}: there is no envoy.filters.http.ratelimit in this connection manager; \
                 `cargo promward render --rate-limit` shows the lines, or leave the field out"
            )),
            Asking::BeforeTheFilter if has_list => warnings.push(
                "headers.rate_limit: envoy.filters.http.ratelimit stands before this filter, where clients write the \
                 headers: move it behind"
                    .to_owned(),
            ),
            _ => {}
        }
        let unlisted = self.counted.iter().filter(|header| !listed.contains(&header.as_str()));
        warnings.extend(unlisted.map(|header| {
            format!(
                "rate_limits counts by {header}, and headers.rate_limit doesn't list \"{}\": Envoy leaves such a descriptor \
                 out, and requests pass without that limit",
                header.trim_start_matches(OURS)
            )
        }));
        warnings
    }
}

/// Collects the filter's headers that lists of actions name anywhere in a connection manager.
fn find_counted(value: &Value, counted: &mut Vec<String>) {
    match value {
        Value::Mapping(fields) => {
            let header = either(value, "request_headers", "requestHeaders")
                .and_then(|action| either(action, "header_name", "headerName")?.as_str());
            let ours = header.map(str::to_ascii_lowercase).filter(|name| name.starts_with(OURS));
            counted.extend(ours.filter(|name| !counted.contains(name)));
            fields.values().for_each(|field| find_counted(field, counted));
        }
        Value::Sequence(items) => items.iter().for_each(|item| find_counted(item, counted)),
        _ => {}
    }
}
