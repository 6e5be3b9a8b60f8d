//! The examples for nginx and Traffic Server: their files have what the filter needs there. Hosts with these plugins can't be
//! fetched, so that they were tried by hand.

use super::text;
use promward::config;
use promward::gateway::Gateway;
use serde_json::{Value, json};
use std::io::Write;
use std::process::{Command, Stdio};

/// The longest parameter of a directive of nginx, in bytes.
const LONGEST_PARAMETER: usize = 4_095;

/// The headers that the filter writes for servers, whatever its configuration.
const WRITTEN: [&str; 3] = ["x-forwarded-host", "x-forwarded-prefix", "x-forwarded-proto"];

/// Headers of clients that the filter removes, and that servers would believe.
const BELIEVED: [&str; 9] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "x-scope-orgid",
    "thanos-tenant",
    "accountid",
    "projectid",
    "x-forwarded-user",
    "x-remote-user",
];

fn configuration(example: &str) -> (Value, Gateway) {
    let text = text(&format!("{example}/promward.json"));
    (serde_json::from_str(&text).unwrap(), config::load(text.as_bytes()).unwrap())
}

/// Returns the directives of a file of nginx, each with its parameters.
fn directives(text: &str) -> Vec<Vec<String>> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with('#')).collect::<Vec<_>>().join("\n");
    let words = |directive: &str| directive.split_whitespace().map(str::to_owned).collect();
    code.split([';', '{', '}']).map(words).filter(|words: &Vec<_>| !words.is_empty()).collect()
}

#[test]
fn the_configuration_fits_into_a_parameter_of_nginx() {
    let (configuration, _) = configuration("nginx");
    let length = configuration.to_string().replace('\\', "\\\\").len();
    assert!(length <= LONGEST_PARAMETER, "{length}");
}

#[test]
fn nginx_reads_the_configuration_that_the_command_has_written() {
    let readme = text("nginx/README.md");
    let command =
        readme.lines().find_map(|line| line.strip_prefix("$ jq --compact-output . promward.json | "));
    let (sed, _) = command.unwrap().split_once(" > ").unwrap();
    let configuration = json!({ "contact": "the operator's \\ \"desk\"" }).to_string();
    let mut shell = Command::new("bash");
    let mut child = shell.args(["-c", sed]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(configuration.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let line = String::from_utf8(output.stdout).unwrap();
    let parameter =
        line.trim_end().strip_prefix("proxy_wasm promward '").unwrap().strip_suffix("';").unwrap();
    // As nginx reads a parameter in single quotes.
    let (mut read, mut rest) = (String::new(), parameter.chars());
    while let Some(character) = rest.next() {
        assert_ne!(character, '\'', "the parameter ends here: {parameter}");
        read.push(if character == '\\' { rest.next().unwrap() } else { character });
    }
    assert_eq!(read, configuration);
}

#[test]
fn nginx_sends_what_was_decided_and_no_other_header() {
    let text = text("nginx/nginx.conf");
    let all = directives(&text);
    let of = |name: &str| {
        all.iter().filter(|words| words[0] == name).map(|words| words[1..].join(" ")).collect::<Vec<_>>()
    };
    assert_eq!(of("proxy_pass"), ["http://prometheus$uri$is_args$args"]);
    assert_eq!(of("proxy_pass_request_headers"), ["off"]);
    assert_eq!(of("proxy_buffering"), ["off"]);
    assert_eq!(of("include"), ["promward.conf"]);
    assert!(of("proxy_ignore_headers")[0].starts_with("X-Accel-Redirect "));
    let sent: Vec<_> = of("proxy_set_header").iter().map(|header| header.to_lowercase()).collect();
    for name in WRITTEN {
        assert!(sent.contains(&format!("{name} $http_{}", name.replace('-', "_"))), "{name}: {sent:?}");
    }
    for name in BELIEVED {
        assert!(!sent.iter().any(|header| header.starts_with(&format!("{name} "))), "{name}");
    }
    assert!(sent.contains(&"connection \"\"".to_owned()), "{sent:?}");
}

#[test]
fn nginx_has_room_for_what_the_filter_keeps() {
    let (_, gateway) = configuration("nginx");
    let text = text("nginx/nginx.conf");
    let all = directives(&text);
    let of =
        |name: &str| all.iter().find(|words| words[0] == name).map(|words| words[1..].join(" ")).unwrap();
    let memory: usize = of("client_body_buffer_size").strip_suffix('k').unwrap().parse().unwrap();
    let most: usize = of("client_max_body_size").strip_suffix('k').unwrap().parse().unwrap();
    let (_, mount) = gateway.mounts.iter().next().unwrap();
    assert!(most <= memory && memory * 1024 > mount.max_form, "{memory} {most} {}", mount.max_form);
    assert!(of("shm_kv").starts_with("* "));
    assert_eq!(of("max_metric_name_length"), "512");
    assert!(text.contains("map \"\" $promward { default null; }") && text.contains("\"promward\":$promward"));
}

#[test]
fn traffic_server_runs_the_configuration_that_is_shown_and_lets_nothing_pass_without_it() {
    let (configuration, gateway) = configuration("traffic-server");
    let plugin: Value = serde_norway::from_str(&text("traffic-server/promward.yaml")).unwrap();
    let plugin = &plugin["config"];
    let given: Value = serde_json::from_str(plugin["configuration"].as_str().unwrap()).unwrap();
    assert_eq!((given, &plugin["fail_open"]), (configuration, &false.into()));
    let records: Value = serde_norway::from_str(&text("traffic-server/records.yaml")).unwrap();
    assert_eq!(records["records"]["http"]["cache"]["http"], 0);
    assert_eq!(records["records"]["exec_thread"]["autoconfig"]["enabled"], 0);
    assert_eq!(records["records"]["exec_thread"]["limit"], 1);
    assert_eq!(records["records"]["url_remap"]["remap_required"], 1);
    let (_, mount) = gateway.mounts.iter().next().unwrap();
    let needed = format!(
        "cond %{{CLIENT-HEADER:x-promward-cluster}} =\"{}\" [NOT,AND]",
        mount.cluster.as_deref().unwrap()
    );
    assert!(text("traffic-server/promward.rules").contains(&needed));
    for line in text("traffic-server/remap.config").lines().filter(|line| line.starts_with("map ")) {
        assert!(line.ends_with("@plugin=header_rewrite.so @pparam=promward.rules"), "{line}");
    }
}
