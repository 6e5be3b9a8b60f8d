//! An explanation for people: a paragraph for each room, in the order of the way.

use super::diff;
use super::paint::Paint;
use super::rules::{self, amounts, limits, who};
use crate::explain::matrix::words;
use crate::policy::Policy;
use crate::policy::answer::{Given, of_body};
use crate::policy::asked::Asked;
use crate::policy::course::{Course, End};
use crate::policy::selectors;
use promward::access::{Considered, RuleVerdict};
use promward::api::endpoint::{Message, ToRestricted};
use promward::caller::who::Who;
use promward::gateway::Gateway;
use promward::gateway::account::Room;
use promward::report::Outcome;
use promward::response::reply::Reply;

/// The width of the column with the names of the rooms.
const NAMES: usize = 11;

/// The paragraphs so far.
struct Page {
    text: String,
    paint: Paint,
}

impl Page {
    /// Adds a paragraph with a name. Without a line there is none.
    fn add(&mut self, name: &str, lines: impl IntoIterator<Item = String>) {
        for (index, line) in lines.into_iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            let padding = " ".repeat(NAMES.saturating_sub(name.len()));
            let line = format!("{}{padding}{line}", self.paint.bold(name));
            self.text.push_str(line.trim_end());
            self.text.push('\n');
        }
    }
}

/// Returns the explanation of a request.
pub(super) fn of(
    policy: &Policy,
    asked: &Asked,
    course: &Course<'_>,
    given: Option<&Given>,
    paint: Paint,
) -> String {
    let mut page = Page { text: String::new(), paint };
    let account = &course.account;
    page.add("request", [course.sent.first_line()]);
    let target = account.target.as_ref().map(|target| match &target.query {
        Some(query) => format!("{} with the query string {}", target.path.as_str(), query.as_str()),
        None => target.path.as_str().to_owned(),
    });
    page.add("target", target);
    page.add(
        "mount",
        account.mount.map(|mount| {
            format!("{} of the API \"{}\"; below it {}", mount.prefix.written(), mount.api.name, account.path)
        }),
    );
    page.add(
        "endpoint",
        account.class.map(|class| {
            let row = account.endpoint.map_or("not in the table of the API", |endpoint| endpoint.path);
            format!("{row}: class \"{class}\"")
        }),
    );
    page.add("caller", caller(asked, course));
    page.add("access", account.rules.iter().map(|considered| rule(considered, paint)));
    page.add("limits", limit_lines(course, policy.gateway()));
    page.add("terms", terms(course));
    page.add("selectors", selector_lines(course, paint));
    page.add("trial", trial(course));
    match &course.end {
        End::Upstream(upstream) => {
            page.add("upstream", diff::of(&course.sent, &upstream.0, paint));
            page.add("answer", answer(policy, course, given, paint));
        }
        End::Passed(message) => {
            page.add("passed on", diff::of(&course.sent, message, paint));
        }
        End::Reply(reply) => page.add("reply", reply_lines(reply)),
    }
    page.text.push('\n');
    page.text.push_str(&verdict(course, given, paint));
    page.text.push('\n');
    page.text
}

fn caller(asked: &Asked, course: &Course<'_>) -> Vec<String> {
    let account = &course.account;
    let Some(caller) = &account.caller else { return Vec::new() };
    if !account.asks {
        return vec!["not asked, since the first rule for this request is for anyone".to_owned()];
    }
    let name = caller.who();
    let others: Vec<_> = caller.is().iter().map(Who::as_str).filter(|&who| who != name).collect();
    let is_said = asked.caller.to_string() == name;
    let how = if is_said { ", as --as says" } else { "" };
    vec![format!("{name}{how}; also {}", others.join(", "))]
}

