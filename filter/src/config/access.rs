//! Reads `access`, the rules that say who may do what.

use super::error::ConfigError;
use super::field::Field;
use super::limits::{self, Limits};
use super::list::listed;
use super::object::object;
use super::only::{self, Definitions};
use super::scope;
use super::shared;
use super::tenants;
use super::who::who;
use crate::access::only::Only;
use crate::access::{Access, Closed, HeldAt, Inherited, Rule, Unrestricted, walk};
use crate::api::class::{Class, Classes};
use crate::api::mount::{Mount, MountId, Mounts, Prefix};
use crate::api::profile::Contents;
use crate::caller::callers::Callers;
use crate::caller::who::{Who, Whos};
use crate::enforce::RuleList;
use crate::enforce::guards::Guards;
use crate::enforce::remote_write::MissingLabel;

#[cfg(feature = "schema")]
use super::only::OnlyConfig;
#[cfg(feature = "schema")]
use super::schema::WriteConfig;
#[cfg(feature = "schema")]
use super::shared::SharedMetrics;
#[cfg(feature = "schema")]
use super::tenants::TenantValues;

object! {
    /// A rule that allows the callers whom it names some classes of requests at some mounts.
    pub(super) RuleConfig, read as RuleObject {
        /// The callers whom the rule names: `anyone`, `anonymous`, `authenticated`, `user:N`, `token:N`,
        /// `certificate:N`, `jwt:ISSUER/SUBJECT`, `group:N`, or `group:ISSUER/N` for a group that tokens name.
        who: Vec<String>,
        /// The classes of requests that the rule allows, or the shorthands `read`, `lifecycle` and `everything`.
        may: Vec<String>,
        /// Classes that are taken out of `may`.
        except: Option<Vec<String>>,
        /// The methods that the rule is about, at opaque mounts only. `GET` includes `HEAD`. Without it, the rule is about
        /// all of them.
        methods: Option<Vec<String>>,
        /// The paths below the mount that the rule is about, at opaque mounts only. A last segment `*` means everything
        /// below, as in `/api/*`. Without it, the rule is about all of them.
        paths: Option<Vec<String>>,
        /// Prefixes of the mounts where the rule holds. Without it, the rule holds at every mount but opaque ones.
        at: Option<Vec<String>>,
        /// The labels that the callers are restricted by, each with a list of the values that they may see, or with an
        /// object that says where the values come from. All of the labels have to match. A list of such objects means that
        /// any of them may.
        only: Option<OnlyConfig>,
        /// The treatment of series that the callers write without a label of `only`: `refuse` (the default) them, or give
        /// them the `label`, if it may have one value only.
        write: Option<WriteConfig>,
        /// The metrics that the callers may see whatever labels their series have: a list of names, or an object with a
        /// regular expression. Only a selector that names such a metric outright is left as it is.
        shared: Option<SharedMetrics>,
        /// The tenants that the callers belong to, where the server itself keeps tenants apart: a list, or an object
        /// that says where they come from. They are sent in the header of `headers.tenant`, and no query is changed.
        tenant: Option<TenantValues>,
        /// If `true`, callers whom earlier rules restrict, limit or tie to a tenant get all of this as well.
        #[schemars(default)]
        unrestricted: bool,
        /// The rate at which each caller may send requests, and limits on what one of their queries may touch.
        limits: Option<limits::LimitsConfig>,
    }
}

/// Compiles every rule, and refuses those that can never decide anything.
pub(super) fn compile(
    list: &Field<'_>,
    of: RuleList,
    mounts: &Mounts,
    known: Definitions<'_>,
) -> Result<Access, ConfigError> {
    let items = list.items()?;
    if items.is_empty() {
        let message = "without a rule everything is refused: to open all to all, write { \"who\": [\"anyone\"], \"may\": [\"everything\"] }";
        return Err(list.refuse(message));
    }
    let mut rules: Vec<Rule> = Vec::new();
    for item in items {
        let rule = rule(&item, mounts, known)?;
        rules.push(rule);
        check_names(&item.field("who"), of, &rules, mounts, known.callers)?;
    }
    Ok(Access::new(of, rules))
}

/// Refuses the last of these rules if one of its names is included in another of them, or if it decides nothing for one
/// of them.
fn check_names(
    list: &Field<'_>,
    of: RuleList,
    rules: &[Rule],
    mounts: &Mounts,
    callers: &Callers,
) -> Result<(), ConfigError> {
    let Some(rule) = rules.last() else { return Ok(()) };
    let items = list.items()?;
    for (who, item) in rule.who.listed().iter().zip(&items) {
        let mut others = callers.also(who);
        others.retain(|other| other != who);
        if rule.who.has_any(&others) {
            return Err(item.refuse("another one in this list names them already"));
        }
    }
    for (who, item) in rule.who.listed().iter().zip(&items) {
        check_decides(who, of, rules, mounts, callers).map_err(|message| item.refuse(&message))?;
    }
    Ok(())
}

