//! A page as a browser sees it: behind its redirects, and with every file that it names.

use crate::client::{Answer, Client};
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeSet;

/// The most redirects that are followed.
const REDIRECTS: usize = 10;

/// A page that was reached from a path.
pub struct Page {
    /// The path that answered with something else than a redirect.
    pub path: String,
    /// The answer of that path.
    pub answer: Answer,
}

impl Page {
    /// Follows redirects as long as they stay below `/prometheus/`.
    ///
    /// # Errors
    ///
    /// Returns an error if a redirect leads elsewhere or has no target, if there are more than ten, or if a request
    /// fails.
    pub fn open(client: &Client, path: &str) -> Result<Self> {
        let mut path = path.to_owned();
        for _ in 0..REDIRECTS {
            let answer = client.get(&path)?;
            if !(300..400).contains(&answer.status) {
                return Ok(Self { path, answer });
            }
            let location = answer.header("location").context("a redirect without a location")?;
            ensure!(location.starts_with("/prometheus/"), "{path} redirects to {location}");
            path = location;
        }
        bail!("more than {REDIRECTS} redirects, the last to {path}")
    }

    /// Returns the paths of the files that the page loads from its own server: scripts, styles, icons.
    ///
    /// # Errors
    ///
    /// Returns an error if the page names no file.
    pub fn files(&self) -> Result<BTreeSet<String>> {
        let text = self.answer.text();
        let values = ["src=\"", "href=\""].into_iter().flat_map(|attribute| text.split(attribute).skip(1));
        let names = values.filter_map(|rest| rest.split(['"', '#', '?']).next());
        let is_file = |name: &&str| {
            let last = name.rsplit_once('/').map_or(*name, |(_, last)| last);
            last.contains('.') && !name.contains("://") && !name.starts_with("data:")
        };
        let files: BTreeSet<_> =
            names.filter(is_file).map(|name| self.resolved(name)).collect::<Result<_>>()?;
        ensure!(!files.is_empty(), "the page {} names no file", self.path);
        Ok(files)
    }

    /// Resolves a name on this page to a path.
    fn resolved(&self, name: &str) -> Result<String> {
        if name.starts_with('/') {
            return Ok(name.to_owned());
        }
        let path = self.path.split_once('?').map_or(&*self.path, |(path, _)| path);
        let (folder, _) = path.rsplit_once('/').context("a path begins with a slash")?;
        Ok(format!("{folder}/{}", name.trim_start_matches("./")))
    }
}
