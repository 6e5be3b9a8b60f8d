//! Rules about parts of an application, as random lists of them: which one decides, whom it asks, and which are refused
//! because they can never decide anything. Each is worked out a second time, rule by rule and request by request.

use promward::access::RequestedAccess;
use promward::api::class::Class;
use promward::api::mount::MountId;
use promward::caller::identity::{Caller, Identity};
use promward::caller::scheme::Scheme;
use promward::config;
use promward::target::method::Method;
use proptest::prelude::*;
use std::rc::Rc;

/// A rule as it is written: whom it names, and its methods and paths, where an empty list means all.
#[derive(Clone, Debug)]
struct Written {
    who: &'static str,
    methods: &'static [&'static str],
    paths: &'static [&'static str],
}

const METHODS: [(Method, &str); 4] =
    [(Method::Get, "GET"), (Method::Head, "HEAD"), (Method::Post, "POST"), (Method::Delete, "DELETE")];

const PATHS: [&str; 6] = ["/", "/a", "/a/", "/a/b", "/a/b/c", "/ab"];

/// The callers, each with all names that a rule can use for them.
const CALLERS: [(Option<&str>, &[&str]); 3] = [
    (None, &["anyone", "anonymous"]),
    (Some("x"), &["anyone", "authenticated", "token:x"]),
    (Some("y"), &["anyone", "authenticated", "token:y"]),
];

fn rule() -> impl Strategy<Value = Written> {
    let who = prop::sample::select(vec!["anyone", "anonymous", "authenticated", "token:x", "token:y"]);
    let methods = prop::sample::select(vec![&[][..], &["GET"], &["POST"], &["HEAD", "DELETE"]]);
    let paths =
        prop::sample::select(vec![&[][..], &["/a"], &["/a/*"], &["/*"], &["/", "/a/b/*"], &["/a/", "/a"]]);
    (who, methods, paths).prop_map(|(who, methods, paths)| Written { who, methods, paths })
}

impl Written {
    fn json(&self) -> String {
        let list = |name: &str, items: &[&str]| match items {
            [] => String::new(),
            _ => format!(r#", "{name}": {items:?}"#),
        };
        let Self { who, methods, paths } = self;
        let (methods, paths) = (list("methods", methods), list("paths", paths));
        format!(r#"{{ "who": ["{who}"], "may": ["unknown"], "at": ["/app"]{methods}{paths} }}"#)
    }

    fn is_about(&self, method: &str, path: &str) -> bool {
        let has_method = self.methods.is_empty()
            || self.methods.contains(&method)
            || (method == "HEAD" && self.methods.contains(&"GET"));
        let is_named = |pattern: &&str| match pattern.strip_suffix('*') {
            Some(folder) => path.starts_with(folder),
            None => path == *pattern,
        };
        has_method && (self.paths.is_empty() || self.paths.iter().any(is_named))
    }
}

fn configuration(rules: &[Written]) -> String {
    let rules: Vec<_> = rules.iter().map(Written::json).collect();
    format!(
        r#"{{ "mounts": [{{ "prefix": "/app", "api": "opaque" }}],
             "callers": {{ "tokens": {{ "x": "sha256:{}", "y": "sha256:{}" }} }},
             "access": [{}] }}"#,
        "a".repeat(64),
        "b".repeat(64),
        rules.join(", ")
    )
}

/// Returns the first of these rules that is for a caller with these names and about the request.
fn first(rules: &[Written], called: &[&str], method: &str, path: &str) -> Option<usize> {
    rules.iter().position(|rule| called.contains(&rule.who) && rule.is_about(method, path))
}

proptest! {
    #[test]
    fn the_first_rule_that_is_about_a_request_decides(rules in prop::collection::vec(rule(), 1..6)) {
        match config::load(configuration(&rules).as_bytes()) {
            Ok(gateway) => {
                for ((method, name), path) in METHODS.into_iter().flat_map(|method| PATHS.map(|path| (method, path))) {
                    let requested = RequestedAccess { class: Class::Unknown, mount: MountId(0), method, path };
                    let asks = gateway.access.asks(&requested);
                    for (caller, called) in CALLERS {
                        let known = |name| Caller::Known(Rc::new(Identity::new(Scheme::Token, name, [])));
                        let caller = caller.map_or(Caller::Anonymous, known);
                        let decided = gateway.access.decide(&caller, &requested).ok();
                        let decided = decided.map(|(rule, _)| rule.position);
                        prop_assert_eq!(decided, first(&rules, called, name, path), "{:?} {} {}", caller, name, path);
                        // Nobody is asked only where everybody gets the same.
                        let (_, anonymous) = CALLERS[0];
                        prop_assert!(asks || decided.is_some() && decided == first(&rules, anonymous, name, path));
                    }
                }
            }
            Err(error) => {
                // The rule that is refused decides about nothing that is tried here.
                let error = error.to_string();
                prop_assert!(error.ends_with("this can never decide anything: earlier rules decide all of it"), "{}", error);
                let number = error.trim_start_matches("access[").split(']').next().unwrap().parse::<usize>().unwrap();
                for ((_, method), path) in METHODS.into_iter().flat_map(|method| PATHS.map(|path| (method, path))) {
                    for (_, called) in CALLERS {
                        prop_assert_ne!(first(&rules, called, method, path), Some(number), "{} {}", method, path);
                    }
                }
            }
        }
    }
}
