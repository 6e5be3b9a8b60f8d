//! Envoy Gateway's plugins, in an `EnvoyExtensionPolicy`, and the policies beside it that they depend on.

use super::super::chain::Validation;
use super::super::listener::Surroundings;
use super::super::placed::Placed;
use super::super::structure::{json_of_go, written};
use super::routes::Routes;
use super::tokens::Verification;
use super::{Around, at, fails_open, items_at, of_kind, place};
use promward::gateway::Gateway;
use serde_norway::Value;

const VALIDATES: &str = "the ClientTrafficPolicy has to have tls.clientValidation with caCertificateRefs";

/// The bounds that Envoy Gateway sets where no policy does, in bytes.
const BUFFER: usize = 32 * 1024;
const WINDOW: usize = 64 * 1024;

/// Units of a quantity, each with its bytes.
const UNITS: [(&str, usize); 6] =
    [("Ki", 1 << 10), ("Mi", 1 << 20), ("Gi", 1 << 30), ("k", 1_000), ("M", 1_000_000), ("G", 1_000_000_000)];

/// Returns the plugins in an `EnvoyExtensionPolicy`.
pub(super) fn of_policy(name: &str, object: &Value, objects: &[&Value]) -> Vec<Placed> {
    let plugins = items_at(object, &["spec", "wasm"]).iter().enumerate();
    plugins.map(|(index, plugin)| self::plugin(name, object, index, plugin, objects)).collect()
}

fn plugin(name: &str, object: &Value, index: usize, plugin: &Value, objects: &[&Value]) -> Placed {
    let path = format!("spec.wasm[{index}]");
    let field = format!("{path}.config");
    let configuration = match plugin.get("failOpen").and_then(Value::as_bool) {
        Some(true) => Err(fails_open(&format!("{path}.failOpen"), "true", "leave it out")),
        _ => written(plugin.get("config"), &field, json_of_go),
    };
    let around = Around {
        tokens: Verification::of_envoy_gateway(objects),
        routes: Routes::of(objects),
        surroundings: surroundings(objects),
    };
    Placed {
        place: place(name, object, &field),
        configuration,
        validation: Validation::Elsewhere(VALIDATES.to_owned()),
        surroundings: Box::new(move |gateway: &Gateway| around.warnings(gateway)),
    }
}

/// Returns the bounds on bodies that the file's policies for clients set, or the usual ones.
fn surroundings(objects: &[&Value]) -> Surroundings {
    let policies = of_kind(objects, "gateway.envoyproxy.io", "ClientTrafficPolicy");
    let least = |path: &[&str]| policies.iter().filter_map(|policy| bytes(at(policy, path)?)).min();
    let bound = |path: &[&str], usual: usize| {
        let given = least(path);
        let by_default = if given.is_none() { " (not given)" } else { "" };
        (format!("{} of the ClientTrafficPolicy{by_default}", path.join(".")), given.unwrap_or(usual))
    };
    let bounds = [
        bound(&["spec", "connection", "bufferLimit"], BUFFER),
        bound(&["spec", "http2", "initialStreamWindowSize"], WINDOW),
    ];
    Surroundings::of_control_plane(&bounds.each_ref().map(|(field, size)| (field.as_str(), *size)))
}

/// Reads a quantity, like `512Ki`.
fn bytes(value: &Value) -> Option<usize> {
    if let Some(number) = value.as_u64() {
        return usize::try_from(number).ok();
    }
    let text = value.as_str()?;
    let (number, factor) = UNITS
        .iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, *factor)))
        .unwrap_or((text, 1));
    number.parse::<usize>().ok()?.checked_mul(factor)
}
