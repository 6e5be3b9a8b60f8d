//! Log files with the output of a demo's programs, one for each program.

use super::deployment::Host;
use anyhow::{Context, Result};
use promward_harness::process::{Mark, Process, Stream};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The names of the log files.
const FILES: [&str; 6] =
    ["access.log", "alertmanager.log", "envoy.log", "filter.log", "prometheus.log", "provider.log"];

/// The open log files of a demo.
pub(super) struct Logs {
    directory: PathBuf,
    host: Mark,
    /// The ends of what has been written of other programs, by the names of their files.
    others: BTreeMap<&'static str, Mark>,
}

impl Logs {
    /// Begins the logs in this directory, and removes those of an earlier demo.
    ///
    /// # Errors
    ///
    /// Returns an error if an old file can't be removed.
    pub(super) fn in_directory(directory: &Path) -> Result<Self> {
        for name in FILES {
            let path = directory.join(name);
            if path.exists() {
                fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
            }
        }
        Ok(Self { directory: directory.to_owned(), host: Mark::default(), others: BTreeMap::new() })
    }

    /// Appends everything that the host has printed since the last call.
    ///
    /// # Errors
    ///
    /// Returns an error if a file can't be written.
    pub(super) fn write_host(&mut self, on: Host, host: &Process) -> Result<()> {
        let (lines, end) = host.lines_after(self.host);
        self.host = end;
        match on {
            Host::Envoy => {
                // Envoy writes only its access log to standard output.
                self.append("access.log", lines.iter().filter(|(stream, _)| *stream == Stream::Output))?;
                self.append("envoy.log", lines.iter().filter(|(stream, _)| *stream == Stream::Errors))
            }
            Host::Embedded => self.append("filter.log", lines.iter()),
        }
    }

    /// Appends everything that another program has printed since the last call with this file.
    ///
    /// # Errors
    ///
    /// Returns an error if the file can't be written.
    pub(super) fn write(&mut self, file: &'static str, program: &Process) -> Result<()> {
        let (lines, end) = program.lines_after(self.others.get(file).copied().unwrap_or_default());
        self.others.insert(file, end);
        self.append(file, lines.iter())
    }

    fn append<'a>(&self, name: &str, lines: impl Iterator<Item = &'a (Stream, String)>) -> Result<()> {
        let text: String = lines.map(|(_, line)| format!("{line}\n")).collect();
        if text.is_empty() {
            return Ok(());
        }
        self.open(name)?.write_all(text.as_bytes()).with_context(|| format!("cannot write {name}"))
    }

    fn open(&self, name: &str) -> Result<File> {
        let path = self.directory.join(name);
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        options.open(&path).with_context(|| format!("cannot write {}", path.display()))
    }
}
