//! Tests that the documents are true: their configurations load, and their links lead somewhere.

use promward::api::class::Class;
use promward::api::endpoint::{Endpoint, Message, Selectors, ToRestricted};
use promward::api::prometheus::{self, EXPRESSION};
use promward::api::{Profile, alertmanager, victoria_metrics};
use promward_cli::policy::Policy;
use promward_cli::{check, explain};
use promward_harness::documents;
use promward_harness::envoy::variants::Variant;
use serde::Deserialize;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// The places of documents and configurations for users.
const PLACES: [&str; 7] =
    ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "envoy", "examples", "filter/docs"];

/// The beginnings of paths in the repository.
const FOLDERS: [&str; 4] = ["filter/", "host-tests/", "envoy/", "examples/"];

/// The most lines that the README may have.
const README_LINES: usize = 180;

/// The extensions of pictures.
const PICTURES: [&str; 5] = ["png", "jpg", "jpeg", "svg", "gif"];

/// The bytes below which every picture has to stay.
const PICTURE_BYTES: u64 = 200_000;

/// The page of the manual that describes the whole configuration.
const CONFIGURATION: &str = "filter/docs/configuration.md";

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
fn every_rule_in_a_document_loads_with_the_callers_of_the_manual() {
    let manual = fs::read_to_string(promward_module::workspace().unwrap().join(CONFIGURATION)).unwrap();
    let whole = blocks(&manual, "json").into_iter().find(|block| block.contains("\"mounts\"")).unwrap();
    let whole: Value = serde_json::from_str(&whole).unwrap();
    let mut loaded = 0;
    for (path, text) in files("md") {
        let rules = blocks(&text, "json").into_iter().filter(|block| !block.contains("\"mounts\""));
        for rule in rules.filter(|block| block.contains("\"who\"")) {
            let rules: Value = serde_json::from_str(&rule).unwrap();
            let access = if rules.is_array() { rules } else { json!([rules]) };
            let (mounts, callers) = (&whole["mounts"], &whole["callers"]);
            let configuration = json!({ "mounts": mounts, "callers": callers, "access": access });
            promward::config::load(configuration.to_string().as_bytes())
                .map_err(|error| format!("{}: {error}, in\n{rule}", path.display()))
                .unwrap();
            loaded += 1;
        }
    }
    assert!(loaded > 5, "not even those of the manual were found");
}

#[test]
fn every_configuration_in_yaml_in_a_document_loads() {
    const FILTER: &str =
        "\"@type\": type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm\nconfig:\n";
    let mut checked = 0;
    for (path, text) in files("md") {
        for block in
            blocks(&text, "yaml").into_iter().filter(|block| block.starts_with("configuration:\n  \"@type\""))
        {
            let lines: String = block.lines().map(|line| format!("  {line}\n")).collect();
            for finding in check::check("envoy.yaml", format!("{FILTER}{lines}").as_bytes()).unwrap() {
                assert!(finding.loaded.is_ok(), "{}: {finding}", path.display());
                checked += 1;
            }
        }
    }
    assert!(checked > 0, "not even that of the manual was found");
}

