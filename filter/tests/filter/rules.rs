//! Rules that restrict and guard: a caller who is bound by one rule stays so in those that follow.

use promward::access::{Access, RequestedAccess};
use promward::api::class::{Class, Classes};
use promward::api::mount::MountId;
use promward::caller::identity::{Caller, Identity};
use promward::caller::scheme::Scheme;
use promward::caller::who::Who;
use promward::config;
use promward::target::method::Method;
use std::rc::Rc;

/// Returns the access list of these rules.
fn access(rules: &str) -> Access {
    let text = format!(
        r#"{{
          "mounts": [{{ "prefix": "/prometheus" }}, {{ "prefix": "/other" }}, {{ "prefix": "/", "api": "opaque" }}],
          "callers": {{
            "tokens": {{ "x": "sha256:{}", "y": "sha256:{}" }},
            "jwt": {{ "corp": {{ "payload": "jwt", "issuer": "i", "audience": "a", "groups": ["groups"] }} }},
            "groups": {{ "team": ["token:x"] }}
          }},
          "access": {rules}
        }}"#,
        "a".repeat(64),
        "b".repeat(64),
    );
    config::load(text.as_bytes()).unwrap().access
}

fn x() -> Caller {
    Caller::Known(Rc::new(Identity::new(Scheme::Token, "x", [Who::group("team")])))
}

fn y() -> Caller {
    Caller::Known(Rc::new(Identity::new(Scheme::Token, "y", [])))
}

/// Returns a request for the start page of a mount.
fn asking(class: Class, mount: MountId) -> RequestedAccess<'static> {
    RequestedAccess { class, mount, method: Method::Get, path: "/" }
}

/// Returns the index of the rule that gives a class at the first mount.
fn gives(access: &Access, caller: &Caller, class: Class) -> Option<usize> {
    access.decide(caller, &asking(class, MountId(0))).ok().map(|(rule, _)| rule.position)
}

/// Returns the classes of Prometheus that each of `N` rules gives to a caller.
fn given<const N: usize>(access: &Access, caller: &Caller, mount: MountId) -> [String; N] {
    let by = |number| {
        let is_given = |class: &Class| {
            access.decide(caller, &asking(*class, mount)).is_ok_and(|(rule, _)| rule.position == number)
        };
        let classes = Class::all().filter(|&class| Classes::OF_PROMETHEUS.contains(class));
        classes.filter(is_given).map(|class| class.to_string()).collect::<Vec<_>>().join(" ")
    };
    std::array::from_fn(by)
}

const WRITTEN: &str = "write admin";

#[test]
fn a_rule_without_only_gives_a_restricted_caller_what_shows_no_data_and_nothing_else() {
    let access = access(
        r#"[{ "who": ["token:x"], "may": ["query"], "only": { "tenant": ["a"] } },
            { "who": ["authenticated"], "may": ["everything"] }]"#,
    );
    assert_eq!(given(&access, &x(), MountId(0)), ["query", "health info ui"]);
    let [none, all] = given(&access, &y(), MountId(0));
    assert!(none.is_empty() && all.starts_with("health info query") && all.contains(WRITTEN), "{all}");
}

#[test]
fn a_rule_with_only_gives_a_restricted_caller_what_can_be_restricted() {
    let access = access(
        r#"[{ "who": ["group:team"], "may": ["ui"], "only": { "tenant": ["a"] } },
            { "who": ["token:x"], "may": ["everything"], "only": { "tenant": ["b"] } },
            { "who": ["anyone"], "may": ["read", "federate"] }]"#,
    );
    let restrictable = "health info query series rules metadata federate remote_read status write";
    assert_eq!(given(&access, &x(), MountId(0)), ["ui", restrictable, ""]);
    assert_eq!(given::<3>(&access, &y(), MountId(0))[2], "info query series rules metadata federate");
}

#[test]
fn an_unrestricted_rule_gives_a_restricted_caller_all_of_it() {
    let access = access(
        r#"[{ "who": ["token:x"], "may": ["everything"], "only": { "tenant": ["a"] } },
            { "who": ["token:x"], "may": ["metrics", "unknown"], "unrestricted": true },
            { "who": ["token:x"], "may": ["config"], "unrestricted": true, "limits": { "rate": "1/s" } }]"#,
    );
    let restrictable = "health info query series rules metadata federate remote_read status write ui";
    assert_eq!(given(&access, &x(), MountId(0)), [restrictable, "metrics unknown", "config"]);
}

