//! The Prometheus that these tests share, with the series of two tenants, and its users.

use promward_e2e::deployment::{Deployment, Host, Options};
use promward_harness::prometheus::{self, Prometheus, Samples};
use promward_harness::tools::{self, Program};
use serde_json::json;
use std::fmt::Write;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// The password of every user.
pub(crate) const PASSWORD: &str = "correct-horse";

/// The lowest cost of a hash.
const CHEAP: u32 = 4;

/// A gauge that both tenants have.
pub(crate) const GAUGE: &str = "shop_orders";

/// The seconds between two samples, and the number of samples up to now.
const STEP: u64 = 15;
const SAMPLES: u64 = 500;

const RULES: &str = r#"
groups:
- name: shops
  rules:
  - alert: AlphaIsOpen
    expr: vector(1)
    labels: { tenant: alpha }
  - alert: OmegaIsOpen
    expr: vector(1)
    labels: { tenant: omega }
"#;

/// Returns one Prometheus for all scenarios, which only read.
pub(crate) fn prometheus() -> Option<&'static Prometheus> {
    static SHARED: OnceLock<Option<Prometheus>> = OnceLock::new();
    let start = || {
        for program in [Program::Prometheus, Program::Chromium, Program::Chromedriver] {
            tools::need(program)?;
        }
        let options = prometheus::Options {
            samples: Samples::OpenMetrics(samples()),
            rules: Some(RULES.to_owned()),
            ..prometheus::Options::guide()
        };
        let prometheus = Prometheus::start(options).unwrap();
        prometheus.wait("an alert of each tenant", "/api/v1/alerts", "OmegaIsOpen").unwrap();
        let (status, _) = prometheus.get("/classic/graph").unwrap();
        assert_eq!(
            status, 200,
            "these tests read Debian's pages; PROMWARD_PROMETHEUS can name its Prometheus"
        );
        Some(prometheus)
    };
    SHARED.get_or_init(start).as_ref()
}

/// Returns two hours of samples, up to now.
fn samples() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let mut text = String::new();
    for (name, tenant, height) in
        [(GAUGE, "alpha", 100), (GAUGE, "omega", 200), ("omega_secrets", "omega", 1)]
    {
        if !text.contains(name) {
            writeln!(text, "# TYPE {name} gauge").unwrap();
        }
        for index in 0..SAMPLES {
            let time = now - (SAMPLES - index) * STEP;
            writeln!(text, "{name}{{tenant=\"{tenant}\"}} {} {time}", height + index % 40).unwrap();
        }
    }
    text + "# EOF\n"
}

/// Starts the deployment with two users of the demo, who may do least and most, and one user who sees one tenant.
pub(crate) fn deployment(host: Host, prometheus: &Prometheus) -> Deployment {
    let hash = bcrypt::hash(PASSWORD, CHEAP).unwrap();
    let configuration = json!({
        "mounts": [{ "prefix": "/prometheus", "cluster": "prometheus" }],
        "callers": { "users": { "viewer": hash, "admin": hash, "alpha": hash } },
        "access": [
            { "who": ["anyone"], "may": ["health"] },
            { "who": ["user:viewer"], "may": ["read", "ui"] },
            { "who": ["user:admin"], "may": ["everything"] },
            { "who": ["user:alpha"], "may": ["read", "ui"], "only": { "tenant": ["alpha"] } },
        ],
    });
    Deployment::start(host, &Options::configured(prometheus.address(), &configuration.to_string())).unwrap()
}