/// Refuses the last of these rules if it decides nothing for anybody whom `who` names.
fn check_decides(
    who: &Who,
    of: RuleList,
    rules: &[Rule],
    mounts: &Mounts,
    callers: &Callers,
) -> Result<(), String> {
    let mut first_closed = None;
    let mut decides_for = |part: Who| {
        let called = callers.also(&part);
        mounts.iter().any(|(id, mount)| match decides(&called, of, rules, id, mount) {
            Decides::Something => true,
            Decides::Nothing(closed) => {
                first_closed = first_closed.or(closed);
                false
            }
        })
    };
    if callers.has_part(who, &mut decides_for) {
        return Ok(());
    }
    let why = first_closed.map_or_else(|| "earlier rules decide all of it".to_owned(), |why| why.to_string());
    Err(format!("this can never decide anything: {why}"))
}

/// The effect of the last of some rules at a mount.
enum Decides {
    /// The rule decides requests of some class.
    Something,
    /// The rule decides nothing. The reason is given unless earlier rules decide all of it.
    Nothing(Option<Closed>),
}

fn decides(called: &[Who], of: RuleList, rules: &[Rule], id: MountId, mount: &Mount) -> Decides {
    let mut left = mount.api.classes;
    let scope_of_last = rules.last().and_then(|rule| rule.scope.as_ref());
    let mut of_last = Decides::Nothing(None);
    for (number, rule, bound) in walk(of, rules, called, id) {
        let gives = rule.gives(bound, id);
        if number.position.saturating_add(1) == rules.len() {
            let why = |class| Closed::of(rule, number, bound, class, id);
            let closed = || Class::all().filter(|&class| left.both(rule.may).contains(class)).find_map(why);
            of_last = match left.both(gives).is_empty() {
                true => Decides::Nothing(closed()),
                false => Decides::Something,
            };
        }
        if rule.scope.as_ref().is_none_or(|scope| scope.includes(scope_of_last)) {
            left = left.without(gives);
        }
    }
    of_last
}

fn classes(id: MountId, mounts: &Mounts) -> Classes {
    mounts.get(id).map(|mount| mount.api.classes).unwrap_or_default()
}

fn held_at(mount: MountId, mounts: &Mounts) -> HeldAt {
    let restrictable = mounts.get(mount).map(|mount| mount.api.restrictable).unwrap_or_default();
    HeldAt { mount, restrictable }
}

fn rule(field: &Field<'_>, mounts: &Mounts, known: Definitions<'_>) -> Result<Rule, ConfigError> {
    let rule = RuleObject::read(field)?;
    let who = listed(&rule.who(), EMPTY, |text| who(text, known.callers))?;
    let Limits { rate, concurrent, samples, guards } = limits::compile(&rule.limits())?;
    let only = rule.only();
    let only = if only.is_given() { Some(only::compile(&only, known)?) } else { None };
    let only = shared::compile(&rule.shared(), only)?;
    let missing = missing(&rule.write(), only.as_ref())?;
    let tenant = rule.tenant();
    let tenant = if tenant.is_given() { Some(tenants::compile(&tenant, known)?) } else { None };
    let unrestricted = match rule.unrestricted() {
        field if !field.is_true()? => Unrestricted::No,
        _ if only.is_none() => Unrestricted::Yes,
        field => return Err(field.refuse("this says the opposite of \"only\": keep one of the two")),
    };
    let may = may(&rule.may(), &rule.except())?;
    let at = at(field, &rule.at(), mounts)?;
    let scope = scope::compile(&rule.methods(), &rule.paths(), &at, mounts)?;
    if at.iter().all(|&id| may.both(classes(id, mounts)).is_empty()) {
        let is_opaque = |&id: &MountId| mounts.get(id).is_some_and(Mount::is_opaque);
        let message = match at.iter().all(is_opaque) {
            true => "this never comes at an opaque mount: everything there is \"unknown\"",
            false => {
                "this never comes where the rule holds: \"alerts\" and \"silences\" are of mounts with \"api\": \"alertmanager\""
            }
        };
        return Err(rule.may().refuse(message));
    }
    let who = Whos::new(who).unwrap_or_default();
    let at = at.into_iter().map(|id| held_at(id, mounts)).collect();
    let compiled =
        Rule { who, may, at, only, tenant, unrestricted, guards, rate, concurrent, missing, samples, scope };
    check_gives(&compiled, mounts).map_err(|message| rule.may().refuse(message))?;
    Ok(compiled)
}

