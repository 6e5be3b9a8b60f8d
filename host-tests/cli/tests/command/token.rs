//! `promward token` makes tokens that can't be guessed, and the lines that the filter knows them by.

use promward_cli::line::Section;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs::File;
use std::process::{Command, Output, Stdio};

/// Runs the command with these arguments.
pub(crate) fn token(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_promward")).arg("token").args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn standard_output_is_the_token_and_the_last_line_of_the_rest_knows_it() {
    let output = token(&["grafana \"a\""]);
    assert!(output.status.success());
    let (printed, said) = (text(&output.stdout), text(&output.stderr));
    let token = printed.strip_suffix('\n').unwrap();
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    assert!(token.len() == 43 && token.bytes().all(is_safe), "{token}");
    let digest: String = Sha256::digest(token).iter().map(|byte| format!("{byte:02x}")).collect();
    let digest = format!("sha256:{digest}");
    assert_eq!(said.lines().last(), Some(format!(r#""grafana \"a\"": "{digest}""#).as_str()));
    assert!(!said.contains(token), "{said}");
    assert_eq!(Section::Tokens.line("grafana \"a\"", &digest).as_deref(), Ok(said.lines().last().unwrap()));
}

#[test]
fn no_two_tokens_are_alike() {
    let tokens: BTreeSet<_> = (0..8).map(|_| token(&["ci"]).stdout).collect();
    assert_eq!(tokens.len(), 8);
}

#[test]
fn a_token_whose_line_cannot_be_written_is_not_printed() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_promward"));
    let child = command.args(["token", "ci"]).stdout(Stdio::piped()).stderr(full).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout), (Some(1), Vec::new()));
}

#[test]
fn a_token_needs_a_name_that_rules_can_write() {
    for (arguments, said) in [
        (&[][..], "<NAME>"),
        (&[""], "a name is 1 to 200 bytes without control characters"),
        (&["a\nb"], "a name is 1 to 200 bytes without control characters"),
    ] {
        let output = token(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(text(&output.stderr).contains(said), "{arguments:?}: {}", text(&output.stderr));
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}
