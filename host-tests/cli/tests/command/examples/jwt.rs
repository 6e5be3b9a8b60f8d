//! JSON Web Tokens: the example's own issuer certifies a caller's name and groups, and the rules decide about rights.

use crate::examples::running::{ASKED, LABEL_VALUES, Running};
use promward_harness::client::{Answer, Request};
use promward_harness::jwt::Issuer;
use serde_json::json;
use std::fs;

const HEALTH: &str = "/prometheus/-/healthy";
const CONFIGURATION: &str = "/prometheus/api/v1/status/config";
const FEDERATE: &str = "/prometheus/federate?match[]=up";

/// The command that makes a token, the target, and the expected status.
const REQUESTS: [(&str, &str, u16); 11] = [
    ("./token.sh alice viewers", ASKED, 200),
    ("./token.sh alice viewers", CONFIGURATION, 403),
    ("./token.sh alice others viewers", ASKED, 200),
    ("./token.sh bob operators", ASKED, 200),
    ("./token.sh bob operators", CONFIGURATION, 200),
    ("./token.sh scraper", FEDERATE, 200),
    ("./token.sh scraper", ASKED, 403),
    ("./token.sh viewers", ASKED, 403),
    ("./token.sh carol others", ASKED, 403),
    ("LIFETIME=-300 ./token.sh alice viewers", ASKED, 401),
    ("LIFETIME=-300 ./token.sh alice viewers", HEALTH, 200),
];

#[test]
fn tokens_decide_what_their_subjects_may_do() {
    let Some(example) = Running::start("jwt") else { return };
    assert_eq!(example.run_what_is_printed(), [LABEL_VALUES]);
    let directory = example.path("");
    let token = |command: &str| {
        let command = format!("DIRECTORY={} {command}", directory.display());
        example.output_of(&command).trim_end().to_owned()
    };
    for (command, target, status) in REQUESTS {
        let answer = bearing(&example, &token(command), target);
        assert_eq!(answer.status, status, "{command} {target}: {}", answer.text());
    }
    assert_eq!(example.client().get(HEALTH).unwrap().status, 200);
    let absent = example.client().get(ASKED).unwrap();
    assert_eq!(absent.status, 401);
    assert!(absent.header("www-authenticate").unwrap().starts_with("Bearer realm="));

    let [viewer, operator] = [token("./token.sh alice viewers"), token("./token.sh bob operators")];
    let parts = |token: &str| token.split('.').map(str::to_owned).collect::<Vec<_>>();
    let changed = [parts(&viewer).remove(0), parts(&operator).remove(1), parts(&viewer).remove(2)].join(".");
    let foreign = Issuer::new().unwrap().token("alice", &json!({ "groups": ["viewers"] })).unwrap();
    for forged in [changed, foreign] {
        assert_eq!(bearing(&example, &forged, ASKED).status, 401);
    }
    let in_the_url = example.client().get(&format!("{ASKED}?access_token={viewer}")).unwrap();
    assert_eq!(in_the_url.status, 401);

    example.run_what_the_readme_shows();
    example.end();
    let logged = fs::read_to_string(example.path("access.log")).unwrap();
    assert!(logged.contains("jwt:corp/alice"), "its end has written all of it: {logged}");
    let logged = logged + &fs::read_to_string(example.path("envoy.log")).unwrap();
    assert!(!logged.contains(&parts(&viewer).remove(2)), "{logged}");
}

/// Returns the answer to a request with this token.
fn bearing(example: &Running, token: &str, target: &str) -> Answer {
    let request = Request::new("GET", target).header("authorization", format!("Bearer {token}"));
    example.client().send(request).unwrap()
}
