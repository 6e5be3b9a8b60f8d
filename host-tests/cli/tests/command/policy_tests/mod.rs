//! `promward test` runs policy tests, says where those that fail part from what is expected, and what no test reaches.

mod schema;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// Runs the command at the root of the repository.
fn test(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_promward"));
    command.arg("test").args(arguments).current_dir(promward_module::workspace().unwrap()).output().unwrap()
}

/// Runs tests of the configuration of two teams, and returns the exit code and what is printed, without the time.
fn tested(tests: &str, more: &[&str]) -> (i32, String) {
    let directory = tempfile::tempdir().unwrap();
    let configuration = promward_module::workspace().unwrap().join("examples/tenants/promward.json");
    let text =
        format!("configuration: {}\nnow: 2026-01-31T00:00:00Z\ntests:\n{tests}", configuration.display());
    let file = directory.path().join("tests.yaml");
    fs::write(&file, text).unwrap();
    printed(&file, more)
}

fn printed(file: &Path, more: &[&str]) -> (i32, String) {
    let output = test(&[&[file.to_str().unwrap()], more].concat());
    let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let text = text.replace(&format!("{}/", file.parent().unwrap().display()), "");
    let text = text.replace(&format!("{}/", promward_module::workspace().unwrap().display()), "");
    let text = text.split_once(", in 0").map_or(text.clone(), |(before, _)| before.to_owned());
    (output.status.code().unwrap(), text)
}

