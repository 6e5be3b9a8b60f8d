//! What the documents show is true: their configurations load, and their links lead somewhere.

// A test that can't go on has failed, and says where.
#![allow(clippy::unwrap_used, clippy::arithmetic_side_effects)]

use promward::api::class::Class;
use promward::api::prometheus::ENDPOINTS;
use promward_host_tests::envoy::variants::{self, Variant};
use promward_host_tests::{check, documents};
use std::fs;
use std::path::{Path, PathBuf};

/// Where documents and configurations for users are.
const PLACES: [&str; 3] = ["README.md", "envoy", "examples"];

#[test]
fn every_configuration_in_a_document_loads() {
    for (path, text) in files("md") {
        for block in blocks(&text, "json").into_iter().filter(|block| block.contains("\"mounts\"")) {
            promward::config::load(block.as_bytes())
                .map_err(|error| format!("{}: {error}, in\n{block}", path.display()))
                .unwrap();
        }
    }
}

#[test]
fn every_configuration_in_a_file_is_valid() {
    let mut checked = 0;
    for (path, text) in ["json", "yaml", "yml"].into_iter().flat_map(files) {
        let is_configuration = path.extension().is_some_and(|extension| extension == "json");
        // Other YAML files, such as Prometheus' own, lie there as well, and one that says where the filter's is.
        if !is_configuration
            && !text.contains("\"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm")
        {
            continue;
        }
        for finding in check::check(&path.to_string_lossy(), text.as_bytes()).unwrap() {
            assert!(finding.loaded.is_ok(), "{finding}");
            checked += 1;
        }
    }
    assert!(checked > 0, "not even the shipped file of Envoy's was found");
}

#[test]
fn every_link_to_a_file_leads_to_one() {
    for (path, text) in files("md") {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
            let is_elsewhere = link.is_empty() || link.contains("://");
            let target = path.parent().unwrap().join(link);
            assert!(is_elsewhere || target.exists(), "{} links to {link}, which isn't there", path.display());
        }
    }
}

#[test]
fn the_readme_shows_which_class_is_where() {
    let mut table = "| class | is at these paths below the mount |\n| --- | --- |\n".to_owned();
    for class in Class::all() {
        let paths = ENDPOINTS.iter().filter(|endpoint| endpoint.class == class).map(|endpoint| endpoint.path);
        let mut paths: Vec<_> = paths.map(|path| format!("`{path}`")).collect();
        if class == Class::Unknown {
            paths.push("everything else".to_owned());
        }
        table.push_str(&format!("| `{class}` | {} |\n", paths.join(" ")));
    }
    documents::holds("README.md", &table);
}

#[test]
fn variants_of_the_shipped_file_differ_from_it_as_they_should() {
    for variant in Variant::ALL {
        documents::is(variant.file(), &variants::render(&[variant]).unwrap());
    }
    documents::is(variants::POLICY_FILE, &variants::policy().unwrap());
}

/// The fenced blocks of a language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if line.trim() == format!("```{language}") {
            let block: Vec<_> = lines.by_ref().take_while(|line| line.trim() != "```").collect();
            blocks.push(block.join("\n"));
        }
    }
    blocks
}

/// Every file with that ending, and its text.
fn files(extension: &str) -> Vec<(PathBuf, String)> {
    let root = promward_module::workspace().unwrap();
    let mut found = Vec::new();
    let mut places: Vec<_> = PLACES.iter().map(|place| root.join(place)).collect();
    while let Some(path) = places.pop() {
        if path.is_dir() {
            places.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else if has_extension(&path, extension) && path.is_file() {
            let text = fs::read_to_string(&path).unwrap();
            found.push((path, text));
        }
    }
    found
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|known| known == extension)
}
