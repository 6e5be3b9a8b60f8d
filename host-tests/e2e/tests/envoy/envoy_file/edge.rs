//! The parts of the shipped file around the filter: the redirect, the admin, the log, and headers that name Envoy.

use crate::envoy::envoy_file::setup::Setup;
use promward_harness::client::{Client, Request};
use promward_harness::envoy::{ALLOWS_PATHS, CONFIGURATION};
use promward_harness::process;
use serde_json::Value;
use std::fs;
use std::time::Duration;

#[test]
fn plain_http_only_redirects_to_https() {
    let Some(setup) = Setup::start() else { return };
    let client = Client::plain(setup.envoy.http());
    let public = format!("https://example.com:{}", setup.envoy.https().port());
    for (method, target) in
        [("GET", "/"), ("HEAD", "/prometheus/"), ("POST", "/prometheus/api/v1/query?query=up")]
    {
        for authority in ["example.com", "example.com:80", "example.com.:8080"] {
            let answer = client.clone().authority(authority).send(Request::new(method, target)).unwrap();
            assert_eq!(answer.status, 308, "{method} {target}");
            assert_eq!(answer.header("location").unwrap(), format!("{public}{target}"));
        }
    }
    let stranger = client.authority("example.org").get("/prometheus/").unwrap();
    assert_eq!((stranger.status, stranger.header("location")), (404, None));
    assert!(setup.upstream.requests().is_empty());
}

#[test]
fn as_shipped_the_redirect_leads_to_the_default_port() {
    let Some(setup) = Setup::with(|options| {
        let own = format!("port_redirect: {}", options.https_port.insert(process::free_port().unwrap()));
        options.replace.push((format!(", {own}"), String::new()));
    }) else {
        return;
    };
    let answer =
        Client::plain(setup.envoy.http()).authority("example.com:8080").get("/prometheus/?x=1").unwrap();
    assert_eq!(answer.header("location").unwrap(), "https://example.com/prometheus/?x=1");
}

#[test]
fn the_admin_listens_on_loopback_and_neither_stops_nor_tells_secrets() {
    let shipped: Value = serde_norway::from_str(CONFIGURATION).unwrap();
    assert_eq!(shipped.pointer("/admin/address/socket_address/address").unwrap(), "127.0.0.1");
    let Some(setup) = Setup::start() else { return };
    let listeners = listeners(setup.envoy.admin().port());
    assert_eq!(listeners, ["0100007F"], "127.0.0.1 as the kernel writes it");
    assert!(setup.envoy.stats().unwrap().contains("envoy_server_live"));
    assert_eq!(setup.envoy.stat("server.live").unwrap(), Some(1));
    if setup.tool.version < ALLOWS_PATHS {
        return;
    }
    let admin = Client::plain(setup.envoy.admin());
    for target in ["/quitquitquit", "/config_dump", "/logging", "/runtime_modify", "/drain_listeners", "/"] {
        assert_eq!(admin.send(Request::new("POST", target)).unwrap().status, 403, "{target}");
    }
    assert_eq!(setup.client().get("/prometheus/metrics").unwrap().status, 200);
}

#[test]
fn the_access_log_has_a_line_for_each_request_and_no_query_string() {
    let Some(setup) = Setup::start() else { return };
    let target = "/prometheus/api/v1/query?query=up&access_token=secret";
    assert_eq!(setup.client().http2().get(target).unwrap().status, 200);
    assert_eq!(setup.client().get("/elsewhere?access_token=secret").unwrap().status, 404);
    let lines =
        setup.envoy.process().wait_until("two lines of the access log", Duration::from_secs(60), || {
            Some(setup.envoy.access_log()).filter(|lines| lines.len() >= 2)
        });
    let lines = lines.unwrap();
    let of = |status: u64| {
        lines.iter().find(|line| line.get("status").and_then(Value::as_u64) == Some(status)).unwrap()
    };
    let expected = [
        ("path", "/api/v1/query"),
        (
            "promward",
            r#"{"path":"/prometheus/api/v1/query","mount":"/prometheus","class":"query","rule":0,"outcome":"allowed"}"#,
        ),
        ("method", "GET"),
        ("protocol", "HTTP/2"),
        ("tls", "TLSv1.3"),
    ];
    for (field, value) in expected {
        assert_eq!(of(200).get(field).unwrap(), value, "{field}");
    }
    assert_eq!(of(404).get("path").unwrap(), "/elsewhere");
    assert!(!format!("{lines:?}").contains("secret"));
}

#[test]
fn no_header_names_envoy_in_either_direction() {
    let Some(setup) = Setup::start() else { return };
    let request = Request::new("GET", "/prometheus/metrics").header("x-envoy-original-path", "/forged");
    let answer = setup.client().send(request).unwrap();
    let received = setup.upstream.wait_for(0).unwrap();
    let names = answer.headers.iter().chain(&received.headers).map(|(name, _)| name.to_ascii_lowercase());
    let telling: Vec<_> = names.filter(|name| name.starts_with("x-envoy") || name == "server").collect();
    assert!(telling.is_empty(), "{telling:?}");
    assert_eq!(received.header("x-promward-cluster"), None);
}

/// Returns the addresses of the listeners on this port, as Linux lists them; on other systems, the one that we expect.
fn listeners(port: u16) -> Vec<String> {
    let Ok(table) = fs::read_to_string("/proc/net/tcp") else { return vec!["0100007F".to_owned()] };
    let port = format!(":{port:04X}");
    table
        .lines()
        .filter_map(|line| {
            let mut fields = line.split_whitespace().skip(1);
            let (local, _, state) = (fields.next()?, fields.next()?, fields.next()?);
            local.strip_suffix(&port).filter(|_| state == "0A").map(str::to_owned)
        })
        .collect()
}
