//! The text that a demo prints when it is ready: first the URL, the users and a request; then the rest.

use super::directory::shown;
use super::{Content, Demo, Host};
use anyhow::Result;
use promward_harness::tools;
use promward_module::installed;

/// The user of the request that is shown: the one with the fewest rights.
const VIEWER: &str = "viewer";

/// The folder with the dashboard and the alerts.
const DASHBOARDS: &str = "envoy/dashboards/promward";

/// Returns the lines that are shown when everything runs.
///
/// # Errors
///
/// Returns an error if the filter would refuse the demo's configuration.
pub(super) fn welcome(demo: &Demo) -> Result<String> {
    let url = demo.url();
    let callers = match &demo.content {
        Content::Users(callers) => format!("{}\n", callers.table()?),
        Content::Example(example) => example.callers(),
    };
    let commands: String = commands(demo).iter().map(|command| format!("  {command}\n")).collect();
    Ok(format!(
        "
Ready: {guarded}, at {url}/

{callers}{commands}
{browser}

{further}
Logs ({logs}) are in {directory}. Ctrl-C ends all of it.
",
        guarded = demo.guarded,
        browser = browser(demo),
        further = further(demo),
        logs = logs(demo),
        directory = demo.directory.shown(),
    ))
}

/// Returns the names of the log files.
fn logs(demo: &Demo) -> String {
    let host = match demo.host {
        Host::Envoy => "access.log, envoy.log",
        Host::Embedded => "filter.log",
    };
    let prometheus = if demo.guarded.prometheus().is_some() { ", prometheus.log" } else { "" };
    let provider = if demo.provider.is_some() { ", provider.log" } else { "" };
    let alertmanager = if demo.servers.is_empty() { "" } else { ", alertmanager.log" };
    format!("{host}{prometheus}{alertmanager}{provider}")
}

/// Returns the requests that are shown, as they are typed.
pub(super) fn commands(demo: &Demo) -> Vec<String> {
    let url = demo.url();
    match &demo.content {
        Content::Example(example) => example.commands(&demo.directory, &url),
        Content::Users(callers) => {
            let password = callers.passwords().get(VIEWER).map_or("", String::as_str);
            let authority = shown(&demo.directory.file("ca.crt"));
            vec![format!(
                "curl --cacert {authority} --user {VIEWER}:{password} {url}/api/v1/label/job/values"
            )]
        }
    }
}

/// The steps that lead to the page.
const BROWSER: &str = "\
In a browser on this machine, open that URL. The browser warns, because it doesn't know who signed the certificate: choose
\"Advanced\", then to continue.";

/// Returns the steps that lead to the page in a browser, and where to read on.
fn browser(demo: &Demo) -> String {
    let example = match &demo.content {
        Content::Users(_) => {
            return format!(
                "{BROWSER} Then log in as one of the users; a private window lets you be another one."
            );
        }
        Content::Example(example) => example,
    };
    let readme = shown(&example.folder().join("README.md"));
    let further = format!("{readme} shows what else to ask, and what is refused.");
    let provider = if demo.provider.is_some() { " It warns again for the identity provider." } else { "" };
    if example.has_page() { format!("{BROWSER}{provider}\n{further}") } else { further }
}

/// Returns the list of what runs, and where to look for more.
fn further(demo: &Demo) -> String {
    let configuration = shown(&demo.directory.file("promward.json"));
    let host = match demo.host {
        Host::Envoy => {
            tools::envoy().map_or_else(|_| "Envoy".to_owned(), |tool| format!("Envoy {}", tool.version))
        }
        Host::Embedded => demo.host.to_string(),
    };
    let dashboards =
        installed::shipped(DASHBOARDS).map_or_else(|_| DASHBOARDS.to_owned(), |path| shown(&path));
    installed::as_called(&format!(
        "\
promward runs on {host}, and serves the name example.com as well. Port {http} only redirects to https. This explains its
configuration:
  cargo promward check {configuration}
{dashboards} has a dashboard for Grafana (Dashboards, New, Import) and alerts, for Envoy's metrics.
",
        http = demo.ports.http
    ))
}
