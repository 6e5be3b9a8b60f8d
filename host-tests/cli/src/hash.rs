//! `promward hash`: hashes a password and prints its line for `users`. The password is neither shown nor kept.

use crate::line::Section;
use anyhow::{Context, Result, anyhow, bail, ensure};
use std::io::{self, BufRead, IsTerminal, Read, Write};

/// The text of `promward hash --help` after the options.
pub const HELP: &str = "\
On a terminal it asks twice and doesn't show the password. Otherwise the password is the first line of standard input.
Passwords that can never log in are refused: longer than 72 bytes, or with control characters. So is the empty one.

Standard output has the line, and nothing else. The line has no comma at its end: write one between it and its neighbours.

Examples:
  cargo promward hash alice
  cargo promward hash alice --cost 12
  pass show prometheus/alice | cargo promward hash alice

Exit codes:
  0  the line was printed
  1  the password can't be read, is refused, or was typed differently the second time
  2  wrong arguments";

/// The cost if none is given. Most programs use it.
pub const COST: u32 = 10;

/// The longest password in bytes: bcrypt looks at no more, and the filter refuses longer ones.
const MAX_PASSWORD: usize = 72;

/// The options of the command.
#[derive(Clone, Debug)]
pub struct Options {
    /// The user's name. Without it the hash alone is printed.
    pub name: Option<String>,
    /// The cost of the hash: the binary logarithm of its rounds.
    pub cost: u32,
}

/// Asks for a password, prints the line to `output`, and explains it on `errors`.
///
/// # Errors
///
/// Returns an error if the password can't be read, is empty, or is one that the filter always refuses.
pub fn run(options: &Options, output: &mut dyn Write, errors: &mut dyn Write) -> Result<()> {
    let password = if io::stdin().is_terminal() { asked()? } else { line(&mut io::stdin().lock())? };
    let hash = hashed(&password, options.cost)?;
    if options.cost < COST {
        writeln!(errors, "warning: a hash of a cost below {COST} is quick to guess")?;
    }
    match &options.name {
        Some(name) => {
            let line = Section::Users.line(name, &hash).map_err(|error| anyhow!(error))?;
            writeln!(errors, "For \"users\" in \"callers\" (commas separate the lines there):")?;
            writeln!(output, "{line}")?;
        }
        None => {
            writeln!(errors, "The hash (with a NAME, its line for \"users\" is printed):")?;
            writeln!(output, "{hash}")?;
        }
    }
    Ok(())
}

/// Hashes a password that the filter can accept, at the usual cost.
///
/// # Errors
///
/// Returns an error if the password is empty, or one that the filter always refuses.
pub(crate) fn of(password: &[u8]) -> Result<String> {
    check(password)?;
    hashed(password, COST)
}

fn hashed(password: &[u8], cost: u32) -> Result<String> {
    bcrypt::hash(password, cost).context("cannot hash the password")
}

/// Asks for the password on the terminal, twice and without showing it.
fn asked() -> Result<Vec<u8>> {
    let ask = |prompt| rpassword::prompt_password(prompt).context("cannot ask for a password");
    let password = ask("Password: ")?;
    check(password.as_bytes())?;
    ensure!(ask("Once more: ")? == password, "the two passwords differ");
    Ok(password.into_bytes())
}

/// Reads the password from the first line of standard input.
fn line(input: &mut dyn BufRead) -> Result<Vec<u8>> {
    let mut line = Vec::new();
    let longest = u64::try_from(MAX_PASSWORD + "\r\n".len())?;
    input.take(longest).read_until(b'\n', &mut line).context("cannot read standard input")?;
    let password = line.strip_suffix(b"\n").unwrap_or(&line);
    let password = password.strip_suffix(b"\r").unwrap_or(password);
    check(password)?;
    Ok(password.to_vec())
}

/// Refuses the empty password, and passwords that the filter always refuses.
fn check(password: &[u8]) -> Result<()> {
    if password.is_empty() {
        bail!("the password is empty: anybody could log in with it");
    }
    ensure!(password.len() <= MAX_PASSWORD, "a password has at most {MAX_PASSWORD} bytes");
    ensure!(!password.iter().any(u8::is_ascii_control), "a password has no control characters");
    Ok(())
}
