//! Tests that the lines which documents offer for pasting load in a configuration: the output of each command that
//! makes such lines, and each line with an ellipsis in place of a secret.

use crate::documents::{blocks, files};
use crate::{hash, token};
use promward_harness::certificates::Authority;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Two hashes of different passwords.
const HASHES: [&str; 2] = [
    "$2y$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
    "$2y$10$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a",
];

/// Pastes lines into a section of `callers`: alone, and on either side of a neighbour.
fn paste(section: &str, lines: &str, place: &str) {
    let neighbour = match section {
        "users" => format!(r#""neighbour": "{}""#, HASHES[0]),
        _ => format!(r#""neighbour": "sha256:{}""#, "c".repeat(64)),
    };
    for members in [lines.to_owned(), format!("{lines},\n{neighbour}"), format!("{neighbour},\n{lines}")] {
        let configuration = format!(
            r#"{{ "mounts": [{{ "prefix": "/" }}], "callers": {{ "{section}": {{ {members} }} }},
                  "access": [{{ "who": ["authenticated"], "may": ["everything"] }}] }}"#
        );
        let loaded = promward::config::load(configuration.as_bytes());
        assert!(loaded.is_ok(), "{place}: {}: {configuration}", loaded.unwrap_err());
    }
}

/// A command in a document, and where it is.
struct Shown {
    document: PathBuf,
    command: String,
}

/// Returns every command that documents show, in blocks and in sentences.
fn shown() -> Vec<Shown> {
    let mut shown = Vec::new();
    for (document, text) in files("md") {
        let mut commands = Vec::new();
        for block in blocks(&text, "console") {
            let block = block.replace("\\\n", " ");
            commands.extend(block.lines().filter_map(|line| line.strip_prefix("$ ")).map(str::to_owned));
        }
        commands.extend(code(&text).filter(|code| code.starts_with("cargo ")));
        shown.extend(commands.into_iter().map(|command| Shown { document: document.clone(), command }));
    }
    shown
}

/// Returns the code in the sentences of a document, each piece on one line.
fn code(text: &str) -> impl Iterator<Item = String> {
    let sentences: Vec<_> = text.split("```").step_by(2).collect();
    let code = sentences.into_iter().flat_map(|text| text.split('`').skip(1).step_by(2));
    code.map(|code| code.replace('\n', " ")).collect::<Vec<_>>().into_iter()
}

/// Returns the documents' commands with this beginning, and the words after it.
fn beginning(start: &str) -> Vec<(Shown, Vec<String>)> {
    let rest = |shown: Shown| {
        let rest = shown.command.strip_prefix(start)?.split_whitespace().map(str::to_owned).collect();
        Some((shown, rest))
    };
    shown().into_iter().filter_map(rest).collect()
}

#[test]
fn the_lines_of_new_users_load() {
    let commands = beginning("cargo promward hash");
    assert!(commands.len() >= 4, "not even those of README, manual and examples were found");
    for (Shown { document, command }, arguments) in commands {
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let output = hash::hash(&arguments, b"correct horse\n");
        let place = format!("{}: {command}", document.display());
        assert!(output.status.success(), "{place}: {}", String::from_utf8_lossy(&output.stderr));
        paste("users", &String::from_utf8(output.stdout).unwrap(), &place);
    }
}

#[test]
fn the_lines_of_new_tokens_load() {
    let commands = beginning("cargo promward token");
    assert!(commands.len() >= 4, "not even those of README, manual and examples were found");
    for (Shown { document, command }, arguments) in commands {
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let output = token::token(&arguments);
        let place = format!("{}: {command}", document.display());
        assert!(output.status.success(), "{place}: {}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8(output.stderr).unwrap();
        paste("tokens", said.lines().last().unwrap(), &place);
    }
}

/// Runs a command in this directory, and returns what it prints.
fn printed(command: &str, directory: &Path) -> String {
    let output = Command::new("bash").args(["-c", command]).current_dir(directory).output().unwrap();
    assert!(output.status.success(), "{command}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Lines of `htpasswd` and of other programs. The last ones have other kinds of hash, and are left out.
const HTPASSWD: &str = "alice:$2y$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW

bob:$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a
carol:{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=
dave:$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/
";

#[test]
fn what_shell_commands_make_of_files_loads() {
    let directory = tempfile::tempdir().unwrap();
    let authority = Authority::new("clients").unwrap();
    let scraper = authority.server().unwrap();
    scraper.write(directory.path(), "scraper").unwrap();
    let folder = directory.path().join("examples/passwords");
    fs::create_dir_all(&folder).unwrap();
    let root = promward_module::workspace().unwrap();
    let shipped = fs::read_to_string(root.join("examples/passwords/htpasswd")).unwrap();
    let is_pasted = |shown: &Shown| shown.command.contains("sed ") && !shown.command.contains(" > ");
    let commands: Vec<_> = shown().into_iter().filter(is_pasted).collect();
    assert_eq!(commands.len(), 2, "each command whose output is pasted is known here");
    for Shown { document, command } in commands {
        let place = format!("{}: {command}", document.display());
        if command.starts_with("openssl x509 -in scraper.crt ") {
            let lines = printed(&command, directory.path());
            assert!(lines.starts_with("\"scraper\": \"sha256:"), "{place}: {lines}");
            paste("certificates", &lines, &place);
            continue;
        }
        for (file, names) in [(HTPASSWD, &["alice", "bob"][..]), (&shipped, &["viewer", "operator", "admin"])]
        {
            fs::write(folder.join("htpasswd"), file).unwrap();
            let lines = printed(&command, directory.path());
            let known: Vec<_> = lines.lines().filter_map(|line| line.split('"').nth(1)).collect();
            assert_eq!(known, names, "{place}");
            paste("users", &lines, &place);
        }
    }
}

#[test]
fn lines_with_an_ellipsis_in_place_of_a_secret_load_with_the_secret() {
    let mut pasted = 0;
    for (document, text) in files("md") {
        for line in code(&text).filter(|code| code.starts_with('"') && code.contains('…')) {
            let section =
                match (line.contains("$2y$10$…"), document.to_string_lossy().contains("certificates")) {
                    (true, _) => "users",
                    (false, true) => "certificates",
                    (false, false) => "tokens",
                };
            let secret = line.replace("$2y$10$…new", HASHES[0]).replace("$2y$10$…old", HASHES[1]);
            let secret = secret.replace("…new", &"a".repeat(64)).replace("…old", &"b".repeat(64));
            paste(section, &secret, &document.display().to_string());
            pasted += 1;
        }
    }
    assert_eq!(pasted, 3, "those of passwords, tokens and certificates");
}
