//! The programs that people use with a Prometheus, pointed at a deployment: another Prometheus, promtool, curl, and the
//! requests of Grafana's data source.

mod curl;
mod grafana;
mod promtool;
mod remote_read;
mod remote_write;
mod second_prometheus;
mod set_up;
