//! Tests that a host can't pass, with the reasons. A suite of tests as data has rows of its own.

use super::Host;

/// A row of tests that hosts can't pass, for one reason.
pub struct Unable {
    /// The hosts that can't pass them.
    pub hosts: &'static [Host],
    /// The tests by their names.
    pub names: &'static [&'static str],
    /// The reason, which is printed in place of a result.
    pub reason: &'static str,
}

impl Unable {
    /// Returns `true` if no row is about a test on this host. Else the reason is printed.
    #[must_use]
    pub fn is_none_about(rows: &[Self], host: Host, test: &str, is_meant: impl Fn(&str) -> bool) -> bool {
        let row =
            rows.iter().find(|row| row.hosts.contains(&host) && row.names.iter().any(|name| is_meant(name)));
        if let Some(row) = row {
            eprintln!("skipped on {host}: {test}: {}", row.reason);
        }
        row.is_none()
    }
}

/// The hosts that the embedded host plays.
pub const PLAYED: &[Host] = &[Host::Nginx, Host::TrafficServer];

/// The scenarios that hosts can't pass, by the ends of their modules with their names.
const UNABLE: &[Unable] = &[
    Unable {
        hosts: PLAYED,
        names: &[
            "schemes::a_certificate_lets_its_caller_in",
            "schemes::a_certificate_that_nobody_signed_ends_the_handshake",
            "schemes::a_header_decides_before_a_certificate",
        ],
        reason: "it tells of no certificates, so that the configuration is refused",
    },
    Unable {
        hosts: PLAYED,
        names: &[
            "tenants::a_claim_decides_which_tenants_a_token_sees",
            "tenants::a_list_or_groups_decide_which_tenants_a_caller_sees",
        ],
        reason: "it verifies no JSON Web Tokens, so that the configuration is refused",
    },
    Unable {
        hosts: PLAYED,
        names: &["streams::a_form_that_ends_in_trailers_is_refused"],
        reason: "no trailers reach a module there: nginx resets the request, Traffic Server drops them",
    },
    Unable {
        hosts: PLAYED,
        names: &[
            "streams::a_body_that_the_filter_does_not_read_streams",
            "streams::events_arrive_one_by_one",
        ],
        reason: "the body of a request is complete, or begun, before the server is asked",
    },
    Unable {
        hosts: PLAYED,
        names: &["restricted_forms::a_server_that_answers_early_has_seen_nothing_to_answer"],
        reason: "the server isn't asked before the form has been read",
    },
    Unable {
        hosts: PLAYED,
        names: &["logins::a_flood_of_wrong_passwords_is_not_felt_by_others"],
        reason: "a password is checked at once there, so that others wait for the checks of one source's budget",
    },
    Unable {
        hosts: PLAYED,
        names: &["schemes::a_credential_that_the_connection_header_names_does_not_count"],
        reason: "a header that `connection` names is left as it is, and counts as any other",
    },
    Unable {
        hosts: PLAYED,
        names: &["bodies::a_form_without_an_end_is_refused_at_its_limit"],
        reason: "nginx collects the form and refuses it itself, and Traffic Server lets no form without a length pass",
    },
    Unable {
        hosts: PLAYED,
        names: &[
            "bodies::a_body_without_an_end_streams_until_its_client_goes",
            "upstream::an_answer_that_comes_before_the_body_is_the_answer",
        ],
        reason: "the body of a request is complete before the server is asked, or has a length on Traffic Server",
    },
    Unable {
        hosts: &[Host::Nginx],
        names: &["upstream::a_wrong_answer_of_a_server_never_looks_right"],
        reason: "the host's own answers have other statuses there",
    },
    Unable {
        hosts: PLAYED,
        names: &["answers::an_answer_that_goes_wrong_is_broken_off"],
        reason: "nothing breaks an answer off there: what was cut ends as if it were whole, and its JSON isn't closed",
    },
    Unable {
        hosts: &[Host::TrafficServer],
        names: &["turns::nothing_of_one_tenants_request_is_in_anothers"],
        reason: "a VM that has trapped, as this scenario wants, is never replaced there",
    },
    Unable {
        hosts: &[Host::Nginx],
        names: &["schemes::a_malformed_credential_is_refused_and_never_counts_as_anonymous"],
        reason: "nginx itself answers 400 to two `authorization`",
    },
    Unable {
        hosts: &[Host::Nginx],
        names: &["restricted_forms::a_form_with_nothing_in_it_is_restricted"],
        reason: "a body without bytes isn't shown there, so that the query that selects nothing goes up alone",
    },
    Unable {
        hosts: &[Host::TrafficServer],
        names: &["configuration::a_wrong_field_is_one_line_with_its_path"],
        reason: "a host that refuses a configuration there serves without the filter, so that it is taken, and all is 503",
    },
    Unable {
        hosts: &[Host::TrafficServer],
        names: &[
            "guide::the_endpoints_of_the_table_are_what_prometheus_serves",
            "matrix::everybody_may_do_what_the_table_says_and_nothing_else",
            "logins::twenty_requests_with_a_new_password_run_one_check",
            "restricted_forms::a_form_in_pieces_is_restricted",
            "restricted_forms::a_form_with_nothing_in_it_is_restricted",
            "streams::a_form_in_pieces_is_read_whole",
        ],
        reason: "a form without a length is refused with 411, since its end isn't told there",
    },
];

/// Checks that a host can pass a scenario. If not, prints the reason.
#[must_use]
pub fn can(host: Host, module: &str, scenario: &str) -> bool {
    // The module ends with that of the host.
    let module = module.rsplit_once("::").map_or(module, |(module, _)| module);
    let path = format!("{module}::{scenario}");
    Unable::is_none_about(UNABLE, host, &path, |name| path.ends_with(name))
}