#[test]
fn a_failure_says_what_was_expected_what_came_and_where_the_two_part() {
    const TEST: &str = r#"
- name: team a sees its own series only
  as: token:grafana-a
  request: { get: /prometheus/api/v1/query, parameters: { query: sum(up) } }
  expect: { class: query, rule: 0, upstream: { query: 'sum(up{tenant="b"})', parameters: { time: 5 } } }
- name: nobody but admin deletes
  as: [anonymous, "token:grafana-a"]
  request: { post: /prometheus/api/v1/admin/tsdb/delete_series }
  expect: { status: [401, 404] }
"#;
    assert_eq!(
        tested(TEST, &[]),
        (
            1,
            "\
FAILED tests.yaml: team a sees its own series only (token:grafana-a)
  GET /prometheus/api/v1/query?query=sum%28up%29
  it parts from what is expected in the room \"access\"
  rule
    expected  0
    got       1
  upstream.query
    expected  sum(up{tenant=\"b\"})
    got       sum(up{tenant=\"a\"})
  upstream.parameters.time
    expected  5
    got       nothing
  the filter: allowed by access[1]
  cargo promward explain examples/tenants/promward.json --as token:grafana-a --now 1769817600 GET \
'https://example.com/prometheus/api/v1/query?query=sum%28up%29'

FAILED tests.yaml: nobody but admin deletes (token:grafana-a)
  POST /prometheus/api/v1/admin/tsdb/delete_series
  it parts from what is expected in the room \"access\"
  status
    expected  401 or 404
    got       403
  the filter: refused with 403: no rule allows it: no access rule allows the class \"admin\" to token:grafana-a here
  cargo promward explain examples/tenants/promward.json --as token:grafana-a --now 1769817600 POST \
https://example.com/prometheus/api/v1/admin/tsdb/delete_series

3 tests, 2 failed"
                .to_owned()
        )
    );
}

#[test]
fn each_field_of_an_expectation_can_fail() {
    for (field, room) in [
        ("allowed: false", "forward"),
        ("status: 200", "forward"),
        ("outcome: forbidden", "forward"),
        ("room: access", "forward"),
        ("reason: because", "forward"),
        ("mount: /", "mount"),
        ("endpoint: /api/v1/query_range", "endpoint"),
        ("class: rules", "endpoint"),
        ("caller: anonymous", "caller"),
        ("rule: 2", "access"),
        ("upstream: { method: POST }", "forward"),
        ("upstream: { path: /graph }", "forward"),
        ("upstream: { query: up }", "forward"),
        ("upstream: { parameters: { query: null } }", "forward"),
        ("upstream: { headers: { x-forwarded-proto: http } }", "forward"),
        ("upstream: { headers: { x-forwarded-proto: null } }", "forward"),
        ("upstream: { body: x }", "forward"),
        ("headers: { x-frame-options: DENY }", "answer"),
        ("body: { text: x }", "answer"),
        ("body: { json: {} }", "answer"),
        ("body: { contains: x }", "answer"),
    ] {
        let test = format!(
            "- name: a\n  as: token:grafana-a\n  request: {{ get: \"/prometheus/api/v1/query?query=up\" }}\n  \
             expect: {{ {field} }}\n"
        );
        let (code, printed) = tested(&test, &[]);
        assert_eq!(code, 1, "{field}: {printed}");
        assert!(printed.contains(&format!("in the room \"{room}\"\n")), "{field}: {printed}");
    }
}

#[test]
fn a_file_that_can_not_be_run_says_which_field_is_wrong() {
    for (test, said) in [
        ("- { name: a, request: {}, expect: {} }", "\"a\": request: give one method with its path"),
        ("- { name: a, request: { get: /, post: / }, expect: {} }", "\"a\": request: give one method"),
        ("- { name: a, request: { get: graph }, expect: {} }", "\"graph\" is neither a path"),
        ("- { name: a, as: alice, request: { get: / }, expect: {} }", "\"a\": as: \"alice\" names no caller"),
        ("- { name: a, request: { get: / }, expect: { allow: true } }", "unknown field `allow`"),
        ("- { name: a, request: { get: / }, expect: { body: {} } }", "expect.body: give one of"),
        ("- { name: a, request: { get: / }, answer: { file: x }, expect: {} }", "x: cannot be read"),
        ("- { name: a, now: today, request: { get: / }, expect: {} }", "\"today\" is no time"),
        ("- { name: a, source: here, request: { get: / }, expect: {} }", "\"here\" is no address"),
        ("  []", "there is no test to run"),
    ] {
        let (code, printed) = tested(test, &[]);
        assert_eq!(code, 2, "{test}: {printed}");
        assert!(printed.contains(said), "{test}: {printed}");
    }
    let (code, printed) = tested("- { name: a, as: user:alice, request: { get: / }, expect: {} }", &[]);
    assert!(
        code == 1 && printed.contains("it can't be run: the configuration doesn't know user:alice"),
        "{printed}"
    );
}

#[test]
fn the_configuration_may_stand_in_an_envoy_file_or_an_object_of_kubernetes() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        fs::write(directory.path().join(name), text).unwrap();
        directory.path().join(name)
    };
    let tests = |configuration: &str| {
        let test = "{ name: a, as: anonymous, request: { get: /prometheus/graph }, expect: { allowed: true, rule: 0 } }";
        printed(
            &file("tests.yaml", &format!("configuration: {configuration}\ntests:\n- {test}\n")),
            &["--coverage"],
        )
    };
    file("envoy.yaml", &promward_harness::envoy::variants::render(&[]).unwrap());
    assert_eq!(tests("envoy.yaml").0, 0);
    let plugin = |mounts: &str| {
        format!(
            "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nspec: {{ pluginConfig: {{ {mounts}access: [{{ who: [anyone], \
             may: [ui] }}] }} }}\n"
        )
    };
    file("plugin.yaml", &plugin("mounts: [{ prefix: /prometheus }], "));
    assert_eq!(tests("plugin.yaml").0, 0);
    file("plugin.yaml", &plugin(""));
    let (code, said) = tests("plugin.yaml");
    assert!(code == 2 && said.contains("refused: spec.pluginConfig.mounts: this field is missing"), "{said}");
    file("plugin.yaml", "apiVersion: v1\nkind: Service\n");
    let (code, said) = tests("plugin.yaml");
    assert!(code == 2 && said.contains("this is an object of Kubernetes without a filter in it"), "{said}");
    file("refused.json", "{}");
    let (code, said) = tests("refused.json");
    assert!(code == 2 && said.contains("refused.json: refused: mounts: this field is missing"), "{said}");
}

#[test]
fn a_pattern_chooses_tests_and_coverage_says_what_none_reaches() {
    const TESTS: &str = r#"
- { name: one, as: token:grafana-a, request: { get: /prometheus/api/v1/labels }, expect: { allowed: true } }
- { name: two, as: user:admin, request: { get: /prometheus/api/v1/labels }, expect: { allowed: true } }
"#;
    let missed = "tests.yaml reaches 1 of 3 rules, 1 of 2 values of \"only\", 0 of 0 limits
  never reached: access[0]
  never reached: access[1].only.tenant: \"b\"
  never reached: access[2]
1 test, 0 failed";
    assert_eq!(tested(TESTS, &["--run", "one", "--coverage"]), (0, missed.to_owned()));
    assert_eq!(tested(TESTS, &["--run", "three"]), (2, "promward: there is no test to run\n".to_owned()));
}

#[test]
fn rates_are_reached_by_repeating_and_limits_are_covered() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("tests.yaml");
    let configuration = promward_module::workspace().unwrap().join("examples/grafana-token/promward.json");
    let text = format!(
        "configuration: {}\nnow: 1769817600\ntests:\n{}",
        configuration.display(),
        r#"
- name: two hundred at once are enough
  as: token:grafana
  repeat: 200
  request: { get: /prometheus/api/v1/query, parameters: { query: up } }
  expect: { allowed: true, upstream: { parameters: { timeout: 30000ms } } }
- name: one more is too many
  as: token:grafana
  repeat: 201
  request: { get: /prometheus/api/v1/query, parameters: { query: up } }
  expect: { status: 429, room: limits, outcome: throttled }
- name: a range has an end
  as: token:grafana
  request: { get: /prometheus/api/v1/query_range, parameters: { query: up, start: 1765000000, end: 1769817600, step: 3600 } }
  expect: { status: 422, reason: "limits.range allows 32d" }
"#
    );
    fs::write(&file, text).unwrap();
    let (code, printed) = printed(&file, &["--coverage"]);
    assert_eq!(code, 0, "{printed}");
    assert!(printed.contains("3 of 6 limits\n"), "{printed}");
    let missed: Vec<_> = printed.lines().filter_map(|line| line.strip_prefix("  never reached: ")).collect();
    let names = ["lookback", "oldest", "points"].map(|name| format!("access[1].limits.{name}"));
    assert_eq!(missed, [&["access[0]".to_owned()][..], &names].concat());
}

#[test]
fn a_number_at_once_is_reached_by_repeating() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("tests.yaml");
    const CONFIGURATION: &str = r#"{
        "mounts": [{ "prefix": "/" }],
        "access": [{ "who": ["anyone"], "may": ["query"], "limits": { "concurrent": 4, "wait": "2s" } }]
    }"#;
    const TESTS: &str = r#"
