//! The cases that hosts other than Envoy can't pass, with the reasons. All others have the same result there.

use crate::attacks::format::Case;
use crate::attacks::setting::Setting;
use crate::attacks::{CATEGORIES, cases};
use promward_e2e::deployment::Host;
use promward_e2e::deployment::unable::{PLAYED, Unable};

/// The cases that hosts can't pass, by their names.
const ELSEWHERE: &[Unable] = &[
    Unable {
        hosts: PLAYED,
        names: &["the address that Envoy sees stands at the end"],
        reason: "nginx' allow-list leaves it out, and Traffic Server adds the address itself",
    },
    Unable {
        hosts: PLAYED,
        names: &[
            "Connection takes a credential away, and the request is anonymous",
            "and so it is at a page that anonymous callers may see",
            "Connection can't take a content type away from a form",
            "Connection takes a browser's word away, and its credential can't go with it",
        ],
        reason: "a header that `connection` names stays, and counts as any other",
    },
    Unable {
        hosts: PLAYED,
        names: &["a body behind an offer is read as such, or refused"],
        reason: "the filter sees the offer there, and refuses it",
    },
    Unable {
        hosts: PLAYED,
        names: &[
            "a form that ends in trailers",
            "trailers and no body",
            "a form that ends in trailers, and a selector that stands in the URL",
            "trailers behind no body",
        ],
        reason: "no trailers reach a module",
    },
    Unable {
        hosts: PLAYED,
        names: &[
            "gRPC's type, for which hosts say a refusal in another way",
            "a wrong token with gRPC's type is refused too",
        ],
        reason: "a reply to a gRPC client is as any other",
    },
    Unable {
        hosts: &[Host::Nginx],
        names: &["an unknown user is answered as a wrong password is"],
        reason: "nginx adds a line feed to the reply, so that it has another length",
    },
    Unable {
        hosts: PLAYED,
        names: &["by HTTP/1.0, with a name and without one"],
        reason: "the front answers 400 where no name is given",
    },
    Unable {
        hosts: PLAYED,
        names: &[
            "an answer that goes wrong breaks off",
            "lists within each other break off",
            "a list in place of an object, or nothing",
        ],
        reason: "nothing breaks an answer off: what was cut ends as if it were whole",
    },
    Unable {
        hosts: &[Host::Nginx],
        names: &["an answer with nothing in it shows nothing"],
        reason: "nothing breaks an answer off: what was cut ends as if it were whole",
    },
    Unable {
        hosts: PLAYED,
        names: &["a thousand headers"],
        reason: "more headers than the host shows are refused",
    },
    Unable {
        hosts: &[Host::Nginx],
        names: &["Authorization twice", "an empty one is none to Envoy", "a credential twice, by HTTP/2"],
        reason: "nginx itself answers 400",
    },
    Unable {
        hosts: &[Host::Nginx],
        names: &["hosts join two redirects, and one that begins on the site stays on it"],
        reason: "nginx joins nothing, and two are refused",
    },
    Unable {
        hosts: &[Host::TrafficServer],
        names: &[
            "a form in chunks that ends in trailers",
            "a length and chunks",
            "a request behind the last chunk of one with a length too",
            "a chunk whose size has something behind it",
            "a chunk whose size is no size",
            "a chunk's extension stays here",
            "an empty body by chunks is none",
            "an empty frame is none",
            "an empty form is none, and says nothing more than the URL",
            "the first byte is refused, and nothing is executed",
            "the first byte in a frame",
            "a query in the URL ends a limited caller's request, and a form behind it is refused",
            "a request behind an empty body is a request of its own",
            "one that says no length",
            "a trailer that is a trusted header",
        ],
        reason: "a body without a length is refused with 411",
    },
    Unable {
        hosts: &[Host::TrafficServer],
        names: &["a body behind GET, by HTTP/2", "the first byte behind an answer that is filtered"],
        reason: "a body without a length isn't shown to the filter, which lets none go up: the request is as if it had none",
    },
];

/// Checks that a case is run under a setting.
pub(crate) fn is_run(setting: Setting, case: &Case) -> bool {
    // Hosts other than Envoy tell of no certificates.
    let has_caller = setting.host().is_like_envoy() || !case.caller.starts_with("certificate ");
    has_caller && Unable::is_none_about(ELSEWHERE, setting.host(), &case.name, |name| name == case.name)
}

#[test]
fn every_case_that_is_left_out_exists() {
    let all: Vec<_> = CATEGORIES.iter().flat_map(|(category, text)| cases(category, text)).collect();
    for name in ELSEWHERE.iter().flat_map(|row| row.names) {
        assert!(all.iter().any(|case| case.name == *name), "{name}");
    }
}
