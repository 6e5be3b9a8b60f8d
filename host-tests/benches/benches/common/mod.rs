//! The command line and the report that all benchmarks share.

use anyhow::{Context, Result};
use clap::Parser;
use std::fs;
use std::process::Command;

/// The options of every benchmark, so that one `cargo bench` can run them all.
#[derive(Parser)]
pub(crate) struct Options {
    /// Takes less than three minutes for all benchmarks, and is less exact
    #[arg(long)]
    pub(crate) quick: bool,
    /// Accepted, because Cargo gives it to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

impl Options {
    /// Returns the command that makes the same report.
    fn command(&self, name: &str) -> String {
        let quick = if self.quick { " -- --quick" } else { "" };
        format!("cargo bench --bench {name}{quick}")
    }
}

/// A report in Markdown. It is printed line by line, and written to a file at the end.
pub(crate) struct Report {
    name: &'static str,
    text: String,
}

impl Report {
    /// Begins a report with a title, the command, the date and the machine.
    pub(crate) fn new(name: &'static str, title: &str, options: &Options) -> Result<Self> {
        let mut report = Self { name, text: String::new() };
        report.say(&format!("# {title}\n"));
        report.say(&format!("`{}`, {}, {}.\n", options.command(name), date()?, machine()?));
        Ok(report)
    }

    pub(crate) fn say(&mut self, lines: &str) {
        println!("{lines}");
        self.text.push_str(lines);
        self.text.push('\n');
    }

    /// Adds a row of a table.
    pub(crate) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.say(&format!("| {} |", cells.join(" | ")));
    }

    /// Adds the head of a table, whose first column is text and whose others are numbers.
    pub(crate) fn head<const N: usize>(&mut self, names: [&str; N]) {
        self.row(names.map(str::to_owned));
        let mut is_first = true;
        self.row(names.map(|_| if std::mem::take(&mut is_first) { "---" } else { "---:" }.to_owned()));
    }

    /// Writes the report to `target/bench`.
    pub(crate) fn write(self) -> Result<()> {
        let directory = promward_module::target_directory()?.join("bench");
        fs::create_dir_all(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
        let path = directory.join(self.name).with_extension("md");
        fs::write(&path, self.text).with_context(|| format!("cannot write {}", path.display()))?;
        println!("\nThis is in {}.", path.display());
        Ok(())
    }
}

/// Returns a percentile of the figures.
pub(crate) fn at(figures: &mut [f64], percent: usize) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[(figures.len() - 1) * percent / 100]
}

fn date() -> Result<String> {
    let output = Command::new("date").args(["-u", "+%F"]).output().context("cannot ask for the date")?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn machine() -> Result<String> {
    let about = fs::read_to_string("/proc/cpuinfo").context("cannot read /proc/cpuinfo")?;
    let mut models = about.lines().filter_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = models.next().map_or("unknown", |(_, model)| model.trim());
    Ok(format!("{} processors ({model})", models.count() + 1))
}
