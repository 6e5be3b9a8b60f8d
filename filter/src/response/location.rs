//! Maps `Location` headers to the public site. One deployment of Prometheus redirects both to paths with the public
//! prefix and to paths without it, so the prefix is added only where it is missing. A `Location` never leads off the
//! site (`threats.md` B3), unless the server is opaque: only such a server knows where its callers log in, so a redirect
//! to another site goes on unchanged.

use crate::api::mount::{AtMount, Located, Mount, Mounts};
use crate::api::profile::Contents;
use crate::target::origin::Origin;
use std::fmt;

/// The reason why a `Location` is not passed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LocationError {
    /// The location names a host that is neither the public one nor one of the mount's `origins`.
    ForeignHost,
    /// A browser might read the location as another host: it begins with `//`, or has a byte that browsers drop or
    /// change.
    Ambiguous,
}

impl fmt::Display for LocationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ForeignHost => {
                "the server redirects to a host that is neither this one nor in \"origins\" of the mount"
            }
            Self::Ambiguous => "the server redirects to a target that browsers read in two ways",
        })
    }
}

/// The request that was answered with a redirect.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Redirected<'a> {
    /// The mount of the request.
    pub mount: &'a Mount,
    /// All mounts of the site.
    pub mounts: &'a Mounts,
    /// The public host and port, as the client named it.
    pub host: Option<&'a str>,
    /// The path that was requested from the server, with the server's own prefix.
    pub upstream_path: &'a str,
}

impl Redirected<'_> {
    /// Maps a `Location` of the server to a path of the public site. Mapping the result again changes nothing. A
    /// location on another site stays as it is if the server is opaque, and so does one on this site at another mount.
    ///
    /// # Errors
    ///
    /// Returns an error if it can be read in two ways where the location leads, or if a server whose API is known leads
    /// off the site.
    pub(crate) fn public(&self, location: &[u8]) -> Result<String, LocationError> {
        if !location.iter().all(|&byte| (0x21..=0x7e).contains(&byte) && byte != b'\\') {
            return Err(LocationError::Ambiguous);
        }
        let location = std::str::from_utf8(location).map_err(|_| LocationError::Ambiguous)?;
        let Some(reference) = self.without_origin(location)? else { return Ok(location.to_owned()) };
        let tail_at = reference.find(['?', '#']).unwrap_or(reference.len());
        let (path, tail) = reference.split_at_checked(tail_at).unwrap_or((reference, ""));
        let path = self.public_path(self.absolute_path(path)?);
        if path.starts_with("//") {
            return Err(LocationError::Ambiguous);
        }
        Ok(path + tail)
    }

    /// Removes scheme and host, if they are the site's own. Returns `None` for a location that stays as it is.
    ///
    /// A location without a scheme that begins with `//` is refused from any server: what is meant as a path becomes one
    /// when something empty is put before it.
    fn without_origin<'a>(&self, location: &'a str) -> Result<Option<&'a str>, LocationError> {
        if location.starts_with("//") {
            return Err(LocationError::Ambiguous);
        }
        let first_segment = location.split(['/', '?', '#']).next().unwrap_or_default();
        let Some((scheme, _)) = first_segment.split_once(':') else { return Ok(Some(location)) };
        let is_opaque = self.mount.api.contents == Contents::Opaque;
        let (origin, rest) = match Origin::split(location) {
            Some(split) => split,
            None if is_opaque && names_another_site(scheme, location) => return Ok(None),
            None if is_opaque => return Err(LocationError::Ambiguous),
            None => return Err(LocationError::ForeignHost),
        };
        let is_public = self.host.is_some_and(|host| origin.is_host(host));
        match rest {
            _ if !is_public && !self.mount.origins.contains(&origin) => {
                if is_opaque {
                    Ok(None)
                } else {
                    Err(LocationError::ForeignHost)
                }
            }
            _ if is_opaque && is_public && self.is_at_another_mount(rest) => Ok(None),
            "" => Ok(Some("/")),
            rest => Ok(Some(rest)),
        }
    }

    /// Returns `true` if what follows the site's own host is below the prefix of another mount, such as that of an
    /// identity provider. At the root there is no prefix by which such a path could be told from the server's own.
    fn is_at_another_mount(&self, rest: &str) -> bool {
        let path = rest.split(['?', '#']).next().unwrap_or_default();
        let (Located::Below(AtMount { mount, .. }) | Located::Bare { mount }) = self.mounts.locate(path)
        else {
            return false;
        };
        mount.prefix != self.mount.prefix && !mount.prefix.is_root()
    }

    /// Resolves a path against the one that was requested from the server, including dot segments (RFC 3986 §5.2).
    fn absolute_path(&self, path: &str) -> Result<String, LocationError> {
        let folder =
            self.upstream_path.rfind('/').and_then(|at| self.upstream_path.get(..=at)).unwrap_or("/");
        let joined = match path {
            "" => self.upstream_path.to_owned(),
            _ if path.starts_with('/') => path.to_owned(),
            _ => format!("{folder}{path}"),
        };
        let resolved = without_dot_segments(&joined);
        if resolved.starts_with("//") { Err(LocationError::Ambiguous) } else { Ok(resolved) }
    }

    /// Replaces the server's own prefix by the public one, and adds the public one where it is missing. Where the
    /// server's prefix lies below the public one, a path below both could have either; there it is taken for the
    /// server's, which is removed as often as it occurs.
    fn public_path(&self, mut path: String) -> String {
        let (prefix, upstream) = (&self.mount.prefix, &self.mount.upstream_prefix);
        if upstream == prefix || upstream.is_root() {
            return self.with_prefix(path);
        }
        let nested = prefix.strip(upstream.as_str()).is_some();
        if !nested {
            let is_public = prefix.strip(&path).is_some();
            let own = upstream.strip(&path).filter(|_| !is_public).map(rooted);
            return self.with_prefix(own.unwrap_or(path));
        }
        loop {
            path = self.with_prefix(path);
            match upstream.strip(&path) {
                Some(rest) => path = rooted(rest),
                None => return path,
            }
        }
    }

    fn with_prefix(&self, path: String) -> String {
        match self.mount.prefix.strip(&path) {
            Some(_) => path,
            None => format!("{}{path}", self.mount.prefix.as_str()),
        }
    }
}

