//! The ways in which an Envoy file can hold a configuration, or fail to.

use crate::check::{checked, digest};
use promward_cli::check;
use promward_harness::envoy::ECDS;
use promward_harness::envoy::variants::{self, Variant};

/// Returns an Envoy file whose filters have these configurations.
fn envoys(configurations: &[&str]) -> String {
    let mut text = "static_resources:\n  listeners:\n  - filters:\n".to_owned();
    for (index, configuration) in configurations.iter().enumerate() {
        text.push_str(&format!(
            "    - name: guard-{index}\n      typed_config:\n        \
             \"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm\n        \
             config:\n          configuration: {configuration}\n"
        ));
    }
    text
}

const STRING: &str = "\"@type\": type.googleapis.com/google.protobuf.StringValue";

#[test]
fn every_filter_of_a_file_is_checked_and_named() {
    let configuration = r#"{"mounts":[{"prefix":"/p"}],"access":[{"who":["anyone"],"may":["everything"]}]}"#;
    let good = format!("{{ {STRING}, value: '{configuration}' }}");
    let bad = format!("{{ {STRING}, value: '{}' }}", configuration.replace("anyone", "all"));
    assert_eq!(
        checked("envoy.yaml", &envoys(&[&good, &bad])),
        "envoy.yaml: filter \"guard-0\" (static_resources.listeners[0].filters[0].typed_config): valid\n"
            .to_owned()
            + &digest(configuration)
            + "envoy.yaml: filter \"guard-1\" (static_resources.listeners[0].filters[1].typed_config): refused: \
         access[0].who[0]: \"all\" names nobody: write anyone, anonymous, authenticated, user:N, token:N, certificate:N, \
         jwt:ISSUER/SUBJECT, group:N or group:ISSUER/N\n"
    );
}

/// The message about a configuration that isn't there.
pub(super) const EMPTY: &str = "the configuration is empty: give one JSON object, in Envoy as a google.protobuf.StringValue or \
                                Struct, in Istio as pluginConfig, in Envoy Gateway as config";

const STRUCT: &str = "\"@type\": type.googleapis.com/google.protobuf.Struct";

#[test]
fn a_configuration_in_another_form_is_explained() {
    let wanted = "use \"@type\": type.googleapis.com/google.protobuf.StringValue, with the JSON as the text of its \"value\"";
    let no_object =
        "config.configuration.value: this is no object: write mounts, access and the other fields below it";
    for (configuration, line) in [
        (
            "{ \"@type\": type.googleapis.com/google.protobuf.BytesValue, value: e30= }",
            format!("config.configuration: this is a google.protobuf.BytesValue: {wanted}"),
        ),
        ("{ mounts: [] }", format!("config.configuration: this has no \"@type\": {wanted}")),
        (
            &format!("{{ {STRING}, value: {{ mounts: [] }} }}"),
            "config.configuration.value: this is no text: write the JSON as a block scalar (value: |), or its fields in a \
             google.protobuf.Struct"
                .to_owned(),
        ),
        (&format!("{{ {STRING} }}"), EMPTY.to_owned()),
        (&format!("{{ {STRUCT} }}"), EMPTY.to_owned()),
        (&format!("{{ {STRUCT}, value: {{}} }}"), EMPTY.to_owned()),
        (&format!("{{ {STRUCT}, value: [] }}"), no_object.to_owned()),
    ] {
        assert_eq!(
            checked("envoy.yaml", &envoys(&[configuration])),
            format!(
                "envoy.yaml: filter \"guard-0\" (static_resources.listeners[0].filters[0].typed_config): refused: {line}\n"
            )
        );
    }
}

