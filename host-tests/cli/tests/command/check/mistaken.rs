//! `promward check` recognises files that users mistake for a configuration, and says what to do.

use crate::check::checked;
use promward_cli::check::{self, Verdict};
use std::fs;

const AS_YAML: &str = "this is promward's configuration written as YAML, and the filter takes JSON: write it as one JSON object, \
                       { \"mounts\": [ … ], \"access\": [ … ] }, or make it the value of a google.protobuf.Struct in Envoy's file";

const EMPTY: &str =
    "this file is empty: a configuration is one JSON object, { \"mounts\": [ … ], \"access\": [ … ] }";

const PASSWORDS: &str =
    "this is a password file (htpasswd): cargo promward import htpasswd FILE makes a promward.json of it";

const UTF_16: &str = "this is UTF-16, by its byte-order mark: save it as UTF-8";

const MARK: &str = "the configuration begins with a byte-order mark (U+FEFF): save it as UTF-8 without one";

const NOTHING: &str = "no filter is in it: looked for a mapping with \"@type\": ";

const JSON: &str = r#"{"mounts":[{"prefix":"/p"}],"access":[{"who":["anyone"],"may":["everything"]}]}"#;

fn unreadable(name: &str, text: &[u8]) -> String {
    check::check(name, text).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn a_file_without_a_configuration_is_named_for_what_it_is() {
    let web = "this is Prometheus' web configuration (--web.config.file): cargo promward import web-config \
             FILE makes a promward.json of it";
    let hash = "$2y$10$vb2UsL7EMc46qJhLtg1sEui8gfk2O6TuDg10PuyR0Fy6ncEDeep8C";
    let cases: &[(&str, &str, &str)] = &[
        ("promward.json", "", EMPTY),
        ("empty.yaml", "", EMPTY),
        ("-", " \n\t\n", EMPTY),
        ("-", "\u{feff}\n", EMPTY),
        (".htpasswd", &format!("viewer:{hash}\n"), PASSWORDS),
        (
            "users",
            &format!("# people\n\nviewer:{hash}\r\nbob:{{SHA}}VBPuJHI7uixaa6LQGWx4s+5GKNE=\r\n"),
            PASSWORDS,
        ),
        ("users.yaml", "old:abJnggxhB/yWI\nbob:$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/", PASSWORDS),
        ("web.yml", &format!("basic_auth_users:\n  viewer: {hash}\n"), web),
        ("web.yml", "tls_server_config:\n  cert_file: a.crt\n  key_file: a.key\n", web),
        (
            "prometheus.yml",
            "global: {}\nscrape_configs: []\n",
            "this is Prometheus' own configuration: name a promward.json or an Envoy file",
        ),
        (
            "rules.yml",
            "groups:\n- name: a\n  rules: []\n",
            "these are alerting or recording rules: name a promward.json or an Envoy file",
        ),
        (
            "configmap.yaml",
            "apiVersion: v1\nkind: ConfigMap\ndata:\n  envoy.yaml: |\n    static_resources: {}\n",
            "this is an object of Kubernetes without a filter in it: looked for a WasmPlugin, TrafficExtension or \
             EnvoyExtensionPolicy, and for a ConfigMap or Secret with a promward.json or an Envoy file",
        ),
    ];
    for (name, text, said) in cases {
        assert_eq!(unreadable(name, text.as_bytes()), *said, "{name}: {text}");
    }
    assert_eq!(unreadable("promward.json", b"\xff\xfe{\0}\0"), UTF_16);
    assert_eq!(unreadable("envoy.yaml", b"\xfe\xff\0{\0}"), UTF_16);
}

#[test]
fn what_only_looks_a_little_like_a_password_file_is_none() {
    for text in
        ["a: $2y$10$abc\n", "a:b\nc:d\n", "words and $2y$\n", "a:$2y$10$abc\nwords\n", "url:http://a b $2\n"]
    {
        let said = unreadable("-", text.as_bytes());
        assert!(said.starts_with(NOTHING), "{text}: {said}");
    }
}

#[test]
fn a_configuration_in_yaml_is_told_that_it_has_to_be_json() {
    for (name, text) in [
        ("promward.yaml", "mounts:\n- prefix: /p\naccess:\n- who: [anyone]\n  may: [everything]\n"),
        ("promward.yaml", "{ mounts: [{ prefix: /p }] }"),
        ("-", "# rules\naccess: []\n"),
        ("-", "\u{feff}callers: {}\n"),
        ("promward.json", "---\nmounts: []\n"),
    ] {
        assert_eq!(checked(name, text), format!("{name}: refused: {AS_YAML}\n"), "{text}");
    }
}

#[test]
fn a_configuration_in_json_is_one_whatever_its_file_is_called() {
    for name in ["promward.json", "promward.yaml", "-"] {
        assert!(checked(name, JSON).starts_with(&format!("{name}: valid\n")), "{}", checked(name, JSON));
    }
}

/// Returns an Envoy file whose filter gets this text.
fn envoys(text: &str) -> String {
    let lines: String = text.lines().map(|line| format!("        {line}\n")).collect();
    format!(
        "filter:
  \"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
  config:
    configuration:
      \"@type\": type.googleapis.com/google.protobuf.StringValue
      value: |
{lines}"
    )
}

#[test]
fn yaml_in_the_text_that_a_filter_gets_is_told_from_json() {
    let place = "envoy.yaml: filter without a name (filter): refused: ";
    for (text, said) in [
        ("mounts:\n- prefix: /p\n", format!("config.configuration.value: {AS_YAML}")),
        ("# rules\naccess: []\n", format!("config.configuration.value: {AS_YAML}")),
        ("mounts\n", "the configuration is not JSON: expected value at line 1 column 1".to_owned()),
        (
            "{ mounts: [] }\n",
            "the configuration is not JSON: key must be a string at line 1 column 3".to_owned(),
        ),
    ] {
        assert_eq!(checked("envoy.yaml", &envoys(text)), format!("{place}{said}\n"), "{text}");
    }
}

#[test]
fn a_byte_order_mark_is_named_where_the_filter_would_get_it() {
    let marked = format!("\u{feff}{JSON}");
    assert_eq!(checked("promward.json", &marked), format!("promward.json: refused: {MARK}\n"));
    let place = "filter without a name (filter): ";
    assert_eq!(checked("envoy.yaml", &envoys(&marked)), format!("envoy.yaml: {place}refused: {MARK}\n"));
    // Envoy accepts a file that begins with a byte-order mark, and the filter doesn't see it.
    let file = format!("\u{feff}{}", envoys(JSON));
    assert!(checked("envoy.yaml", &file).starts_with(&format!("envoy.yaml: {place}valid\n")));
    let file = format!(
        "\u{feff}{{\"static_resources\":{{}},\"filter\":{}}}",
        r#"{"@type":"x/envoy.extensions.filters.http.wasm.v3.Wasm"}"#
    );
    assert!(
        checked("envoy.json", &file).contains("the configuration is empty"),
        "{}",
        checked("envoy.json", &file)
    );
}

#[test]
fn a_directory_is_named_as_one() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("promward.json"), JSON).unwrap();
    let (mut printed, mut complained) = (Vec::new(), Vec::new());
    let files = [directory.path().to_owned()];
    assert_eq!(check::run(&files, &[], &mut printed, &mut complained).unwrap(), Verdict::Unreadable);
    let said = format!(
        "{}: this is a directory: name a file in it, such as promward.json or envoy.yaml\n",
        directory.path().display()
    );
    assert_eq!(String::from_utf8(complained).unwrap(), said);
}
