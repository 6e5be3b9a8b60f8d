//! The pages as a user of one tenant sees them. Nothing that the browser receives, on any page, is about the other
//! tenant.

use super::set_up::GAUGE;
use super::visit::{GRAPH_TAB, HOME, Visit};
use promward_e2e::browser::Locator;
use promward_e2e::deployment::Host;

/// A name in all data of the other tenant.
const OTHER: &str = "omega";

/// The reason that is shown at pages with everybody's data.
const NOT_AT_ALL: &str =
    "this endpoint can't be limited to what you may see, so it is refused (access[3].only)";

#[test]
fn a_user_of_one_tenant_is_shown_nothing_of_another() {
    if !Host::Envoy.is_here() {
        return;
    }
    let Some(mut visit) = Visit::begin(Host::Envoy, "alpha") else { return };
    visit.logs_in();
    visit.asks_for(GAUGE);
    visit.browser.wait_for(Locator::XPath("//td[contains(., 'alpha')]")).unwrap();
    visit.browser.click(GRAPH_TAB).unwrap();
    visit.sees_graph(GAUGE, &["shop_orders{tenant=\"alpha\"}"]);
    visit.picture("graph");
    assert_silent(&visit);
    visit.browser.reload().unwrap();
    visit.sees_graph(GAUGE, &["shop_orders{tenant=\"alpha\"}"]);
    assert_silent(&visit);

    for (path, shows) in [
        ("api/v1/alerts", "AlphaIsOpen"),
        ("api/v1/rules", "AlphaIsOpen"),
        ("api/v1/series?match[]=shop_orders", "alpha"),
        ("api/v1/label/tenant/values", "alpha"),
        ("api/v1/query?query=count(shop_orders)", "\"1\""),
    ] {
        visit.browser.open(&format!("{HOME}{path}")).unwrap();
        assert!(visit.browser.text().unwrap().contains(shows), "{path}");
        assert_silent(&visit);
    }
    for (path, told) in [
        ("classic/alerts", NOT_AT_ALL),
        ("classic/rules", NOT_AT_ALL),
        ("classic/targets", "no access rule allows the class \"status\" to user:alpha here"),
        ("federate?match[]=shop_orders", "no access rule allows the class \"federate\" to user:alpha here"),
    ] {
        visit.expects(path, 403);
        visit.browser.open(&format!("{HOME}{path}")).unwrap();
        let page = visit.browser.text().unwrap();
        assert!(page.starts_with("Not allowed\n"), "{path}: {page}");
        assert!(page.contains("You are signed in as user:alpha."), "{path}: {page}");
        assert!(page.trim_end().ends_with(told), "{path}: {page}");
        assert_silent(&visit);
    }
    visit.picture("refused");

    let mut bodies = 0;
    for request in visit.ends() {
        let is_data = ["Document", "XHR"].contains(&request.kind.as_str());
        if is_data && request.status.is_some_and(|status| !(300..400).contains(&status)) {
            let body = request.body.as_ref().unwrap_or_else(|| panic!("nobody has read {}", request.url));
            assert!(!names_other(body), "{}: {body}", request.url);
            bodies += 1;
        }
        assert!(!names_other(&format!("{:?}", request.headers)), "{}", request.url);
    }
    assert!(bodies > 10, "only {bodies} bodies");
}

fn assert_silent(visit: &Visit) {
    let source = visit.browser.source().unwrap();
    assert!(!names_other(&source), "{}: {source}", visit.browser.address().unwrap());
}

fn names_other(text: &str) -> bool {
    text.to_lowercase().contains(OTHER)
}
