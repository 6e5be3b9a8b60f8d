//! `promward check`: reads a configuration as the filter does, before a proxy has to.
//!
//! A configuration stands by itself, as JSON, or inside an Envoy file or an object of Kubernetes. All are found here and
//! loaded by the filter's own [`promward::config::load`], so the filter accepts exactly the configurations that are called
//! valid here.

mod chain;
mod empty_password;
mod envoy_file;
mod fails_open;
mod find;
mod listener;
mod manifests;
mod mistaken;
mod passwords;
mod placed;
mod places;
mod rate_limit;
mod routing;
mod rules;
mod structure;
mod trial;
mod upstream;
mod written;

use chain::Validation;
use placed::Placed;
use places::placed;
use promward::gateway::Gateway;
use std::fmt;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

pub use upstream::Upstream;
pub use written::Written;

/// The file name that stands for standard input.
const STANDARD_INPUT: &str = "-";

/// The result of a check. Later variants are worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// All configurations that were found are valid.
    Valid,
    /// A configuration was found that the filter refuses.
    Refused,
    /// A file can't be read, or there is nothing in it to check.
    Unreadable,
}

impl Verdict {
    /// Returns the exit code: 0, 1 or 2.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Valid => 0,
            Self::Refused => 1,
            Self::Unreadable => 2,
        }
    }
}

/// One configuration, loaded as the filter loads it.
#[derive(Debug)]
pub struct Finding {
    /// The file's name and, where it holds more than the configuration, the place in it.
    pub place: String,
    /// The compiled configuration, or the one line that says which field is wrong.
    pub loaded: Result<Gateway, String>,
    /// A requirement that the file can't show and the user has to make sure of.
    pub make_sure: Option<String>,
    /// Warnings about settings that the filter accepts and that don't work with the rest of the file.
    pub warnings: Vec<String>,
}

/// The reason why there is nothing to check.
#[derive(Debug, PartialEq, Eq)]
pub struct Unreadable(String);

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.loaded {
            Ok(gateway) => {
                writeln!(formatter, "{}: valid", self.place)?;
                if let Some(trial) = &gateway.trial {
                    formatter.write_str(&trial::of(gateway, &trial.rules))?;
                }
                if let Some(passwords) = &gateway.callers.passwords {
                    formatter.write_str(&passwords::of(passwords))?;
                }
                if let Some(what) = &self.make_sure {
                    writeln!(formatter, "  make sure: {VOUCHED}: {what}")?;
                }
                for warning in &self.warnings {
                    writeln!(formatter, "  warning: {warning}")?;
                }
                writeln!(formatter, "  digest: {}", gateway.written_digest())
            }
            Err(error) => writeln!(formatter, "{}: refused: {error}", self.place),
        }
    }
}

/// The field that says that the listener validates certificate chains.
pub(crate) const VOUCHED: &str = "callers.certificates_validated_by_listener";

impl Finding {
    /// Loads a configuration as the filter does.
    fn new(placed: Placed) -> Self {
        let Placed { place, configuration, validation, surroundings } = placed;
        let load = |written: Written| {
            let gateway = written.load()?;
            let Some(error) = empty_password::find(&written.text) else { return Ok(gateway) };
            Err(match written.field {
                Some(field) => format!("{field}.{error}"),
                None => error,
            })
        };
        let loaded = configuration.and_then(load);
        let needs_a_chain = loaded.as_ref().is_ok_and(|gateway| gateway.callers.certificates.need_a_chain);
        let (loaded, make_sure) = match validation {
            Validation::Missing(why) if needs_a_chain => {
                (Err(format!("{VOUCHED}: nobody validates chains here: {why}")), None)
            }
            Validation::Elsewhere(what) if needs_a_chain => (loaded, Some(what)),
            _ => (loaded, None),
        };
        let warnings = loaded.as_ref().map_or_else(
            |_| Vec::new(),
            |gateway| [surroundings(gateway), rules::warnings(gateway)].concat(),
        );
        Self { place, loaded, make_sure, warnings }
    }
}

/// Checks files (`-` is standard input), prints what it finds to `output` and what it can't read to `errors`, and
/// returns the worst verdict. The servers are asked if they speak the API that each configuration says.
///
/// # Errors
///
/// Returns an error if `output` or `errors` can't be written to.
pub fn run(
    files: &[PathBuf],
    upstreams: &[Upstream],
    output: &mut dyn Write,
    errors: &mut dyn Write,
) -> io::Result<Verdict> {
    let mut worst = Verdict::Valid;
    for file in files {
        let findings = match read(file).and_then(|text| check(&file.to_string_lossy(), &text)) {
            Ok(findings) => findings,
            Err(error) => {
                writeln!(errors, "{}: {error}", file.display())?;
                worst = Verdict::Unreadable;
                continue;
            }
        };
        for mut finding in findings {
            if let Ok(gateway) = &finding.loaded {
                finding
                    .warnings
                    .extend(upstreams.iter().filter_map(|server| server.warning(&gateway.mounts)));
            }
            write!(output, "{finding}")?;
            let verdict = if finding.loaded.is_ok() { Verdict::Valid } else { Verdict::Refused };
            worst = worst.max(verdict);
        }
    }
    Ok(worst)
}

/// Checks the text of a file: a configuration in JSON, an Envoy file (YAML or JSON) with all filters in it, or objects of
/// Kubernetes with all plugins and files in them. `name` is the file's name in the findings; if it ends in `.yaml` or `.yml`
/// the text is YAML, unless it is a configuration in JSON.
///
/// # Errors
///
/// Returns an error if the text is none of these, or has no filter in it. The message says what the text looks
/// like.
pub fn check(name: &str, text: &[u8]) -> Result<Vec<Finding>, Unreadable> {
    Ok(placed(name, text)?.into_iter().map(Finding::new).collect())
}

/// Returns the configurations in the text of a file, each with its place, as the filter gets them: they aren't loaded. In
/// place of one that the filter doesn't get there is the reason.
///
/// # Errors
///
/// Returns the same errors as [`check`].
#[allow(clippy::type_complexity, reason = "a list of places and texts needs no type of its own")]
pub fn configurations(name: &str, text: &[u8]) -> Result<Vec<(String, Result<Written, String>)>, Unreadable> {
    Ok(placed(name, text)?.into_iter().map(|placed| (placed.place, placed.configuration)).collect())
}

/// Reads a file as [`read`] does. The error begins with the name of the file.
pub(crate) fn read_named(file: &Path) -> Result<Vec<u8>, String> {
    read(file).map_err(|error| format!("{}: {error}", file.display()))
}

/// Reads a file, or standard input if it is called `-`.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, Unreadable> {
    if file != Path::new(STANDARD_INPUT) {
        return fs::read(file).map_err(|error| match error.kind() {
            io::ErrorKind::IsADirectory => Unreadable(
                "this is a directory: name a file in it, such as promward.json or envoy.yaml".to_owned(),
            ),
            _ => Unreadable(format!("cannot be read: {error}")),
        });
    }
    let mut text = Vec::new();
    match io::stdin().read_to_end(&mut text) {
        Ok(_) => Ok(text),
        Err(error) => Err(Unreadable(format!("standard input cannot be read: {error}"))),
    }
}
