//! An account of the way that a request took: the findings of each room, up to the one where it ended. It is made for
//! people, after the decision, by asking the rooms once more. The module never asks for it.

use super::Gateway;
use crate::access::{Considered, RequestedAccess};
use crate::api::class::Class;
use crate::api::endpoint::{Endpoint, ToRestricted};
use crate::api::mount::{Located, Mount};
use crate::caller::identity::Caller;
use crate::decision::Request;
use crate::enforce::restriction::Restriction;
use crate::enforce::terms::RuleTerms;
use crate::enforce::{Guarded, RuleNumber};
use crate::gateway::worker_state::Resources;
use crate::report::{Outcome, Record};
use crate::target::Target;
use crate::target::headers::name::Name;
use std::rc::Rc;

/// A step on the way of a request, by the names of `docs/architecture.md`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Room {
    /// The target is parsed.
    #[default]
    Target,
    /// The mount is found.
    Mount,
    /// The endpoint is found, and with it the class.
    Endpoint,
    /// Requests of other sites' pages are refused.
    Origin,
    /// The caller is identified.
    Caller,
    /// The rule that allows the request is found.
    Access,
    /// The request is counted against the rate of its rule.
    Limits,
    /// The rule's `only`, `tenant` and guards are worked out for the caller.
    Terms,
    /// The parameters are checked and written anew, and the request goes upstream.
    Forward,
}

impl Room {
    /// Returns the name of the room.
    pub fn name(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::Mount => "mount",
            Self::Endpoint => "endpoint",
            Self::Origin => "origin",
            Self::Caller => "caller",
            Self::Access => "access",
            Self::Limits => "limits",
            Self::Terms => "terms",
            Self::Forward => "forward",
        }
    }
}

/// A target as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalTarget {
    /// The path, in its only spelling.
    pub path: String,
    /// The text after the first `?`, unless it is empty.
    pub query: Option<String>,
}

/// The findings of the rooms about one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account<'a> {
    /// The last room that the request came to.
    pub last: Room,
    /// The target, if it can be read in only one way.
    pub target: Option<CanonicalTarget>,
    /// The mount, if the path is below one.
    pub mount: Option<&'a Mount>,
    /// The path below the mount.
    pub path: String,
    /// The row of the API's table; `None` means the class `unknown`, if there is a class.
    pub endpoint: Option<&'static Endpoint>,
    /// The class of the request.
    pub class: Option<Class>,
    /// True if the rules had to know who is calling.
    pub asks: bool,
    /// The caller, if the request came past this room.
    pub caller: Option<Caller>,
    /// Every rule, if the caller is known.
    pub rules: Vec<Considered<'a>>,
    /// The rule that allows the request.
    pub rule: Option<RuleNumber>,
    /// The restriction of the caller.
    pub restriction: Option<Rc<Restriction>>,
    /// The guards, with the rule that has them.
    pub guarded: Option<Guarded>,
    /// The tenants that the server is told of.
    pub tenants: Option<String>,
    /// The answer that the endpoint gives to a restricted caller, if this one is restricted.
    pub gives: Option<ToRestricted>,
}

impl Gateway {
    /// Returns the account of a request that has been decided with this record. Nothing is counted against a rate for it.
    pub fn account(
        &self,
        request: &Request<'_>,
        record: &Record,
        resources: &mut Resources<'_>,
    ) -> Account<'_> {
        let mut account = Account::default();
        let raw = request.headers.only(Name::Path).unwrap_or_default();
        let Ok(target) = Target::parse(raw) else { return account };
        self.follow(&target, request, record, resources, &mut account);
        let query = target.query.map(|query| query.as_str().to_owned());
        account.target = Some(CanonicalTarget { path: target.path.as_str().to_owned(), query });
        account
    }

    /// Asks the rooms again, one after the other, until one of them ends the way.
    fn follow<'a>(
        &'a self,
        target: &Target<'_>,
        request: &Request<'_>,
        record: &Record,
        resources: &mut Resources<'_>,
        account: &mut Account<'a>,
    ) -> Option<()> {
        account.last = Room::Mount;
        let Located::Below(at) = self.mounts.locate(target.path.as_str()) else { return None };
        account.mount = self.mounts.get(at.id);
        at.path.clone_into(&mut account.path);
        self.check_encoded_slash(&self.access, at, target).ok()?;
        account.last = Room::Endpoint;
        let requested = self.endpoint(at, request).ok()?;
        account.endpoint = requested.endpoint;
        account.class = Some(requested.class());
        account.last = Room::Origin;
        self.origin(&requested, request).ok()?;
        account.last = Room::Caller;
        let about = RequestedAccess::of(&requested);
        account.asks = self.access.asks(&about);
        let caller = self.caller(&requested, request, resources).ok()?;
        account.last = Room::Access;
        account.rules = self.access.account(&caller, &about);
        let decided = self.access.decide(&caller, &about);
        account.caller = Some(caller.clone());
        let (number, rule) = decided.ok()?;
        account.rule = Some(number);
        account.last = Room::Limits;
        if record.outcome == Outcome::Throttled {
            return None;
        }
        account.last = Room::Terms;
        let RuleTerms { restriction, guarded, tenants, .. } =
            self.terms(number, rule, &caller, request).ok()?;
        account.last = Room::Forward;
        let to_restricted =
            || requested.endpoint.map_or(ToRestricted::Refuse, |row| row.treatment.to_restricted);
        account.gives = restriction.as_ref().map(|_| to_restricted());
        (account.restriction, account.guarded, account.tenants) = (restriction, guarded, tenants);
        Some(())
    }
}
