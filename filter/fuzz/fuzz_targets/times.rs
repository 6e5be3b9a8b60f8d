//! Sends requests with times to a VictoriaMetrics: what goes on has every time in one spelling, is within the guards in that
//! spelling, and is read again as the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use promward::api::prometheus::EXPRESSION;
use promward::api::victoria_metrics;
use promward::enforce::requirements::Requirements;
use promward::enforce::rewrite_cache::RewriteCache;
use promward::enforce::{Guarded, Guards, RuleList, RuleNumber};
use promward::promql::Bounds;
use promward::target::parameters::{ParameterNames, Parameters, Part};

/// The time at which the requests come: 2023-11-14T22:13:20.5Z.
const NOW: i64 = 1_700_000_000_500;

const RANGE: i64 = 86_400_000;
const OLDEST: i64 = 7 * 86_400_000;
const TIMEOUT: i64 = 30_000;

const OF_RANGE: ParameterNames = &["query", "start", "end", "step", "timeout", "nocache"];
const OF_INSTANT: ParameterNames = &["query", "time", "step", "timeout", "nocache"];

/// Returns a time in milliseconds. There is one spelling: whole seconds and three digits.
fn time(sent: &Parameters, name: &str) -> i64 {
    let text = sent.value(name).expect("a time");
    let (whole, thousandths) = text.split_once('.').expect("a spelled time");
    assert_eq!(thousandths.len(), 3);
    whole.parse::<i64>().expect("seconds") * 1_000 + thousandths.parse::<i64>().expect("thousandths")
}

/// Returns a duration in milliseconds, which is spelled with its unit.
fn duration(sent: &Parameters, name: &str) -> i64 {
    let text = sent.value(name).expect("a duration");
    text.strip_suffix("ms").expect("a spelled duration").parse().expect("milliseconds")
}

fn check(given: &Parameters, names: ParameterNames) {
    let guards = Guards {
        range: Some(RANGE),
        lookback: Some(OLDEST),
        oldest: Some(OLDEST),
        timeout: Some(TIMEOUT),
        points: Some(11_000),
        bounds: None,
    };
    let requirements = Requirements {
        profile: &victoria_metrics::PROFILE,
        names,
        unread: &[],
        selectors: Some(EXPRESSION),
        restriction: None,
        guarded: Some(Guarded { rule: RuleNumber { list: RuleList::Access, position: 0 }, guards, now: NOW }),
        bounds: Bounds::default(),
        now: Some(NOW),
    };
    let mut rewrites = RewriteCache::new(1);
    let Ok(sent) = requirements.of_query(given.clone(), &mut rewrites) else { return };
    let (start, end) = match names {
        OF_RANGE => (time(&sent, "start"), time(&sent, "end")),
        _ => (time(&sent, "time"), time(&sent, "time")),
    };
    assert!(start <= end && end - start <= RANGE);
    assert!(names != OF_RANGE || NOW - start <= OLDEST);
    assert!((1..=TIMEOUT).contains(&duration(&sent, "timeout")));
    assert!(duration(&sent, "step") >= 0);
    assert_eq!(requirements.of_query(sent.clone(), &mut rewrites).as_ref(), Ok(&sent));
}

fuzz_target!(|raw: &[u8]| {
    let Ok(given) = Parameters::parse(raw, Part::Query) else { return };
    for names in [OF_RANGE, OF_INSTANT] {
        // What stands twice is refused before, or stands once from there on.
        let stands_twice = |name: &&&str| given.named(name).count() > 1;
        if names.iter().find(stands_twice).is_none() {
            check(&given, names);
        }
    }
});
