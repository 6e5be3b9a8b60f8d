//! The exact lines that the console may show.

use super::set_up;
use super::visit::METRIC;
use promward_e2e::browser::{Browser, Complaint, Options};
use promward_harness::prometheus::{self, Prometheus};

/// Returns the line for an answer with a status of 400 or more, without its URL.
pub(crate) fn failed(status: u16) -> String {
    format!(" - Failed to load resource: the server responded with a status of {status} ()")
}

/// The line for an answer of 401 on a page where nobody can log in.
pub(crate) const ASKED: &str =
    "chrome-error://chromewebdata/ - Failed to load resource: the server responded with a status of 401 ()";

/// The file and the message of a library that Debian's pages load in a way that it isn't made for. Menus work without
/// it.
const DEBIANS: [(&str, &str); 1] =
    [("/classic/static/popper.js/popper.min.js?", "Uncaught SyntaxError: Unexpected token 'export'")];

/// Checks that a line is about a defect of Debian's pages.
pub(crate) fn is_debians(complaint: &Complaint) -> bool {
    complaint.source == "javascript"
        && DEBIANS
            .iter()
            .any(|(file, message)| complaint.text.contains(file) && complaint.text.ends_with(message))
}

/// This shows that the gateway has no part in the lines that are let pass.
#[test]
fn debians_pages_complain_of_themselves_without_a_gateway_too() {
    let Some(_) = set_up::prometheus() else { return };
    let prometheus = Prometheus::start(prometheus::Options::default()).unwrap();
    let mut browser = Browser::start(&Options::default().server(prometheus.address())).unwrap();
    browser.open(&format!("http://{}/classic/graph", prometheus.address())).unwrap();
    browser.wait_for(METRIC).unwrap();
    browser.settle().unwrap();
    let complaints = browser.complaints();
    assert!(complaints.iter().all(is_debians), "{complaints:?}");
    assert_eq!(complaints.len(), DEBIANS.len(), "{complaints:?}");
}
