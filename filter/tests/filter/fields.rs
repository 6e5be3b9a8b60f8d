//! Checks that the filter takes what the JSON Schema says of each field: every field of a configuration that has them
//! all is spoiled, one after the other.

use promward::config;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const SCHEMA: &str = include_str!("../../config.schema.json");

#[test]
fn the_filter_takes_what_the_schema_says() {
    let [schema, valid] = [SCHEMA, EVERYTHING].map(|text| serde_json::from_str::<Value>(text).unwrap());
    config::load(EVERYTHING.as_bytes()).unwrap();
    let mut check = Check { schema: &schema, valid: &valid, fields: BTreeSet::new() };
    check.value("", &schema);
    let definitions = schema["$defs"].as_object().unwrap().values().chain([&schema]);
    let properties = definitions.filter_map(|definition| definition["properties"].as_object()).flatten();
    let described: BTreeSet<_> = properties.map(|(name, _)| name.clone()).collect();
    assert_eq!(check.fields, described, "the configuration of this test has every field");
}

/// A configuration that has every field of the schema.
const EVERYTHING: &str = r#"{
  "$schema": "https://example.com/config.schema.json",
  "mounts": [
    { "prefix": "/a", "upstream_prefix": "/b", "cluster": "c", "origins": ["http://c:9090"], "max_form": "2KiB", "max_write": "1MiB", "max_query": "1KiB", "promql": ["duration_expressions"], "ignore": ["namespace"], "credentials": "pass" },
    { "prefix": "/o", "api": "opaque", "encoded_slash": "pass", "cross_site": ["https://id.example.net"], "websockets": "pass" }
  ],
  "elsewhere": "pass",
  "listener_writes_client": true,
  "callers": {
    "users": {
      "viewer": "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
      "editor": ["$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"]
    },
    "tokens": { "grafana": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
    "certificates": {
      "scraper": "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
      "reader": [{ "uri_san": "spiffe://a" }, { "dns_san": "a" }, { "subject": "CN=a" }]
    },
    "certificates_validated_by_listener": true,
    "jwt": {
      "corp": {
        "payload": "jwt", "issuer": "https://a", "audience": "a", "audience_claim": ["azp"], "name": [["sub"], ["azp"]],
        "groups": { "claim": ["groups"], "split": " " }, "foreign_bearer": "ignore"
      },
      "other": { "payload": "jwt", "issuer": "https://b", "audience": "a", "name": ["sub"], "groups": ["groups"] }
    },
    "groups": { "sre": ["user:viewer"] },
    "passwords": { "checks": "4/s", "burst": 2, "waiting": 4, "waiting_per_source": 2 },
    "logout": "/oauth2/logout"
  },
  "access": [
    {
      "who": ["user:viewer"], "may": ["query", "ui"], "except": ["ui"], "at": ["/a"],
      "only": {
        "listed": ["a"],
        "matching": { "regex": "a|b" },
        "claimed": { "claim": ["tenants"], "split": "," },
        "by": { "by": { "group:sre": ["a"] } },
        "optional": { "values": ["a"], "or_absent": true }
      },
      "shared": ["kube_node_labels"],
      "write": "label",
      "limits": {
        "rate": "20/s", "burst": 40, "concurrent": 4, "wait": "2s", "samples": "5k/s", "range": "31d", "lookback": "7d", "oldest": "90d", "points": 11000, "timeout": "30s",
        "operators": 100, "selectors": 100, "calls": 100, "depth": 20, "repetitions": 100, "work": 100000
      }
    },
    { "who": ["user:editor"], "may": ["query"], "only": { "listed": ["a"] }, "shared": { "regex": "kube_node_.*" } },
    { "who": ["authenticated"], "may": ["query"], "unrestricted": true },
    { "who": ["authenticated"], "may": ["series"], "tenant": ["a"], "unrestricted": true },
    { "who": ["authenticated"], "may": ["rules"], "tenant": { "claim": ["tenants"], "split": " " }, "unrestricted": true },
    { "who": ["authenticated"], "may": ["write"], "tenant": { "by": { "group:sre": ["a"] } }, "unrestricted": true },
    { "who": ["anyone"], "may": ["unknown"], "at": ["/o"], "methods": ["GET", "POST"], "paths": ["/", "/api/*"] }
  ],
  "trial": [{ "who": ["anyone"], "may": ["query"] }],
  "contact": "https://example.com/help",
  "report": { "query": "text", "bytes": 256 },
  "headers": {
    "cors": { "origins": ["https://grafana.example.com"] },
    "hsts": "max-age=1",
    "content_security_policy": "default-src 'self'",
    "frame_ancestors": ["https://grafana.example.com"],
    "caller": "x-forwarded-user",
    "tenant": { "name": "x-scope-orgid", "label": "listed" },
    "rate_limit": ["rule", "caller", "class"]
  }
}"#;

