//! Explains the limits of password checks as a rate of logins, so that the effect of a cost or a limit is visible.

use crate::hash::COST;
use promward::caller::budget::SHARE;
use promward::caller::passwords::{Passwords, TICK, User};
use promward::time::rate::Rate;

/// The most names that a line shows.
const MANY: usize = 5;

/// Returns the lines about password checks, indented by two spaces.
pub(super) fn of(passwords: &Passwords) -> String {
    let slices = passwords.slices();
    let interval = TICK.saturating_mul(slices.into());
    let can_be_run = Rate { interval, burst: 1 };
    let limits = &passwords.limits;
    let (checks, of_one) = (limits.checks, limits.checks.shared_by(SHARE));
    let Some(dearest) = passwords.users().max_by_key(User::rounds) else { return String::new() };
    let last = interval.saturating_mul(u64::try_from(limits.waiting).unwrap_or(u64::MAX));
    let mut lines = format!(
        "  logins by password: {can_be_run} in each worker ({costs}: {slices} slices a check, one every {tick} ms)
    {checks} may begin, {burst} at once, and from one source {of_one}, {burst_of_one} at once; right ones don't count
    {waiting} may wait, {last} s at most, and {waiting_of_one} from one source\n",
        costs = costs(dearest),
        tick = TICK.div_ceil(1_000_000),
        burst = checks.burst,
        burst_of_one = of_one.burst,
        waiting = limits.waiting,
        last = last.div_ceil(1_000_000_000),
        waiting_of_one = limits.waiting_per_source,
    );
    if checks.interval < interval {
        lines.push_str(&format!(
            "  warning: more checks may begin than can be run: those beyond {can_be_run} wait, until too many do\n"
        ));
    }
    let cheap = |user: &User<'_>| user.hashes.iter().any(|hash| hash.cost() < COST);
    let cheap: Vec<_> = passwords.users().filter(cheap).map(|user| format!("user:{}", user.name)).collect();
    if !cheap.is_empty() {
        lines.push_str(&format!(
            "  warning: a hash below cost {COST} is guessed quickly by anybody who gets it: cargo promward hash makes a new one for \
             {}\n",
            some_of(&cheap)
        ));
    }
    if passwords.users().any(|user| user.rounds() < dearest.rounds()) {
        lines.push_str(&format!(
            "  warning: every user's failing check takes as long as that of user:{} ({}), so that it tells nobody who exists: \
             give all of them hashes of one cost, and as many\n",
            dearest.name,
            costs(dearest)
        ));
    }
    lines
}

/// Returns the first few of these names, and the number of the others.
fn some_of(names: &[String]) -> String {
    let (shown, left) = names.split_at(names.len().min(MANY));
    let more = if left.is_empty() { String::new() } else { format!(" and {} more", left.len()) };
    shown.join(", ") + &more
}

/// Formats a user's costs: `cost 10`, or `costs 10 and 12` if there are several.
fn costs(user: User<'_>) -> String {
    let costs: Vec<_> = user.hashes.iter().map(|hash| hash.cost().to_string()).collect();
    format!("{} {}", if costs.len() == 1 { "cost" } else { "costs" }, costs.join(" and "))
}
