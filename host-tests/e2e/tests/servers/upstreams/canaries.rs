//! Canaries: words in data that a restricted caller may not see, and nowhere else.

use flate2::read::MultiGzDecoder;
use promward_harness::client::Answer;
use std::io::Read;

/// The beginning of all canaries.
const CANARY: &str = "canary_of_";

/// The canary in the other tenant's series, rules and targets.
pub(crate) const OF_B: &str = "canary_of_b";

/// The canary in the configuration.
pub(crate) const OF_CONFIGURATION: &str = "canary_of_the_configuration";

/// The canary in the flags.
pub(crate) const OF_FLAGS: &str = "canary_of_the_flags";

pub(crate) const ALL: [&str; 3] = [OF_B, OF_CONFIGURATION, OF_FLAGS];

/// The value of an external label, which Prometheus adds to every series at `/federate` for every caller.
pub(crate) const EXTERNAL: &str = "external_label_of_all";

/// A word in the caller's own data.
pub(crate) const OWN: &str = "of_a_alone";

/// A configuration that scrapes the server itself, once for each tenant, and a closed port of `b`.
pub(crate) const SCRAPE: &str = "# canary_of_the_configuration, in a comment
scrape_configs:
- job_name: own
  static_configs: [{ targets: [ADDRESS], labels: { tenant: a, whose: of_a_alone } }]
  metric_relabel_configs:
  - { source_labels: [__name__], regex: process_resident_memory_bytes, action: keep }
- job_name: canary_of_b_job
  params: { secret: [canary_of_b_parameter] }
  basic_auth: { username: canary_of_the_configuration, password: canary_of_the_configuration }
  static_configs: [{ targets: [ADDRESS], labels: { tenant: b, canary_of_b_label: canary_of_b_value } }]
  metric_relabel_configs:
  - { source_labels: [__name__], regex: process_resident_memory_bytes, action: keep }
  - { target_label: __name__, replacement: canary_of_b_metric }
- job_name: canary_of_b_down
  metrics_path: /canary_of_b_path
  static_configs: [{ targets: ['127.0.0.1:1'], labels: { tenant: b } }]
- job_name: canary_of_b_dropped
  static_configs: [{ targets: ['127.0.0.1:2'], labels: { tenant: b, secret: canary_of_b_dropped } }]
  relabel_configs: [{ action: drop, source_labels: [tenant], regex: b }]
";

/// The text before it for a Prometheus.
pub(crate) const GLOBAL: &str = "global:
  scrape_interval: 1s
  evaluation_interval: 1s
  external_labels: { site: external_label_of_all }
rule_files: [rules.yml]
alerting:
  alertmanagers:
  - { path_prefix: /canary_of_the_configuration, static_configs: [{ targets: ['127.0.0.1:3'] }] }
";

/// The rules of both tenants.
pub(crate) const RULES: &str = "groups:
- name: shared
  rules:
  - { record: 'of_a_alone:rule', expr: vector(1), labels: { tenant: a } }
  - { alert: of_a_alone_alert, expr: vector(1), labels: { tenant: a } }
  - { record: 'canary_of_b:rule', expr: count(canary_of_b_metric), labels: { tenant: b } }
  - alert: canary_of_b_alert
    expr: vector(1)
    labels: { tenant: b, canary_of_b_label: canary_of_b_value }
    annotations: { canary_of_b_annotation: canary_of_b_text }
- name: canary_of_b_group
  rules:
  - { alert: canary_of_b_failing, expr: canary_of_b_metric / on () up, labels: { tenant: b } }
";

/// Returns the whole answer as text: headers, trailers and the body, which is unpacked if it was packed.
pub(crate) fn said(answer: &Answer) -> String {
    let mut said = String::new();
    for (name, value) in answer.headers.iter().chain(&answer.trailers) {
        said.push_str(&format!("{name}: {}\n", String::from_utf8_lossy(value)));
    }
    match answer.header("content-encoding").as_deref() {
        Some("gzip") if !answer.body.is_empty() => {
            let mut unpacked = Vec::new();
            MultiGzDecoder::new(answer.body.as_slice()).read_to_end(&mut unpacked).unwrap();
            said.push_str(&String::from_utf8_lossy(&unpacked));
        }
        None | Some("gzip" | "identity") => said.push_str(&answer.text()),
        Some(other) => panic!("an answer in {other}, which nobody asked for"),
    }
    said
}

/// Checks for canaries in a text, in upper and lower case.
pub(crate) fn are_in(said: &str) -> bool {
    said.to_ascii_lowercase().contains(CANARY)
}
