//! Prints what the rules on trial would change, by caller and class.

use crate::explain::matrix::{in_part, words};
use promward::access::{Access, Rule};
use promward::api::class::{Class, Classes};
use promward::api::mount::MountId;
use promward::caller::who::Who;
use promward::gateway::Gateway;
use std::fmt::Write;

/// Returns a line for each mount, each `who` and each change, or one line that says that nothing changes.
pub(super) fn of(gateway: &Gateway, trial: &Access) -> String {
    let mut lines = String::new();
    for (id, mount) in gateway.mounts.iter() {
        let prefix = mount.prefix.written();
        for who in named(&gateway.access, trial) {
            let called = gateway.callers.also(who);
            for (change, classes) in changes(&gateway.access, trial, &called, id, mount.api.classes) {
                let _ = writeln!(lines, "    {prefix} {who}: {}: {change}", words(classes));
            }
            let [before, after] = [&gateway.access, trial].map(|list| in_part(&list.parts(&called, id)));
            if before != after {
                let _ = writeln!(lines, "    {prefix} {who}: in part: {before} -> {after}");
            }
        }
    }
    match lines.is_empty() {
        true => "  trial: changes nothing, but for rates\n".to_owned(),
        false => format!("  trial: would change\n{lines}"),
    }
}

/// Returns everybody whom one of the lists names.
fn named<'a>(access: &'a Access, trial: &'a Access) -> Vec<&'a Who> {
    let mut named = access.named();
    named.extend(trial.named().into_iter().filter(|who| !access.named().contains(who)));
    named
}

/// Returns the changes for somebody at a mount, each with the classes that it is about.
fn changes(
    access: &Access,
    trial: &Access,
    called: &[Who],
    mount: MountId,
    classes: Classes,
) -> Vec<(String, Classes)> {
    let mut changes: Vec<(String, Classes)> = Vec::new();
    for class in Class::all().filter(|&class| classes.contains(class)) {
        let [before, after] = [access, trial].map(|list| list.giving(called, class, mount));
        let Some(change) = change(before, after, class) else { continue };
        let class = Classes::of(&[class]);
        match changes.iter_mut().find(|(known, _)| *known == change) {
            Some((_, classes)) => *classes = classes.with(class),
            None => changes.push((change, class)),
        }
    }
    changes
}

/// Returns the change of what a rule gives of a class, or `None` if there is none.
fn change(before: Option<&Rule>, after: Option<&Rule>, class: Class) -> Option<String> {
    let [from, to] = [before, after].map(|rule| standing(rule, class));
    if from != to {
        return Some(format!("{from} -> {to}"));
    }
    let is_same = match (before, after) {
        (Some(before), Some(after)) => from == "open" || before.has_terms_of(after),
        _ => true,
    };
    (!is_same).then(|| format!("{from} -> {to} in another way"))
}

/// Returns what a rule gives of a class, as the table of rights calls it.
fn standing(rule: Option<&Rule>, class: Class) -> String {
    let Some(rule) = rule else { return "refused".to_owned() };
    let is_restricted = rule.only.is_some() && !Classes::OPEN.contains(class);
    let mut standing = if is_restricted { "restricted" } else { "open" }.to_owned();
    if rule.guards.is_some() && Classes::GUARDED.contains(class) {
        standing.push_str(", limited");
    }
    if rule.tenant.is_some() {
        standing.push_str(", by tenant");
    }
    standing
}
