//! The locations of servers, which of them governs a path, and where they lead.

use super::directives::Directive;
use super::settings::{Settings, Verdict};
use crate::import::upstream::Upstream;
use promward::target::method::Method;
use regex::Regex;

/// The way in which a location's text is compared with a path.
#[derive(Clone, Debug)]
pub(super) enum Matcher {
    /// One path and no other: `location = /path`.
    Exact(String),
    /// Every path that begins so: `location /path`, or `^~`, before which no regular expression counts.
    Prefix { path: String, is_final: bool },
    /// Every path that matches: `location ~ regex`, or `~*`. A regular expression that can't be read here may match anything.
    Regex { text: String, pattern: String, compiled: Option<Regex> },
}

/// A location with the settings that hold in it.
#[derive(Clone, Debug)]
pub(super) struct Location {
    pub(super) matcher: Matcher,
    pub(super) settings: Settings,
    pub(super) place: Place,
}

/// The place of a location in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The number of the server.
    pub(super) server: usize,
    /// The number of the location around it.
    pub(super) within: Option<usize>,
}

impl Matcher {
    /// Returns the matcher of a regular expression. `pattern` is the one that its literal beginning is read from.
    fn regex(pattern: &str, whole: &str) -> Self {
        Self::Regex { text: whole.to_owned(), pattern: pattern.to_owned(), compiled: Regex::new(whole).ok() }
    }
}

impl Location {
    pub(super) fn new(directive: &Directive, around: &Settings, place: Place) -> Self {
        let arguments: Vec<&str> = directive.arguments.iter().map(String::as_str).collect();
        let matcher = match arguments.as_slice() {
            ["=", path] => Matcher::Exact((*path).to_owned()),
            ["^~", path] => Matcher::Prefix { path: (*path).to_owned(), is_final: true },
            ["~", pattern] => Matcher::regex(pattern, pattern),
            ["~*", pattern] => Matcher::regex("", &format!("(?i:{pattern})")),
            [path] if path.starts_with('/') => Matcher::Prefix { path: (*path).to_owned(), is_final: false },
            // `@name`, which no request gets to by itself.
            _ => Matcher::Exact(String::new()),
        };
        Self { matcher, settings: around.within(&directive.block), place }
    }

    /// Returns the host and the path that a request for this path goes to, or `None` if that can't be told.
    fn target(&self, path: &str) -> Option<(String, String)> {
        let url = self.settings.proxy_pass.as_deref().filter(|url| !url.contains(['$', '?']))?;
        let authority = self.authority()?;
        let path = match (path_of(url), &self.matcher) {
            (None, _) => path.to_owned(),
            (Some(begin), Matcher::Exact(known) | Matcher::Prefix { path: known, .. }) => {
                [begin, path.strip_prefix(known.as_str())?].concat()
            }
            (Some(_), Matcher::Regex { .. }) => return None,
        };
        Some((authority, path.replace("//", "/")))
    }

    /// Returns the path of the location and the one that takes its place at the server, if the second doesn't end with
    /// the slash that the first one ends with: then the first segment after them is glued to what stands before.
    pub(super) fn glued(&self) -> Option<(&str, &str)> {
        let from = self.prefix().filter(|path| path.ends_with('/'))?;
        let to = path_of(self.settings.proxy_pass.as_deref()?)?.split('?').next()?;
        (!to.ends_with('/')).then_some((from, to))
    }

    /// Returns `true` if the location leads to the same server as another one.
    pub(super) fn is_of_server(&self, other: &Self) -> bool {
        self.authority().is_some_and(|server| Some(server) == other.authority())
    }

    fn authority(&self) -> Option<String> {
        Some(Upstream::parse(self.settings.proxy_pass.as_deref()?).ok()?.authority)
    }

    /// Returns `true` if the location may be of some paths below a prefix, and not of all.
    pub(super) fn divides(&self, prefix: &str) -> bool {
        let root = prefix.trim_end_matches('/');
        match &self.matcher {
            Matcher::Exact(path) => path.len() > root.len() + 1 && is_below(path, prefix),
            Matcher::Prefix { path, .. } => path.trim_end_matches('/') != root && is_below(path, prefix),
            Matcher::Regex { pattern, .. } => {
                let begin = literal_beginning(pattern);
                begin.starts_with(root) || root.starts_with(begin)
            }
        }
    }

    /// Returns the text that paths are compared with.
    pub(super) fn text(&self) -> &str {
        match &self.matcher {
            Matcher::Exact(text) | Matcher::Prefix { path: text, .. } | Matcher::Regex { text, .. } => text,
        }
    }

