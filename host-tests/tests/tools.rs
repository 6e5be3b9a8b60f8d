//! Every program that the other tests need can be had on this machine, and tells its version.

use promward_host_tests::tools::{self, Program};

#[test]
fn every_program_is_found_or_fetched() {
    let programs = [
        Program::Envoy,
        Program::Prometheus,
        Program::Promtool,
        Program::Prometheus3,
        Program::Promtool3,
        Program::VictoriaMetrics,
        Program::NewerVictoriaMetrics,
        Program::Nginx,
    ];
    for program in programs {
        let Some(tool) = tools::need(program) else {
            continue;
        };
        eprintln!("{program} {} at {}", tool.version, tool.path.display());
        assert!(tool.path.is_file());
    }
}
