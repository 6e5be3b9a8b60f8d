//! The units of examples/systemd, as systemd-analyze sees them, and the Envoy files that the README's commands and the units
//! write, as Envoy sees them. No service is started: that takes a machine with systemd.

use promward_harness::certificates::Authority;
use promward_harness::tools::{self, Program};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

/// The units, each with the greatest exposure that it may have, in tenths.
const UNITS: [(&str, &str); 2] = [("promward.service", "20"), ("prometheus.service", "15")];

fn text(file: &str) -> String {
    super::text(&format!("systemd/{file}"))
}

/// Runs systemd-analyze, or returns `None` if there is none.
fn analyze(arguments: &[&str]) -> Option<Output> {
    tools::need_one_of(&["systemd-analyze"], "systemd")?;
    Some(Command::new("systemd-analyze").arg("--no-pager").args(arguments).output().unwrap())
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), &output.stderr].concat()).into_owned()
}

/// Returns the values of a setting of a unit, in order.
fn settings(unit: &str, name: &str) -> Vec<String> {
    let unit = text(unit).replace("\\\n", " ");
    let values = unit.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    values.map(str::to_owned).collect()
}

#[test]
fn systemd_takes_the_units_without_a_word() {
    let directory = tempfile::tempdir().unwrap();
    let [promward, prometheus] = UNITS.map(|(unit, _)| {
        // A program that is there, in place of those that this machine may not have.
        let programs = ["/usr/local/bin/promward", "/usr/local/bin/envoy", "/usr/bin/prometheus"];
        let text = programs.iter().fold(text(unit), |text, program| text.replace(program, "/bin/true"));
        let path = directory.path().join(unit);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    });
    let Some(output) = analyze(&["verify", "--man=no", &promward, &prometheus]) else { return };
    assert!(output.status.success() && said(&output).is_empty(), "{}", said(&output));
}

#[test]
fn the_units_leave_little_exposed() {
    for (unit, threshold) in UNITS {
        let path = super::path("systemd").join(unit);
        let threshold = format!("--threshold={threshold}");
        let arguments = ["security", "--offline=true", &threshold, path.to_str().unwrap()];
        let Some(output) = analyze(&arguments) else { return };
        assert!(output.status.success(), "{unit}: {}", said(&output));
    }
}

#[test]
fn what_holds_at_a_start_holds_at_a_reload() {
    let [start, reload] = ["ExecStartPre", "ExecReload"].map(|name| settings("promward.service", name));
    assert_eq!(start, reload);
    assert!(start[0].starts_with("/usr/local/bin/promward check "), "{start:?}");
    assert_eq!(settings("prometheus.service", "ExecStart").len(), 1);
    assert!(settings("prometheus.service", "ExecStart")[0].contains(" --web.listen-address=127.0.0.1:9090 "));
}

#[test]
fn envoy_takes_the_files_that_are_written() {
    let Some(envoy) = tools::need(Program::Envoy) else { return };
    let root = tempfile::tempdir().unwrap();
    let here = |text: &str| {
        ["/etc/promward", "/run/credentials"].iter().fold(text.to_owned(), |text, directory| {
            text.replace(directory, &format!("{}{directory}", root.path().display()))
        })
    };
    let directory = here("/etc/promward");
    for folder in ["sds", "ecds"] {
        fs::create_dir_all(Path::new(&directory).join(folder)).unwrap();
    }
    fs::copy(promward_module::build().unwrap(), Path::new(&directory).join("promward.wasm")).unwrap();
    fs::write(Path::new(&directory).join("promward.json"), text("promward.json")).unwrap();
    // The credentials that the unit loads.
    let credentials = here("/run/credentials/promward.service");
    fs::create_dir_all(&credentials).unwrap();
    Authority::new("Test CA")
        .unwrap()
        .server()
        .unwrap()
        .write(Path::new(&credentials), "example.com")
        .unwrap();
    for loaded in settings("promward.service", "LoadCredential") {
        let (name, _) = loaded.split_once(':').unwrap();
        assert!(Path::new(&credentials).join(name).is_file(), "{name}");
    }
    let readme = text("README.md");
    let of_readme = readme.lines().filter_map(|line| line.strip_prefix("$ promward "));
    let of_unit = settings("promward.service", "ExecStartPre");
    let of_unit = of_unit
        .iter()
        .map(|line| line.trim_start_matches('+').strip_prefix("/usr/local/bin/promward ").unwrap());
    let mut rendered = 0;
    for command in of_readme.chain(of_unit) {
        let mut run = Command::new(env!("CARGO_BIN_EXE_promward"));
        run.args(here(command).split_whitespace());
        if command.starts_with("render ") {
            run.args(["--directory", &directory, "--envoy-version", &envoy.version.to_string()]);
            rendered += 1;
        }
        let output = run.output().unwrap();
        assert!(output.status.success(), "{command}: {}", said(&output));
    }
    assert_eq!(rendered, 3);
    let [start] = settings("promward.service", "ExecStart").try_into().unwrap();
    let arguments = here(start.strip_prefix("/usr/local/bin/envoy ").unwrap());
    let validated =
        envoy.command().args(["--mode", "validate"]).args(arguments.split_whitespace()).output().unwrap();
    assert!(validated.status.success() && !said(&validated).contains("[warning]"), "{}", said(&validated));
}
