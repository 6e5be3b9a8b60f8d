//! The part of an opaque server that a rule is about: methods, and paths below the mount. The filter knows no endpoints
//! there, so rules can name them.
//!
//! A pattern is matched against the canonical path, in which everything that a pattern can hold has one spelling
//! (`threats.md` T8).

use crate::api::class::Class;
use crate::api::mount::MountId;
use crate::api::requested::Requested;
use crate::target::escape::is_unreserved;
use crate::target::method::{Method, Methods};
use crate::target::path::CanonicalPath;
use std::fmt;

/// A request, as far as rules look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestedAccess<'a> {
    /// The class of the request.
    pub class: Class,
    /// The mount that the request is for.
    pub mount: MountId,
    /// The method of the request.
    pub method: Method,
    /// The canonical path below the mount.
    pub path: &'a str,
}

impl<'a> RequestedAccess<'a> {
    /// Returns what rules look at of a request.
    pub(crate) fn of(requested: &Requested<'a>) -> Self {
        let Requested { at, method, .. } = *requested;
        Self { class: requested.class(), mount: at.id, method, path: at.path }
    }
}

/// The requests of an opaque server that a rule is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The methods, with `HEAD` wherever `GET` is.
    pub methods: Methods,
    /// The paths; an empty list means all of them.
    pub paths: Vec<PathPattern>,
}

/// A path below a mount, or all paths below a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    /// The path, or the folder with its slash.
    text: String,
    extent: Extent,
}

/// The extent of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    /// The path itself, and nothing below it.
    One,
    /// Everything below the folder, and the folder with its slash.
    Below,
}

impl Scope {
    /// Returns `true` if a request with this method and this path below the mount belongs to the scope.
    pub fn holds(&self, method: Method, path: &str) -> bool {
        self.methods.contains(method) && self.names(path)
    }

    /// Returns `true` if requests with this path below the mount belong to the scope, whatever their method.
    pub fn names(&self, path: &str) -> bool {
        self.paths.is_empty() || self.paths.iter().any(|pattern| pattern.matches(path))
    }

    /// Returns `true` if no pattern matches only one of two readings of a path.
    pub fn reads_alike(&self, path: &str, other: &str) -> bool {
        self.paths.iter().all(|pattern| pattern.matches(path) == pattern.matches(other))
    }

    /// Returns `true` if every request of another scope, or every request at all, surely belongs to this one.
    pub fn includes(&self, other: Option<&Self>) -> bool {
        let (methods, paths) = other.map_or((Methods::ALL, &[][..]), |other| (other.methods, &other.paths));
        let is_listed = |path: &PathPattern| self.paths.iter().any(|pattern| pattern.includes(path));
        let all_paths = self.paths.is_empty() || (!paths.is_empty() && paths.iter().all(is_listed));
        self.methods.with(methods) == self.methods && all_paths
    }
}

impl fmt::Display for Scope {
    /// Writes the methods, if they aren't all, and the paths, separated by spaces.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        if self.methods != Methods::ALL {
            write!(f, "{}", self.methods)?;
            separator = " ";
        }
        for path in &self.paths {
            write!(f, "{separator}{path}")?;
            separator = " ";
        }
        Ok(())
    }
}

impl PathPattern {
    /// Parses a pattern: a canonical path of letters, digits and `-._~`, or such a folder with `*` as its last segment.
    /// Any other octet could stand in a request both as itself and escaped.
    pub fn parse(text: &str) -> Option<Self> {
        let (path, extent) = match text.strip_suffix('*') {
            Some(folder) if folder.ends_with('/') => (folder, Extent::Below),
            _ => (text, Extent::One),
        };
        let canonical = CanonicalPath::parse(path.as_bytes()).ok()?;
        let is_plain = path.bytes().all(|byte| byte == b'/' || is_unreserved(byte));
        (is_plain && canonical.as_str() == path).then(|| Self { text: path.to_owned(), extent })
    }

    fn matches(&self, path: &str) -> bool {
        match self.extent {
            Extent::One => path == self.text,
            Extent::Below => path.starts_with(&self.text),
        }
    }

