//! Packages of the npm registry, each in exactly the version that is named, with the packages that it depends on.

use super::{Program, Tool, fetch, find};
use anyhow::{Context, Result};
use std::fmt;
use std::path::PathBuf;

/// The places of npm's script, relative to the directory of Node: in its own archives, and in Debian.
const SCRIPTS: [&str; 2] = ["../lib/node_modules/npm/bin/npm-cli.js", "../share/nodejs/npm/bin/npm-cli.js"];

/// A package of the registry.
pub struct Package {
    name: &'static str,
    version: &'static str,
}

/// An OpenID Connect provider, certified by the OpenID Foundation.
pub const OIDC_PROVIDER: Package = Package { name: "oidc-provider", version: "9.13.3" };

impl fmt::Display for Package {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "npm's {} {}", self.name, self.version)
    }
}

/// Returns the directory of a package, which is fetched unless it is there.
///
/// # Errors
///
/// Returns an error if there is neither Node nor a way to fetch it, or the registry can't be reached.
pub fn package(package: &Package) -> Result<PathBuf> {
    let Package { name, version } = package;
    let directory = fetch::once(&format!("{name}-{version}"), |directory| {
        let node = find(Program::Node)?;
        fetch::say(&format!("fetching {name} {version} from the npm registry"));
        let mut npm = node.command();
        npm.arg(script(&node)?).arg("install").arg(format!("{name}@{version}"));
        npm.args(["--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--prefix"]).arg(directory);
        fetch::run(&mut npm).map(drop)
    })?;
    Ok(directory.join("node_modules").join(name))
}

/// Returns the path of npm's script, which comes with Node.
fn script(node: &Tool) -> Result<PathBuf> {
    let path = node.path.canonicalize().with_context(|| format!("{} is gone", node.path.display()))?;
    let directory = path.parent().context("a program stands in a directory")?;
    let mut places = SCRIPTS.iter().map(|script| directory.join(script));
    places.find(|script| script.is_file()).with_context(|| {
        format!("there is no npm beside {}: set PROMWARD_NODE to a Node that has it", path.display())
    })
}
