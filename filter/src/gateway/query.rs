//! Records the queries of requests, where the configuration wants them in the access log.

use super::{Asked, Gateway};
use crate::decision::Decision;
use crate::report::{AskedQuery, Record};
use crate::target::parameters::{Parameters, Part};

impl Gateway {
    /// Records the queries in the query string of a request: as they were asked, and as they are sent if they are.
    pub(super) fn record_query(
        &self,
        most: usize,
        asked: &Asked<'_>,
        decision: Option<&Decision>,
        record: &mut Record,
    ) {
        let selectors = asked.requested.endpoint.and_then(|endpoint| endpoint.selectors());
        let Some(selectors) = selectors else { return };
        let mut query = AskedQuery { parameter: selectors.parameter, most, ..AskedQuery::default() };
        if let Ok(parameters) = Parameters::of_query(asked.target.query) {
            query.add_asked(&parameters);
        }
        if let Some(Decision::Forward(forward)) = decision {
            let sent = forward.edits.value(":path").and_then(|path| path.split_once('?'));
            // What is sent ahead of a form is no query yet.
            let sent = sent.filter(|_| forward.body.as_ref().is_none_or(|body| body.must_be_empty()));
            if let Some(Ok(sent)) = sent.map(|(_, sent)| Parameters::parse(sent.as_bytes(), Part::Query)) {
                query.add_sent(&sent);
            }
        }
        record.query = Some(Box::new(query));
    }
}

/// Records the queries of a form that has come.
pub(super) fn record_form(record: &mut Record, body: &[u8], completed: Option<&str>) {
    let Some(query) = record.query.as_deref_mut() else { return };
    if let Ok(parameters) = Parameters::parse(body, Part::Form) {
        query.add_asked(&parameters);
    }
    if let Some(Ok(sent)) = completed.map(|sent| Parameters::parse(sent.as_bytes(), Part::Form)) {
        query.add_sent(&sent);
    }
}
