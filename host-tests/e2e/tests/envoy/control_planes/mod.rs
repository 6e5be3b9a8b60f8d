//! The manifests of `examples/istio` and `examples/envoy-gateway`: each is valid, and what the control planes make of them
//! serves the guide and the tenants on a real Envoy, in front of a real Prometheus. The control planes themselves need a
//! cluster; what they make is written down here from their sources.

mod envoy_gateway;
mod istio;
mod objects;
mod site;
mod steps;

use objects::Objects;
use promward_harness::client::Request;
use serde_json::{Value, json};
use site::{ControlPlane, Site};
use std::net::SocketAddr;
use std::time::Duration;

/// The control planes, each with the folder of its example.
const PLANES: [(&str, ControlPlane); 2] = [("istio", istio::made), ("envoy-gateway", envoy_gateway::made)];

/// Returns the manifests of an example with the prefix stripped, and with the prefix kept.
fn manifests(folder: &str, keeps_prefix: bool) -> Objects {
    let whole = Objects::read(&format!("{folder}/promward.yaml"));
    match keeps_prefix {
        true => whole.with(Objects::read(&format!("{folder}/kept-prefix.yaml")), &[]),
        false => whole,
    }
}

fn start(plane: ControlPlane, objects: &Objects, prometheus: SocketAddr) -> Option<Site> {
    Site::start(plane, objects, prometheus, promward_module::build().unwrap()).map(Result::unwrap)
}

/// Serves the guide and the tenants in front of one Prometheus, behind both control planes.
fn serves(keeps_prefix: bool) {
    let Some(prometheus) = steps::prometheus(keeps_prefix) else { return };
    for (folder, plane) in PLANES {
        let objects = manifests(folder, keeps_prefix);
        let Some(site) = start(plane, &objects, prometheus.address()) else { return };
        steps::guide(&site);
        steps::tenants(&site);
        steps::tokens(&site);
        assert_eq!(steps::long_form(&site), [200, 200], "{folder}");
    }
}

#[test]
fn the_guide_and_the_tenants_are_served_where_the_prefix_is_stripped() {
    serves(false);
}

#[test]
fn the_guide_and_the_tenants_are_served_where_the_prefix_is_kept() {
    serves(true);
}

#[test]
fn a_traffic_extension_is_the_same_plugin() {
    let extension = Objects::read("istio/traffic-extension.yaml");
    let plugin = manifests("istio", false).one("WasmPlugin");
    let newer = extension.one("TrafficExtension");
    for field in ["url", "failStrategy", "pluginConfig"] {
        assert_eq!(newer["wasm"][field], plugin[field], "{field}");
    }
    for field in ["targetRefs", "phase"] {
        assert_eq!(newer[field], plugin[field], "{field}");
    }
    let Some(prometheus) = steps::prometheus(false) else { return };
    let objects = manifests("istio", false).with(extension, &["WasmPlugin"]);
    let Some(site) = start(istio::made, &objects, prometheus.address()) else { return };
    steps::tenants(&site);
}

#[test]
fn http_leads_to_https_and_asks_for_nothing() {
    let Some(site) = start(envoy_gateway::made, &manifests("envoy-gateway", false), nobody()) else { return };
    let answer = site.plain().get("/prometheus/graph?a=b").unwrap();
    let location = answer.header("location").unwrap();
    assert_eq!(answer.status, 301);
    assert!(
        location.starts_with("https://example.com:") && location.ends_with("/prometheus/graph?a=b"),
        "{location}"
    );
}

/// The traps that the manual warns of.
#[test]
fn what_is_left_out_bites_as_the_manual_says() {
    let Some(prometheus) = steps::prometheus(false) else { return };
    for (folder, plane) in PLANES {
        let route = Objects::read(&format!("{folder}/kept-prefix.yaml")).one("HTTPRoute");
        let objects = manifests(folder, false).change("HTTPRoute", |spec| {
            if spec["parentRefs"] == route["parentRefs"] {
                *spec = route.clone();
            }
        });
        let Some(site) = start(plane, &objects, prometheus.address()) else { return };
        let answer = site.operator().get("/prometheus/graph").unwrap();
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (404, ""),
            "{folder}: the stripped path finds no route"
        );
    }
    // A form by HTTP/1.1 has to fit into the listener's buffer, and one by HTTP/2 into the stream's window.
    for (fields, statuses) in
        [(&["connection"][..], [413, 200]), (&["http2"], [200, 413]), (&["connection", "http2"], [413, 413])]
    {
        let objects = manifests("envoy-gateway", false).change("ClientTrafficPolicy", |spec| {
            fields.iter().for_each(|field| spec[*field] = json!({}));
        });
        let Some(site) = start(envoy_gateway::made, &objects, prometheus.address()) else { return };
        assert_eq!(steps::long_form(&site), statuses, "{fields:?}");
    }
}

