//! What a demo tells its user: what runs, how to ask it, how to look at it, how to end it.

use super::Demo;
use super::Host;
use super::directory::shown;
use anyhow::Result;
use promward_harness::tools;

/// The user who asks in the example: the one who may least.
const VIEWER: &str = "viewer";

/// The lines that are shown when everything runs.
///
/// # Errors
///
/// When the filter would refuse the demo's configuration.
pub(super) fn welcome(demo: &Demo) -> Result<String> {
    let (https, http) = (demo.ports.https, demo.ports.http);
    let authority = shown(&demo.directory.authority());
    let host = match (demo.host, tools::envoy()) {
        (Host::Envoy, Ok(tool)) => format!("Envoy {}, with the shipped envoy/envoy.yaml", tool.version),
        (host, _) => host.to_string(),
    };
    let logs = match demo.host {
        Host::Envoy => "access.log, envoy.log, prometheus.log",
        Host::Embedded => "filter.log, prometheus.log",
    };
    let configuration = shown(&demo.directory.configuration());
    let password = demo.callers.passwords().get(VIEWER).map_or("", String::as_str);
    Ok(format!(
        "
{guarded} is at https://example.com:{https}/prometheus/, behind promward on {host}.
Port {http} only redirects there.

Three users may log in, with passwords that were made for this demo:
{table}
So says the filter's configuration in {configuration}, which is explained by
  cargo promward check {configuration}

Ask it:
  curl --user {VIEWER}:{password} --cacert {authority} --resolve example.com:{https}:127.0.0.1 \\
    https://example.com:{https}/prometheus/api/v1/label/job/values

Look at it in a browser on this machine, with this line in /etc/hosts:
  127.0.0.1 example.com
and, since the browser doesn't know the certificate's authority, after its warning:
  https://example.com:{https}/prometheus/
It asks for a user and a password, and sends them along until it is closed: a private window makes you another user.

Logs ({logs}) are in {directory}.
Ctrl-C ends all of it.
",
        guarded = demo.guarded,
        table = demo.callers.table()?,
        directory = demo.directory.shown(),
    ))
}
