//! Expressions that cost a server much where they are evaluated at many points, each at as many as its work allows.

use super::Case;
use promward::promql::{Bounds, Query};
use promward::target::parameters::Parameters;
use promward::time::dialect::Dialect;
use promward::time::{Evaluation, Window};
use std::time::{SystemTime, UNIX_EPOCH};

/// The most points that Prometheus evaluates.
const MOST_POINTS: i64 = 11_000;

/// Returns the worst expressions. `length` is the longest that the server takes, and `chained` is how many operators of
/// some kinds are allowed in a chain.
fn expressions(length: usize, chained: usize) -> Vec<String> {
    let between =
        |operators: usize, operator: &str, operand: &str| vec![operand; operators + 1].join(operator);
    let random = "(vector(time())*1664525%1013904223)";
    let long = "x".repeat(length.min(20_000) * 3 / 4);
    vec![
        "up".to_owned(),
        between(1, "/", "sum(rate(process_cpu_seconds_total[1m]))"),
        between(16, "+", "up"),
        between(250, "+", "up"),
        between(250, "+", "time()"),
        format!("time(){}", "+1".repeat(250)),
        between(chained, " and ", "up{job!=''}"),
        between(chained, "^", "up{job!=''}"),
        between(140, "+", "topk(1,up)"),
        between(140, "+", "histogram_quantile(0.9,up)"),
        between(140, "+", "quantile_over_time(0.5,process_cpu_seconds_total[1m])"),
        format!(
            "label_replace(up,\"a\",\"{long}\",\"job\",\"(.*)\"){}",
            "+ignoring(a)group_left up".repeat(50)
        ),
        format!("count_values by({})(\"v\",up)", between(length.min(10_000) / 2, ",", "l")),
        format!("sum_over_time({random}[1000s:1s])"),
        format!("quantile_over_time(0.5,{random}[1000s:1s])"),
        format!("quantile_over_time(0.5,{random}[50s:1s])"),
    ]
}

/// Returns range queries of the worst expressions.
pub(super) fn ranges(length: usize, dialect: Dialect) -> Vec<Case> {
    let of = |text: String| {
        let work = Query::parse(&text).unwrap().work().unwrap();
        let is_allowed = |points| work.at(&evaluation(points, dialect)) <= Bounds::default().work;
        let (mut points, mut too_many) = (1, MOST_POINTS + 1);
        while too_many - points > 1 {
            let between = i64::midpoint(points, too_many);
            *(if is_allowed(between) { &mut points } else { &mut too_many }) = between;
        }
        assert!(is_allowed(points), "{text}");
        Case { points: Some(points), ..super::case("query_range", text) }
    };
    let chained = if dialect == Dialect::VictoriaMetrics { 92 } else { 250 };
    expressions(length, chained).into_iter().map(of).collect()
}

/// Returns instant queries of subqueries as long as their work allows.
pub(super) fn subqueries() -> Vec<Case> {
    let of = |(inner, step): (&str, i64)| {
        let text = |points: i64| format!("sum_over_time({inner}[{}ms:{step}ms])", points * step);
        let is_allowed = |points| {
            let text = text(points);
            let work = Query::parse(&text).unwrap().work().unwrap();
            work.at(&evaluation(1, Dialect::Prometheus)) <= Bounds::default().work
        };
        let most =
            (1..1_000).rev().map(|thousand| thousand * 1_000).find(|points| is_allowed(*points)).unwrap();
        super::case("query", text(most))
    };
    [("vector(1)", 1), ("up", 1), ("(up+up+up+up)", 1)].into_iter().map(of).collect()
}

/// Returns an evaluation at so many points, a millisecond apart, so that there are samples at each.
fn evaluation(points: i64, dialect: Dialect) -> Evaluation {
    let window = Window { start: 0, end: points - 1 };
    Evaluation { window, step: Some(1), lookback_delta: 300_000, dialect }
}

/// Adds the times of a range query at so many points, which end now.
pub(super) fn add_times(points: i64, parameters: &mut Parameters) {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let start = now - u128::try_from(points - 1).unwrap();
    let seconds = |time: u128| format!("{}.{:03}", time / 1_000, time % 1_000);
    for (name, value) in [("start", seconds(start)), ("end", seconds(now)), ("step", "0.001".to_owned())] {
        parameters.put_first(name, &value);
    }
    // VictoriaMetrics keeps answers.
    parameters.put_first("nocache", "1");
}
