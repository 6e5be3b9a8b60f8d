//! The matrix shows who may do what, and fits into a hundred columns, whatever the names in it.

use promward_cli::explain;
use promward_cli::policy::Policy;
use serde_json::json;

/// Returns the matrix of a configuration.
fn matrix(text: &str) -> String {
    explain::matrix(&Policy::load(text.as_bytes()).unwrap())
}

/// Returns the lines of the table about a configuration with these names.
fn table(prefix: &str, group: &str) -> Vec<String> {
    let configuration = json!({
        "mounts": [{ "prefix": prefix }],
        "callers": { "jwt": { "corp": {
            "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward", "groups": ["groups"]
        } } },
        "access": [
            { "who": ["anyone"], "may": ["health"] },
            { "who": [format!("group:corp/{group}")], "may": ["read", "status", "federate"], "only": { "a": ["b"] },
              "limits": { "range": "31d" } },
        ],
    });
    matrix(&configuration.to_string()).lines().map(str::to_owned).collect()
}

/// Returns the words of a column in each row, from under its heading to the next one.
fn column(table: &[String], heading: &str, next: Option<&str>) -> Vec<String> {
    let begin = table[0].find(heading).unwrap();
    let end = next.map(|next| table[0].find(next).unwrap());
    let mut rows: Vec<Vec<&str>> = Vec::new();
    for line in &table[1..] {
        let cell = line.get(begin..end.unwrap_or(line.len()).min(line.len())).unwrap_or_default();
        if !line.starts_with("   ") {
            rows.push(Vec::new());
        }
        rows.last_mut().unwrap().extend(cell.split_whitespace());
    }
    rows.into_iter().map(|words| words.join(" ")).collect()
}

#[test]
fn lists_of_classes_are_broken_between_words_and_nothing_is_lost() {
    let table = table("/prometheus", "a");
    assert!(table.iter().all(|line| line.chars().count() <= 100), "{table:#?}");
    assert_eq!(column(&table, "mount", Some("who")), ["/prometheus", "/prometheus"]);
    assert_eq!(column(&table, "open", Some("restricted")), ["health", "health info"]);
    assert_eq!(
        column(&table, "restricted", Some("refused")),
        ["nothing", "query series rules metadata federate status"]
    );
    assert_eq!(
        column(&table, "refused", Some("limited")),
        [
            "read federate remote_read status config metrics write admin lifecycle debug consoles ui unknown",
            "remote_read config metrics write admin lifecycle debug consoles ui unknown",
        ]
    );
    assert_eq!(column(&table, "limited", None), ["nothing", "query series"]);
}

#[test]
fn alternatives_restrict_what_one_restriction_does() {
    let rows = |only: serde_json::Value| {
        let configuration = json!({
            "mounts": [{ "prefix": "/prometheus" }],
            "access": [{ "who": ["anyone"], "may": ["read", "remote_read", "status", "write"], "only": only }],
        });
        let table: Vec<_> = matrix(&configuration.to_string()).lines().map(str::to_owned).collect();
        column(&table, "restricted", Some("refused"))
    };
    let alternatives = rows(json!([{ "env": ["prod"], "team": ["a"] }, { "env": ["dev"] }]));
    assert_eq!(alternatives, rows(json!({ "team": ["a"] })));
    assert!(alternatives[0].contains("query series rules"), "{alternatives:?}");
}

#[test]
fn long_names_are_broken_too_and_nothing_is_lost() {
    let (prefix, group) = ("/observability".repeat(5), "ä-team".repeat(20));
    for (prefix, group) in [(&*prefix, "a"), ("/p", &*group), (&prefix, &group)] {
        let table = table(prefix, group);
        assert!(table.iter().all(|line| line.chars().count() <= 100), "{table:#?}");
        let whole: String = table.concat().split_whitespace().collect();
        assert_eq!(whole.matches("lifecycle").count(), 2, "{table:#?}");
    }
    let table = table(&prefix, "a");
    assert_eq!(column(&table, "mount", Some("who")).concat(), prefix.repeat(2));
}