/// Returns `true` if a location with this scheme can only be read as one of another site: the scheme is one of the web's
/// and a host follows it, or it is a valid scheme of another kind, by which programs on the caller's device are called.
/// Browsers read `https:path` as a path of this site.
fn names_another_site(scheme: &str, location: &str) -> bool {
    if ["http", "https"].iter().any(|web| scheme.eq_ignore_ascii_case(web)) {
        let host = location.get(scheme.len()..).and_then(|rest| rest.strip_prefix("://"));
        return host.is_some_and(|host| !host.is_empty() && !host.starts_with(['/', '?', '#', '@', ':']));
    }
    let may_follow = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
    scheme.starts_with(|first: char| first.is_ascii_alphabetic()) && scheme.bytes().all(may_follow)
}

/// Returns the rest of a path as a path, which is `/` if the rest is empty.
fn rooted(rest: &str) -> String {
    if rest.is_empty() { "/".to_owned() } else { rest.to_owned() }
}

/// Removes dot segments (RFC 3986 §5.2.4). `%2e` counts as a dot, as it does for browsers.
fn without_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut ends_in_dots = false;
    for segment in path.split('/').skip(1) {
        let dots = dots(segment);
        match dots {
            Some(1) => {}
            Some(2) => drop(kept.pop()),
            _ => kept.push(segment),
        }
        ends_in_dots = matches!(dots, Some(1 | 2));
    }
    if ends_in_dots {
        kept.push("");
    }
    kept.iter().flat_map(|segment| ["/", segment]).collect()
}

/// Returns the number of dots in a segment, if it has nothing else.
fn dots(segment: &str) -> Option<usize> {
    let mut rest = segment.as_bytes();
    let mut dots = 0_usize;
    loop {
        rest = match rest {
            [] => return Some(dots),
            [b'.', rest @ ..] | [b'%', b'2', b'e' | b'E', rest @ ..] => rest,
            _ => return None,
        };
        dots = dots.saturating_add(1);
    }
}

#[cfg(test)]
mod tests;
