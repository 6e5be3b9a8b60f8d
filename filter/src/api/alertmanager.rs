//! The endpoints of Alertmanager 0.25 to 0.34, taken from its source (`api/v2/openapi.yaml`, `ui/web.go`,
//! `httpserver/httpserver.go`). Version 1 of its API went with 0.27; it has the classes of the same things, and nothing of
//! it can be restricted.

use super::class::Class;
use super::endpoint::{Endpoint, SelectorForm, Selectors, ToRestricted};
use super::listing::Listing;
use super::profile::{Contents, Profile, Section, SpecialParameters, listed, restrictable};
use super::row::{DELETE, GET, GET_POST, POST, check, closed, file, reads, refused, row, ui};
use crate::target::parameters::ParameterNames;
use crate::time::dialect::Dialect;

/// The API of Alertmanager.
pub static PROFILE: Profile = Profile {
    name: "alertmanager",
    sections: SECTIONS,
    classes: listed(SECTIONS),
    restrictable: restrictable(SECTIONS),
    aliases: &[],
    api_paths: &["/api/"],
    without_slash: &["/api/v1/", "/api/v2/"],
    parameters: SpecialParameters {
        // Each is compared with the labels of every alert, or with every receiver.
        searched: &["filter", "receiver", "receiver_matchers"],
        ..SpecialParameters::NONE
    },
    second_lock: None,
    dialect: Dialect::Prometheus,
    contents: Contents::Known,
};

static SECTIONS: &[Section] = &[Section { below: "", rows: ENDPOINTS }];

const ALERTS: ParameterNames =
    &["filter", "receiver", "receiver_matchers", "active", "silenced", "inhibited", "unprocessed"];
const GROUPS: ParameterNames =
    &["filter", "receiver", "receiver_matchers", "active", "silenced", "inhibited", "muted"];
const SILENCES: ParameterNames = &["filter", "active", "expired", "pending"];

/// Returns what a restricted caller gets of a list: what the restriction leaves of it, by matchers in `filter` and by
/// filtering the answer.
const fn cut(listing: Listing, form: SelectorForm) -> ToRestricted {
    ToRestricted::Filter(listing, Some(Selectors { parameter: "filter", form }))
}

/// Every endpoint. Rows that name the same path have different methods.
#[rustfmt::skip]
pub static ENDPOINTS: &[Endpoint] = &[
    // The page asks for all of its lists with the parameters of all.
    row("/api/v2/alerts/groups", GET, Class::Alerts,
        &reads(GROUPS, cut(Listing::AlertGroups, SelectorForm::Matchers)).unread(&["group"])),
    row("/api/v2/alerts", GET, Class::Alerts,
        &reads(ALERTS, cut(Listing::ReceivedAlerts, SelectorForm::Matchers)).unread(&["muted", "group"])),
    // Prometheus sends its alerts here.
    closed("/api/v2/alerts", POST, Class::Write),
    row("/api/v2/silences", GET, Class::Alerts,
        &reads(SILENCES, cut(Listing::Silences, SelectorForm::OwnMatchers))
            .unread(&["silenced", "inhibited", "muted", "receiver", "group"])),
    row("/api/v2/silences", POST, Class::Silences, &reads(&[], ToRestricted::NewSilence)),
    row("/api/v2/silence/:id", GET, Class::Alerts, &reads(&[], ToRestricted::OwnSilence)),
    row("/api/v2/silence/:id", DELETE, Class::Silences, &reads(&[], ToRestricted::OwnSilence)),

    row("/api/v2/receivers", GET, Class::Status, &refused(&["receiver_matchers"])),
    // It shows the whole configuration.
    closed("/api/v2/status", GET, Class::Config),

    closed("/api/v1/alerts", GET, Class::Alerts),
    closed("/api/v1/alerts", POST, Class::Write),
    closed("/api/v1/silences", GET, Class::Alerts),
    closed("/api/v1/silences", POST, Class::Silences),
    closed("/api/v1/silence/:id", GET, Class::Alerts),
    closed("/api/v1/silence/:id", DELETE, Class::Silences),
    closed("/api/v1/receivers", GET, Class::Status),
    closed("/api/v1/status", GET, Class::Config),

    closed("/metrics", GET, Class::Metrics),
    check("/-/healthy"),
    check("/-/ready"),
    closed("/-/reload", POST, Class::Reload),
    closed("/debug/*", GET_POST, Class::Debug),

    ui("/"),
    file("/script.js"),
    file("/lib/*"),
    file("/assets/*"),
    file("/favicon.ico"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_classes_are_those_of_its_endpoints_and_of_unknown_paths() {
        assert_eq!(
            PROFILE.classes.to_string(),
            "health alerts silences status config metrics write reload debug ui unknown"
        );
    }
}
