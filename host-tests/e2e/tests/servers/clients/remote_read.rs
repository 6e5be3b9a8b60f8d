//! A second Prometheus, of both releases, that reads from the first one in the name of a tenant.

use crate::servers::clients::second_prometheus::{LONG, both, values, way_to, with_each_release};
use crate::servers::clients::set_up::{OF_A, deployment, prometheus, token};
use promward_e2e::deployment::Host;
use promward_e2e::on_both_hosts;
use serde_json::json;
use std::collections::BTreeMap;

on_both_hosts! {
    what_is_read_for_a_tenant_is_of_the_tenant_alone,
}

fn what_is_read_for_a_tenant_is_of_the_tenant_alone(host: Host) {
    let Some(first) = prometheus(None) else { return };
    let deployment = deployment(host, first.address());
    let way = way_to(&deployment);
    let scrapes = json!([way.job("first", "/metrics", way.certified(), &json!({}))]);
    for read_recent in [true, false] {
        let recent = json!({ "read_recent": read_recent });
        let reads = json!([both(way.remote("first", "read", way.tls(), &token(OF_A)), &recent)]);
        with_each_release(&format!("scrape_configs: {scrapes}\nremote_read: {reads}\n"), |second| {
            let as_read = |query: &str, label: &str, expected: &[(&str, f64)]| {
                let expected: BTreeMap<_, _> =
                    expected.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect();
                let is_read = || (values(second, query, label) == expected).then_some(());
                second.process().wait_until(query, LONG, is_read).unwrap();
            };
            // It asks nobody while it has no samples of its own.
            as_read("up", "job", &[("first", 1.0)]);
            as_read("stock", "item", &[("1", 1.0), ("2", 2.0), ("3", 3.0)]);
            as_read("count by (tenant) ({__name__=\"stock\"})", "tenant", &[("a", 3.0)]);
            as_read("count by (tenant) (stock{item=~\".+\",tenant!=\"x\"})", "tenant", &[("a", 3.0)]);
            as_read("sum(max_over_time(stock[1h])) + sum(stock offset 1m)", "", &[("", 12.0)]);
            as_read("stock{tenant=\"a\"} == 3", "tenant", &[("a", 3.0)]);
            as_read("stock{tenant=\"b\"} or stock{tenant=~\"b|c\"}", "tenant", &[]);
        });
    }
}
