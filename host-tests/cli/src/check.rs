//! `promward check`: reads a configuration as the filter does, before a proxy has to.
//!
//! A configuration stands by itself, as JSON, or inside an Envoy file. Both are found here and loaded by the filter's
//! own [`promward::config::load`], so the filter accepts exactly the configurations that are called valid here.

mod chain;
mod empty_password;
mod envoy_file;
mod fails_open;
mod find;
mod listener;
mod mistaken;
mod passwords;
mod rate_limit;
mod routing;
mod rules;
mod trial;
mod upstream;

use chain::{IN_NO_CHAIN, Validation};
use find::{Filter, Found};
use listener::Surroundings;
use promward::config;
use promward::gateway::Gateway;
use routing::Routing;
use serde::Deserialize;
use serde_norway::Value;
use std::fmt;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

pub use upstream::Upstream;

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
    /// The file's name and, in an Envoy file, the filter's place.
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

/// A configuration in a file, before it is loaded, and the facts that the file adds.
struct Placed {
    place: String,
    /// The text that the filter gets, or the reason why it gets none.
    configuration: Result<Vec<u8>, String>,
    validation: Validation,
    routing: Routing,
    surroundings: Surroundings,
}

impl Finding {
    /// Loads a configuration as the filter does.
    fn new(placed: Placed) -> Self {
        let Placed { place, configuration, validation, routing, surroundings } = placed;
        let load = |text: &[u8]| {
            let gateway = config::load(text).map_err(|error| error.to_string())?;
            empty_password::find(text).map_or(Ok(gateway), Err)
        };
        let loaded = configuration.and_then(|text| load(&text));
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
            |gateway| {
                [routing.warnings(&gateway.mounts), surroundings.warnings(gateway), rules::warnings(gateway)]
                    .concat()
            },
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

/// Checks the text of a file: a configuration in JSON, or an Envoy file (YAML or JSON) with all filters in it. `name`
/// is the file's name in the findings; if it ends in `.yaml` or `.yml` the text is YAML, unless it is a configuration
/// in JSON.
///
/// # Errors
///
/// Returns an error if the text is neither, or an Envoy file without a filter. The message says what the text looks
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
pub fn configurations(name: &str, text: &[u8]) -> Result<Vec<(String, Result<Vec<u8>, String>)>, Unreadable> {
    Ok(placed(name, text)?.into_iter().map(|placed| (placed.place, placed.configuration)).collect())
}

fn placed(name: &str, text: &[u8]) -> Result<Vec<Placed>, Unreadable> {
    if let Some(said) = mistaken::text(text) {
        return Err(Unreadable(said.to_owned()));
    }
    let unmarked = mistaken::without_mark(text);
    let is_yaml =
        Path::new(name).extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    let begins_as_json = unmarked.trim_ascii().starts_with(b"{");
    let json = serde_json::from_slice::<Value>(unmarked).ok().filter(|_| begins_as_json);
    match json {
        Some(value) if envoy_file::is_envoys(&value) => in_filters(name, &[value]),
        Some(value) if is_yaml && !mistaken::is_configuration(&value) => in_filters(name, &[value]),
        None if is_yaml || !begins_as_json => in_filters(name, &documents(unmarked)?),
        // The filter has its own messages for wrong JSON.
        _ => Ok(vec![by_itself(name, Ok(text.to_vec()))]),
    }
}

/// Returns a configuration that is in no Envoy file.
fn by_itself(name: &str, configuration: Result<Vec<u8>, String>) -> Placed {
    let validation = Validation::Elsewhere(IN_NO_CHAIN.to_owned());
    let (routing, surroundings) = (Routing::default(), Surroundings::default());
    Placed { place: name.to_owned(), configuration, validation, routing, surroundings }
}

fn in_filters(name: &str, documents: &[Value]) -> Result<Vec<Placed>, Unreadable> {
    let found: Vec<Found> = documents.iter().map(find::in_document).collect();
    let discovered = found.iter().flat_map(|found| &found.discovered).next().map(|filter| {
        let file = filter.file.as_deref().unwrap_or("what its config_source serves");
        Unreadable(format!("no configuration is in it: {filter} is discovered: check {file} in its place"))
    });
    let filters: Vec<Filter> = found.into_iter().flat_map(|found| found.filters).collect();
    if filters.is_empty() && documents.iter().any(mistaken::is_configuration) {
        return Ok(vec![by_itself(name, Err(mistaken::AS_YAML.to_owned()))]);
    }
    if filters.is_empty() {
        let other = documents.iter().find_map(mistaken::document).map(|said| Unreadable(said.to_owned()));
        let nothing = || {
            Unreadable(format!(
                "no filter is in it: looked for a mapping with \"@type\": type.googleapis.com/{}, whose \
                 config.configuration holds promward's JSON",
                envoy_file::WASM
            ))
        };
        return Err(discovered.or(other).unwrap_or_else(nothing));
    }
    let placed = |filter: Filter| {
        let place = format!("{name}: {filter}");
        let Filter { configuration, validation, routing, surroundings, .. } = filter;
        Placed {
            place,
            configuration: configuration.map(String::into_bytes),
            validation,
            routing,
            surroundings,
        }
    };
    Ok(filters.into_iter().map(placed).collect())
}

fn documents(text: &[u8]) -> Result<Vec<Value>, Unreadable> {
    let documents: Result<Vec<Value>, _> =
        serde_norway::Deserializer::from_slice(text).map(Value::deserialize).collect();
    documents.map_err(|error| Unreadable(format!("this is neither JSON nor YAML: {error}")))
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
