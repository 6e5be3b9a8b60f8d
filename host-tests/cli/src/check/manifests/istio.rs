//! Istio's plugins: `WasmPlugin`, and `TrafficExtension`, which has the same fields below `wasm`.

use super::super::chain::Validation;
use super::super::listener::Surroundings;
use super::super::placed::Placed;
use super::super::structure::{json_of_go, written};
use super::routes::Routes;
use super::tokens::Verification;
use super::{Around, at, fails_open, items_at, place, text_at};
use promward::gateway::Gateway;
use serde_norway::Value;

/// The most bytes that Envoy holds of a body where nothing says otherwise.
const BUFFER: usize = 1024 * 1024;

const VALIDATES: &str = "the server of Istio's Gateway has to have tls.mode: MUTUAL or OPTIONAL_MUTUAL, with the authority of the clients";

/// Returns the plugin in a `WasmPlugin`.
pub(super) fn of_plugin(name: &str, object: &Value, objects: &[&Value]) -> Option<Placed> {
    plugin(name, object, &["spec"], objects)
}

/// Returns the plugin in a `TrafficExtension`, unless it is a script.
pub(super) fn of_extension(name: &str, object: &Value, objects: &[&Value]) -> Option<Placed> {
    at(object, &["spec", "wasm"])?;
    plugin(name, object, &["spec", "wasm"], objects)
}

fn plugin(name: &str, object: &Value, path: &[&str], objects: &[&Value]) -> Option<Placed> {
    let plugin = at(object, path)?;
    let path = path.join(".");
    let field = format!("{path}.pluginConfig");
    let strategy = text_at(plugin, &["failStrategy"]).unwrap_or("FAIL_CLOSE").to_owned();
    let configuration = match (strategy.as_str(), text_at(plugin, &["type"])) {
        ("FAIL_OPEN", _) => {
            Err(fails_open(&format!("{path}.failStrategy"), "FAIL_OPEN", "write FAIL_RELOAD"))
        }
        (_, Some("NETWORK")) => Err(format!(
            "{path}.type: NETWORK makes it a filter of connections, and this one checks requests: leave it out"
        )),
        _ => written(plugin.get("pluginConfig"), &field, json_of_go),
    };
    let phase = text_at(object, &["spec", "phase"]).unwrap_or("UNSPECIFIED").to_owned();
    let by_port = items_at(object, &["spec", "match"]).iter().any(|selector| selector.get("ports").is_some());
    let is_aimed =
        ["selector", "targetRef", "targetRefs"].iter().any(|field| at(object, &["spec", field]).is_some());
    let around = Around {
        tokens: Verification::of_istio(objects),
        routes: Routes::of(objects),
        surroundings: Surroundings::of_control_plane(&[("what Envoy buffers under Istio", BUFFER)]),
    };
    let warnings = move |gateway: &Gateway| {
        let mut warnings: Vec<String> = [
            (strategy != "FAIL_RELOAD").then(|| {
                format!(
                    "{path}.failStrategy: this is {strategy}: a worker whose VM has failed answers 503 until the proxy starts \
                     again; write FAIL_RELOAD, and it gets a new VM"
                )
            }),
            by_port.then(|| {
                "spec.match: ports are those that the proxy itself listens on, and where none is the same the plugin isn't there: \
                 every request passes unchecked; leave match out"
                    .to_owned()
            }),
            (!is_aimed).then(|| {
                "spec.targetRefs: without it or a selector this runs in every proxy of the namespace: name the gateway"
                    .to_owned()
            }),
        ]
        .into_iter()
        .flatten()
        .collect();
        warnings.extend(too_early(gateway, &phase));
        warnings.extend(around.warnings(gateway));
        warnings
    };
    Some(Placed {
        place: place(name, object, &field),
        configuration,
        validation: Validation::Elsewhere(VALIDATES.to_owned()),
        surroundings: Box::new(warnings),
    })
}

/// Returns the warning about a phase in which Istio may not have verified a token yet.
fn too_early(gateway: &Gateway, phase: &str) -> Option<String> {
    (!gateway.callers.issuers.is_empty() && phase != "AUTHZ").then(|| {
        format!(
            "spec.phase: this is {phase}, and callers.jwt needs tokens that Istio has verified: write AUTHZ, which comes right \
             after that"
        )
    })
}