#[test]
fn a_limited_caller_stays_limited_in_what_guards_are_about() {
    let access = access(
        r#"[{ "who": ["token:x"], "may": ["query", "remote_read"], "limits": { "range": "1d" } },
            { "who": ["authenticated"], "may": ["everything"] },
            { "who": ["token:x"], "may": ["series"], "limits": { "timeout": "30s" } },
            { "who": ["token:x"], "may": ["consoles"], "unrestricted": true }]"#,
    );
    let rest = "health info rules metadata federate status config metrics write admin reload quit debug ui";
    assert_eq!(given(&access, &x(), MountId(0)), ["query remote_read", rest, "series", "consoles"]);
    let [none, all, ..] = given::<4>(&access, &y(), MountId(0));
    assert!(none.is_empty() && all.contains("query series") && all.contains("remote_read"), "{all}");
}

#[test]
fn a_rate_binds_nobody() {
    let access = access(
        r#"[{ "who": ["token:x"], "may": ["query"], "limits": { "rate": "1/s" } },
            { "who": ["authenticated"], "may": ["everything"] }]"#,
    );
    assert_eq!(gives(&access, &x(), Class::Series), Some(1));
}

#[test]
fn a_rule_binds_where_it_holds() {
    let access = access(
        r#"[{ "who": ["token:x"], "may": ["query"], "only": { "tenant": ["a"] }, "at": ["/prometheus"] },
            { "who": ["authenticated"], "may": ["query", "series", "unknown"], "at": ["/prometheus", "/other", "/"] }]"#,
    );
    assert_eq!(given(&access, &x(), MountId(0)), ["query", ""]);
    assert_eq!(given(&access, &x(), MountId(1)), ["", "query series unknown"]);
    assert_eq!(given::<2>(&access, &x(), MountId(2))[1], "query series unknown");
}

#[test]
fn at_an_opaque_mount_nothing_can_be_restricted_or_guarded() {
    let access = access(
        r#"[{ "who": ["token:x"], "may": ["read", "unknown"], "only": { "tenant": ["a"] }, "at": ["/other", "/"] },
            { "who": ["token:y"], "may": ["read", "unknown"], "limits": { "range": "1d" }, "at": ["/other", "/"] }]"#,
    );
    for caller in [x(), y()] {
        assert!(access.decide(&caller, &asking(Class::Unknown, MountId(2))).is_err());
        assert!(access.decide(&caller, &asking(Class::Query, MountId(1))).is_ok());
    }
}

