//! The menu of the pages, entry by entry.

use super::visit::{HOME, Visit};
use promward_e2e::browser::Locator;

/// An entry of the menu.
struct Entry {
    /// What it is called.
    name: &'static str,
    /// Where it leads, below the prefix.
    path: &'static str,
    /// Of which class that is.
    class: &'static str,
    /// What only that page shows.
    shows: &'static str,
}

const fn entry(name: &'static str, path: &'static str, class: &'static str, shows: &'static str) -> Entry {
    Entry { name, path, class, shows }
}

/// The entries themselves, then those below `Status`.
const TOP: [Entry; 3] = [
    entry("Prometheus", "classic/graph", "ui", "Add Graph"),
    entry("Alerts", "classic/alerts", "rules", "AlphaIsOpen"),
    entry("Graph", "classic/graph", "ui", "Add Graph"),
];
const STATUS: [Entry; 6] = [
    entry("Runtime & Build Information", "classic/status", "status", "Build Information"),
    entry("Command-Line Flags", "classic/flags", "config", "web.external-url"),
    entry("Configuration", "classic/config", "config", "scrape_interval"),
    entry("Rules", "classic/rules", "rules", "OmegaIsOpen"),
    entry("Targets", "classic/targets", "status", "Unhealthy"),
    entry("Service Discovery", "classic/service-discovery", "status", "Service Discovery"),
];

/// Where the menu leads away from the deployment. It says so, and nobody goes there by mistake.
const HELP: &str = "https://prometheus.io/docs/prometheus/latest/getting_started/";

/// Follows each entry, going back after each: those of these classes show their page, and the others why they don't.
pub(crate) fn is_followed(visit: &mut Visit, classes: &[&str]) {
    assert_eq!(links(visit), expected());
    for (entries, are_below) in [(TOP.as_slice(), false), (STATUS.as_slice(), true)] {
        for entry in entries {
            follow(visit, entry, are_below, classes.contains(&entry.class));
        }
    }
}

fn follow(visit: &mut Visit, entry: &Entry, is_below: bool, is_open: bool) {
    visit.browser.settle().unwrap();
    if !is_open {
        visit.expects(entry.path, 403);
    }
    if is_below {
        visit.browser.click(Locator::XPath("//nav//a[normalize-space(.)='Status']")).unwrap();
        visit.browser.wait_for(Locator::Css(".dropdown-menu.show")).unwrap();
    }
    let link = format!("//nav//a[normalize-space(.)='{}']", entry.name);
    visit.browser.click(Locator::XPath(&link)).unwrap();
    if is_open {
        let shown = format!("//body//*[contains(., '{0}') or contains(@value, '{0}')]", entry.shows);
        visit.browser.wait_for(Locator::XPath(&shown)).unwrap();
    } else {
        visit.browser.wait_for(Locator::XPath("//body[contains(., 'no access rule')]")).unwrap();
        visit.reads_refusal(entry.class);
    }
    assert_eq!(visit.browser.address().unwrap(), format!("{HOME}{}", entry.path));
    visit.picture(&format!("menu-{}", entry.name.to_lowercase().replace(" & ", "-").replace(' ', "-")));
    visit.browser.back().unwrap();
    visit.browser.wait_for(Locator::Css("nav")).unwrap();
}

/// Names and targets of all links of the menu but the one that opens it.
fn links(visit: &Visit) -> Vec<(String, String)> {
    let script = "return Array.from(document.querySelectorAll('nav a:not(.dropdown-toggle)'),
        (link) => [link.textContent.trim(), link.href])";
    serde_json::from_value(visit.browser.run(script, vec![]).unwrap()).unwrap()
}

fn expected() -> Vec<(String, String)> {
    let mut links: Vec<_> = TOP
        .iter()
        .chain(&STATUS)
        .map(|entry| (entry.name.to_owned(), format!("{HOME}{}", entry.path)))
        .collect();
    // The first leads on to where it is said to lead.
    links[0].1 = format!("{HOME}classic/");
    links.push(("Help".to_owned(), HELP.to_owned()));
    links
}
