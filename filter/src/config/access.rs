//! `access`: who may do what.

use super::ConfigError;
use super::limits::{self, Limits};
use super::list::listed;
use super::only::{self, Known};
use super::tree::Tree;
use crate::access::who::{Kind, Who};
use crate::access::{Bound, Closed, Rule, Unrestricted, Whos, walk};
use crate::api::class::{Class, Classes};
use crate::caller::callers::Callers;
use crate::mount::{Api, Mount, MountId, Mounts, Prefix};
use serde::Deserialize;

/// A rule: whom it names may do this there.
#[derive(Debug, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub(super) struct RuleConfig {
    /// Whom the rule names: `anyone`, `anonymous`, `authenticated`, `user:N`, `token:N`, `certificate:N`,
    /// `jwt:ISSUER/SUBJECT`, `group:N`, or `group:ISSUER/N` for a group that tokens name.
    who: Vec<String>,
    /// Classes of requests, or the shorthands `read` and `everything`.
    may: Vec<String>,
    /// Classes that are taken out of `may`.
    except: Option<Vec<String>>,
    /// Prefixes of the mounts where the rule holds; without it, at every `prometheus` mount and at no opaque one.
    at: Option<Vec<String>>,
    /// What the callers may see: labels, each with a list of its values, or with an object that says where they come
    /// from. All of them hold.
    #[cfg_attr(
        feature = "schema",
        schemars(with = "Option<std::collections::BTreeMap<String, super::schema::LabelValues>>")
    )]
    only: Option<Tree>,
    /// That callers whom earlier rules restrict or limit get all of this.
    #[serde(default)]
    unrestricted: bool,
    /// How often each caller may, and how much one query of theirs may touch.
    #[cfg_attr(feature = "schema", schemars(with = "Option<super::schema::LimitsConfig>"))]
    limits: Option<Tree>,
}

/// Compiles every rule and refuses those that can never decide anything.
pub(super) fn compile(
    configured: Vec<RuleConfig>,
    mounts: &Mounts,
    known: Known<'_>,
) -> Result<Vec<Rule>, ConfigError> {
    if configured.is_empty() {
        let message = "without a rule everything is refused: to open all to all, write { \"who\": [\"anyone\"], \"may\": [\"everything\"] }";
        return Err(ConfigError::new("access", message));
    }
    let mut rules: Vec<Rule> = Vec::new();
    for (index, rule) in configured.into_iter().enumerate() {
        let path = format!("access[{index}]");
        let rule = rule.compile(&path, mounts, known)?;
        let listed = rule.who.listed().to_vec();
        let names_twice = |who: &Who| {
            let mut others = known.callers.also(who);
            others.retain(|other| other != who);
            rule.who.has_any(&others)
        };
        if let Some(place) = listed.iter().position(names_twice) {
            let message = "another one in this list names them already";
            return Err(ConfigError::new(&format!("{path}.who[{place}]"), message));
        }
        rules.push(rule);
        for (place, who) in listed.iter().enumerate() {
            check_decides(who, &rules, mounts, known.callers)
                .map_err(|message| ConfigError::new(&format!("{path}.who[{place}]"), &message))?;
        }
    }
    Ok(rules)
}

/// Refuses a rule, the last of these, that decides nothing for everybody whom `who` names.
fn check_decides(who: &Who, rules: &[Rule], mounts: &Mounts, callers: &Callers) -> Result<(), String> {
    let mut first_closed = None;
    for part in callers.parts(who) {
        let called = callers.also(&part);
        for (id, mount) in mounts.iter() {
            match decides(&called, rules, id, mount) {
                Decides::Something => return Ok(()),
                Decides::Nothing(closed) => first_closed = first_closed.or(closed),
            }
        }
    }
    let why = first_closed.map_or_else(|| "earlier rules decide all of it".to_owned(), |why| why.to_string());
    Err(format!("this can never decide anything: {why}"))
}

/// What the last of some rules decides at a mount.
enum Decides {
    /// Requests of some class.
    Something,
    /// Nothing, and what it is closed by where no earlier rule decides.
    Nothing(Option<Closed>),
}

fn decides(called: &[Who], rules: &[Rule], id: MountId, mount: &Mount) -> Decides {
    let mut left = mount.classes();
    let mut of_last = Decides::Nothing(None);
    for (number, rule, bound) in walk(rules, called, id) {
        let gives = rule.gives(bound);
        if number.0.saturating_add(1) == rules.len() {
            let why = |class| Closed::of(rule, number, bound, class);
            let closed = || Class::all().filter(|&class| left.both(rule.may).contains(class)).find_map(why);
            of_last = match left.both(gives).is_empty() {
                true => Decides::Nothing(closed()),
                false => Decides::Something,
            };
        }
        left = left.without(gives);
    }
    of_last
}

fn classes(id: MountId, mounts: &Mounts) -> Classes {
    mounts.get(id).map(Mount::classes).unwrap_or_default()
}

