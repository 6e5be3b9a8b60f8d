//! Collects every path that a server's pages and scripts name, and every path in its program.

use promward_harness::client::Client;
use std::collections::BTreeSet;
use std::io::BufRead;
use std::net::SocketAddr;
use std::path::Path;

/// The most pages that are read.
const PAGES: usize = 200;

/// The longest path that is looked for.
const LONGEST: usize = 64;

/// Paths whose pages aren't read, because they take long, or end the server or its connections. They are requested as
/// all others.
const LEFT_ALONE: [&str; 3] = ["/-/", "/debug/", "/live"];

/// Returns the paths that links lead to from the first page on, and those that scripts have in quotes. Asks the server
/// itself.
pub(crate) fn linked(server: SocketAddr) -> BTreeSet<String> {
    let client = Client::plain(server);
    let mut found = BTreeSet::from(["/".to_owned(), "/graph".to_owned(), "/targets".to_owned()]);
    let mut read = BTreeSet::new();
    while let Some(path) = found.iter().find(|path| !read.contains(*path)).cloned() {
        read.insert(path.clone());
        if read.len() > PAGES || LEFT_ALONE.iter().any(|part| path.contains(part)) {
            continue;
        }
        let answer = client.get(&path).unwrap();
        let content = answer.header("content-type").unwrap_or_default();
        let text = answer.text();
        found.extend(answer.header("location").and_then(|location| resolved(&path, &location)));
        if content.starts_with("text/html") {
            for attribute in ["href=", "src=", "action="] {
                let values = text.split(attribute).skip(1).filter_map(value);
                found.extend(values.filter_map(|value| resolved(&path, value)));
            }
        } else if content.contains("javascript") {
            let named: BTreeSet<_> = text.split(['"', '\'', '`']).filter(|word| is_path(word)).collect();
            read.extend(named.iter().map(|path| (*path).to_owned()));
            found.extend(named.into_iter().map(str::to_owned));
        }
    }
    found
}

/// Returns the value of an attribute, from the text after its equals sign.
fn value(rest: &str) -> Option<&str> {
    let quote = rest.chars().next().filter(|quote| "\"'".contains(*quote))?;
    rest[1..].split(quote).next()
}

/// Returns the path of a link on a page, unless it leads to another server.
fn resolved(page: &str, link: &str) -> Option<String> {
    let link = link.split(['?', '#']).next()?;
    if link.is_empty() || link.contains(':') || link.starts_with("//") {
        return None;
    }
    let folder = page.rsplit_once('/').map_or("", |(folder, _)| folder);
    let path = match link.strip_prefix('/') {
        Some(_) => link.to_owned(),
        None => format!("{folder}/{}", link.trim_start_matches("./")),
    };
    is_path(&path).then_some(path)
}

fn is_path(text: &str) -> bool {
    text.len() <= LONGEST && text.starts_with('/') && text.bytes().all(is_of_path)
}

fn is_of_path(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'-' | b'.')
}

/// The beginnings of servers' paths. A program also has thousands of paths of files and of other programs.
#[rustfmt::skip]
const BEGINNINGS: [&str; 34] = [
    "/-/", "/agent", "/alert", "/api/", "/classic", "/config", "/consoles", "/datadog", "/debug", "/expand",
    "/federate", "/flags", "/functions", "/graphite/", "/health", "/influx", "/insert", "/internal/", "/metric",
    "/newrelic", "/open", "/ping", "/prometheus/", "/query", "/remotewrite", "/render", "/rules", "/select",
    "/service", "/snapshot", "/static", "/tags", "/target", "/vmui",
];

/// Returns the paths in a program. Its texts stand side by side without an end between them, so that a path is taken
/// from each slash to its apparent end. A point would separate a package from its contents.
pub(crate) fn written(program: &Path) -> BTreeSet<String> {
    let bytes = std::fs::read(program).unwrap();
    let (mut found, mut rest) = (BTreeSet::new(), &bytes[..]);
    // The library finds the slashes: a loop over a hundred megabytes takes seconds as tests are compiled.
    while rest.skip_until(b'/').unwrap() > 0 {
        if BEGINNINGS.iter().any(|beginning| rest.starts_with(&beginning.as_bytes()[1..])) {
            let path = rest.iter().take(LONGEST - 1).take_while(|byte| is_of_path(**byte) && **byte != b'.');
            found.insert(format!("/{}", path.map(|byte| char::from(*byte)).collect::<String>()));
        }
    }
    found
}