- name: four at once are enough
  repeat: 4
  request: { get: /api/v1/query, parameters: { query: up } }
  expect: { allowed: true }
- name: a fifth one waits in vain
  repeat: 5
  request: { get: /api/v1/query, parameters: { query: up } }
  expect: { status: 429, room: limits, outcome: throttled, reason: "there was room for no other one within 2s" }
"#;
    fs::write(directory.path().join("promward.json"), CONFIGURATION).unwrap();
    fs::write(&file, format!("configuration: promward.json\ntests:\n{TESTS}")).unwrap();
    let (code, said) = printed(&file, &["--coverage"]);
    assert_eq!((code, said.contains("1 of 1 limits")), (0, true), "{said}");
}

#[test]
fn results_are_there_for_programs_and_for_junit() {
    let directory = tempfile::tempdir().unwrap();
    let junit = directory.path().join("junit.xml");
    const TESTS: &str = "- { name: a<b, request: { get: / }, expect: { allowed: true } }\n- { name: c, request: { get: / }, expect: {} }\n";
    let (code, printed) = tested(TESTS, &["--format", "json", "--junit", junit.to_str().unwrap()]);
    let results: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((code, &results["tests"], &results["failed"]), (1, &2.into(), &1.into()));
    let tests = &results["files"][0]["tests"];
    assert_eq!((&tests[0]["passed"], &tests[1]["passed"]), (&false.into(), &true.into()));
    assert_eq!(tests[0]["differences"][0]["room"], "mount");
    let junit = fs::read_to_string(junit).unwrap();
    assert!(junit.contains("<testsuites name=\"promward\" tests=\"2\" failures=\"1\">"), "{junit}");
    assert!(
        junit.contains("name=\"a&lt;b\"")
            && junit.contains("<failure message=\"allowed: expected true, got false\">")
    );
}

#[test]
fn every_example_has_tests_that_pass_and_reach_all_of_it() {
    let folder = promward_module::workspace().unwrap().join("examples");
    let mut examples = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let file = entry.unwrap().path().join("tests.yaml");
        let (code, printed) = printed(&file, &["--coverage"]);
        assert_eq!(code, 0, "{}: {printed}", file.display());
        assert!(!printed.contains("never reached"), "{}: {printed}", file.display());
        examples += 1;
    }
    assert!(examples >= 6, "{examples}");
}

/// The longest that 10,000 tests may take. They take about a second of a processor's time, and others use it too.
const SLOW: Duration = Duration::from_secs(60);

#[test]
fn ten_thousand_tests_take_little_time() {
    let callers = ["token:grafana-a", "user:carol", "user:admin", "anonymous"];
    let test = |number: usize| {
        let caller = callers[number % callers.len()];
        format!(
            "- name: test {number}\n  as: {caller}\n  request: {{ get: /prometheus/api/v1/query, parameters: \
             {{ query: 'sum(rate(metric_{number}[5m]))' }} }}\n  expect: {{ endpoint: /api/v1/query }}\n"
        )
    };
    let tests: String = (0..10_000).map(test).collect();
    let begun = Instant::now();
    let (code, printed) = tested(&tests, &[]);
    assert!(code == 0 && printed.starts_with("10000 tests"), "{printed}");
    assert!(begun.elapsed() < SLOW, "{:?}", begun.elapsed());
}
