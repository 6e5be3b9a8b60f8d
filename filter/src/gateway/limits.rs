//! The limits on numbers: how often a caller may ask, how much may be written, and how many requests may be open at once.

use super::worker_state::Resources;
use super::{Early, Gateway};
use crate::access::Rule;
use crate::caller::identity::Caller;
use crate::decision::refusal::{AtOnceExceeded, RateExceeded, Refusal};
use crate::decision::{Decision, HostFacts, Request};
use crate::enforce::RuleNumber;
use crate::limits::lines::{Never, Turn};
use crate::limits::table::{CountError, Share};
use crate::limits::{Concurrent, Counted, CountedCaller};
use crate::report::count::{Capacity, Count};
use crate::time::rate::{Amount, Rate};

impl Gateway {
    /// Counts the request against the rate of its rule.
    pub(super) fn limits(
        &self,
        number: RuleNumber,
        rule: &Rule,
        caller: &Caller,
        request: &Request<'_>,
        resources: &mut Resources<'_>,
    ) -> Result<(), Refusal> {
        let Some(rate) = rule.rate else { return Ok(()) };
        if resources.state.has_stood_in_line(request.stream) {
            return Ok(());
        }
        self.count(number, (number.position, Amount::Requests, 1), rate, caller, request.facts, resources)
    }

    /// Counts an amount against the rate of a rule, which tables know by this number.
    pub(super) fn count(
        &self,
        rule: RuleNumber,
        (position, of, amount): (usize, Amount, u32),
        rate: Rate,
        caller: &Caller,
        facts: &dyn HostFacts,
        resources: &mut Resources<'_>,
    ) -> Result<(), Refusal> {
        let (who, name) = counted(caller, facts)?;
        let (now, table) = (facts.now()?, resources.state.rates.as_ref().ok_or(Refusal::Host)?);
        let caller = CountedCaller { configuration: &self.digest, rule: position, who, name: &name };
        match table.count_many(resources.shared, &caller, rate, amount, now) {
            Ok(Share::Own) => Ok(()),
            Ok(Share::Crowded) => {
                resources.state.count(Count::Bound(Capacity::Rates));
                Ok(())
            }
            Err(CountError::Limited(empty)) => Err(RateExceeded { rule, of, rate, empty }.into()),
            Err(CountError::Unreachable) => Err(Refusal::Host),
        }
    }

    /// Waits until the caller may have one more request open. This comes last, so that nobody stands in line for a refusal.
    #[cold]
    pub(super) fn turn(
        &self,
        number: RuleNumber,
        limit: Concurrent,
        caller: &Caller,
        request: &Request<'_>,
        resources: &mut Resources<'_>,
    ) -> Result<(), Early> {
        let (who, name) = counted(caller, request.facts)?;
        let (now, lines) = (request.facts.now()?, resources.state.lines.as_mut().ok_or(Refusal::Host)?);
        let caller = CountedCaller { configuration: &self.digest, rule: number.position, who, name: &name };
        match lines.ask(resources.shared, request.stream.0, &caller, limit, now) {
            Turn::Now => Ok(()),
            Turn::NotYet => Err(Early::Decided(Decision::Wait)),
            Turn::Never(Never::Unreachable) => Err(Refusal::Host.into()),
            Turn::Never(why) => {
                let full = match why {
                    Never::LineFull => Some(Capacity::Line),
                    Never::TableFull => Some(Capacity::OpenRequests),
                    _ => None,
                };
                full.into_iter().for_each(|full| resources.state.count(Count::Bound(full)));
                Err(AtOnceExceeded { rule: number, limit, why }.into())
            }
        }
    }
}

/// Returns the kind and the name by which a caller is counted. Anonymous callers are counted by their address.
#[inline(never)]
fn counted(caller: &Caller, facts: &dyn HostFacts) -> Result<(Counted, Vec<u8>), Refusal> {
    Ok(match caller {
        Caller::Known(identity) => (Counted::Known, identity.who().as_bytes().to_vec()),
        Caller::Anonymous => (Counted::Anonymous, facts.source()?.ok_or(Refusal::Host)?.bytes()),
    })
}
