//! Tests of the decisions of rules.

use super::*;
use crate::caller::identity::Identity;
use crate::caller::scheme::Scheme;
use crate::caller::who::Whos;
use crate::enforce::RuleList;
use crate::enforce::remote_write::MissingLabel;
use crate::target::method::{Method, Methods};
use std::rc::Rc;

fn rule(who: &[&str], may: &[Class]) -> Rule {
    let who = Whos::new(who.iter().map(|who| who.parse().unwrap()).collect()).unwrap();
    Rule {
        who,
        may: Classes::of(may),
        at: vec![HeldAt { mount: MountId(1), restrictable: Classes::ALL }],
        only: None,
        tenant: None,
        unrestricted: Unrestricted::No,
        guards: None,
        rate: None,
        concurrent: None,
        missing: MissingLabel::Refuse,
        samples: None,
        scope: None,
    }
}

fn number_of(position: usize) -> RuleNumber {
    RuleNumber { list: RuleList::Access, position }
}

fn user(name: &str) -> Caller {
    Caller::Known(Rc::new(Identity::new(Scheme::User, name, [])))
}

fn asking(class: Class, mount: usize) -> RequestedAccess<'static> {
    RequestedAccess { class, mount: MountId(mount), method: Method::Get, path: "/" }
}

fn number(access: &Access, caller: &Caller, class: Class) -> Option<usize> {
    access.decide(caller, &asking(class, 1)).ok().map(|(rule, _)| rule.position)
}

#[test]
fn a_rule_holds_for_its_classes_at_its_mounts() {
    let access = Access::new(RuleList::Access, vec![rule(&["anyone"], &[Class::Health])]);
    assert_eq!(number(&access, &Caller::Anonymous, Class::Health), Some(0));
    assert_eq!(number(&access, &Caller::Anonymous, Class::Admin), None);
    assert!(access.decide(&Caller::Anonymous, &asking(Class::Health, 0)).is_err());
}

#[test]
fn the_first_rule_that_names_the_caller_decides() {
    let access = Access::new(
        RuleList::Access,
        vec![
            rule(&["user:a"], &[Class::Query]),
            rule(&["anonymous"], &[Class::Ui]),
            rule(&["authenticated"], &[Class::Query, Class::Ui]),
        ],
    );
    assert_eq!(number(&access, &user("a"), Class::Query), Some(0));
    assert_eq!(number(&access, &user("b"), Class::Query), Some(2));
    assert_eq!(number(&access, &user("a"), Class::Ui), Some(2));
    assert_eq!(number(&access, &Caller::Anonymous, Class::Ui), Some(1));
    assert_eq!(number(&access, &Caller::Anonymous, Class::Query), None);
}

#[test]
fn nobody_is_asked_where_the_first_rule_is_for_anyone() {
    let access = Access::new(
        RuleList::Access,
        vec![
            rule(&["anyone"], &[Class::Health]),
            rule(&["user:a"], &[Class::Ui]),
            rule(&["anyone"], &[Class::Ui]),
        ],
    );
    let asks = |class| access.asks(&asking(class, 1));
    assert_eq!([Class::Health, Class::Ui, Class::Query].map(asks), [false, true, true]);
    assert!(access.asks(&asking(Class::Health, 0)));
}

#[test]
fn a_rule_with_a_scope_is_passed_over_elsewhere() {
    let part = |who, methods: &[Method], paths: &[&str]| Rule {
        scope: Some(Scope {
            methods: Methods::of(methods),
            paths: paths.iter().map(|path| PathPattern::parse(path).unwrap()).collect(),
        }),
        ..rule(&[who], &[Class::Unknown])
    };
    let access = Access::new(
        RuleList::Access,
        vec![
            part("anyone", &[Method::Get], &["/public/*"]),
            part("user:a", &[Method::Get], &["/api/*"]),
            part("user:b", &[Method::Get, Method::Post], &[]),
            rule(&["user:c"], &[Class::Unknown]),
        ],
    );
    let by = |name: &str, method, path| {
        let asked = RequestedAccess { class: Class::Unknown, mount: MountId(1), method, path };
        let decided = access.decide(&user(name), &asked).map(|(rule, _)| rule.position);
        (access.asks(&asked), decided.map_err(|denied| denied.closed))
    };
    let (get, post, put) = (Method::Get, Method::Post, Method::Put);
    for (name, method, path, asks, decided) in [
        ("a", get, "/public/x", false, Ok(0)),
        ("a", post, "/public/x", true, Err(Closed::NotThisMethod(number_of(0), post))),
        ("a", get, "/api/x", true, Ok(1)),
        ("a", post, "/api/x", true, Err(Closed::NotThisMethod(number_of(1), post))),
        ("a", get, "/x", true, Err(Closed::NotThisPath(number_of(0)))),
        ("b", post, "/x", true, Ok(2)),
        ("b", put, "/x", true, Err(Closed::NotThisMethod(number_of(2), put))),
        ("c", put, "/x", true, Ok(3)),
        ("c", get, "/public/x", false, Ok(0)),
    ] {
        assert_eq!(by(name, method, path), (asks, decided.map_err(Some)), "{name} {method:?} {path}");
    }
    let called = user("b");
    let parts: Vec<_> = access.parts(called.is(), MountId(1)).iter().map(ToString::to_string).collect();
    assert_eq!(parts, ["GET /public/*", "GET, POST"]);
    assert!(access.given(called.is(), MountId(1)).all().is_empty());
    assert!(!access.given(user("c").is(), MountId(1)).all().is_empty());
}

#[test]
fn nothing_is_allowed_by_default() {
    let access = Access::new(RuleList::Access, Vec::new());
    let denied = access.decide(&Caller::Anonymous, &asking(Class::Ui, 0)).unwrap_err();
    assert_eq!(denied.to_string(), "no access rule allows the class \"ui\" to anonymous callers here");
    let denied = access.decide(&user("a"), &asking(Class::Ui, 0)).unwrap_err();
    assert_eq!(denied.to_string(), "no access rule allows the class \"ui\" to user:a here");
}