#[test]
fn an_empty_configuration_is_refused_by_name() {
    let empty = |field: &'static str| move |spec: &mut Value| *spec.pointer_mut(field).unwrap() = json!({});
    let istio = manifests("istio", false).change("WasmPlugin", empty("/pluginConfig"));
    let gateway = manifests("envoy-gateway", false).change("EnvoyExtensionPolicy", |spec| {
        spec["wasm"][0]["config"] = Value::Null;
    });
    for (objects, plane) in [(istio, istio::made as ControlPlane), (gateway, envoy_gateway::made)] {
        let Some(error) = refused(plane, &objects) else { return };
        assert!(error.contains("promward: configuration refused: the configuration is empty"), "{error}");
    }
}

/// After a trap Istio's worker gets a new VM. Envoy Gateway's answers 503 for good, also to the probe, which restarts it.
#[test]
fn a_vm_that_fails_is_replaced_or_fails_the_probe() {
    let Some(prometheus) = steps::prometheus(false) else { return };
    let module = promward_module::build_that_traps().unwrap();
    for (folder, plane) in PLANES {
        let objects = manifests(folder, false);
        let Some(site) = Site::start(plane, &objects, prometheus.address(), module.clone()) else { return };
        let site = site.unwrap();
        let healthy = || site.client().get("/prometheus/-/healthy").unwrap().status;
        assert_eq!(healthy(), 200, "{folder}");
        assert_eq!(site.trap().status, 503, "{folder}");
        // The two workers have a VM each: which of them a connection comes to is theirs to say.
        let asked = || (0..20).map(|_| healthy()).collect::<Vec<_>>();
        match folder {
            "istio" => {
                let all_well = || asked().iter().all(|status| *status == 200).then_some(());
                site.envoy.wait_until("a new VM", Duration::from_secs(60), all_well).unwrap();
            }
            _ => {
                let is_broken = || asked().contains(&503).then_some(());
                for round in 0..3 {
                    site.envoy
                        .wait_until("the worker without a VM", Duration::from_secs(60), is_broken)
                        .unwrap();
                    assert_eq!(site.trap().status, 503, "{round}");
                }
            }
        }
    }
}

#[test]
fn the_probe_of_envoy_gateway_goes_through_the_filter() {
    let proxy = manifests("envoy-gateway", false).one("EnvoyProxy");
    assert_eq!(proxy["concurrency"], 1, "a probe reaches one worker");
    let deployment = &proxy["provider"]["kubernetes"]["envoyDeployment"];
    let probe = &deployment["patch"]["value"]["spec"]["template"]["spec"]["containers"][0]["livenessProbe"]["httpGet"];
    let (path, host) = (probe["path"].as_str().unwrap(), probe["httpHeaders"][0]["value"].as_str().unwrap());
    let Some(site) = start(envoy_gateway::made, &manifests("envoy-gateway", false), nobody()) else { return };
    // Nobody listens behind it: the filter has let it through.
    let request = Request::new("GET", path);
    assert_eq!(site.client().authority(host).send(request).unwrap().status, 503);
    assert_eq!(site.client().authority(host).get("/prometheus/graph").unwrap().status, 401);
}

/// Returns the error of a start that fails.
fn refused(plane: ControlPlane, objects: &Objects) -> Option<String> {
    let started = Site::start(plane, objects, nobody(), promward_module::build().unwrap())?;
    Some(format!("{:#}", started.map(|_| ()).unwrap_err()))
}

/// Returns an address where nobody listens.
fn nobody() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], promward_harness::process::free_port().unwrap()))
}