fn rule(considered: &Considered<'_>, paint: Paint) -> String {
    let Considered { number, rule, .. } = considered;
    let (_, why) = rules::verdict(considered);
    let line = format!("{number} {} may {}: {why}", who(rule).join(", "), words(rule.may));
    match considered.verdict {
        RuleVerdict::Decides => paint.green(&line),
        RuleVerdict::Closed(_) => paint.red(&line),
        _ => paint.dim(&line),
    }
}

fn limit_lines(course: &Course<'_>, gateway: &Gateway) -> Vec<String> {
    let amounts = amounts(course);
    let line = |(name, allows): (&'static str, String)| {
        let asked = amounts.iter().find(|(other, _)| *other == name);
        let asked = asked.map(|(_, asked)| format!(", and this request asks {asked}")).unwrap_or_default();
        format!("{} {allows}{asked}", name.replace('_', " "))
    };
    limits(course, gateway).into_iter().map(line).collect()
}

/// Returns the line about the rules on trial, if they would decide otherwise.
fn trial(course: &Course<'_>) -> Option<String> {
    let tried = course.record.trial.as_ref()?;
    let outcome = tried.outcome.map_or("the caller would be asked for", Outcome::name);
    let rule = tried.rule.map(|rule| format!(" by {rule}")).unwrap_or_default();
    let more = [&tried.reason, &tried.matchers].into_iter().filter(|text| !text.is_empty());
    let more: String = more.map(|text| format!(": {text}")).collect();
    Some(format!("the rules on trial say otherwise: {outcome}{rule}{more}"))
}

fn terms(course: &Course<'_>) -> Vec<String> {
    let account = &course.account;
    let mut lines = Vec::new();
    if let Some(restriction) = &account.restriction {
        let gives = match account.gives {
            Some(ToRestricted::Restrict(_)) => "it is written into every selector",
            Some(ToRestricted::Message(Message::RemoteRead)) => {
                "it is written into every query of the message"
            }
            Some(ToRestricted::Message(Message::RemoteWrite)) => "every series that is written is held to it",
            Some(ToRestricted::Filter(..)) => "the answer is filtered by it",
            Some(ToRestricted::OwnSilence) => "the server is asked first if the silence is within it",
            Some(ToRestricted::NewSilence) => "the silence has to be within it",
            Some(ToRestricted::Empty(_)) => "the endpoint has nothing for restricted callers, and answers so",
            Some(ToRestricted::Pass | ToRestricted::Page | ToRestricted::Read(_)) => {
                "the endpoint shows no data, and its answer passes"
            }
            Some(ToRestricted::Refuse) | None => "nothing of this endpoint can be restricted",
        };
        lines.push(format!("restricted to {{{}}}: {gives}", restriction.matchers()));
        if let Some(shared) = restriction.shared() {
            lines.push(format!("but for shared metrics: {}", shared.matchers()));
        }
    }
    lines.extend(
        account.tenants.as_ref().map(|tenants| format!("the server is told of the tenants {tenants}")),
    );
    lines
}

fn selector_lines(course: &Course<'_>, paint: Paint) -> Vec<String> {
    let mut lines = Vec::new();
    for value in selectors::of(course) {
        let name = &value.parameter;
        match &value.before {
            None => lines.push(paint.green(&format!("+ {name}={}", value.after))),
            Some(before) if *before == value.after => lines.push(format!("  {name}={before}")),
            Some(before) => {
                lines.push(paint.red(&format!("- {name}={before}")));
                lines.push(paint.green(&format!("+ {name}={}", value.after)));
            }
        }
        let changed = value.selectors.iter().filter(|(before, after)| before != after);
        lines.extend(changed.map(|(before, after)| format!("    {before}  ->  {after}")));
        let same = value.selectors.iter().filter(|(before, after)| before == after);
        lines.extend(same.map(|(before, _)| format!("    {before}  stays as it is")));
    }
    lines
}

