//! The selectors of a request, or the queries of its message, before and after the restriction is written into them.

use super::course::Course;
use super::read_queries;
use promward::api::endpoint::{Message, SelectorForm, Selectors, ToRestricted};
use promward::promql::{Bounds, Counts, Query};
use promward::target::parameters::{Parameters, Part, may_repeat};
use std::borrow::Cow;

/// One value of the parameter that holds a request's selectors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// The name of the parameter, or `queries` in a message.
    pub parameter: String,
    /// The value as the client sent it, or `None` if the filter has added it.
    pub before: Option<String>,
    /// The value as it goes upstream.
    pub after: String,
    /// The text of each selector in the value, before and after.
    pub selectors: Vec<(String, String)>,
}

/// Returns the values of the parameter that holds the selectors of a request that goes upstream.
#[must_use]
pub fn of(course: &Course<'_>) -> Vec<Rewritten> {
    let (Some(upstream), Some(endpoint)) = (course.upstream(), course.account.endpoint) else {
        return Vec::new();
    };
    let selectors = match endpoint.treatment.to_restricted {
        ToRestricted::Restrict(selectors) | ToRestricted::Filter(_, Some(selectors)) => selectors,
        ToRestricted::Message(Message::RemoteRead) => return queries(&course.sent.body, &upstream.body),
        _ => return Vec::new(),
    };
    let extensions = course.account.mount.map(|mount| mount.extensions).unwrap_or_default();
    let bounds = Bounds { length: usize::MAX, extensions, ..Bounds::default() };
    let mut rewritten = Vec::new();
    let is_form = !course.sent.body.is_empty();
    let halves = [
        (
            values(query(&course.sent.text(":path")), selectors),
            values(query(&upstream.text(":path")), selectors),
        ),
        (form(&course.sent.body, is_form, selectors), form(&upstream.body, is_form, selectors)),
    ];
    for (mut before, after) in halves {
        if !may_repeat(selectors.parameter) {
            before.truncate(1);
        }
        // Each selector of a list becomes one for each alternative.
        let restriction = course.account.restriction.as_ref().filter(|_| is_list(selectors.form));
        let alternatives = restriction.map_or(1, |restriction| restriction.alternatives().count());
        before = before.into_iter().flat_map(|text| std::iter::repeat_n(text, alternatives)).collect();
        // What the filter adds stands first.
        let added = after.len().saturating_sub(before.len());
        for (index, after) in after.into_iter().enumerate() {
            let before = index.checked_sub(added).and_then(|index| before.get(index)).cloned();
            let texts = before.as_ref().map(|before| pairs(before, &after, selectors.form, &bounds));
            let (parameter, selectors) = (selectors.parameter.to_owned(), texts.unwrap_or_default());
            rewritten.push(Rewritten { parameter, before, after, selectors });
        }
    }
    rewritten
}

/// Returns the queries of a message of remote read, which keep their places.
fn queries(before: &[u8], after: &[u8]) -> Vec<Rewritten> {
    let after = read_queries::texts(after).into_iter();
    let both = read_queries::texts(before).into_iter().zip(after);
    let rewritten = |(before, after)| Rewritten {
        parameter: "queries".to_owned(),
        before: Some(before),
        after,
        selectors: Vec::new(),
    };
    both.map(rewritten).collect()
}

fn is_list(form: SelectorForm) -> bool {
    matches!(form, SelectorForm::AnyOf | SelectorForm::Filters)
}

fn query(target: &str) -> &[u8] {
    target.split_once('?').map_or(&[], |(_, query)| query.as_bytes())
}

fn form(body: &[u8], is_form: bool, selectors: Selectors) -> Vec<String> {
    if is_form { values(body, selectors) } else { Vec::new() }
}

fn values(text: &[u8], selectors: Selectors) -> Vec<String> {
    let parameters = Parameters::parse(text, Part::Query).unwrap_or_default();
    parameters.values(selectors.parameter).map(Cow::into_owned).collect()
}

/// Returns the selectors of a value, before and after. There are none if the filter didn't read the value, or if a selector
/// became several.
fn pairs(before: &str, after: &str, form: SelectorForm, bounds: &Bounds) -> Vec<(String, String)> {
    let read = |text: &str| -> Option<Vec<String>> {
        let query = Query::parse_within(text, form.wanted(), bounds, Counts::default()).ok()?;
        Some(query.selector_texts().into_iter().map(str::to_owned).collect())
    };
    match (read(before), read(after)) {
        (Some(before), Some(after)) if before.len() == after.len() => before.into_iter().zip(after).collect(),
        _ => Vec::new(),
    }
}
