//! `promward check` warns of mounts whose requests reach no server, as far as the Envoy file shows it.

use crate::check::{self, checked};
use promward_harness::envoy::ECDS;
use promward_harness::envoy::variants::{self, Variant};

const MOUNTS: &str = r#""mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }]"#;
const UNNAMED: &str = r#""mounts": [{ "prefix": "/prometheus" }]"#;

/// Returns the shipped file with changes to its text.
fn shipped(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(variants::render(&[]).unwrap(), |text, (old, new)| {
        assert!(text.contains(old), "the shipped file has no {old}");
        text.replace(old, new)
    })
}

/// Returns the warnings about an Envoy file, whose configuration must be valid.
fn warnings(text: &str) -> Vec<String> {
    check::warnings(&checked("envoy.yaml", text))
}

#[test]
fn the_shipped_files_are_not_warned_of() {
    for variants in [&[][..], &[Variant::ClientCertificates], &[Variant::Jwt]] {
        assert_eq!(warnings(&variants::render(variants).unwrap()), [""; 0], "{variants:?}");
    }
    assert_eq!(warnings(ECDS), [""; 0]);
}

#[test]
fn a_cluster_that_the_file_does_not_have_is_warned_of() {
    let said = |clusters: &str| {
        format!(
            "the mount /prometheus names the cluster \"promtheus\", which is not in this file: its requests get 503 \
             (clusters here: {clusters})"
        )
    };
    let typo = MOUNTS.replace("\"prometheus\" }", "\"promtheus\" }");
    let change = (MOUNTS, typo.as_str());
    assert_eq!(warnings(&shipped(&[change])), [said("prometheus")]);
    let second = "  clusters:\n  - name: grafana\n";
    assert_eq!(warnings(&shipped(&[change, ("  clusters:\n", second)])), [said("grafana, prometheus")]);
    assert_eq!(warnings(&shipped(&[change, ("  clusters:\n", "  others:\n")])), [said("none")]);
    let camel = [change, ("static_resources", "staticResources")];
    assert_eq!(warnings(&shipped(&camel)), [said("prometheus")]);
    // Each mount by itself.
    let mounts =
        r#""mounts": [{ "prefix": "/a", "cluster": "prometheus" }, { "prefix": "/", "cluster": "b" }]"#;
    let several = warnings(&shipped(&[(MOUNTS, mounts)]));
    assert!(
        several.len() == 1 && several[0].starts_with("the mount / names the cluster \"b\""),
        "{several:?}"
    );
}

#[test]
fn clusters_that_come_from_elsewhere_are_not_missed() {
    let typo = MOUNTS.replace("\"prometheus\" }", "\"promtheus\" }");
    for dynamic in
        ["dynamic_resources: { cds_config: { ads: {} } }", "dynamicResources: { cdsConfig: { ads: {} } }"]
    {
        let change = ("static_resources:", &*format!("{dynamic}\nstatic_resources:"));
        assert_eq!(warnings(&shipped(&[(MOUNTS, &typo), change])), [""; 0]);
    }
    let listeners =
        ("static_resources:", "dynamic_resources: { lds_config: { ads: {} } }\nstatic_resources:");
    assert_eq!(warnings(&shipped(&[(MOUNTS, &typo), listeners])).len(), 1);
}

#[test]
fn a_mount_without_a_cluster_is_warned_of_where_every_route_needs_one() {
    let said = "the mount /prometheus names no cluster, and every route needs x-promward-cluster: its requests get 404";
    assert_eq!(warnings(&shipped(&[(MOUNTS, UNNAMED)])), [said]);
    // One route that doesn't need the header is enough, and so are discovered routes.
    let other = (
        "              routes:\n              # A load balancer",
        "              routes:\n              - { match: { prefix: /other }, route: { cluster: prometheus } }\n              # A load balancer",
    );
    assert_eq!(warnings(&shipped(&[(MOUNTS, UNNAMED), other])), [""; 0]);
    assert_eq!(
        warnings(&shipped(&[(MOUNTS, UNNAMED), ("          route_config:", "          rds:")])),
        [""; 0]
    );
}

#[test]
fn a_cluster_that_no_route_looks_at_is_warned_of() {
    let fixed = [
        ("cluster_header: x-promward-cluster", "cluster: prometheus"),
        ("headers: [{ name: x-promward-cluster, present_match: true }]", "headers: []"),
        (
            "- { name: x-promward-cluster, present_match: true }\n",
            "- { name: x-other, present_match: true }\n",
        ),
    ];
    let said = "the mount /prometheus names the cluster \"prometheus\", and no route looks at it: write cluster_header: \
                x-promward-cluster";
    assert_eq!(warnings(&shipped(&fixed)), [said]);
    assert_eq!(warnings(&shipped(&fixed[..1])), [""; 0], "the routes match on it");
    let camel =
        [("cluster_header: x-promward-cluster", "clusterHeader: X-Promward-Cluster"), fixed[1], fixed[2]];
    assert_eq!(warnings(&shipped(&camel)), [""; 0]);
}
