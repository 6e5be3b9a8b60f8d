//! `promward token`: makes a random token and its line for `tokens`.

use crate::line::Section;
use anyhow::{Result, anyhow};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use std::io::Write;

/// The text of `promward token --help` after the options.
pub const HELP: &str = "\
A token is 32 random bytes, written as 43 letters, digits, - and _. The configuration has only its SHA-256, so keep the token
where the program finds it.

Standard output has the token, and nothing else. The line for the configuration is the last line of standard error. It has no
comma at its end: write one between it and its neighbours.

Examples:
  cargo promward token grafana
  cargo promward token grafana >grafana.token

Exit codes:
  0  token and line were printed
  1  the system has no randomness
  2  wrong arguments";

/// The number of random bytes in a token, too many to guess.
const LENGTH: usize = 32;

/// Makes a token for a program of this name. The token alone goes to `output`, so that it can be piped to the program's
/// own place for it; the line for the configuration goes to `errors`, with an explanation of both.
///
/// # Errors
///
/// Returns an error if the system has no randomness, or the filter refuses the name.
pub fn run(name: &str, output: &mut dyn Write, errors: &mut dyn Write) -> Result<()> {
    let mut bytes = [0; LENGTH];
    getrandom::fill(&mut bytes).map_err(|error| anyhow!("the system has no randomness: {error}"))?;
    let token = URL_SAFE_NO_PAD.encode(bytes);
    let line = Section::Tokens.line(name, &digest(&token)).map_err(|error| anyhow!(error))?;
    writeln!(errors, "The token, which is shown only now (clients send it as Authorization: Bearer TOKEN):")?;
    writeln!(output, "{token}")?;
    output.flush()?;
    writeln!(errors, "For \"tokens\" in \"callers\" (commas separate the lines there):")?;
    writeln!(errors, "{line}")?;
    Ok(())
}

/// Returns the value by which a configuration knows a token: `sha256:` and 64 hex digits.
pub(crate) fn digest(token: &str) -> String {
    Sha256::digest(token).iter().fold("sha256:".to_owned(), |text, byte| text + &format!("{byte:02x}"))
}
