//! The menu of the pages, entry by entry.

use super::visit::{HOME, Visit};
use promward_e2e::browser::Locator;

struct Entry {
    name: &'static str,
    /// The path below the prefix.
    path: &'static str,
    /// The class of the path.
    class: &'static str,
    /// A text that only this page shows.
    shows: &'static str,
}

const fn entry(name: &'static str, path: &'static str, class: &'static str, shows: &'static str) -> Entry {
    Entry { name, path, class, shows }
}

/// The entries of the menu itself, then those below `Status`.
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

/// The link that leaves the site. It says so, and nobody follows it by mistake.
const HELP: &str = "https://prometheus.io/docs/prometheus/latest/getting_started/";

/// Follows each entry and goes back. Entries of these classes show their page, and the others the reason for the
/// refusal.
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

/// Returns the names and targets of all links of the menu, without the one that opens it.
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
    // The first link redirects to the page that it names.
    links[0].1 = format!("{HOME}classic/");
    links.push(("Help".to_owned(), HELP.to_owned()));
    links
}
