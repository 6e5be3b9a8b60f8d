//! The locations of servers, which of them governs a path, and whom it lets in.

use super::directives::Directive;
use crate::import::upstream::Upstream;
use promward::target::method::Method;
use regex::Regex;

/// The way in which a location's text is compared with a path.
#[derive(Clone, Debug)]
pub(super) enum Matcher {
    /// `location = /path`
    Exact(String),
    /// `location /path`, or `^~`, before which no regular expression counts.
    Prefix { path: String, is_final: bool },
    /// `location ~ regex`, or `~*`. One that can't be read here may match anything.
    Regex { text: String, pattern: String, compiled: Option<Regex> },
}

/// Whom a location lets in, and what it does then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Requests of these callers go to the server.
    Open(Callers),
    /// Nobody's request gets to the server.
    Closed,
    /// It depends on something that isn't read here: the directive.
    Unknown(String),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Callers {
    Anyone,
    /// The users of a password file.
    Users(String),
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

/// The settings of a block, with those that it has from the blocks around it.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    realm: Option<String>,
    users: Option<String>,
    pub(super) proxy_pass: Option<String>,
    /// The methods that alone pass (`limit_except`).
    methods: Option<Vec<Method>>,
    is_closed: bool,
    /// A directive that may narrow who gets in, and isn't read here.
    narrowing: Option<String>,
    /// Headers that are set for the server.
    pub(super) headers: Vec<String>,
    pub(super) rates: Vec<String>,
}

/// Directives that change nothing about who reaches what; a star stands for any end.
const WITHOUT_RIGHTS: [&str; 42] = [
    "absolute_redirect",
    "access_log",
    "add_header",
    "aio*",
    "charset",
    "chunked_transfer_encoding",
    "client_*",
    "default_type",
    "directio*",
    "error_log",
    "error_page",
    "etag",
    "expires",
    "geo",
    "gzip*",
    "http2*",
    "http3*",
    "index",
    "keepalive*",
    "large_client_header_buffers",
    "limit_conn_zone",
    "limit_rate*",
    "limit_req_*",
    "listen",
    "location",
    "log_*",
    "map*",
    "merge_slashes",
    "port_in_redirect",
    "proxy_*",
    "quic*",
    "reset_timedout_connection",
    "resolver*",
    "root",
    "send*",
    "server*",
    "ssl_*",
    "sub_filter*",
    "tcp_*",
    "types*",
    "upstream",
    "variables_hash*",
];

/// Directives that one of these stars would cover, and that change what reaches the server.
const WITH_RIGHTS: [&str; 3] = ["proxy_method", "proxy_pass_request_body", "proxy_set_body"];

/// Headers for the server that promward or Envoy sets by itself, or that say nothing of rights.
const SET_ANYWAY: [&str; 9] = [
    "host",
    "x-real-ip",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "connection",
    "upgrade",
];

impl Settings {
    /// Returns the settings of a block within one that has these.
    pub(super) fn within(&self, block: &[Directive]) -> Self {
        // nginx doesn't pass the server on to the locations within. Of the rest it passes some on: that all of it is
        // taken to be is the stricter reading.
        let mut settings = Self { proxy_pass: None, ..self.clone() };
        for directive in block {
            settings.read(directive);
        }
        settings
    }

    fn read(&mut self, directive: &Directive) {
        let first = directive.argument(0);
        match directive.name.as_str() {
            "auth_basic" => self.realm = Some(first.to_owned()).filter(|realm| realm != "off"),
            "auth_basic_user_file" => self.users = Some(first.to_owned()),
            "proxy_pass" => self.proxy_pass = Some(first.to_owned()),
            "deny" if first == "all" && self.narrowing.is_none() => self.is_closed = true,
            "return" => self.is_closed = true,
            "limit_except" => self.limit(directive),
            "limit_req" | "limit_conn" => self.rates.push(directive.name.clone()),
            "proxy_set_header" if !SET_ANYWAY.contains(&first.to_ascii_lowercase().as_str()) => {
                self.headers.push(first.to_owned());
            }
            "include" if first.ends_with("mime.types") => {}
            name if WITHOUT_RIGHTS.iter().any(|known| is_of(name, known)) && !narrows(directive) => {}
            name => {
                self.narrowing.get_or_insert_with(|| format!("{name} (line {})", directive.line));
            }
        }
    }

    fn limit(&mut self, directive: &Directive) {
        let denies = directive.block.iter().any(|inner| inner.name == "deny" && inner.argument(0) == "all");
        let methods: Option<Vec<Method>> =
            directive.arguments.iter().map(|name| Method::parse(name.as_bytes())).collect();
        match methods {
            Some(methods) if denies && directive.block.len() == 1 => self.methods = Some(methods),
            _ => self.narrowing = Some(format!("limit_except (line {})", directive.line)),
        }
    }

    /// Returns whom a request of this method is let in for.
    fn verdict(&self, method: Method) -> Verdict {
        if let Some(directive) = &self.narrowing {
            return Verdict::Unknown(directive.clone());
        }
        let is_refused = self.methods.as_ref().is_some_and(|methods| !methods.contains(&method));
        if self.is_closed || is_refused || self.proxy_pass.is_none() {
            return Verdict::Closed;
        }
        match (&self.realm, &self.users) {
            (None, _) => Verdict::Open(Callers::Anyone),
            (Some(_), Some(file)) => Verdict::Open(Callers::Users(file.clone())),
            (Some(_), None) => Verdict::Unknown("auth_basic without auth_basic_user_file".to_owned()),
        }
    }
}

/// Returns `true` for a directive that may narrow who gets in, although most that are called like it don't.
fn narrows(directive: &Directive) -> bool {
    let first = directive.argument(0);
    match directive.name.as_str() {
        "ssl_verify_client" | "ssl_reject_handshake" => first == "on",
        // Only the machine itself gets to such a server.
        "listen" => ["127.", "[::1]", "localhost", "unix:"].iter().any(|local| first.starts_with(local)),
        name => WITH_RIGHTS.contains(&name),
    }
}

fn is_of(name: &str, known: &str) -> bool {
    known.strip_suffix('*').map_or(name == known, |begin| name.starts_with(begin))
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
        let authority = Upstream::parse(url).ok()?.authority;
        let (_, rest) = url.split_once("://")?;
        let path = match (rest.find('/').and_then(|start| rest.get(start..)), &self.matcher) {
            // Without a path in `proxy_pass`, nginx sends the whole path on.
            (None, _) => path.to_owned(),
            (Some(begin), Matcher::Exact(known) | Matcher::Prefix { path: known, .. }) => {
                [begin, path.strip_prefix(known.as_str())?].concat()
            }
            (Some(_), Matcher::Regex { .. }) => return None,
        };
        Some((authority, path.replace("//", "/")))
    }

    /// Returns `true` if the location leads to the same server as another one.
    pub(super) fn is_of_server(&self, other: &Self) -> bool {
        let authority = |location: &Self| {
            Upstream::parse(location.settings.proxy_pass.as_deref()?).ok().map(|server| server.authority)
        };
        authority(self).is_some_and(|server| Some(server) == authority(other))
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
