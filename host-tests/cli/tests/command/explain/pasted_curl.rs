//! A pasted line is explained as the request that curl sends.

use super::explain;
use promward_harness::tools::{self, Program};
use promward_harness::upstream::{Reply, Upstream};
use serde_json::Value;

/// The words after `curl`. `…` is the address of a server.
const LINES: &[&str] = &[
    "http://…/p/../api/v1/query?query=up",
    "http://…/p/./x/.",
    "http://…/p/x/..",
    "http://…/../..//p",
    "http://…/p/%2e%2e;/..x/...",
    "http://…/p?a=/../b#/../c",
    "http://…",
    "http://…?a=../b",
    "--path-as-is http://…/p/../x/./y/..",
    "-d query=up -d time=1 http://…/p/../query",
    "-G -d query=up --data-urlencode a=b http://…/p/../query?x=y",
    "-I http://…/p/./x",
    "-X DELETE http://…/p/..",
    "-u alice:secret http://…/p",
];

#[test]
fn a_pasted_line_is_explained_as_what_curl_sends() {
    let Some(curl) = tools::need(Program::Curl) else { return };
    let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
    let address = upstream.address().to_string();
    for line in LINES {
        let words: Vec<_> = line.split(' ').map(|word| word.replace('…', &address)).collect();
        // This ignores the settings of the user who runs the test, and has to come first.
        let output = curl.command().args(["--disable", "--silent"]).args(&words).output().unwrap();
        assert!(output.status.success(), "{line}: {}", output.status);
        let sent = upstream.requests().pop().unwrap();
        let pasted = format!("curl {}", words.join(" "));
        let told = explain(&["examples/guide/promward.json", "--json", "--curl", &pasted]);
        let told: Value = serde_json::from_slice(&told.stdout).unwrap();
        let told = &told["request"];
        assert_eq!(told["method"], sent.method.as_str(), "{line}");
        assert_eq!(told["target"], sent.target.as_str(), "{line}");
        assert_eq!(told["host"], address.as_str(), "{line}");
        assert_eq!(told["body"], String::from_utf8(sent.body.clone()).unwrap(), "{line}");
        for name in ["authorization", "content-type", "content-length"] {
            let is_told = told["headers"].as_array().unwrap().iter().any(|header| header[0] == name);
            assert_eq!(is_told, sent.header(name).is_some(), "{line}: {name}");
        }
    }
}