#[test]
fn nobody_is_asked_only_where_everybody_gets_the_same() {
    const CASES: &[(&str, Class, bool)] = &[
        // Restricted callers get the first class from any rule, and the second only from rules with `only` or
        // `unrestricted`.
        (r#"[{ X, "may": ["query"], ONLY }, { ANYONE, "may": ["health"] }]"#, Class::Health, false),
        (r#"[{ X, "may": ["query"], ONLY }, { ANYONE, "may": ["series"] }]"#, Class::Series, true),
        (r#"[{ X, "may": ["query"], ONLY }, { ANYONE, "may": ["series"], ONLY }]"#, Class::Series, false),
        (r#"[{ X, "may": ["query"], ONLY }, { ANYONE, "may": ["series"], FREE }]"#, Class::Series, false),
        (
            r#"[{ X, "may": ["query"], ONLY, ELSEWHERE }, { ANYONE, "may": ["series"] }]"#,
            Class::Series,
            false,
        ),
        // Limited callers get the first class from any rule, and the second only from rules with guards.
        (r#"[{ X, "may": ["query"], GUARDS }, { ANYONE, "may": ["rules"] }]"#, Class::Rules, false),
        (r#"[{ X, "may": ["query"], GUARDS }, { ANYONE, "may": ["series"] }]"#, Class::Series, true),
        (r#"[{ X, "may": ["query"], GUARDS }, { ANYONE, "may": ["series"], GUARDS }]"#, Class::Series, false),
        // The first rule is not for everybody.
        (r#"[{ X, "may": ["query"] }, { ANYONE, "may": ["query"] }]"#, Class::Query, true),
        // A rule with `only` doesn't give a class that can't be restricted.
        (r#"[{ ANYONE, "may": ["query", "admin"], ONLY }]"#, Class::Query, false),
        (r#"[{ ANYONE, "may": ["query", "admin"], ONLY }]"#, Class::Admin, true),
        // The restriction is the same for everybody, or depends on the caller.
        (r#"[{ ANYONE, "may": ["query"], "only": { "a": { "regex": "b.*" } } }]"#, Class::Query, false),
        (
            r#"[{ ANYONE, "may": ["query"], "only": { "a": { "by": { "token:x": ["b"] } } } }]"#,
            Class::Query,
            true,
        ),
        (
            r#"[{ ANYONE, "may": ["query"], "only": { "b": ["c"], "a": { "claim": ["d"] } } }]"#,
            Class::Query,
            true,
        ),
    ];
    for (rules, class, asks) in CASES {
        let written = [
            ("X", r#""who": ["token:x"]"#),
            ("ANYONE", r#""who": ["anyone"]"#),
            ("ONLY", r#""only": { "tenant": ["a"] }"#),
            ("GUARDS", r#""limits": { "range": "1d" }"#),
            ("FREE", r#""unrestricted": true"#),
            ("ELSEWHERE", r#""at": ["/other"]"#),
        ];
        let text = written.iter().fold((*rules).to_owned(), |text, (word, is)| text.replace(word, is));
        assert_eq!(access(&text).asks(&asking(*class, MountId(0))), *asks, "{class} {rules}");
    }
}

#[test]
fn who_is_denied_what_a_rule_seems_to_allow_is_told_why() {
    let access = access(
        r#"[{ "who": ["token:x"], "may": ["everything"], "except": ["rules", "series"], "only": { "tenant": ["a"] } },
            { "who": ["token:y"], "may": ["query", "consoles"], "limits": { "range": "1d" } },
            { "who": ["authenticated"], "may": ["series", "rules", "ui"] },
            { "who": ["token:y"], "may": ["remote_read", "write"] }]"#,
    );
    for (caller, class, reason) in [
        (
            x(),
            Class::Rules,
            "\"rules\" to token:x here: access[0] restricts them, and access[2] has no \"only\": it gives them health \
             info ui and no more, unless it says \"unrestricted\": true",
        ),
        (
            x(),
            Class::Admin,
            "\"admin\" to token:x here: access[0] restricts them by \"only\", and nothing of this class can be restricted",
        ),
        (
            y(),
            Class::Series,
            "\"series\" to token:y here: access[1].limits guards their queries, and access[2].limits doesn't: it gives \
             them no class that guards are about, unless the rule says \"unrestricted\": true",
        ),
        (
            y(),
            Class::RemoteRead,
            "\"remote_read\" to token:y here: access[1].limits guards their queries, and access[3].limits doesn't: it \
             gives them no class that guards are about, unless the rule says \"unrestricted\": true",
        ),
        (
            y(),
            Class::Consoles,
            "\"consoles\" to token:y here: access[1].limits guards queries, and nothing of this class can be guarded",
        ),
        (y(), Class::Admin, "\"admin\" to token:y here"),
    ] {
        let denied = access.decide(&caller, &asking(class, MountId(0))).unwrap_err();
        assert_eq!(denied.to_string(), format!("no access rule allows the class {reason}"));
    }
}

#[test]
fn what_somebody_is_given_is_told_open_restricted_and_limited() {
    let access = access(
        r#"[{ "who": ["token:x"], "may": ["read", "ui"], "only": { "tenant": ["a"] }, "limits": { "range": "1d" } },
            { "who": ["token:x"], "may": ["series", "metrics"], "unrestricted": true }]"#,
    );
    let given = access.given(x().is(), MountId(0));
    assert_eq!(given.open.to_string(), "info metrics ui");
    assert_eq!(given.restricted.to_string(), "query series rules metadata");
    assert_eq!(given.limited.to_string(), "query series");
}

#[test]
fn the_claims_that_rules_read_are_those_that_tokens_are_asked_for() {
    let text = r#"{
      "mounts": [{ "prefix": "/" }],
      "callers": { "jwt": { "corp": { "payload": "jwt", "issuer": "i", "audience": "a" } } },
      "access": [
        { "who": ["jwt:corp/a"], "may": ["read"], "only": { "tenant": { "claim": ["tenants"] } } },
        { "who": ["authenticated"], "may": ["read"],
          "only": { "tenant": { "claim": ["tenants"] }, "env": { "claim": ["org", "envs"] } } }
      ]
    }"#;
    let gateway = config::load(text.as_bytes()).unwrap();
    let claims = gateway.callers.issuers[0].claims.iter().map(|claim| claim.names.join("."));
    assert_eq!(claims.collect::<Vec<_>>(), ["tenants", "org.envs"]);
}
