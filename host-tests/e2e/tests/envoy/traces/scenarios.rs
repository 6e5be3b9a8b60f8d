//! The scenarios, by subject. Surprising behaviour of Envoy is described above the scenario that shows it.

mod ends;
mod messages;
mod pauses;
mod replies;

use super::script::Scenario;

const NONE: Scenario = Scenario { name: "", probe: "", headers: &[], method: "POST", steps: &[] };

/// Returns all scenarios in the order in which they are played. The one that traps the VM comes last.
pub(crate) fn scenarios() -> impl Iterator<Item = &'static Scenario> {
    messages::MESSAGES.iter().chain(pauses::PAUSES).chain(replies::REPLIES).chain(ends::ENDS)
}
