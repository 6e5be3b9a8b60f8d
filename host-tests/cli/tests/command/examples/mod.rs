//! Each folder of `examples/` does what its README promises: its one command is run, asked, and ended. Those that need more
//! than one machine, or another one, have tests elsewhere, which their READMEs name.

mod client_certificates;
mod grafana_token;
mod guide;
mod jwt;
mod kubernetes;
mod manifests;
mod one_site;
mod openid_connect;
mod other_hosts;
mod passwords;
mod running;
mod systemd;
mod tenants;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

#[test]
fn every_example_has_a_test_here() {
    let names: Vec<_> = demos().iter().map(|folder| name(folder)).collect();
    let tested = [
        "client-certificates",
        "grafana-token",
        "guide",
        "jwt",
        "one-site",
        "openid-connect",
        "passwords",
        "tenants",
    ];
    assert_eq!(names, tested);
}

#[test]
fn every_readme_shows_the_data_sources_that_are_provisioned() {
    let provisioned: Vec<_> =
        folders().into_iter().filter(|folder| folder.join("grafana.yaml").exists()).collect();
    assert_eq!(provisioned.len(), 2, "{provisioned:?}");
    for folder in provisioned {
        let [readme, sources] =
            ["README.md", "grafana.yaml"].map(|file| fs::read_to_string(folder.join(file)).unwrap());
        assert!(readme.contains(&format!("```yaml\n{sources}```\n")), "{}", name(&folder));
    }
}

#[test]
fn every_readme_shows_the_configuration_that_is_run() {
    for folder in folders().into_iter().filter(|folder| folder.join("promward.json").exists()) {
        let [readme, configuration] =
            ["README.md", "promward.json"].map(|file| fs::read_to_string(folder.join(file)).unwrap());
        assert!(readme.contains(&format!("```json\n{configuration}```\n")), "{}", name(&folder));
    }
}

#[test]
fn every_example_is_listed_with_a_line_and_its_readme_says_how_to_run_it() {
    let output = Command::new(env!("CARGO_BIN_EXE_promward")).args(["demo", "--list"]).output().unwrap();
    assert!(output.status.success());
    let listed = String::from_utf8(output.stdout).unwrap();
    let names: Vec<_> = listed.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(names, demos().iter().map(|folder| name(folder)).collect::<Vec<_>>());
    for line in listed.lines() {
        assert!(line.split_whitespace().count() > 4 && line.len() <= 100, "{line}");
    }
    for folder in demos() {
        let (name, readme) = (name(&folder), fs::read_to_string(folder.join("README.md")).unwrap());
        assert!(readme.contains(&format!("$ cargo demo {name}\n")), "{name}");
        assert!(readme.contains(&format!("`target/{name}`")), "{name}");
    }
}

#[test]
fn an_example_that_is_not_there_is_told_with_those_that_are() {
    let output = Command::new(env!("CARGO_BIN_EXE_promward")).args(["demo", "tenant"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("there is no such example; there are client-certificates, grafana-token, guide, "),
        "{said}"
    );
}

#[test]
fn an_example_without_a_demo_says_what_runs_it() {
    let others: Vec<_> = folders().into_iter().filter(|folder| !demos().contains(folder)).collect();
    assert!(!others.is_empty());
    for folder in others {
        let (name, readme) = (name(&folder), fs::read_to_string(folder.join("README.md")).unwrap());
        assert!(readme.contains("$ cargo test --test "), "{name}");
        let output = Command::new(env!("CARGO_BIN_EXE_promward")).args(["demo", &name]).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        let why = format!(
            "the example {name} needs more than a demo can start: examples/{name}/README.md says what runs it, and cargo \
             promward test examples/{name}/tests.yaml asks its rules"
        );
        assert!(said.contains(&why), "{said}");
    }
}

/// Returns the folders of the examples that `cargo demo` runs, ordered by name.
fn demos() -> Vec<PathBuf> {
    folders().into_iter().filter(|folder| folder.join("demo.yaml").exists()).collect()
}

/// Returns the path of a file or folder of the examples.
fn path(of: &str) -> PathBuf {
    promward_module::workspace().unwrap().join("examples").join(of)
}

/// Returns the text of a file of the examples.
fn text(file: &str) -> String {
    let path = path(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the folders of the examples, ordered by name.
fn folders() -> Vec<PathBuf> {
    let entries = fs::read_dir(path("")).unwrap();
    let mut folders: Vec<_> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn name(folder: &std::path::Path) -> String {
    folder.file_name().unwrap().to_string_lossy().into_owned()
}
