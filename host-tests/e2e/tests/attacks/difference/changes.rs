//! The differences that are meant: what a module does otherwise on purpose than the last release. A release empties the
//! list.

use super::done::Done;

/// A difference in what is seen by a name, as [`Done`] has it.
pub(super) struct Difference<'a> {
    pub(super) name: &'a str,
    /// The effects of the request on the newer module.
    pub(super) done: &'a Done,
}

/// A change, and the differences that it makes.
struct Change {
    reason: &'static str,
    makes: fn(&Difference<'_>) -> bool,
}

const CHANGES: &[Change] = &[
    Change {
        reason: "refusals are counted by their reason, and limits by their name",
        makes: |Difference { name, .. }| {
            ["answers_refused", "limited", "refusals"]
                .iter()
                .any(|counter| name.starts_with(&format!("metric: promward.{counter}.")))
        },
    },
    Change {
        reason: "the proxy is told of forms, which it has to await",
        makes: |Difference { name, done }| {
            *name == "to the server: x-promward-body"
                && done.0.get(*name).is_some_and(|values| values == &["form"])
        },
    },
    Change {
        reason: "the header that tells of the client is removed by the routes",
        makes: |Difference { name, .. }| *name == "to the server: x-promward-client",
    },
    Change {
        reason: "JSON gets no headers that are for pages",
        makes: |Difference { name, done }| {
            let is_for_pages = ["answer: referrer-policy", "answer: x-frame-options"].contains(name);
            let types = done.0.get("answer: content-type");
            let is_json =
                types.is_some_and(|types| types[0].to_ascii_lowercase().starts_with("application/json"));
            is_for_pages && is_json
        },
    },
];

/// Returns the reason for a difference, or `None` if no change makes it.
pub(super) fn reason(difference: &Difference<'_>) -> Option<&'static str> {
    CHANGES.iter().find(|change| (change.makes)(difference)).map(|change| change.reason)
}