#[test]
fn a_struct_is_checked_as_the_json_that_the_filter_makes_of_it() {
    let place = "envoy.yaml: filter \"guard-0\" (static_resources.listeners[0].filters[0].typed_config)";
    let of = |rule: &str| {
        envoys(&[&format!("{{ {STRUCT}, value: {{ mounts: [{{ prefix: /p }}], access: [{rule}] }} }}")])
    };
    let json =
        r#"{"access":[{"limits":{"points":4},"may":["query"],"who":["anyone"]}],"mounts":[{"prefix":"/p"}]}"#;
    for points in ["4", "4.0", "4e0"] {
        let rule = format!("{{ who: [anyone], may: [query], limits: {{ points: {points} }} }}");
        assert_eq!(checked("envoy.yaml", &of(&rule)), format!("{place}: valid\n") + &digest(json));
    }
    for (rule, said) in [
        (
            "{ who: [anyone], may: [query], limits: { points: 1.5 } }",
            "access[0].limits.points: this must be a whole number",
        ),
        ("{ who: [anyone], may: [query], only: { 7: [4] } }", "access[0].only.7"),
        ("{ who: [anyone], may: ~ }", "access[0].may: this is null, where a list is needed"),
    ] {
        let printed = checked("envoy.yaml", &of(rule));
        let begin = format!("{place}: refused: config.configuration.value.{said}");
        assert!(printed.starts_with(&begin), "{printed}");
    }
}

#[test]
fn a_filter_is_found_in_discovered_resources_in_json_and_in_every_document() {
    let wasm = r#"{"@type":"type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm","config":{"name":"inner"}}"#;
    let empty = format!("refused: {EMPTY}");
    for (name, text, place) in [
        (
            "ecds.json",
            format!(r#"{{"resources":[{{"name":"promward","typed_config":{wasm}}}]}}"#),
            "filter \"promward\" (resources[0].typed_config)",
        ),
        ("wasm.json", wasm.to_owned(), "filter \"inner\" (the whole file)"),
        ("two.yaml", format!("kind: Service\n---\nspec: {wasm}\n"), "filter \"inner\" (spec)"),
        ("-", format!("# with a comment\nspec: {wasm}\n"), "filter \"inner\" (spec)"),
        (
            "unnamed.yml",
            r#"{"a":{"@type":"x/envoy.extensions.filters.http.wasm.v3.Wasm"}}"#.to_owned(),
            "filter without a name (a)",
        ),
    ] {
        assert_eq!(checked(name, &text), format!("{name}: {place}: {empty}\n"));
    }
}

#[test]
fn a_file_with_nothing_to_check_is_an_error_that_says_what_was_looked_for() {
    let looked = "no filter is in it: looked for a mapping with \"@type\": \
        type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm, whose config.configuration holds promward's JSON";
    for (name, text) in [
        ("envoy.yaml", "static_resources: {}\n"),
        ("envoy.json", r#"{"static_resources":{}}"#),
        ("words", "just words"),
    ] {
        assert_eq!(check::check(name, text.as_bytes()).unwrap_err().to_string(), looked, "{name}");
    }
    let error = check::check("envoy.yaml", b"a: [").unwrap_err().to_string();
    assert!(error.starts_with("this is neither JSON nor YAML: "), "{error}");
}

#[test]
fn a_file_that_discovers_its_filter_leads_to_what_is_to_be_checked() {
    let wasm = "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm";
    for (discovery, file) in [
        (
            format!(
                "config_discovery: {{ config_source: {{ path_config_source: {{ path: /etc/promward.yaml }} }}, type_urls: [{wasm}] }}"
            ),
            "/etc/promward.yaml",
        ),
        (
            format!(
                "configDiscovery: {{ configSource: {{ path: /etc/promward.yaml }}, typeUrls: [{wasm}] }}"
            ),
            "/etc/promward.yaml",
        ),
        (
            format!("config_discovery: {{ config_source: {{ ads: {{}} }}, type_urls: [{wasm}] }}"),
            "what its config_source serves",
        ),
    ] {
        let text = format!("static_resources:\n  filters:\n  - name: promward\n    {discovery}\n");
        let field = discovery.split(':').next().unwrap();
        assert_eq!(
            check::check("envoy.yaml", text.as_bytes()).unwrap_err().to_string(),
            format!(
                "no configuration is in it: filter \"promward\" (static_resources.filters[0].{field}) is discovered: \
                 check {file} in its place"
            )
        );
    }
}

#[test]
fn the_shipped_file_that_discovers_its_filter_leads_to_the_one_beside_it() {
    let watched = variants::render(&[Variant::Watched]).unwrap();
    let error = check::check("watched.yaml", watched.as_bytes()).unwrap_err().to_string();
    assert!(error.ends_with("is discovered: check /etc/promward/ecds/promward.yaml in its place"), "{error}");
    assert!(check::check("promward.yaml", ECDS.as_bytes()).unwrap()[0].loaded.is_ok());
}
