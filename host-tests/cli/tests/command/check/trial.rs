//! `promward check` lists what rules on trial would change.

use crate::check::checked;
use serde_json::{Value, json};

/// Returns the lines about the trial of these rules beside others.
fn lines(trial: &Value) -> Vec<String> {
    let token = |digit: &str| format!("sha256:{}", digit.repeat(64));
    let configuration = json!({
        "mounts": [{ "prefix": "/p" }, { "prefix": "/o", "api": "opaque" }],
        "callers": { "tokens": { "a": token("a"), "b": token("b"), "c": token("c") } },
        "access": [
            { "who": ["anyone"], "may": ["health"] },
            { "who": ["token:a"], "may": ["read", "ui"], "only": { "tenant": ["a"] } },
            { "who": ["token:b"], "may": ["read", "status"], "limits": { "rate": "1/s" } },
            { "who": ["token:c"], "may": ["unknown"], "at": ["/o"], "paths": ["/x/*"] },
        ],
        "trial": trial,
    });
    let printed = checked("promward.json", &configuration.to_string());
    let about = printed.lines().skip_while(|line| !line.starts_with("  trial: "));
    about.take_while(|line| !line.starts_with("  digest")).map(str::to_owned).collect()
}

#[test]
fn what_differs_between_the_lists_is_said_by_caller_and_class() {
    let said = lines(&json!([
        { "who": ["anyone"], "may": ["health"] },
        { "who": ["token:a"], "may": ["read", "ui"], "only": { "tenant": ["a", "b"] } },
        { "who": ["token:b"], "may": ["query", "status"], "limits": { "range": "1h" } },
        { "who": ["token:c"], "may": ["unknown"], "at": ["/o"], "paths": ["/y"] },
        { "who": ["anonymous"], "may": ["ui"] },
    ]));
    assert_eq!(
        said,
        [
            "  trial: would change",
            "    /p token:a: query series rules metadata: restricted -> restricted in another way",
            "    /p token:b: info series rules metadata: open -> refused",
            "    /p token:b: query: open -> open, limited",
            "    /p anonymous: ui: refused -> open",
            "    /o token:c: in part: /x/* -> /y",
        ]
    );
}

#[test]
fn a_list_that_changes_nothing_is_called_so() {
    let said = lines(&json!([
        { "who": ["token:a"], "may": ["health", "read", "ui"], "only": { "tenant": ["a"] } },
        { "who": ["anyone"], "may": ["health"] },
        { "who": ["token:b"], "may": ["read", "status"], "limits": { "rate": "9/s" } },
        { "who": ["token:c"], "may": ["unknown"], "at": ["/o"], "paths": ["/x/*"] },
    ]));
    assert_eq!(said, ["  trial: changes nothing, but for rates"]);
}
