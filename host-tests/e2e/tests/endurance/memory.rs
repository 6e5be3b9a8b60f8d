//! The memory of the filter's VMs as a metric. It is reported when it grows, and costs no host call otherwise.

use promward_e2e::deployment::{Deployment, Host, Options};
use promward_e2e::on_both_hosts;
use promward_harness::client::Request;
use promward_harness::upstream::{Reply, Upstream};

on_both_hosts! {
    memory_is_told_when_it_grows,
}

/// The metric, which is summed over all workers.
pub(crate) const PAGES: &str = "promward.memory_pages";

const QUERY: &str = "/prometheus/api/v1/query";

/// The least number of pages. The module's stack alone is 1 MiB, and its data comes on top.
const AT_LEAST: u64 = 17;

fn memory_is_told_when_it_grows(host: Host) {
    let upstream = Upstream::start(|_| Reply::text("ok")).unwrap();
    let options = Options { workers: 1, ..Options::new(upstream.address()) };
    let deployment = Deployment::start(host, &options).unwrap();
    assert_eq!(deployment.metric(PAGES).unwrap(), 0, "a VM without a stream");
    let mut connection = deployment.client().connect().unwrap();
    let mut ask = |form: &str| {
        let request = Request::form(QUERY).body(form);
        assert_eq!(connection.send(request).unwrap().status, 200);
    };
    ask("query=up");
    let small = deployment.wait_for_metric(PAGES, AT_LEAST).unwrap();

    // Nearly the longest form that is allowed.
    let long = format!("query={}", "a".repeat(250 << 10));
    ask(&long);
    let grown = deployment.wait_for_metric(PAGES, small + 1).unwrap();
    for _ in 0..20 {
        ask(&long);
        ask("query=up");
    }
    assert_eq!(deployment.metric(PAGES).unwrap(), grown, "what was given back is used again");

    let metric_calls = || {
        let calls = deployment.counts()?.host_calls;
        Some(["proxy_define_metric", "proxy_increment_metric"].map(|name| calls[name]))
    };
    let before = metric_calls();
    ask("query=up");
    let expected = before.map(|[defined, added]| [defined, added + 1]);
    assert_eq!(metric_calls(), expected, "one more request is counted, and nothing else told");
}