struct Check<'a> {
    schema: &'a Value,
    valid: &'a Value,
    /// Every field that was visited.
    fields: BTreeSet<String>,
}

impl<'a> Check<'a> {
    /// Checks the value at this JSON pointer against what the schema says of it.
    fn value(&mut self, at: &str, says: &'a Value) {
        let place = says["$ref"].as_str().map(|place| place.trim_start_matches('#'));
        let says = place.map_or(says, |place| self.schema.pointer(place).unwrap());
        if let Some(forms) = says["anyOf"].as_array() {
            return forms.iter().for_each(|form| self.form(at, form));
        }
        self.refusal(at, |here| *here = Value::Null);
        if let Some(words) = says["enum"].as_array() {
            let words: Vec<_> = words.iter().map(|word| word.as_str().unwrap()).collect();
            let refusal = self.refusal(at, |here| *here = json!("nonsense"));
            assert!(refusal.ends_with(&format!("\"nonsense\" is none of {}", words.join(", "))), "{refusal}");
        }
        match self.valid.pointer(at).unwrap() {
            Value::Object(fields) if says["properties"].is_object() => {
                self.object(at, says, fields.keys());
            }
            Value::Object(fields) => {
                fields
                    .keys()
                    .for_each(|name| self.value(&format!("{at}/{name}"), &says["additionalProperties"]));
            }
            Value::Array(items) => {
                (0..items.len()).for_each(|index| self.value(&format!("{at}/{index}"), &says["items"]));
            }
            _ => {}
        }
    }

    /// Checks the value if it has this form, which is one of several.
    fn form(&mut self, at: &str, says: &'a Value) {
        let kind = match self.valid.pointer(at).unwrap() {
            Value::Array(_) => "array",
            Value::Object(_) => "object",
            _ => "string",
        };
        let definition =
            says["$ref"].as_str().and_then(|place| self.schema.pointer(place.trim_start_matches('#')));
        let definition = definition.unwrap_or(says);
        if definition["type"] == kind || definition["anyOf"].is_array() {
            self.value(at, says);
        }
    }

    /// Checks that an object has the fields of the schema and no others, and checks each of them.
    fn object(&mut self, at: &str, says: &'a Value, fields: impl Iterator<Item = &'a String>) {
        let properties = says["properties"].as_object().unwrap();
        let refusal = self.refusal(at, |here| here["nonsense"] = json!(1));
        let (_, known) = refusal.split_once("the fields here are ").unwrap();
        let known: BTreeSet<_> = known.split(", ").collect();
        assert_eq!(known, properties.keys().map(String::as_str).collect(), "{at}");
        for name in fields {
            let outcome = self.spoiled(at, |here| drop(here.as_object_mut().unwrap().remove(name)));
            let is_missed = outcome.is_err_and(|refusal| refusal.ends_with(": this field is missing"));
            let is_required = says["required"].as_array().is_some_and(|names| names.contains(&json!(name)));
            assert_eq!(is_missed, is_required, "{at}/{name}");
            self.fields.insert(name.clone());
            self.value(&format!("{at}/{name}"), &properties[name]);
        }
    }

    /// Returns the error with which the filter refuses the configuration with this change.
    fn refusal(&self, at: &str, change: impl FnOnce(&mut Value)) -> String {
        match self.spoiled(at, change) {
            Ok(()) => panic!("{at}: this is taken though the schema has no such thing"),
            Err(refusal) => refusal,
        }
    }

    fn spoiled(&self, at: &str, change: impl FnOnce(&mut Value)) -> Result<(), String> {
        let mut spoiled = self.valid.clone();
        change(spoiled.pointer_mut(at).unwrap());
        config::load(spoiled.to_string().as_bytes()).map(drop).map_err(|error| error.to_string())
    }
}
