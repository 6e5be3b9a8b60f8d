//! The manifests for control planes: `promward check` accepts them without a warning, also where one file replaces a part of
//! another, and the flags that the READMEs name go with the mounts. What they do on Envoy is tested in
//! `host-tests/e2e/tests/envoy/control_planes`.

use super::text;
use promward_cli::check;

/// Returns these manifests without the objects of a kind.
fn without(manifests: &str, kind: &str) -> String {
    let kind = format!("\nkind: {kind}\n");
    let documents: Vec<_> = manifests.split("\n---\n").filter(|document| !document.contains(&kind)).collect();
    documents.join("\n---\n")
}

#[test]
fn every_manifest_is_accepted_without_a_warning() {
    let [istio, gateway] = ["istio", "envoy-gateway"].map(|folder| text(&format!("{folder}/promward.yaml")));
    let extension = text("istio/traffic-extension.yaml");
    let kept = |folder: &str| text(&format!("{folder}/kept-prefix.yaml"));
    let buffers = without(&without(&gateway, "HTTPRoute"), "EnvoyExtensionPolicy");
    for manifests in [
        istio.clone(),
        gateway.clone(),
        format!("{}\n---\n{extension}", without(&istio, "WasmPlugin")),
        format!("{}\n---\n{}", without(&without(&istio, "WasmPlugin"), "HTTPRoute"), kept("istio")),
        format!("{buffers}\n---\n{}", kept("envoy-gateway")),
    ] {
        let findings = check::check("manifests.yaml", manifests.as_bytes()).unwrap();
        let [finding] = findings.as_slice() else { panic!("{findings:?}") };
        assert!(finding.loaded.is_ok() && finding.warnings.is_empty(), "{finding}");
    }
    // With the wrong route each of them is warned of.
    for (manifests, folder) in [(istio, "istio"), (gateway, "envoy-gateway")] {
        let route = kept(folder).split("\n---\n").next().unwrap().to_owned();
        let manifests = format!("{}\n---\n{route}", without(&manifests, "HTTPRoute"));
        let findings = check::check("manifests.yaml", manifests.as_bytes()).unwrap();
        let warnings = &findings.first().unwrap().warnings;
        assert!(
            warnings.len() == 1 && warnings[0].contains("the routes are looked at again"),
            "{warnings:?}"
        );
    }
}

#[test]
fn the_readmes_name_the_mounts_of_both_routes() {
    for folder in ["istio", "envoy-gateway"] {
        let readme = text(&format!("{folder}/README.md"));
        for file in ["promward.yaml", "kept-prefix.yaml"] {
            let manifests = text(&format!("{folder}/{file}"));
            let mount = manifests.lines().find_map(|line| line.trim().strip_prefix("- { prefix:")).unwrap();
            let row = readme.lines().find(|line| line.contains(&format!("]({file})) |"))).unwrap();
            assert!(row.contains(&format!("`{{ prefix:{mount}`")), "{folder}: {row}");
            assert_eq!(row.contains("--web.route-prefix=/`"), file == "promward.yaml", "{row}");
        }
    }
}
