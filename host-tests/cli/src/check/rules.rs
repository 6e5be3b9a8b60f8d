//! Warns of rules that the filter accepts, and that do something else than was meant, or something that hurts.

use promward::access::Rule;
use promward::api::class::{Class, Classes};
use promward::api::mount::{Mount, MountId, PassedCredentials};
use promward::caller::who::Who;
use promward::enforce::RuleNumber;
use promward::gateway::Gateway;
use promward::promql::MAX_RESTRICTED;

/// The number of selectors that every query should have room for with their matchers. Dashboards have queries with some
/// dozens.
const SELECTORS: usize = 32;

/// Names that no pattern for some metrics matches by chance.
const ANY_NAMES: [&str; 3] = ["zq7", "some_metric_of_nobody_total", "A:b:c"];

/// Returns the warnings about a configuration.
pub(super) fn warnings(gateway: &Gateway) -> Vec<String> {
    let of_rules = gateway.access.rules().flat_map(|(number, rule)| of_rule(gateway, number, rule));
    let of_mounts =
        unnamed_mounts(gateway).into_iter().chain(removed_cookies(gateway)).chain(lookups(gateway));
    of_mounts.chain(of_rules).chain(unnamed_callers(gateway)).collect()
}

fn of_rule(gateway: &Gateway, number: RuleNumber, rule: &Rule) -> Vec<String> {
    [number_on_write(gateway, number, rule), long_matchers(number, rule), everything_shared(number, rule)]
        .into_iter()
        .flatten()
        .collect()
}

/// Beyond a rate or a number at once senders are told to wait, and what they hold meanwhile grows.
fn number_on_write(gateway: &Gateway, number: RuleNumber, rule: &Rule) -> Option<String> {
    let writes = |(id, mount): (MountId, &Mount)| {
        rule.is_at(id) && mount.api.classes.contains(Class::Write) && rule.may.contains(Class::Write)
    };
    let field = match (rule.rate, rule.concurrent) {
        (Some(_), _) => "rate",
        (None, Some(_)) => "concurrent",
        (None, None) => return None,
    };
    let writes = rule.only.is_none() && gateway.mounts.iter().any(writes);
    writes.then(|| {
        format!(
            "{number}.limits.{field}: this holds for the class write too: senders beyond it get 503 and send again later, so that \
             samples come late; put write into a rule of its own, above this one and without \"{field}\""
        )
    })
}

/// Long matchers leave room for few selectors.
fn long_matchers(number: RuleNumber, rule: &Rule) -> Option<String> {
    let (_, length) = rule.only.as_ref()?.lengths();
    let selectors = MAX_RESTRICTED / length.saturating_add(2).max(1);
    (selectors < SELECTORS).then(|| {
        format!(
            "{number}.only: its matchers have up to {length} bytes in each selector, so that a query of more than {selectors} \
             selectors is refused: list fewer values, or write a regular expression"
        )
    })
}

fn everything_shared(number: RuleNumber, rule: &Rule) -> Option<String> {
    let shared = rule.only.as_ref()?.shared()?;
    ANY_NAMES.iter().all(|name| shared.has(name)).then(|| {
        format!(
            "{number}.shared: this pattern matches every metric, so that whoever names one sees it whole: write a narrower \
             pattern, or list names"
        )
    })
}

/// Returns a warning for each mount of silences that names no cluster, where somebody is restricted: the filter looks a silence
/// up before such a caller reads, changes or ends it.
fn lookups(gateway: &Gateway) -> Vec<String> {
    let is_needed = |id: MountId, mount: &Mount| {
        let of_silences = Classes::of(&[Class::Alerts, Class::Silences]).both(mount.api.classes);
        let is_restricted = |rule: &Rule| rule.only.is_some() && rule.is_at(id);
        let gives = |rule: &Rule| !rule.may.both(of_silences).is_empty();
        mount.cluster.is_none() && gateway.access.rules().any(|(_, rule)| is_restricted(rule) && gives(rule))
    };
    let needed = gateway.mounts.iter().filter(|&(id, mount)| is_needed(id, mount));
    let warning = |(id, _): (MountId, &Mount)| {
        format!(
            "mounts[{}]: without \"cluster\" nobody who is restricted can read, change or end a silence by its id: name the \
             proxy's cluster of this Alertmanager",
            id.0
        )
    };
    needed.map(warning).collect()
}

/// Returns a warning for each mount where no rule holds.
fn unnamed_mounts(gateway: &Gateway) -> Vec<String> {
    let unnamed =
        gateway.mounts.iter().filter(|(id, _)| !gateway.access.rules().any(|(_, rule)| rule.is_at(*id)));
    let warning = |(id, mount): (MountId, &Mount)| {
        let prefix = mount.prefix.written();
        format!(
            "mounts[{}]: no rule holds at {prefix}, so that every request to it is refused: name it in \"at\" of a rule",
            id.0
        )
    };
    unnamed.map(warning).collect()
}

/// Returns a warning for each opaque mount that removes cookies, without which web applications keep nobody logged in.
fn removed_cookies(gateway: &Gateway) -> Vec<String> {
    let removing = |(id, mount): (MountId, &Mount)| {
        (mount.is_opaque() && mount.credentials == PassedCredentials::None).then(|| {
            format!(
                "mounts[{}].credentials: this removes cookies too, so that nobody stays logged in to the server behind it: \
                 leave the field out, and cookies go on",
                id.0
            )
        })
    };
    gateway.mounts.iter().filter_map(removing).collect()
}

/// Returns a warning for each user, token and certificate that no rule names, by itself or by a group: often the rule was
/// forgotten.
fn unnamed_callers(gateway: &Gateway) -> Vec<String> {
    let named = gateway.access.named();
    let is_named = |caller: &Who| {
        gateway.callers.also(caller).iter().any(|who| *who != Who::anyone() && named.contains(&who))
    };
    let unnamed = gateway.callers.known().filter(|caller| !is_named(caller));
    let warning = |caller: Who| format!("no rule names {caller}, who gets only what \"anyone\" gets");
    unnamed.map(warning).collect()
}