/// Reads the treatment of series that are written without a label of `only`.
fn missing(field: &Field<'_>, only: Option<&Only>) -> Result<MissingLabel, ConfigError> {
    if !field.is_given() {
        return Ok(MissingLabel::Refuse);
    }
    let adds = field.choice(&["refuse", "label"])? == "label";
    let Some(only) = only else {
        return Err(field.refuse("this is about the labels of \"only\", and the rule has none: leave one of the two out, or add the other"));
    };
    if !adds {
        return Ok(MissingLabel::Refuse);
    }
    match only.adds_nothing() {
        true => Err(field.refuse("\"label\" adds a label that may have one value only, and no label of \"only\" is one: say \"refuse\"")),
        false => Ok(MissingLabel::Add),
    }
}

/// Reads the classes that `may` gives and `except` doesn't take away.
fn may(may: &Field<'_>, except: &Field<'_>) -> Result<Classes, ConfigError> {
    let gives = union(&listed(may, EMPTY, class)?);
    if !except.is_given() {
        return Ok(gives);
    }
    let takes = listed(except, EMPTY, class)?;
    for (classes, item) in takes.iter().zip(except.items()?) {
        if gives.both(*classes).is_empty() {
            return Err(item.refuse("this takes nothing away: \"may\" doesn't give it"));
        }
    }
    let left = gives.without(union(&takes));
    if left.is_empty() {
        return Err(except.refuse("this takes away all that \"may\" gives: leave the rule out"));
    }
    Ok(left)
}

fn union(classes: &[Classes]) -> Classes {
    classes.iter().fold(Classes::default(), |all, classes| all.with(*classes))
}

/// Reads the mounts where the rule in this field holds.
fn at(rule: &Field<'_>, at: &Field<'_>, mounts: &Mounts) -> Result<Vec<MountId>, ConfigError> {
    if at.is_given() {
        return listed(at, EMPTY, |text| mount(text, mounts));
    }
    let mut everywhere = Vec::new();
    for (id, mount) in mounts.iter() {
        if mount.api.contents == Contents::Known {
            everywhere.push(id);
        }
    }
    if everywhere.is_empty() {
        let message = "this holds nowhere: every mount is opaque; name opaque mounts in \"at\"";
        return Err(rule.refuse(message));
    }
    Ok(everywhere)
}

/// Refuses a rule that gives nothing, whatever the rules before it are, because nothing of it can be restricted or
/// guarded.
fn check_gives(rule: &Rule, mounts: &Mounts) -> Result<(), &'static str> {
    let gives = |at: &HeldAt| rule.gives(Inherited::default(), at.mount).both(classes(at.mount, mounts));
    match rule.at.iter().all(|at| gives(at).is_empty()) {
        true if rule.only.is_some() && rule.at.iter().all(|at| rule.may.both(at.restrictable).is_empty()) => {
            Err("\"only\" leaves nothing of this: a restricted caller gets none of these classes")
        }
        true if rule.at.iter().any(|at| rule.may.both(at.restrictable).contains(Class::RemoteRead)) => {
            Err("guards leave nothing of this: remote_read needs \"range\" or \"oldest\" among them")
        }
        true => Err("guards leave nothing of this: a limited caller gets none of these classes"),
        false => match rule.guards {
            Some(guards) if rule.at.iter().all(|at| gives(at).both(about(guards)).is_empty()) => Err(
                "guards are about queries and series, and this gives neither: leave them out, or give query or series",
            ),
            _ => Ok(()),
        },
    }
}

/// Returns the classes that guards are about. Bounds on texts hold wherever a request has them.
fn about(guards: Guards) -> Classes {
    if guards.bounds.is_some() { Classes::WITH_SELECTORS.with(Classes::GUARDED) } else { Classes::GUARDED }
}

/// The message about an empty list in a rule.
const EMPTY: &str = "an empty list says nothing: name at least one";

fn class(name: &str) -> Result<Classes, String> {
    Classes::named(name).ok_or_else(|| {
        format!(
            "\"{name}\" is not a class: the classes are {}",
            Classes::names().collect::<Vec<_>>().join(" ")
        )
    })
}

fn mount(prefix: &str, mounts: &Mounts) -> Result<MountId, String> {
    let prefix_of = Prefix::parse(prefix);
    let found = mounts.iter().find(|(_, mount)| Some(&mount.prefix) == prefix_of.as_ref());
    found.map(|(id, _)| id).ok_or_else(|| format!("\"{prefix}\" is not the prefix of a mount"))
}
