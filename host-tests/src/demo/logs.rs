//! What the programs of a demo print, in files that one can follow, one a program.

use crate::host::Log;
use crate::process::{Mark, Process, Stream};
use anyhow::{Context, Result};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The log files of a demo.
pub(super) struct Logs {
    directory: PathBuf,
    envoy: Mark,
    prometheus: Mark,
}

impl Logs {
    pub(super) fn in_directory(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), envoy: Mark::default(), prometheus: Mark::default() }
    }

    /// Appends what the programs have printed since the last time.
    ///
    /// # Errors
    ///
    /// When a file can't be written.
    pub(super) fn write(&mut self, envoy: Option<&Process>, prometheus: Option<&Process>) -> Result<()> {
        if let Some(envoy) = envoy {
            let (lines, end) = envoy.lines_after(self.envoy);
            self.envoy = end;
            // Envoy's access log goes to its standard output, and what it says of itself and of the filter doesn't.
            self.append("access.log", lines.iter().filter(|(stream, _)| *stream == Stream::Output))?;
            self.append("envoy.log", lines.iter().filter(|(stream, _)| *stream == Stream::Errors))?;
        }
        if let Some(prometheus) = prometheus {
            let (lines, end) = prometheus.lines_after(self.prometheus);
            self.prometheus = end;
            self.append("prometheus.log", lines.iter())?;
        }
        Ok(())
    }

    /// Takes the filter's lines where no Envoy does.
    ///
    /// # Errors
    ///
    /// When the file can't be written.
    pub(super) fn of_filter(&self) -> Result<Log> {
        let file = Mutex::new(self.open("filter.log")?);
        Ok(Arc::new(move |level, line| {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            // A full disk is no reason to stop answering requests.
            let _ = writeln!(file, "{level:?} {line}");
        }))
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
