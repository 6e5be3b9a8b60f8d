//! Checks after all attacks that the deployment is well: every worker answers, and no VM has failed.

use crate::attacks::run::Runner;
use crate::attacks::setting::Running;
use anyhow::{Context, Result, bail, ensure};

/// The most connections that it takes until each worker has had one.
const CONNECTIONS: usize = 200;

/// The words in a log when a VM has failed.
const FAILURES: [&str; 3] = ["panicked", "RuntimeError", "trapped"];

/// Secrets that no log may contain: tokens, and passwords as they are and in base64.
const SECRETS: [&str; 5] =
    ["-token", "correct horse", "battery staple", "Y29ycmVjdCBob3JzZQ", "Ym9iOmJhdHRlcn"];

/// Asks for `/-/healthy` until every worker has answered, and checks that there are as many VMs as before.
pub(crate) fn check(runner: &mut Runner, vms: u64) -> Result<()> {
    let workers = Workers::of(&runner.running)?;
    let mut answered = false;
    for _ in 0..CONNECTIONS {
        let answer = runner.running.client("anonymous").get("/prometheus/-/healthy")?;
        ensure!(answer.status == 200, "/-/healthy: {}", answer.status);
        answered = workers.have_all_answered(&runner.running)?;
        if answered {
            break;
        }
    }
    ensure!(answered, "a worker has not answered on {CONNECTIONS} connections");
    let healthy = |target: &str| target == "/-/healthy";
    let arrived = runner.arrived()?;
    let other: Vec<_> = arrived.iter().filter(|request| !healthy(&request.target)).collect();
    ensure!(other.is_empty(), "arrived late: {other:?}");
    let now = runner.running.deployment.vms()?;
    ensure!(now == vms, "{now} VMs were started in place of {vms}");
    let tells = |line: &&String| FAILURES.iter().chain(&SECRETS).any(|text| line.contains(text));
    if let Some(line) = runner.running.log().iter().find(tells) {
        bail!("the log says {line}");
    }
    Ok(())
}

/// The number of connections of each worker. Envoy counts them by worker, and the embedded host has one worker.
struct Workers(Vec<u64>);

impl Workers {
    fn of(running: &Running) -> Result<Self> {
        let Some(envoy) = running.deployment.envoy() else { return Ok(Self(Vec::new())) };
        let count = |worker| {
            let name =
                format!("listener.127.0.0.1_{}.worker_{worker}.downstream_cx_total", envoy.https().port());
            envoy.stat(&name)?.with_context(|| format!("Envoy has no {name}"))
        };
        (0..2).map(count).collect::<Result<_>>().map(Self)
    }

    fn have_all_answered(&self, running: &Running) -> Result<bool> {
        let now = Self::of(running)?;
        Ok(self.0.iter().zip(now.0).all(|(before, now)| now > *before))
    }
}
