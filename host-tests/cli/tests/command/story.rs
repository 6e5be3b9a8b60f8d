//! Each command of the story in `filter/docs/policies.md` works as it is pasted, and prints the lines that stand below it.

use crate::documents::blocks;
use std::fs;
use std::process::Command;

/// The folder with the files of the story. The story itself goes there.
const FOLDER: &str = "filter/docs/policies";

/// A shell in which `cargo promward` is the command that was built for this test.
const SHELL: &str = "set -eu; cargo() { shift; \"$PROMWARD\" \"$@\"; }";

/// Returns the commands of the story, each with the lines that stand below it.
fn story() -> Vec<(String, Vec<String>)> {
    let path = promward_module::workspace().unwrap().join("filter/docs/policies.md");
    let text = fs::read_to_string(path).unwrap();
    let (_, story) = text.split_once("## From nginx to two teams").unwrap();
    let mut commands: Vec<(String, Vec<String>)> = Vec::new();
    for block in blocks(story, "console") {
        for line in block.lines() {
            match line.strip_prefix("$ ") {
                Some(command) => commands.push((command.to_owned(), Vec::new())),
                None => commands.last_mut().unwrap().1.push(line.trim_end().to_owned()),
            }
        }
    }
    commands
}

#[test]
fn each_command_of_the_story_prints_what_stands_below_it() {
    let directory = tempfile::tempdir().unwrap();
    for file in fs::read_dir(promward_module::workspace().unwrap().join(FOLDER)).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), directory.path().join(file.file_name())).unwrap();
    }
    let story = story();
    assert!(story.len() >= 8, "{story:?}");
    for (command, expected) in story {
        if command == format!("cd {FOLDER}") {
            continue;
        }
        let output = Command::new("bash")
            .args(["-c", &format!("{SHELL}\n{command}")])
            .env("PROMWARD", env!("CARGO_BIN_EXE_promward"))
            .current_dir(directory.path())
            .output()
            .unwrap();
        let said = [output.stderr, output.stdout].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        assert!(output.status.success(), "{command}\n{said}");
        let mut lines = said.lines();
        for line in expected {
            assert!(lines.any(|said| said.starts_with(&line)), "{command}\n{line}\nis missing in\n{said}");
        }
    }
}
