//! Each folder of `examples/` does what its README promises: its one command is run, asked, and ended.

mod client_certificates;
mod grafana_token;
mod guide;
mod jwt;
mod passwords;
mod running;
mod tenants;

use std::fs;
use std::path::PathBuf;

#[test]
fn every_example_has_a_test_here() {
    let names: Vec<_> = folders().iter().map(|folder| name(folder)).collect();
    assert_eq!(names, ["client-certificates", "grafana-token", "guide", "jwt", "passwords", "tenants"]);
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
    for folder in folders() {
        let [readme, configuration] =
            ["README.md", "promward.json"].map(|file| fs::read_to_string(folder.join(file)).unwrap());
        assert!(readme.contains(&format!("```json\n{configuration}```\n")), "{}", name(&folder));
    }
}

/// The examples in the order of their names. Beside them lies what they share.
fn folders() -> Vec<PathBuf> {
    let entries = fs::read_dir(promward_module::workspace().unwrap().join("examples")).unwrap();
    let mut folders: Vec<_> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn name(folder: &std::path::Path) -> String {
    folder.file_name().unwrap().to_string_lossy().into_owned()
}