    /// Returns the path of a location that stands for all paths that begin so.
    pub(super) fn prefix(&self) -> Option<&str> {
        match &self.matcher {
            Matcher::Prefix { path, .. } => Some(path),
            Matcher::Exact(_) | Matcher::Regex { .. } => None,
        }
    }
}

/// Returns the path in the URL of a `proxy_pass`, which takes the place of the location's. Without one, nginx sends the whole
/// path on.
pub(super) fn path_of(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    rest.get(rest.find('/')?..)
}

/// Returns whom nginx lets in at a path below a mount, and to the server of the mount. Servers that lead there too have to
/// say the same, since a mount is one for all of them.
pub(super) fn verdict(locations: &[Location], mount: &Location, path: &str, method: Method) -> Verdict {
    let of_server = |server| of_server(locations, server, mount, path, method);
    let verdict = of_server(mount.place.server);
    let others = locations.iter().filter(|location| location.is_of_server(mount));
    let mut others =
        others.map(|location| location.place.server).filter(|other| *other != mount.place.server);
    match others.any(|other| of_server(other) != verdict) {
        true => Verdict::Unknown("another server in the file".to_owned()),
        false => verdict,
    }
}

fn of_server(locations: &[Location], server: usize, mount: &Location, path: &str, method: Method) -> Verdict {
    match governing(locations, Place { server, within: None }, path) {
        Ok(Some(Governing { location, .. })) => match location.settings.verdict(method) {
            Verdict::Open(_) if location.target(path).is_none_or(|to| Some(to) != mount.target(path)) => {
                Verdict::Unknown("a proxy_pass that leads elsewhere".to_owned())
            }
            verdict => verdict,
        },
        Ok(None) => Verdict::Closed,
        Err(()) => {
            Verdict::Unknown("a location with a regular expression that can't be read here".to_owned())
        }
    }
}

/// The location that governs a path.
struct Governing<'a> {
    location: &'a Location,
    /// True if no regular expression around it comes before it.
    is_final: bool,
}

/// Finds the location of a path among those at one place, and within these: an exact one, else the longest prefix, unless
/// a regular expression comes before it.
fn governing<'a>(locations: &'a [Location], place: Place, path: &str) -> Result<Option<Governing<'a>>, ()> {
    let here = || locations.iter().enumerate().filter(|(_, location)| location.place == place);
    let within = |number| governing(locations, Place { within: Some(number), ..place }, path);
    let is_exact = |location: &Location| matches!(&location.matcher, Matcher::Exact(exact) if exact == path);
    if let Some((_, location)) = here().find(|(_, location)| is_exact(location)) {
        return Ok(Some(Governing { location, is_final: true }));
    }
    let fitting =
        here().filter(|(_, location)| location.prefix().is_some_and(|prefix| path.starts_with(prefix)));
    let longest = fitting.max_by_key(|(_, location)| location.prefix().map_or(0, str::len));
    let mut found = None;
    if let Some((number, location)) = longest {
        let inner = within(number)?.unwrap_or(Governing { location, is_final: false });
        if inner.is_final || matches!(location.matcher, Matcher::Prefix { is_final: true, .. }) {
            return Ok(Some(inner));
        }
        found = Some(inner);
    }
    for (number, location) in here() {
        match &location.matcher {
            Matcher::Regex { compiled: None, .. } => return Err(()),
            Matcher::Regex { compiled: Some(pattern), .. } if pattern.is_match(path) => {
                let location = within(number)?.map_or(location, |inner| inner.location);
                return Ok(Some(Governing { location, is_final: true }));
            }
            _ => {}
        }
    }
    Ok(found)
}

/// Returns `true` if a path is a mount's prefix or below it.
pub(super) fn is_below(path: &str, prefix: &str) -> bool {
    prefix == "/" || path.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns the characters with which every path begins that a regular expression matches, as far as that is plain to see.
fn literal_beginning(pattern: &str) -> &str {
    let Some(rest) = pattern.strip_prefix('^').filter(|rest| !rest.contains('|')) else { return "" };
    let is_plain =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, '/' | '-' | '_');
    let end = rest.find(|character| !is_plain(character)).unwrap_or(rest.len());
    // The last character may be repeated, or left out.
    match rest.get(end..).is_some_and(|rest| rest.starts_with(['*', '?', '{', '+'])) {
        true => rest.get(..end.saturating_sub(1)).unwrap_or_default(),
        false => rest.get(..end).unwrap_or_default(),
    }
}
