//! Whether a request is let in: where it comes from, who is calling, and how often.

use super::forward::Terms;
use crate::access::cross_site::{self, Asking};
use crate::access::only::NoValues;
use crate::access::{Denied, Rule};
use crate::api::class::Class;
use crate::api::mount::MountId;
use crate::api::profile::Contents;
use crate::caller::callers::{Facts, Identified};
use crate::caller::identity::Caller;
use crate::decision::refusal::{CanLogIn, Limited, Refusal};
use crate::enforce::RuleNumber;
use crate::enforce::guards::Guarded;
use crate::gateway::{Gateway, Request, Worker};
use crate::limits::table::{self, CountError, Counted, Share};
use crate::report::{Bound, Count, Login};
use crate::target::method::Method;

impl Gateway {
    /// Refuses what a page of a site asks for that isn't listed.
    pub(crate) fn check_site(
        &self,
        class: Class,
        contents: Contents,
        method: Method,
        request: &Request<'_>,
    ) -> Result<(), Refusal> {
        if self.cors.allowed(request.headers).is_some() {
            return Ok(());
        }
        let Request { headers, scheme, .. } = *request;
        Ok(cross_site::check(&Asking { class, contents, method, headers, scheme })?)
    }

    /// Who is calling, where that matters.
    pub(crate) fn caller(
        &self,
        class: Class,
        mount: MountId,
        request: &Request<'_>,
        worker: &mut Worker<'_>,
    ) -> Result<Identified, Refusal> {
        if !self.access.asks(class, mount) {
            return Ok(Identified::Caller(Caller::Anonymous));
        }
        let Request { headers, facts, stream, .. } = *request;
        let identified = self.callers.identify(headers, facts, stream, &mut worker.state.logins);
        let login = match &identified {
            Ok(Identified::NotYet | Identified::Caller(Caller::Anonymous)) => None,
            Ok(Identified::Caller(Caller::Known(identity))) => {
                Some(Count::Login { scheme: Some(identity.scheme()), login: Login::Accepted })
            }
            Err(error) => Some(Count::Login { scheme: error.scheme(), login: Login::failed(error) }),
        };
        login.into_iter().for_each(|login| worker.state.count(login));
        identified.map_err(|error| Refusal::Login(error, self.can_log_in()))
    }

    /// What becomes of somebody whom no rule allows it.
    pub(crate) fn denied(&self, denied: Denied) -> Refusal {
        match denied.caller {
            Caller::Anonymous => Refusal::Unknown(denied, self.can_log_in()),
            Caller::Known(_) => Refusal::Denied(denied),
        }
    }

    /// What becomes of somebody for whom a rule's `only` leaves nothing. Who isn't known may have to log in first.
    pub(crate) fn nothing_to_see(&self, none: NoValues) -> Refusal {
        let can_log_in = match none.caller {
            Caller::Anonymous => self.can_log_in(),
            Caller::Known(_) => CanLogIn::No,
        };
        Refusal::NoValues(none, can_log_in)
    }

    fn can_log_in(&self) -> CanLogIn {
        if self.callers.challenges().is_empty() { CanLogIn::No } else { CanLogIn::Yes }
    }

    /// What a rule holds the caller to.
    pub(crate) fn terms(
        &self,
        number: RuleNumber,
        rule: &Rule,
        caller: &Caller,
        request: &Request<'_>,
    ) -> Result<Terms, Refusal> {
        let restriction = rule.restriction(caller).map_err(|none| self.nothing_to_see(none))?;
        let guarded = match rule.guards {
            Some(guards) => {
                let now = request.facts.now.ok_or(Refusal::Host)?.milliseconds();
                Some(Guarded { rule: number, guards, now })
            }
            None => None,
        };
        Ok(Terms { restriction, guarded })
    }

    /// Counts the request against the rate of its rule.
    pub(crate) fn limit(
        &self,
        number: RuleNumber,
        rule: &Rule,
        caller: &Caller,
        request: &Request<'_>,
        worker: &mut Worker<'_>,
    ) -> Result<(), Refusal> {
        let Some(rate) = rule.rate else { return Ok(()) };
        let Facts { source, now, .. } = request.facts;
        let (who, name) = match (caller, source) {
            (Caller::Known(identity), _) => (Counted::Known, identity.to_string().into_bytes()),
            (Caller::Anonymous, Some(source)) => (Counted::Anonymous, source.bytes()),
            (Caller::Anonymous, None) => return Err(Refusal::Host),
        };
        let (Some(now), Some(table)) = (now, &worker.state.rates) else { return Err(Refusal::Host) };
        let of = table::Limited { configuration: &self.digest, rule: number.0, rate };
        match table.count(worker.shared, who, &name, &of, *now) {
            Ok(Share::Own) => Ok(()),
            Ok(Share::Crowded) => {
                worker.state.count(Count::Bound(Bound::Rates));
                Ok(())
            }
            Err(CountError::Limited(empty)) => {
                worker.state.count(Count::Limit(number));
                Err(Limited { rule: number, rate, empty }.into())
            }
            Err(CountError::Unreachable) => Err(Refusal::Host),
        }
    }
}
