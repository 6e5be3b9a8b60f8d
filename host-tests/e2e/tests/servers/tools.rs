//! Checks that this machine has every program that the tests need, and that each prints its version.

use promward_harness::tools::{self, Program};

#[test]
fn every_program_is_found_or_fetched() {
    for program in Program::ALL {
        let Some(tool) = tools::need(program) else {
            continue;
        };
        eprintln!("{program} {} at {}", tool.version, tool.path.display());
        assert!(tool.path.is_file());
    }
}