#[test]
fn a_table_that_fits_is_not_broken() {
    let configuration = json!({
        "mounts": [{ "prefix": "/p" }],
        "callers": { "tokens": { "t".repeat(60): format!("sha256:{}", "a".repeat(64)) } },
        "access": [{ "who": [format!("token:{}", "t".repeat(60))], "may": ["everything"] }],
    });
    let printed = matrix(&configuration.to_string());
    assert_eq!(printed.lines().count(), 2, "{printed}");
    assert!(
        printed.contains(&format!("  /p     token:{}  everything  nothing\n", "t".repeat(60))),
        "{printed}"
    );
}

#[test]
fn the_classes_that_go_on_with_a_tenant_have_a_column() {
    let configuration = json!({
        "mounts": [{ "prefix": "/mimir" }],
        "access": [{ "who": ["anyone"], "may": ["query", "write"], "tenant": ["a"] }],
        "headers": { "tenant": { "name": "x-scope-orgid" } },
    });
    let table: Vec<_> = matrix(&configuration.to_string()).lines().map(str::to_owned).collect();
    assert_eq!(column(&table[..2], "open", Some("refused")), ["query write"]);
    assert_eq!(column(&table[..2], "by tenant", None), ["query write"]);
}

#[test]
fn everybody_whom_a_rule_names_has_a_line_for_each_mount() {
    let text = r#"{
      "mounts": [{ "prefix": "/prometheus" }, { "prefix": "/", "api": "opaque" }],
      "access": [
        { "who": ["anyone"], "may": ["health", "ui"] },
        { "who": ["anonymous"], "may": ["read", "ui"] },
        { "who": ["anyone"], "may": ["unknown"], "at": ["/"] }
      ]
    }"#;
    assert_eq!(
        matrix(text),
        "  mount        who        open            refused
  /prometheus  anyone     health ui       read federate remote_read status config metrics write
                                          admin lifecycle debug consoles unknown
  /prometheus  anonymous  read health ui  federate remote_read status config metrics write admin
                                          lifecycle debug consoles unknown
  /            anyone     unknown         nothing
  /            anonymous  unknown         nothing
"
    );
}

#[test]
fn what_is_restricted_and_limited_is_shown_where_something_is() {
    let text = r#"{
      "mounts": [{ "prefix": "/prometheus" }],
      "access": [
        { "who": ["anyone"], "may": ["read", "ui"], "only": { "tenant": ["a"] }, "limits": { "range": "31d" } },
        { "who": ["anonymous"], "may": ["everything"] }
      ]
    }"#;
    assert_eq!(
        matrix(text),
        "  mount        who        open            restricted          refused                limited
  /prometheus  anyone     info ui         query series rules  health federate        query series
                                          metadata            remote_read status
                                                              config metrics write
                                                              admin lifecycle debug
                                                              consoles unknown
  /prometheus  anonymous  health info ui  query series rules  federate remote_read   query series
                                          metadata            status config metrics
                                                              write admin lifecycle
                                                              debug consoles
                                                              unknown
"
    );
}

#[test]
fn parts_of_an_opaque_server_are_shown_beside_what_is_open() {
    let text = r#"{
      "mounts": [{ "prefix": "/prometheus" }, { "prefix": "/app", "api": "opaque" }],
      "callers": { "tokens": { "ci": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" } },
      "access": [
        { "who": ["anyone"], "may": ["unknown"], "at": ["/app"], "methods": ["GET"], "paths": ["/public/*", "/login"] },
        { "who": ["token:ci"], "may": ["unknown"], "at": ["/app"] }
      ]
    }"#;
    assert_eq!(
        matrix(text),
        "  mount        who       open     open in part                refused
  /prometheus  anyone    nothing  nothing                     everything
  /prometheus  token:ci  nothing  nothing                     everything
  /app         anyone    nothing  GET, HEAD /public/* /login  the rest
  /app         token:ci  unknown  GET, HEAD /public/* /login  nothing
"
    );
}