/// Returns what is done to the answer. If none is given, it is worked out for one that the endpoint may give.
fn answer(policy: &Policy, course: &Course<'_>, given: Option<&Given>, paint: Paint) -> Vec<String> {
    let End::Upstream(upstream) = &course.end else { return Vec::new() };
    let mut lines = Vec::new();
    if let Some(filtered) = &upstream.1.filtered {
        lines.push(format!("its \"{}\" are filtered by the caller's restriction", filtered.listing.field()));
    }
    let usual = || {
        let is_page = course.account.gives == Some(ToRestricted::Page);
        policy.answer(course, &of_body(200, if is_page { b"<".to_vec() } else { b"{}".to_vec() }))
    };
    let usual = if given.is_none() && upstream.1.filtered.is_none() { usual() } else { None };
    match given.or(usual.as_ref()) {
        Some(Given::Answer(answer)) => {
            let before = [":status", "content-type"];
            let added = answer.shown().filter(|(name, _)| !before.contains(name));
            lines.extend(added.map(|(name, value)| paint.green(&format!("+ {name}: {value}"))));
            if given.is_none() {
                lines.extend(redirect(policy, course));
            } else {
                lines.push(String::new());
                lines.extend(String::from_utf8_lossy(&answer.body).lines().map(str::to_owned));
            }
        }
        Some(Given::Refused(reply, reason)) => {
            lines.push(paint.red(&format!("refused: {reason}")));
            lines.extend(reply_lines(reply));
        }
        Some(Given::BrokenOff(reason)) => lines.push(paint.red(&format!("broken off: {reason}"))),
        None => {}
    }
    lines
}

/// Returns the line about redirects: to where one to the server's own page leads, if that is somewhere else.
fn redirect(policy: &Policy, course: &Course<'_>) -> Option<String> {
    let location = course.account.mount?.upstream_path("/x");
    let answer = of_body(302, Vec::new()).with("location", location.as_str());
    let Some(Given::Answer(answer)) = policy.answer(course, &answer) else { return None };
    let mapped = answer.text("location");
    (mapped != location).then(|| format!("a redirect to {location} leads to {mapped}"))
}

fn reply_lines(reply: &Reply) -> Vec<String> {
    let mut lines = vec![reply.status.to_string()];
    lines.extend(reply.headers.iter().map(|(name, value)| format!("{name}: {value}")));
    if !reply.body.is_empty() {
        lines.push(String::new());
        lines.extend(reply.body.lines().map(str::to_owned));
    }
    lines
}

/// Returns the last line: the verdict, and why.
pub(super) fn verdict(course: &Course<'_>, given: Option<&Given>, paint: Paint) -> String {
    let account = &course.account;
    let by = account.rule.map(|rule| format!(" by {rule}")).unwrap_or_default();
    match (&course.end, given) {
        (_, Some(Given::Refused(reply, _))) => {
            paint.red(&format!("allowed{by}, and the answer is refused with {}", reply.status))
        }
        (_, Some(Given::BrokenOff(_))) => paint.red(&format!("allowed{by}, and the answer is broken off")),
        (End::Upstream(_), _) => paint.green(&format!("allowed{by}")),
        (End::Passed(_), _) => paint.green("at no mount: left to the proxy's own routes"),
        (End::Reply(reply), _) if reply.status < 400 => {
            paint.green(&format!("answered by the filter itself with {}{by}", reply.status))
        }
        (End::Reply(reply), _) => {
            let room = match account.last {
                // The rules say no, or the room before them.
                Room::Target => "the target can't be read in one way",
                Room::Mount => "no mount has the path",
                Room::Endpoint => "the endpoint doesn't take the request",
                Room::Origin => "another site sends it",
                Room::Caller => "the caller isn't known",
                Room::Access => "no rule allows it",
                Room::Limits => "the rate is exceeded",
                Room::Terms => "the rule has nothing for the caller",
                Room::Forward => "it doesn't keep to the terms of its rule",
            };
            paint.red(&format!("refused with {}: {room}: {}", reply.status, course.record.reason))
        }
    }
}
