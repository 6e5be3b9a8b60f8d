//! `promward explain` tells the way of a request room by room. What it prints is compared with recorded files, which
//! `PROMWARD_BLESS=1` writes anew.

mod matrix;
mod pasted_curl;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The configurations, and the arguments after them. Each case is recorded as text and as JSON.
const CASES: &[(&str, &str, &[&str])] = &[
    (
        "restricted",
        "examples/tenants/promward.json",
        &[
            "--as",
            "token:grafana-a",
            "-H",
            "x-forwarded-user: user:admin",
            "GET",
            "/prometheus/api/v1/query?query=sum(up)+/+on()+group_left()+x%7Bjob%3D%22y%22%7D",
        ],
    ),
    (
        "limited",
        "examples/grafana-token/promward.json",
        &[
            "--as",
            "token:grafana",
            "/prometheus/api/v1/query_range",
            "--data",
            "query=up&start=1769810000&end=1769813600&step=60",
        ],
    ),
    (
        "exceeded",
        "examples/grafana-token/promward.json",
        &["--as", "token:grafana", "/prometheus/api/v1/query?query=up%5B40d%5D"],
    ),
    (
        "anonymous",
        "examples/tenants/promward.json",
        &["--as", "anonymous", "POST", "/prometheus/api/v1/admin/tsdb/delete_series"],
    ),
    ("not-asked", "examples/tenants/promward.json", &["/prometheus/-/healthy"]),
    (
        "filtered",
        "examples/tenants/promward.json",
        &[
            "--as",
            "token:grafana-a",
            "/prometheus/api/v1/rules",
            "--answer",
            "host-tests/cli/tests/command/explain/rules.json",
        ],
    ),
    (
        "alternatives",
        "host-tests/cli/tests/command/explain/alternatives.json",
        &["/prometheus/api/v1/query?query=sum(rate(x%5B5m%5D))"],
    ),
    (
        "alternatives-of-a-list",
        "host-tests/cli/tests/command/explain/alternatives.json",
        &["/prometheus/api/v1/series?match[]=up&match[]=%7Ba=%22b%22%7D"],
    ),
    (
        "remote-read",
        "host-tests/cli/tests/command/explain/remote-read.json",
        &[
            "-H",
            "content-type: application/x-protobuf",
            "-H",
            "content-encoding: snappy",
            "/prometheus/api/v1/read",
            "--data",
            "\u{18}\\\n\u{16}\u{8}\u{1}\u{10}\u{2}\u{1a}\u{c}\u{8}\u{1}\u{12}\u{8}__name__\"\u{2}\u{18}\u{5}",
        ],
    ),
    ("token", "examples/jwt/promward.json", &["--as", "jwt:corp/scraper", "/prometheus/federate?match[]=up"]),
    ("redirect", "examples/guide/promward.json", &["/prometheus?x=1"]),
    ("elsewhere", "examples/guide/promward.json", &["/grafana"]),
    (
        "certificate",
        "examples/client-certificates/promward.json",
        &["--as", "certificate:reader", "/prometheus/metrics"],
    ),
    (
        "password",
        "examples/tenants/promward.json",
        &["--curl", "curl -u carol:wrong -d 'match[]=up' https://example.com/prometheus/api/v1/series"],
    ),
];

fn root() -> PathBuf {
    promward_module::workspace().unwrap()
}

/// Runs the command at the root of the repository.
pub(crate) fn explain(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_promward"));
    command.arg("explain").args(arguments).current_dir(root()).output().unwrap()
}

/// Compares a text with the recorded one.
fn compare(file: &Path, text: &str) -> Result<(), String> {
    if std::env::var_os("PROMWARD_BLESS").is_some() {
        fs::write(file, text).unwrap();
    }
    let recorded = fs::read_to_string(file).unwrap_or_default();
    if recorded == text { Ok(()) } else { Err(format!("{} is out of date:\n{text}", file.display())) }
}

#[test]
fn the_way_of_a_request_is_told_room_by_room() {
    let folder = root().join("host-tests/cli/tests/command/explain/golden");
    let mut wrong = Vec::new();
    for (name, configuration, arguments) in CASES {
        let more: &[&str] = &[configuration, "--now", "2026-01-31T00:00:00Z"];
        let told = explain(&[more, arguments].concat());
        let json = explain(&[more, arguments, &["--json"]].concat());
        let quiet = explain(&[more, arguments, &["--quiet"]].concat());
        assert_eq!(told.status.code(), json.status.code(), "{name}");
        assert_eq!((quiet.status.code(), quiet.stdout), (told.status.code(), Vec::new()), "{name}");
        for (output, ending) in [(told, "txt"), (json, "json")] {
            assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{name}");
            let text = String::from_utf8(output.stdout).unwrap();
            wrong.extend(compare(&folder.join(format!("{name}.{ending}")), &text).err());
        }
    }
    assert!(wrong.is_empty(), "PROMWARD_BLESS=1 records them anew: {}", wrong.join("\n"));
}