#[test]
fn every_configuration_in_a_file_is_valid() {
    let mut checked = 0;
    for (path, text) in ["json", "yaml", "yml"].into_iter().flat_map(files) {
        let is_json = path.extension().is_some_and(|extension| extension == "json");
        let is_configuration = is_json && text.contains("\"mounts\"");
        // Other files are there too: a dashboard, a server's answers, Prometheus' own, and fragments that only name the filter's file.
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
    assert!(checked > 0, "not even the shipped Envoy file was found");
}

#[test]
fn every_link_leads_to_a_file_and_to_a_heading_in_it() {
    for (path, text) in files("md") {
        for link in links(&text).filter(|link| !link.contains("://")) {
            let (file, anchor) =
                link.split_once('#').map_or((link, None), |(file, anchor)| (file, Some(anchor)));
            let target = if file.is_empty() { path.clone() } else { path.parent().unwrap().join(file) };
            assert!(target.exists(), "{} links to {link}, which isn't there", path.display());
            if let Some(anchor) = anchor {
                let has_heading = anchors(&fs::read_to_string(&target).unwrap()).any(|known| known == anchor);
                assert!(has_heading, "{} links to {link}, and there is no such heading", path.display());
            }
        }
    }
}

#[test]
fn every_file_of_the_repository_that_a_document_names_is_there() {
    let root = promward_module::workspace().unwrap();
    let mut named = 0;
    for (path, text) in files("md") {
        // Every second piece is code, also where a fence opens or closes a block.
        for code in text.split('`').skip(1).step_by(2) {
            let is_path =
                FOLDERS.iter().any(|folder| code.starts_with(folder)) && !code.contains([' ', '\n', '*']);
            if is_path {
                assert!(root.join(code).exists(), "{} names {code}, which isn't there", path.display());
                named += 1;
            }
        }
    }
    assert!(named > 20, "not even those of CONTRIBUTING.md were found");
}

#[test]
fn the_readme_is_short() {
    let readme = fs::read_to_string(promward_module::workspace().unwrap().join("README.md")).unwrap();
    let lines = readme.lines().count();
    assert!(lines <= README_LINES, "README.md has {lines} lines, and {README_LINES} are the most");
}

#[test]
fn every_picture_is_small() {
    let mut pictures = 0;
    for (path, text) in files("md") {
        let shown = links(&text).map(|link| path.parent().unwrap().join(link));
        for picture in shown.filter(|link| PICTURES.iter().any(|extension| has_extension(link, extension))) {
            let bytes = fs::metadata(&picture).unwrap().len();
            assert!(bytes < PICTURE_BYTES, "{} has {bytes} bytes", picture.display());
            pictures += 1;
        }
    }
    assert!(pictures > 0, "not even the picture of the README was found");
}

/// The APIs with a table of endpoints, each with the page of the manual that shows the classes, and the page that shows
/// what a restricted caller gets.
const TABLES: [(&Profile, &str, &str); 3] = [
    (&prometheus::PROFILE, CONFIGURATION, "filter/docs/restricted.md"),
    (&victoria_metrics::PROFILE, "filter/docs/victoria-metrics.md", "filter/docs/victoria-metrics.md"),
    (&alertmanager::PROFILE, "filter/docs/alertmanager.md", "filter/docs/alertmanager.md"),
];

#[test]
fn the_manual_shows_which_class_is_where() {
    for (profile, page, _) in TABLES {
        let mut table = "| class | is at these paths below the mount |\n| --- | --- |\n".to_owned();
        for class in Class::all() {
            let endpoints = profile
                .sections
                .iter()
                .flat_map(|section| section.rows)
                .filter(|endpoint| endpoint.class == class);
            let mut paths: Vec<_> = endpoints.map(|endpoint| format!("`{}`", endpoint.path)).collect();
            if class == Class::Unknown {
                paths.push("everything else".to_owned());
            }
            if !paths.is_empty() {
                table.push_str(&format!("| `{class}` | {} |\n", paths.join(" ")));
            }
        }
        documents::holds(page, &table);
    }
}

#[test]
fn the_page_for_the_restricted_shows_what_becomes_of_each_endpoint() {
    for (profile, _, page) in TABLES {
        documents::holds(page, &to_the_restricted(profile));
    }
}

/// Returns a table of the answers that a restricted caller gets from each endpoint.
fn to_the_restricted(profile: &Profile) -> String {
    let gets = |endpoint: &Endpoint| match endpoint.treatment.to_restricted {
        ToRestricted::Restrict(selectors) if selectors == EXPRESSION => "their own, by matchers in `query`",
        ToRestricted::Restrict(_) => "their own, by matchers in `match[]`",
        ToRestricted::Filter(_, Some(Selectors { parameter: "filter", .. })) => {
            "filtered, and matchers are added in `filter`"
        }
        ToRestricted::Filter(_, Some(_)) => "filtered, and matchers in `match[]` if it is given",
        ToRestricted::Filter(_, None) => "filtered",
        ToRestricted::Empty(_) => "empty",
        ToRestricted::Pass => "all of it: there is no data in it",
        ToRestricted::Read(_) => "all of it, if `query` is within the bounds: there is no data in it",
        ToRestricted::Message(Message::RemoteRead) => "their own, by matchers in each query of the message",
        ToRestricted::Message(Message::RemoteWrite) => "their own: every series has to have allowed labels",
        ToRestricted::Page => "all of it, if it is HTML: there is no data in it",
        ToRestricted::OwnSilence => "their own: the silence is looked up first",
        ToRestricted::NewSilence => "their own, by matchers in the silence",
        ToRestricted::Refuse => "refused (403)",
    };
    let mut rows: Vec<(&str, Class, String)> = Vec::new();
    for endpoint in profile.sections.iter().flat_map(|section| section.rows) {
        let (gets, path) = (gets(endpoint), format!("`{}`", endpoint.path));
        match rows.iter_mut().find(|row| row.0 == gets && row.1 == endpoint.class) {
            Some((_, _, paths)) => paths.push_str(&format!(" {path}")),
            None => rows.push((gets, endpoint.class, path)),
        }
    }
    // Refused endpoints come last.
    rows.sort_by_key(|(gets, ..)| gets.starts_with("refused"));
    rows.push(("refused (403)", Class::Unknown, "everything else".to_owned()));
    let mut table = "| a restricted caller gets | class | paths |\n| --- | --- | --- |\n".to_owned();
    for (gets, class, paths) in rows {
        table.push_str(&format!("| {gets} | `{class}` | {paths} |\n"));
    }
    table
}

#[test]
fn the_manual_shows_the_matrix_of_an_example() {
    let root = promward_module::workspace().unwrap();
    let [manual, example] = [CONFIGURATION, "examples/tenants/promward.json"]
        .map(|file| fs::read_to_string(root.join(file)).unwrap());
    let matrix = explain::matrix(&Policy::load(example.as_bytes()).unwrap());
    assert!(manual.contains(&matrix), "{CONFIGURATION} doesn't show\n{matrix}");
}

#[test]
fn the_manual_shows_what_the_filter_logs_of_the_shipped_file_and_what_the_check_says_of_it() {
    let root = promward_module::workspace().unwrap();
    let [manual, shipped] = ["filter/docs/operations.md", "envoy/envoy.yaml"]
        .map(|file| fs::read_to_string(root.join(file)).unwrap());
    let found = check::check("envoy.yaml", shipped.as_bytes()).unwrap();
    let said = found.first().unwrap().to_string();
    let (_, digest) = said.split_once("  digest: ").unwrap();
    let line = format!("promward: configuration taken: {digest}");
    assert!(manual.contains(&line), "filter/docs/operations.md doesn't show\n{line}");
}

#[test]
fn every_fragment_is_yaml_and_the_readme_lists_it() {
    let folder = promward_module::workspace().unwrap().join("envoy");
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    let mut names: Vec<_> = fs::read_dir(folder.join("fragments"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let variants = Variant::ALL.map(|variant| format!("{}.yaml", variant.name()));
    assert_eq!(names, variants);
    for variant in Variant::ALL {
        for document in serde_norway::Deserializer::from_str(variant.fragment()) {
            serde_norway::Value::deserialize(document).unwrap();
        }
        let name = variant.name();
        assert!(readme.contains(&format!("| `fragments/{name}.yaml` |")), "{name}");
        assert!(readme.contains(&format!("`--{name}`")), "{name}");
    }
}

/// Returns the targets of all links and pictures in a document.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

/// Returns the anchors of a document's headings, as GitHub makes them: lower case, without punctuation, with hyphens for
/// spaces.
fn anchors(text: &str) -> impl Iterator<Item = String> {
    let headings =
        text.lines().filter(|line| line.starts_with('#')).map(|line| line.trim_start_matches('#').trim());
    headings.map(|heading| {
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.flat_map(char::to_lowercase).map(|c| if c == ' ' { '-' } else { c }).collect()
    })
}

/// Returns the fenced blocks of a language.
pub(crate) fn blocks(text: &str, language: &str) -> Vec<String> {
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

/// Returns every file with that extension, and its text.
pub(crate) fn files(extension: &str) -> Vec<(PathBuf, String)> {
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
