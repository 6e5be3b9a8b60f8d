//! `access`: who may do what.

use super::ConfigError;
use super::limits::LimitsConfig;
use super::list::listed;
use crate::access::who::{Kind, Who};
use crate::access::{Rule, Whos};
use crate::api::class::Classes;
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
    /// How often each caller may.
    limits: Option<LimitsConfig>,
}

/// Compiles every rule and refuses those that can never decide anything.
pub(super) fn compile(
    configured: Vec<RuleConfig>,
    mounts: &Mounts,
    callers: &Callers,
) -> Result<Vec<Rule>, ConfigError> {
    if configured.is_empty() {
        let message = "without a rule everything is refused: to open all to all, write { \"who\": [\"anyone\"], \"may\": [\"everything\"] }";
        return Err(ConfigError::new("access", message));
    }
    let mut rules: Vec<Rule> = Vec::new();
    for (index, rule) in configured.into_iter().enumerate() {
        let path = format!("access[{index}]");
        let rule = rule.compile(&path, mounts, callers)?;
        for (place, who) in rule.who.listed().iter().enumerate() {
            let mut others = callers.also(who);
            others.retain(|other| other != who);
            if rule.who.has_any(&others) {
                let message = "another one in this list names them already";
                return Err(ConfigError::new(&format!("{path}.who[{place}]"), message));
            }
            if !callers.parts(who).iter().any(|part| decides(part, &rule, &rules, mounts, callers)) {
                let message = "this can never decide anything: earlier rules decide all of it";
                return Err(ConfigError::new(&format!("{path}.who[{place}]"), message));
            }
        }
        rules.push(rule);
    }
    Ok(rules)
}

/// Whether a request can come that no earlier rule decides for everybody whom `who` names.
fn decides(who: &Who, rule: &Rule, earlier: &[Rule], mounts: &Mounts, callers: &Callers) -> bool {
    let called = callers.also(who);
    rule.at.iter().any(|id| {
        let covering = earlier.iter().filter(|rule| rule.at.contains(id) && rule.who.has_any(&called));
        let left = covering.fold(rule.may, |left, rule| left.without(rule.may));
        !left.both(classes(*id, mounts)).is_empty()
    })
}

fn classes(id: MountId, mounts: &Mounts) -> Classes {
    mounts.get(id).map(Mount::classes).unwrap_or_default()
}

impl RuleConfig {
    fn compile(self, path: &str, mounts: &Mounts, callers: &Callers) -> Result<Rule, ConfigError> {
        let field = |name: &str| format!("{path}.{name}");
        let who = listed(self.who, EMPTY, &field("who"), |text| who(text, callers))?;
        let rate = self.limits.map(|limits| limits.compile(&field("limits"))).transpose()?;
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
        Ok(Rule { who: Whos::new(who).unwrap_or_default(), may, at, rate })
    }
}

/// Said of a list of a rule's that has nothing in it.
const EMPTY: &str = "an empty list says nothing: name at least one";

fn who(text: &str, callers: &Callers) -> Result<Who, String> {
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