impl RuleConfig {
    fn compile(self, path: &str, mounts: &Mounts, known: Known<'_>) -> Result<Rule, ConfigError> {
        let field = |name: &str| format!("{path}.{name}");
        let who = listed(self.who, EMPTY, &field("who"), |text| who(text, known.callers))?;
        let limits = self.limits.map(|limits| limits::compile(limits, &field("limits"))).transpose()?;
        let Limits { rate, guards } = limits.unwrap_or_default();
        let only = self.only.map(|only| only::compile(only, &field("only"), known)).transpose()?;
        if self.unrestricted && only.is_some() {
            let message = "this says the opposite of \"only\": keep one of the two";
            return Err(ConfigError::new(&field("unrestricted"), message));
        }
        let unrestricted = if self.unrestricted { Unrestricted::Yes } else { Unrestricted::No };
        let may = listed(self.may, EMPTY, &field("may"), class)?;
        let except = match self.except {
            Some(except) => listed(except, EMPTY, &field("except"), class)?,
            None => Vec::new(),
        };
        let union = |all: Classes, classes: &Classes| all.with(*classes);
        let may = may.iter().fold(Classes::default(), union);
        if let Some(index) = except.iter().position(|&classes| may.both(classes).is_empty()) {
            let message = "this takes nothing away: \"may\" doesn't give it";
            return Err(ConfigError::new(&format!("{path}.except[{index}]"), message));
        }
        let may = may.without(except.iter().fold(Classes::default(), union));
        if may.is_empty() {
            return Err(ConfigError::new(
                &field("except"),
                "this takes away all that \"may\" gives: leave the rule out",
            ));
        }
        let at = match self.at {
            Some(at) => listed(at, EMPTY, &field("at"), |text| mount(text, mounts))?,
            None => {
                mounts.iter().filter(|(_, mount)| mount.api == Api::Prometheus).map(|(id, _)| id).collect()
            }
        };
        if at.is_empty() {
            return Err(ConfigError::new(
                path,
                "this holds nowhere: no mount speaks prometheus; name opaque mounts in \"at\"",
            ));
        }
        if at.iter().all(|&id| may.both(classes(id, mounts)).is_empty()) {
            return Err(ConfigError::new(
                &field("may"),
                "this never comes at an opaque mount: everything there is \"unknown\"",
            ));
        }
        let who = Whos::new(who).unwrap_or_default();
        let rule = Rule { who, may, at, only, unrestricted, guards, rate };
        check_gives(&rule, mounts).map_err(|message| ConfigError::new(&field("may"), message))?;
        Ok(rule)
    }
}

/// Refuses a rule that gives nothing, whatever those before it are, because nothing of it can be restricted or guarded.
fn check_gives(rule: &Rule, mounts: &Mounts) -> Result<(), &'static str> {
    let gives = rule.gives(Bound::default());
    match rule.at.iter().all(|&id| gives.both(classes(id, mounts)).is_empty()) {
        true if rule.only.is_some() => {
            Err("\"only\" leaves nothing of this: a restricted caller gets none of these classes")
        }
        true => Err("guards leave nothing of this: a limited caller gets none of these classes"),
        false => Ok(()),
    }
}

/// Said of a list of a rule's that has nothing in it.
const EMPTY: &str = "an empty list says nothing: name at least one";

/// Reads whom a rule names.
pub(super) fn who(text: &str, callers: &Callers) -> Result<Who, String> {
    let who: Who = text.parse().map_err(|_| {
        format!(
            "\"{text}\" is nobody: write anyone, anonymous, authenticated, user:N, token:N, certificate:N, \
             jwt:ISSUER/SUBJECT, group:N or group:ISSUER/N"
        )
    })?;
    let issuer = |name: &str| callers.issuers.iter().find(|issuer| issuer.name == name);
    let is_known = callers.known.has_any(std::slice::from_ref(&who));
    let (is_defined, place) = match who.kind() {
        Kind::Anyone | Kind::Anonymous => (true, ""),
        Kind::Authenticated => (!callers.is_empty(), "callers: nobody is known"),
        Kind::User(_) => (is_known, "callers.users"),
        Kind::Token(_) => (is_known, "callers.tokens"),
        Kind::Certificate(_) => (is_known, "callers.certificates"),
        Kind::Group(name) => (callers.groups.iter().any(|group| group.name == name), "callers.groups"),
        Kind::Jwt(name, _) => (issuer(name).is_some(), "callers.jwt"),
        Kind::TokenGroup(name, _) => {
            let has_groups = issuer(name).is_some_and(|issuer| issuer.groups.is_some());
            (has_groups, "callers.jwt, by an issuer with \"groups\"")
        }
    };
    if is_defined { Ok(who) } else { Err(format!("\"{text}\" is not defined in {place}")) }
}

fn class(name: &str) -> Result<Classes, String> {
    Classes::named(name).ok_or_else(|| {
        format!("\"{name}\" is no class: the classes are {}", Classes::names().collect::<Vec<_>>().join(" "))
    })
}

fn mount(prefix: &str, mounts: &Mounts) -> Result<MountId, String> {
    let prefix_of = Prefix::parse(prefix);
    let found = mounts.iter().find(|(_, mount)| Some(&mount.prefix) == prefix_of.as_ref());
    found.map(|(id, _)| id).ok_or_else(|| format!("\"{prefix}\" is the prefix of no mount"))
}
