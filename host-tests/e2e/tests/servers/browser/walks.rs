//! The actions of a viewer and of an admin, on either host: the guide's page, a query, a graph, the menu, a link to a
//! graph.

use super::menu;
use super::set_up::GAUGE;
use super::visit::{GRAPH_TAB, HOME, Visit};
use promward_e2e::browser::Locator;
use promward_e2e::deployment::Host;
use promward_e2e::on_both_hosts;

on_both_hosts! {
    a_viewer_sees_graphs_and_reads_what_is_not_for_them,
    an_admin_sees_every_page,
}

const LINES: [&str; 2] = ["shop_orders{tenant=\"alpha\"}", "shop_orders{tenant=\"omega\"}"];

fn a_viewer_sees_graphs_and_reads_what_is_not_for_them(host: Host) {
    let Some(mut visit) = Visit::begin(host, "viewer") else { return };
    visit.is_asked();
    visit.logs_in();
    asks_and_looks(&mut visit);
    follows_a_link(&mut visit);
    menu::is_followed(&mut visit, &["ui", "rules"]);
    for (path, class) in [("metrics", "metrics"), ("api/v1/status/config", "config"), ("new", "unknown")] {
        visit.is_refused(path, class);
    }
    visit.ends();
}

fn an_admin_sees_every_page(host: Host) {
    let Some(mut visit) = Visit::begin(host, "admin") else { return };
    visit.logs_in();
    asks_and_looks(&mut visit);
    follows_a_link(&mut visit);
    menu::is_followed(&mut visit, &["ui", "rules", "status", "config"]);
    visit.browser.open(&format!("{HOME}metrics")).unwrap();
    assert!(visit.browser.text().unwrap().contains("prometheus_build_info"));
    visit.ends();
}

/// Runs a query as text and as a graph, and a query with a mistake.
fn asks_and_looks(visit: &mut Visit) {
    visit.asks_for(GAUGE);
    visit.browser.wait_for(Locator::XPath("//td[contains(., 'alpha')]")).unwrap();
    visit.picture("console");
    visit.browser.click(GRAPH_TAB).unwrap();
    visit.sees_graph(GAUGE, &LINES);
    visit.picture("graph");

    visit.expects("api/v1/query_range?query=shop_orders%7B&", 400);
    visit.asks("shop_orders{");
    let told = "//div[contains(@class, 'error') and contains(., 'Error executing query: ')]";
    visit.browser.wait_for(Locator::XPath(told)).unwrap();
    visit.picture("no-query");
}

/// Follows a link to a graph that somebody has sent, and loads it again.
fn follows_a_link(visit: &mut Visit) {
    let query = "sum by (tenant) (shop_orders)";
    let link = "graph?g0.expr=sum%20by%20(tenant)%20(shop_orders)&g0.tab=0&g0.range_input=30m";
    visit.browser.open(&format!("{HOME}{link}")).unwrap();
    visit.sees_graph(query, &["{tenant=\"alpha\"}", "{tenant=\"omega\"}"]);
    assert!(visit.browser.address().unwrap().starts_with(&format!("{HOME}classic/graph?")));
    visit.browser.reload().unwrap();
    visit.sees_graph(query, &["{tenant=\"alpha\"}", "{tenant=\"omega\"}"]);
    visit.picture("reloaded");
}
