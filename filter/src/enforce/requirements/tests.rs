//! Tests of the requirements of a rule on parameters.

use super::super::guards::Guards;
use super::super::restriction::Absent;
use super::super::restriction::samples::{listed, only, restriction};
use super::super::shared::Shared;
use super::super::{RuleList, RuleNumber};
use super::*;
use crate::api::prometheus::{self, ANY_OF, EXPRESSION, FILTERS};
use crate::api::victoria_metrics;
use crate::target::parameters::Part;

fn requirements(selectors: Selectors) -> Requirements {
    let names = &["query", "match[]", "time", "include_metadata"];
    Requirements {
        profile: &prometheus::PROFILE,
        names,
        unread: &["step"],
        selectors: Some(selectors),
        restriction: Some(restriction(only(&["a"]))),
        guarded: None,
        bounds: Bounds::default(),
        now: None,
    }
}

fn parameters(text: &str) -> Parameters {
    Parameters::parse(text.as_bytes(), Part::Query).unwrap()
}

#[test]
fn every_selector_gets_the_restriction() {
    for (selectors, text, sent) in [
        (EXPRESSION, "time=1&query=a-b", r#"time=1&query=a{tenant="a"}-b{tenant="a"}"#),
        (EXPRESSION, "time=1", "time=1"),
        (ANY_OF, "match[]=a&match[]={b='c'}", r#"match[]=a{tenant="a"}&match[]={tenant="a",b='c'}"#),
        (ANY_OF, "time=1", r#"match[]={tenant="a"}&time=1"#),
        (FILTERS, "match[]=a", r#"match[]=a{tenant="a"}"#),
        (FILTERS, "", ""),
    ] {
        assert_eq!(
            requirements(selectors).of_query(parameters(text), &mut RewriteCache::new(1)),
            Ok(parameters(sent)),
            "{text}"
        );
    }
}

/// Returns the requirements of a rule that shares the metric `up`.
fn sharing(selectors: Selectors) -> Requirements {
    let shared = Shared::listed(vec!["up".to_owned()]).map(Rc::new);
    let restriction = Rc::unwrap_or_clone(restriction(only(&["a"]))).with_shared(shared);
    Requirements { restriction: Some(Rc::new(restriction)), ..requirements(selectors) }
}

#[test]
fn a_selector_that_names_a_shared_metric_is_sent_as_it_is() {
    for (selectors, text, sent) in [
        (EXPRESSION, "query=up-b", r#"query=up-b{tenant="a"}"#),
        (EXPRESSION, "query={__name__=~'up'}", r#"query={tenant="a",__name__=~'up'}"#),
        (ANY_OF, "match[]=up&match[]=b", r#"match[]=up&match[]=b{tenant="a"}"#),
        (ANY_OF, "time=1", r#"match[]={tenant="a"}&match[]={__name__="up"}&time=1"#),
        // These selectors are about the labels of rules.
        (FILTERS, "match[]=up", r#"match[]=up{tenant="a"}"#),
    ] {
        let mut rewrites = RewriteCache::new(1);
        for _ in 0..2 {
            let result = sharing(selectors).of_query(parameters(text), &mut rewrites);
            assert_eq!(result, Ok(parameters(sent)), "{text}");
        }
        let form = sharing(selectors).of_form(parameters(text), &Parameters::default(), &mut rewrites);
        assert_eq!(form, Ok(parameters(sent)), "{text}");
        // Nobody else gets what was remembered for the caller who shares.
        let others =
            |rewrites: &mut RewriteCache| requirements(selectors).of_query(parameters(text), rewrites);
        assert_eq!(others(&mut rewrites), others(&mut RewriteCache::new(1)), "{text}");
    }
}

#[test]
fn a_parameter_that_may_stand_only_once_has_only_the_restriction() {
    let once = Selectors { parameter: "selector", ..ANY_OF };
    let sent = sharing(once).of_query(parameters("time=1"), &mut RewriteCache::new(1));
    assert_eq!(sent, Ok(parameters(r#"selector={tenant="a"}&time=1"#)));
}

#[test]
fn guards_hold_for_shared_metrics_too() {
    let guards = Guards { lookback: Some(3_600_000), ..Guards::default() };
    let guarded = Some(Guarded { rule: RuleNumber { list: RuleList::Access, position: 0 }, guards, now: 0 });
    let limited = Requirements { guarded, ..sharing(EXPRESSION) };
    for text in ["query=up offset 2h", "query=max_over_time(up[2h])", "query=b - up[2h:1m]"] {
        let result = limited.of_query(parameters(text), &mut RewriteCache::new(1));
        assert!(matches!(result, Err(Violation::Guard(_))), "{text}: {result:?}");
    }
}

#[test]
fn a_query_string_ahead_of_a_form_reads_nothing_by_itself() {
    let requirements = requirements(ANY_OF);
    let nothing = format!("match[]={NOTHING}&time=1");
    assert_eq!(
        requirements.of_first_half(parameters("time=1"), &mut RewriteCache::new(1)),
        Ok(parameters(&nothing))
    );
    let given = parameters(r#"match[]=a{tenant="a"}"#);
    assert_eq!(requirements.of_first_half(parameters("match[]=a"), &mut RewriteCache::new(1)), Ok(given));
}

#[test]
fn what_may_have_no_label_is_listed_by_a_selector_that_servers_take() {
    let absent = Requirements {
        restriction: Some(restriction(listed("tenant", &["a"], Absent::Allowed))),
        ..requirements(ANY_OF)
    };
    let sent = absent.of_query(parameters("time=1"), &mut RewriteCache::new(1));
    assert_eq!(sent, Ok(parameters(r#"match[]={tenant=~"a|",__name__!=""}&time=1"#)));
    let sent = absent.of_query(parameters("match[]=up"), &mut RewriteCache::new(1));
    assert_eq!(sent, Ok(parameters(r#"match[]=up{tenant=~"a|"}"#)));
}

#[test]
fn a_second_lock_stands_beside_the_selectors() {
    let locked = |selectors| Requirements {
        profile: &crate::api::victoria_metrics::PROFILE,
        ..requirements(selectors)
    };
    let lock = r#"extra_filters[]={tenant="a"}"#;
    for (selectors, text, sent) in [
        (EXPRESSION, "query=a-b", format!(r#"{lock}&query=a{{tenant="a"}}-b{{tenant="a"}}"#)),
        (EXPRESSION, "query=1", format!("{lock}&query=1")),
        (ANY_OF, "", format!(r#"{lock}&match[]={{tenant="a"}}"#)),
    ] {
        let result = locked(selectors).of_query(parameters(text), &mut RewriteCache::new(1));
        assert_eq!(result, Ok(parameters(&sent)), "{text}");
    }
    // The server holds a selector to any one of several, so that the shared metrics have one beside it.
    let sharing = Requirements { restriction: sharing(EXPRESSION).restriction, ..locked(EXPRESSION) };
    let sent = sharing.of_query(parameters("query=up-b"), &mut RewriteCache::new(1));
    let shared = r#"extra_filters[]={__name__="up"}"#;
    assert_eq!(sent, Ok(parameters(&format!(r#"{lock}&{shared}&query=up-b{{tenant="a"}}"#))));
    let given = parameters(r#"query=a&extra_filters[]={tenant="b"}"#);
    let refused = locked(EXPRESSION).of_query(given, &mut RewriteCache::new(1));
    assert!(matches!(refused, Err(Violation::Parameter(..))), "{refused:?}");
    let unrestricted = Requirements { restriction: None, ..locked(EXPRESSION) };
    let sent = unrestricted.of_query(parameters("query=a"), &mut RewriteCache::new(1));
    assert_eq!(sent, Ok(parameters("query=a")));
}

#[test]
fn a_form_has_the_restriction_where_neither_half_has_a_selector() {
    let requirements = requirements(ANY_OF);
    for (query, form, sent) in [
        ("time=1", "query=x", r#"match[]={tenant="a"}&query=x"#),
        ("match[]=a", "query=x", "query=x"),
        ("", "match[]=b", r#"match[]=b{tenant="a"}"#),
    ] {
        let result = requirements.of_form(parameters(form), &parameters(query), &mut RewriteCache::new(1));
        assert_eq!(result, Ok(parameters(sent)), "{query} {form}");
    }
}

#[test]
fn who_is_limited_alone_still_gets_everything_by_a_form() {
    let limited = Requirements { restriction: None, ..requirements(ANY_OF) };
    let sent = limited.of_form(parameters("time=1"), &Parameters::default(), &mut RewriteCache::new(1));
    assert_eq!(sent, Ok(parameters(r#"match[]={__name__!=""}&time=1"#)));
    assert_eq!(
        limited.of_form(parameters("match[]=a"), &Parameters::default(), &mut RewriteCache::new(1)),
        Ok(parameters("match[]=a"))
    );
    assert_eq!(limited.of_query(parameters("time=1"), &mut RewriteCache::new(1)), Ok(parameters("time=1")));
}

#[test]
fn a_parameter_that_the_row_does_not_name_is_refused() {
    for text in ["query=up&lookback_delta=10y", "Query=up", "query=up&include_metadata=1"] {
        let result = requirements(EXPRESSION).of_query(parameters(text), &mut RewriteCache::new(1));
        assert!(matches!(result, Err(Violation::Parameter(..))), "{text}: {result:?}");
        let result = requirements(EXPRESSION).of_form(
            parameters(text),
            &Parameters::default(),
            &mut RewriteCache::new(1),
        );
        assert!(matches!(result, Err(Violation::Parameter(..))), "{text}: {result:?}");
        let result = requirements(EXPRESSION).of_first_half(parameters(text), &mut RewriteCache::new(1));
        assert!(matches!(result, Err(Violation::Parameter(..))), "{text}: {result:?}");
    }
}

#[test]
fn what_is_searched_for_is_short() {
    let searching = Requirements { names: &["match[]", "search[]"], ..requirements(ANY_OF) };
    let texts = |first: usize, second: usize| {
        let [first, second] = [first, second].map(|length| "x".repeat(length));
        parameters(&format!("search[]={first}&search[]={second}"))
    };
    let nothing = Parameters::default();
    assert!(searching.of_query(texts(1_000, 24), &mut RewriteCache::new(1)).is_ok());
    for refused in [
        searching.of_query(texts(1_000, 25), &mut RewriteCache::new(1)),
        searching.of_first_half(texts(1_025, 0), &mut RewriteCache::new(1)),
        searching.of_form(texts(1, 1_024), &nothing, &mut RewriteCache::new(1)),
    ] {
        assert_eq!(refused, Err(Violation::Searched("search[]")));
    }
}

#[test]
fn what_nobody_reads_goes_no_further() {
    let (requirements, nothing) = (requirements(EXPRESSION), Parameters::default());
    let sent = || Ok(parameters(r#"query=up{tenant="a"}"#));
    assert_eq!(
        requirements.of_query(parameters("query=up&_=1700000000000&_=2&step=5m"), &mut RewriteCache::new(1)),
        sent()
    );
    assert_eq!(requirements.of_first_half(parameters("_=1&query=up"), &mut RewriteCache::new(1)), sent());
    assert_eq!(
        requirements.of_form(parameters("step=1&query=up&_=1"), &nothing, &mut RewriteCache::new(1)),
        sent()
    );
    assert!(requirements.of_query(parameters("query=up&__=1"), &mut RewriteCache::new(1)).is_err());
}

#[test]
fn a_character_that_can_not_be_shown_is_not_left_out_of_a_name() {
    let refused = requirements(EXPRESSION)
        .of_query(parameters("query=up&query%00=b"), &mut RewriteCache::new(1))
        .unwrap_err();
    assert!(refused.to_string().contains("\"query\u{fffd}\""), "{refused}");
}

#[test]
fn what_is_not_understood_is_refused_by_the_name_of_its_parameter() {
    let result =
        requirements(ANY_OF).of_query(parameters("match[]=up[5m]"), &mut RewriteCache::new(1)).unwrap_err();
    assert_eq!(
        result.to_string(),
        "the parameter \"match[]\": expected the end of the selector at position 2 of the query"
    );
    let result = requirements(EXPRESSION).of_query(parameters("query=info(up)"), &mut RewriteCache::new(1));
    assert!(matches!(result, Err(Violation::Syntax("query", _))));
}

#[test]
fn what_is_remembered_of_one_is_nothing_to_others() {
    let others = Requirements { restriction: Some(restriction(only(&["b"]))), ..requirements(EXPRESSION) };
    let mut rewrites = RewriteCache::new(1);
    for _ in 0..2 {
        for (requirements, text, sent) in [
            (&requirements(EXPRESSION), "query=a-b", Some(r#"query=a{tenant="a"}-b{tenant="a"}"#)),
            (&others, "query=a-b", Some(r#"query=a{tenant="b"}-b{tenant="b"}"#)),
            (&requirements(ANY_OF), "match[]=a-b", None),
            (&requirements(EXPRESSION), "query=a-", None),
            (&requirements(FILTERS), "match[]=a", Some(r#"match[]=a{tenant="a"}"#)),
        ] {
            let result = requirements.of_query(parameters(text), &mut rewrites);
            assert_eq!(result.ok(), sent.map(parameters), "{text}");
        }
    }
}

#[test]
fn all_selectors_together_are_bounded_once_they_are_restricted() {
    let mut restricted = requirements(ANY_OF);
    restricted.restriction = Some(restriction(only(&[&"a".repeat(1_000)])));
    let many = |number: usize| parameters(&vec!["match[]=a"; number].join("&"));
    assert!(restricted.of_query(many(250), &mut RewriteCache::new(1)).is_ok());
    assert_eq!(restricted.of_query(many(270), &mut RewriteCache::new(1)), Err(Violation::TooLong));
}

/// Returns the requirements of a range query, of a server with this API.
fn ranged(profile: &'static Profile) -> Requirements {
    let names = &["query", "start", "end", "step"];
    Requirements { profile, names, unread: &[], now: Some(1_796_000_000_000), ..requirements(EXPRESSION) }
}

#[test]
fn the_work_of_a_query_is_bounded_where_no_guard_is_given() {
    let sums = ["sum(rate(a[5m]))"; 40].join("/");
    for (text, is_allowed) in [
        ("query=up&start=0&end=10999&step=1", true),
        ("query=sum(rate(a[5m]))/sum(rate(b[5m]))>0.01&start=0&end=10999&step=1", true),
        (&format!("query={sums}&start=0&end=1000&step=15"), true),
        (&format!("query={sums}&start=0&end=15000&step=15"), false),
        (&format!("query={sums}"), true),
        ("query=up&start=0&end=10999&step=0", false),
        ("query=up&start=0&end=1e6&step=1", false),
        ("query=max_over_time(up[1d:1ms])&start=0&end=0&step=1", false),
        ("query=max_over_time(up[1d:1m])&start=0&end=86400&step=60", true),
    ] {
        let requirements = ranged(&prometheus::PROFILE);
        let (mut once, mut rewrites) = (RewriteCache::new(1), RewriteCache::new(1));
        // Remembered for other times, it is no less work for these.
        let early = parameters(text.split('&').next().unwrap());
        assert!(requirements.of_query(early, &mut rewrites).is_ok() || text.contains("1ms"), "{text}");
        for result in [
            requirements.of_query(parameters(text), &mut once),
            requirements.of_query(parameters(text), &mut rewrites),
            requirements.of_form(parameters(text), &Parameters::default(), &mut once),
        ] {
            let is_too_much = matches!(result, Err(Violation::Work { most: 450_000, .. }));
            assert_eq!((result.is_ok(), is_too_much), (is_allowed, !is_allowed), "{text}: {result:?}");
        }
        // In two halves, of which neither says all.
        let (query, times) = text.split_once('&').unwrap_or((text, ""));
        let (query, times) = (parameters(query), parameters(times));
        for (form, first) in [(query.clone(), &times), (times.clone(), &query)] {
            let result = requirements.of_form(form, first, &mut once);
            assert_eq!(result.is_ok(), is_allowed, "{text}: {result:?}");
        }
    }
}

#[test]
fn the_times_that_work_depends_on_are_read_as_the_server_reads_them() {
    for (profile, text, is_allowed) in [
        (&prometheus::PROFILE, "query=up&start=0&end=x&step=1", false),
        (&prometheus::PROFILE, "query=up&start=-1h&end=now&step=1", false),
        (&victoria_metrics::PROFILE, "query=up&start=-1h&end=now&step=1", true),
        (&victoria_metrics::PROFILE, "query=up&start=-1h&step=1ms", false),
        (&victoria_metrics::PROFILE, "query=up&start=2025&step=1s", false),
        (&victoria_metrics::PROFILE, "query=up&step=1s", true),
    ] {
        let result = ranged(profile).of_query(parameters(text), &mut RewriteCache::new(1));
        assert_eq!(result.is_ok(), is_allowed, "{text}: {result:?}");
    }
}

#[test]
fn a_rule_may_allow_more_or_less_work() {
    let text = "query=up-up&start=0&end=100&step=1";
    for (work, is_allowed) in [(10, false), (400, true)] {
        let bounds = Bounds { work, ..Bounds::default() };
        let requirements = Requirements { bounds, ..ranged(&prometheus::PROFILE) };
        let result = requirements.of_query(parameters(text), &mut RewriteCache::new(1));
        assert_eq!(result.is_ok(), is_allowed, "{result:?}");
    }
}
