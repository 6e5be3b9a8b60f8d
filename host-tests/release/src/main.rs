//! `cargo promward release`: writes the files of a release, and prints them with their SHA-256.

use anyhow::{Result, ensure};
use clap::Parser;
use promward_release::{Build, Checkout, Options, SUMS};
use std::env;
use std::fs;

/// Writes the files of a release: module, image, Python wheel, and lists of what is in them
#[derive(Debug, Parser)]
#[command(name = "promward release", bin_name = "promward release", after_help = HELP)]
struct Arguments {
    /// The URL of the repository, for the image's annotation org.opencontainers.image.source
    #[arg(long, value_name = "URL")]
    source: Option<String>,
    /// Releases the files as they are, though some differ from the commit: for trying only
    #[arg(long)]
    allow_changes: bool,
}

const HELP: &str = "\
Builds everything that is released of the checkout in the current directory, and writes it to target/release-files: the module
with its SHA-256, its JSON Schema, dashboard and alerts, an OCI image (a layout and a tar of it), the command as a Python wheel,
two software bills of materials (CycloneDX), this version's part of CHANGELOG.md, and SHA256SUMS.

Two checkouts of one commit give the same bytes. The wheel is made with maturin and zig, which are fetched from PyPI. Nothing
is signed here: that is for the release workflow, which has an identity to sign with.

Examples:
  cargo promward release
  cargo promward release --source https://github.com/example/promward

Exit codes:
  0  the files were written
  1  something can't be built or written, or a file differs from the commit
  2  wrong arguments";

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let checkout = Checkout::around(&env::current_dir()?)?;
    ensure!(
        arguments.allow_changes || !checkout.is_changed,
        "files differ from the last commit, so that nobody could build the same: commit them, or use --allow-changes to try"
    );
    let directory = checkout.target().join("release-files");
    let options = Options { directory: directory.clone(), source: arguments.source, build: Build::Release };
    promward_release::write(&checkout, &options)?;
    print!("{}", fs::read_to_string(directory.join(SUMS))?);
    println!("These are in {}.", directory.display());
    Ok(())
}
