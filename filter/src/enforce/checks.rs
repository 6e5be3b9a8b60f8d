//! The checks of the queries of one request at the times that they are evaluated at: guards, and the bound on the work that
//! a query may be for the server, which holds without a guard too (`threats.md` P6).

use super::guards::{GuardError, Guarded};
use super::violation::Violation;
use crate::api::endpoint::SelectorForm;
use crate::promql::{Query, Work};
use crate::time::parameters::Times;

/// The checks of the queries of one request.
pub(super) struct Checks<'a> {
    /// The form of the texts. Only expressions are evaluated.
    pub(super) form: SelectorForm,
    /// The guards, if the rule has any.
    pub(super) guarded: Option<&'a Guarded>,
    /// The most work that a query may be.
    pub(super) most: u64,
    /// The times of the request.
    pub(super) times: Times,
}

impl Checks<'_> {
    /// Checks a text. Returns its work, unless that depends on the times of the request.
    pub(super) fn check(&self, query: &Query<'_>) -> Result<Option<Work>, Violation> {
        let work = query.work();
        if self.form != SelectorForm::Expression {
            return Ok(work);
        }
        if let Some(guarded) = self.guarded {
            guarded.check(query, &self.times)?;
        }
        match &work {
            Some(work) => self.check_work(work)?,
            None => {
                let query = query.worked_out(&self.times.evaluation, self.times.longest_step);
                let work = query.map_err(GuardError::Duration)?.work();
                work.iter().try_for_each(|work| self.check_work(work))?;
            }
        }
        Ok(work)
    }

    /// Checks the work of a query that was read before.
    pub(super) fn check_work(&self, work: &Work) -> Result<(), Violation> {
        let (asked, most) = (work.at(&self.times.evaluation), self.most);
        if asked > most { Err(Violation::Work { asked, most }) } else { Ok(()) }
    }
}
