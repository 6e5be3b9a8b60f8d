//! What a demo tells its user: what runs, how to ask it, how to look at it, how to end it.

use super::Demo;
use super::directory::shown;
use crate::site::Host;
use crate::tools;

/// The lines that are shown when everything runs.
pub(super) fn welcome(demo: &Demo) -> String {
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
    format!(
        "
{guarded} is at https://example.com:{https}/prometheus/, behind promward on {host}.
Everything is open to anyone, as in the guide. Port {http} only redirects there.

Ask it:
  curl --cacert {authority} --resolve example.com:{https}:127.0.0.1 \\
    https://example.com:{https}/prometheus/api/v1/label/job/values

Look at it in a browser on this machine, with this line in /etc/hosts:
  127.0.0.1 example.com
and, since the browser doesn't know the certificate's authority, after its warning:
  https://example.com:{https}/prometheus/

Logs ({logs}) are in {directory}.
Ctrl-C ends all of it.
",
        guarded = demo.guarded,
        directory = demo.directory.shown(),
    )
}
