//! Writes the files of a release, the same bytes from every checkout of one commit: nothing in them comes from the machine,
//! the time or the path that they are made at.

mod archive;
mod changelog;
mod checkout;
mod image;
mod sbom;
mod wheel;

use anyhow::{Context, Result, ensure};
pub use checkout::Checkout;
use image::Image;
use std::fs;
use std::path::{Path, PathBuf};
pub use wheel::Build;

/// The name of the file that lists the others with their SHA-256.
pub const SUMS: &str = "SHA256SUMS";

/// Files of the repository that are released as they are.
const COPIED: [&str; 4] = [
    "filter/config.schema.json",
    "envoy/dashboards/promward/dashboard.json",
    "envoy/dashboards/promward/alerts.yml",
    "envoy/dashboards/promward/mixin.libsonnet",
];

/// The options of a release.
#[derive(Clone, Debug)]
pub struct Options {
    /// The directory for the files. What it held before is removed.
    pub directory: PathBuf,
    /// The URL of the repository, for the image's annotations.
    pub source: Option<String>,
    /// The way that the command in the wheel is built.
    pub build: Build,
}

/// Builds everything that is released, and writes it to the directory.
///
/// # Errors
///
/// Returns an error if something can't be built or written, or if `CHANGELOG.md` has no part for the version.
pub fn write(checkout: &Checkout, options: &Options) -> Result<()> {
    let changes = changelog::part(&checkout.read("CHANGELOG.md")?, &checkout.version)?;
    let module = promward_module::build_in(&checkout.root, &checkout.target())?;
    let digest = promward_module::digest_file(&module);
    let named = promward_module::named_file(&module);
    let partial = options.directory.with_extension("partial");
    remove(&partial)?;
    let output = Output(&partial);

    output.write("CHANGELOG.md", changes.as_bytes())?;
    for path in [&module, &digest, &named].into_iter().chain(&COPIED.map(|path| checkout.root.join(path))) {
        let name = path.file_name().and_then(|name| name.to_str()).context("a file has a name")?;
        output.write(name, &read(path)?)?;
    }
    let module_bom = output.write("promward.wasm.cdx.json", &sbom::of_the_module(checkout)?)?;
    let command_bom = output.write("promward-command.cdx.json", &sbom::of_the_command(checkout)?)?;

    let image = Image::of(&read(&module)?, checkout, options.source.as_deref())?;
    for (path, content) in &image.files {
        output.write(&format!("{}/{path}", image::LAYOUT), content)?;
    }
    output.write("promward-image.tar", &archive::tar(&image.files, checkout.time)?)?;
    output.write("promward-image.digest", format!("{}\n", image.digest).as_bytes())?;

    let wheel = wheel::Wheel { checkout, module: &module, boms: [&module_bom, &command_bom] };
    wheel.build(&options.build, &partial)?;

    let mut sums = String::new();
    for file in list(&partial)? {
        sums += &format!("{}  {}\n", promward_module::sha256(&read(&partial.join(&file))?), file.display());
    }
    output.write(SUMS, sums.as_bytes())?;
    remove(&options.directory)?;
    fs::rename(&partial, &options.directory)
        .with_context(|| format!("cannot make {}", options.directory.display()))
}

/// The directory that files are written to.
struct Output<'a>(&'a Path);

impl Output<'_> {
    /// Writes a file, and returns its path.
    fn write(&self, name: &str, content: &[u8]) -> Result<PathBuf> {
        let path = self.0.join(name);
        ensure!(!path.exists(), "two files of a release have the name {name}");
        let folder = path.parent().context("a file is in a folder")?;
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        fs::write(&path, content).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }
}

/// Returns the paths of all files below a directory, relative to it and in order.
fn list(directory: &Path) -> Result<Vec<PathBuf>> {
    let (mut files, mut folders) = (Vec::new(), vec![directory.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            match path.is_dir() {
                true => folders.push(path),
                false => files.push(path.strip_prefix(directory)?.to_owned()),
            }
        }
    }
    files.sort();
    Ok(files)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Removes a directory if it is there.
fn remove(directory: &Path) -> Result<()> {
    match directory.exists() {
        true => {
            fs::remove_dir_all(directory).with_context(|| format!("cannot remove {}", directory.display()))
        }
        false => Ok(()),
    }
}
