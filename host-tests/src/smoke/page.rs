//! A page as a browser meets it: by way of its redirects, and with everything that it names.

use crate::client::{Answer, Client};
use anyhow::{Context, Result, bail, ensure};
use std::collections::BTreeSet;

/// How many redirects are followed.
const REDIRECTS: usize = 5;

/// What a page turns out to be.
pub(super) fn kind(client: &Client, path: &str) -> Result<String> {
    let (path, answer) = follow(client, path)?;
    let kind = answer.header("content-type").unwrap_or_default();
    if answer.status == 200 && kind.starts_with("text/html") {
        return Ok("200, an HTML page".to_owned());
    }
    Ok(format!("{} {kind} at {path}", answer.status))
}

/// Whether everything that a page names is there.
pub(super) fn assets(client: &Client, path: &str) -> Result<String> {
    let (path, page) = follow(client, path)?;
    let named = named(&page.text());
    ensure!(!named.is_empty(), "the page {path} names no file");
    for name in &named {
        let asset = resolved(&path, name)?;
        let answer = client.get(&asset)?;
        if answer.status != 200 || answer.body.is_empty() {
            return Ok(format!("{} with {} bytes at {asset}", answer.status, answer.body.len()));
        }
    }
    Ok("200, all of them".to_owned())
}

/// Follows redirects that stay below the prefix, and says where they end.
fn follow(client: &Client, path: &str) -> Result<(String, Answer)> {
    let mut path = path.to_owned();
    for _ in 0..REDIRECTS {
        let answer = client.get(&path)?;
        if !(300..400).contains(&answer.status) {
            return Ok((path, answer));
        }
        let location = answer.header("location").context("a redirect that doesn't say where to")?;
        ensure!(location.starts_with("/prometheus/"), "{path} redirects to {location}");
        path = location;
    }
    bail!("more than {REDIRECTS} redirects, the last to {path}")
}

/// The files that a page loads from its own site: scripts, styles, icons.
fn named(page: &str) -> BTreeSet<String> {
    let values = ["src=\"", "href=\""].into_iter().flat_map(|attribute| page.split(attribute).skip(1));
    let names = values.filter_map(|rest| rest.split(['"', '#', '?']).next());
    let is_file = |name: &&str| {
        let last = name.rsplit('/').next().unwrap_or_default();
        last.contains('.') && !name.contains("://") && !name.starts_with("data:")
    };
    names.filter(is_file).map(str::to_owned).collect()
}

/// The path of a name on the page at `path`.
fn resolved(path: &str, name: &str) -> Result<String> {
    if name.starts_with('/') {
        return Ok(name.to_owned());
    }
    let path = path.split('?').next().unwrap_or_default();
    let (folder, _) = path.rsplit_once('/').context("a path begins with a slash")?;
    Ok(format!("{folder}/{}", name.trim_start_matches("./")))
}