    fn includes(&self, other: &Self) -> bool {
        match (self.extent, other.extent) {
            (Extent::One, Extent::Below) => false,
            (Extent::One, Extent::One) => self.text == other.text,
            (Extent::Below, _) => other.text.starts_with(&self.text),
        }
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        match self.extent {
            Extent::One => Ok(()),
            Extent::Below => f.write_str("*"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(methods: &[Method], paths: &[&str]) -> Scope {
        let methods = if methods.is_empty() { Methods::ALL } else { Methods::of(methods) };
        Scope { methods, paths: paths.iter().map(|path| PathPattern::parse(path).unwrap()).collect() }
    }

    #[test]
    fn a_pattern_is_one_path_or_all_that_is_below_a_folder() {
        for (pattern, matching, others) in [
            ("/login", &["/login"][..], &["/login/", "/logins", "/Login", "/login/x", "/", "/a/login"][..]),
            ("/login/", &["/login/"], &["/login", "/login/x"]),
            (
                "/api/v2/*",
                &["/api/v2/", "/api/v2/x", "/api/v2/x/y%20z"],
                &["/api/v2", "/api/v2x", "/API/v2/x"],
            ),
            ("/*", &["/", "/x", "/x/y"], &[]),
            ("/", &["/"], &["/x"]),
        ] {
            let pattern = PathPattern::parse(pattern).unwrap();
            for path in matching {
                assert!(pattern.matches(path), "{pattern} {path}");
            }
            for path in others {
                assert!(!pattern.matches(path), "{pattern} {path}");
            }
        }
    }

    #[test]
    fn a_pattern_has_one_spelling() {
        for pattern in ["/", "/*", "/a.b/c-d_e~f", "/api/v2/*"] {
            assert_eq!(PathPattern::parse(pattern).unwrap().to_string(), pattern);
        }
        for refused in [
            "", "*", "a", "a/*", "//", "/a//b", "/a/../b", "/./*", "/%61", "/a%2Fb", "/a%20b", "/a*", "/*/b",
            "/**", "/a/*.js", "/a?b", "/a b", "/a@b", "/a;b", "/ä",
        ] {
            assert_eq!(PathPattern::parse(refused), None, "{refused}");
        }
    }

    #[test]
    fn a_path_that_two_servers_read_differently_is_noticed() {
        let scope = scope(&[], &["/public/*", "/a/b"]);
        assert!(scope.reads_alike("/public/a%2Fb", "/public/a/b"));
        assert!(scope.reads_alike("/x%2Fy", "/x/y"));
        assert!(!scope.reads_alike("/public%2Fx", "/public/x"));
        assert!(!scope.reads_alike("/a%2Fb", "/a/b"));
    }

    #[test]
    fn what_is_in_a_narrower_scope_is_in_a_wider_one() {
        let get = &[Method::Get, Method::Head][..];
        let wide = scope(&[], &["/api/*", "/login"]);
        for inner in [scope(get, &["/api/*"]), scope(&[], &["/api/v2/*", "/login"]), scope(&[], &["/api/"])] {
            assert!(wide.includes(Some(&inner)) && !inner.includes(Some(&wide)), "{inner}");
        }
        for other in
            [scope(get, &[]), scope(&[], &["/apis/*"]), scope(&[], &["/login/*"]), scope(&[], &["/api"])]
        {
            assert!(!wide.includes(Some(&other)), "{other}");
        }
        assert!(!wide.includes(None) && !scope(get, &[]).includes(None) && scope(&[], &[]).includes(None));
        assert!(scope(get, &[]).includes(Some(&scope(&[Method::Get], &["/x"]))));
    }

    #[test]
    fn a_scope_is_shown_as_methods_and_paths() {
        assert_eq!(scope(&[Method::Get, Method::Head], &["/a", "/b/*"]).to_string(), "GET, HEAD /a /b/*");
        assert_eq!(scope(&[], &["/a"]).to_string(), "/a");
        assert_eq!(scope(&[Method::Post], &[]).to_string(), "POST");
    }
}