#[test]
fn the_exit_code_says_if_the_request_is_allowed() {
    const FILE: &str = "examples/tenants/promward.json";
    for (arguments, code) in [
        (&[FILE, "--as", "user:admin", "/prometheus/config"][..], 0),
        (&[FILE, "--as", "token:grafana-a", "/prometheus/config"], 1),
        (&[FILE, "/prometheus"], 0),
        (&[FILE, "/"], 1),
        (&[FILE, "--matrix"], 0),
        (&["envoy/envoy.yaml", "GET", "/prometheus/graph"], 0),
        (&[FILE], 2),
        (&["missing.json", "/"], 2),
        (&["README.md", "/"], 2),
        (&[FILE, "prometheus"], 2),
        (&[FILE, "--as", "user:nobody", "/prometheus/config"], 2),
        (&[FILE, "--as", "alice", "/prometheus/config"], 2),
        (&[FILE, "--as", "jwt:corp/alice", "/prometheus/config"], 2),
        (&[FILE, "--as", "user:carol", "-H", "authorization: Bearer x", "/prometheus/config"], 2),
        (&[FILE, "--now", "yesterday", "/prometheus/config"], 2),
        (&["--help"], 0),
    ] {
        let output = explain(arguments);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

#[test]
fn a_caller_whom_nobody_knows_is_told_with_those_who_are_known() {
    let output = explain(&["examples/tenants/promward.json", "--as", "user:alice", "/prometheus/graph"]);
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "promward: the configuration doesn't know user:alice: it knows user:carol, user:admin, token:grafana-a, \
         token:grafana-b\n"
    );
}

#[test]
fn nobody_has_a_token() {
    let claims = r#"{"iss":"https://id.example.com","aud":"promward","sub":"alice","exp":9999999999}"#;
    let output = explain(&[
        "examples/jwt/promward.json",
        "--as",
        "anonymous",
        "--claims",
        claims,
        "/prometheus/graph",
    ]);
    assert_eq!(output.status.code(), Some(2));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.contains("give one of the two"), "{errors}");
}

#[test]
fn real_credentials_are_checked_and_never_shown() {
    const FILE: &str = "examples/tenants/promward.json";
    for (credential, code) in [
        ("authorization: Bearer team-a-for-trying", 0),
        ("authorization: Bearer team-a-for-tryinG", 1),
        ("authorization: Basic Y2Fyb2w6Y2Fyb2wtZm9yLXRyeWluZw==", 0),
        ("authorization: Basic Y2Fyb2w6Y2Fyb2w=", 1),
    ] {
        for form in [&[][..], &["--json"]] {
            let output = explain(&[&[FILE, "-H", credential, "/prometheus/api/v1/labels"], form].concat());
            assert_eq!(output.status.code(), Some(code), "{credential}");
            let text = String::from_utf8(output.stdout).unwrap();
            let secret = credential.rsplit(' ').next().unwrap();
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[test]
fn what_rules_on_trial_would_say_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("promward.json");
    let configuration = r#"{
      "mounts": [{ "prefix": "/p" }],
      "access": [{ "who": ["anyone"], "may": ["read"] }],
      "trial": [{ "who": ["anyone"], "may": ["query"], "only": { "tenant": ["a"] } }]
    }"#;
    fs::write(&file, configuration).unwrap();
    let told = |arguments: &[&str]| {
        let output = explain(&[&[file.to_str().unwrap()], arguments].concat());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let query = told(&["/p/api/v1/query?query=up"]);
    assert!(
        query.contains("trial      the rules on trial say otherwise: allowed by trial[0]: tenant=\"a\"\n"),
        "{query}"
    );
    let form = told(&["/p/api/v1/query", "--data", "query=up"]);
    assert!(form.contains("trial      the rules on trial say otherwise: allowed by trial[0]"), "{form}");
    let rules: serde_json::Value = serde_json::from_str(&told(&["/p/api/v1/rules", "--json"])).unwrap();
    assert_eq!((&rules["trial"]["outcome"], &rules["allowed"]), (&"forbidden".into(), &true.into()));
    let same = told(&["/p/api/v1/query?query=1"]);
    assert!(!same.contains("trial      "), "{same}");
}

#[test]
fn a_certificate_is_read_from_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let authority = promward_harness::certificates::Authority::new("ours").unwrap();
    let identity = authority.client("reader", Some("spiffe://example.com/reader")).unwrap();
    let file = directory.path().join("reader.pem");
    fs::write(&file, identity.certificate_pem()).unwrap();
    let output = explain(&[
        "examples/client-certificates/promward.json",
        "--certificate",
        file.to_str().unwrap(),
        "/prometheus/api/v1/labels",
    ]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("caller     certificate:reader; also authenticated, anyone\n"), "{text}");
}

#[test]
fn one_of_several_filters_is_chosen_by_name() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("envoy.yaml");
    let shipped = promward_harness::envoy::variants::render(&[]).unwrap();
    let other = shipped.replace("name: promward", "name: another").replace("{ \"who\"", "{\"who\"");
    fs::write(&file, format!("{shipped}\n---\n{other}")).unwrap();
    let file = file.to_str().unwrap();
    let both = explain(&[file, "/prometheus/graph"]);
    let said = String::from_utf8(both.stderr).unwrap();
    assert!(
        said.contains("--filter has to say which filter is meant") && said.lines().count() == 3,
        "{said}"
    );
    assert_eq!(explain(&[file, "--filter", "another", "/prometheus/graph"]).status.code(), Some(0), "{said}");
}
