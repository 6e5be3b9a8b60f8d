//! Mounts: the map from parts of the public site to servers. A prefix consists of whole segments of the canonical path,
//! so neither `/prometheusX` nor `/prometheus..` is below `/prometheus` (`threats.md` T3).

use super::profile::{Contents, Profile};
use crate::promql::Extensions;
use crate::same::is_same;
use crate::target::escape::is_unreserved;
use crate::target::origin::Origin;
use crate::target::parameters::accepted::IgnoredNames;
use crate::target::path::{CanonicalPath, TargetError};
use std::rc::Rc;

/// A path prefix of whole segments. The root is the empty text, so that a prefix can be written before any path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prefix(Rc<str>);

impl Prefix {
    /// Parses a prefix as a configuration writes it: `/`, or a canonical path without a trailing slash. It consists
    /// only of letters, digits and `-._~`, since any other octet could stand in a request both as itself and escaped.
    pub fn parse(text: &str) -> Option<Self> {
        let path = CanonicalPath::parse(text.as_bytes()).ok()?;
        if path.as_str() != text || !text.bytes().all(|byte| byte == b'/' || is_unreserved(byte)) {
            return None;
        }
        match text {
            "/" => Some(Self::default()),
            _ if text.ends_with('/') => None,
            _ => Some(Self(text.into())),
        }
    }

    /// Returns the text to write before a path, which is empty for the root.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the prefix as a configuration writes it, which is `/` for the root.
    pub fn written(&self) -> &str {
        if self.is_root() { "/" } else { self.as_str() }
    }

    /// Returns the same text, to be shared.
    pub fn text(&self) -> &Rc<str> {
        &self.0
    }

    /// Returns `true` if this is `/`.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the rest of a path below the prefix. It is empty or begins with `/`.
    pub fn strip<'a>(&self, path: &'a str) -> Option<&'a str> {
        let (begin, rest) = path.split_at_checked(self.0.len())?;
        Some(rest)
            .filter(|_| is_same(begin.as_bytes(), self.0.as_bytes()))
            .filter(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// One server and its place on the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// The prefix of the server's public paths.
    pub prefix: Prefix,
    /// The prefix that the server itself is mounted at.
    pub upstream_prefix: Prefix,
    /// The API of the server.
    pub api: &'static Profile,
    /// The value of `x-promward-cluster`, by which the proxy's routes choose a cluster.
    pub cluster: Option<Rc<str>>,
    /// The hosts that the server may name in `Location`, beside the public one.
    pub origins: Vec<Origin>,
    /// The longest form body, in bytes.
    pub max_form: usize,
    /// The longest message of remote write that is read, in bytes as it is sent.
    pub max_write: usize,
    /// The longest query or selector of a caller who is restricted or limited, in bytes.
    pub max_query: usize,
    /// The experimental parts of PromQL that the server has switched on.
    pub extensions: Extensions,
    /// The names of parameters that clients add and that go no further. Never those that the API reads.
    pub ignored: IgnoredNames,
    /// The caller's credentials that go on to the server.
    pub credentials: PassedCredentials,
    /// The origins whose pages may lead a browser here by a form. Empty at a mount whose paths the filter reads.
    pub cross_site: Vec<Origin>,
    /// The treatment of WebSockets. At a mount whose requests the filter reads they are always refused.
    pub websockets: WebSockets,
    /// True if a path may have an escaped slash. Never set at a mount whose paths the filter reads.
    pub pass_encoded_slash: bool,
}

/// The choice of the credentials of a caller that go on to the server (`threats.md` H3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassedCredentials {
    /// No credential goes on.
    None,
    /// The credentials of the server's own sessions go on: cookies, and `Authorization` unless it is for the filter.
    Sessions,
    /// All credentials go on.
    All,
}

/// The treatment of a request that offers to switch to a WebSocket (`threats.md` H6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebSockets {
    /// The offer goes on to the server, and everything that follows passes unread.
    Pass,
    /// The offer is removed.
    Refuse,
}

impl Mount {
    /// Returns `true` if the filter knows nothing of the server's requests, and their bodies stream.
    pub fn is_opaque(&self) -> bool {
        self.api.contents == Contents::Opaque
    }

    /// Returns the path to request from the server, with the server's own prefix.
    pub fn upstream_path(&self, path: &str) -> String {
        [self.upstream_prefix.as_str(), path].concat()
    }
}

/// The number of a mount: its position in the configuration's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MountId(pub usize);

/// All mounts of a configuration, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mounts(Vec<Mount>);

/// A path below a mount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AtMount<'a> {
    /// The number of the mount.
    pub id: MountId,
    /// The mount with this number.
    pub mount: &'a Mount,
    /// The path below the mount's prefix. It begins with `/`; paths of an API have no trailing slash.
    pub path: &'a str,
}

/// The place of a path on the site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Located<'a> {
    /// A path below a mount.
    Below(AtMount<'a>),
    /// A mount's prefix without the trailing slash.
    Bare {
        /// The mount with this prefix.
        mount: &'a Mount,
    },
    /// A path that is at no mount.
    Elsewhere,
}

impl Mounts {
    /// Creates the list of mounts, in the order of the configuration.
    pub fn new(mounts: Vec<Mount>) -> Self {
        Self(mounts)
    }

    /// Returns every mount with its number.
    pub fn iter(&self) -> impl Iterator<Item = (MountId, &Mount)> {
        self.0.iter().enumerate().map(|(id, mount)| (MountId(id), mount))
    }

    /// Returns the mount with this number.
    pub fn get(&self, id: MountId) -> Option<&Mount> {
        self.0.get(id.0)
    }

    /// Checks a path below a mount for an escaped slash.
    ///
    /// # Errors
    ///
    /// Returns an error if there is one and the mount doesn't let it pass, or if the path would lead to another mount
    /// with the slash unescaped.
    pub fn check_encoded_slash(&self, id: MountId, path: &CanonicalPath<'_>) -> Result<(), TargetError> {
        let Some(at) = path.encoded_slash() else { return Ok(()) };
        let passes = self.get(id).is_some_and(|mount| mount.pass_encoded_slash);
        let stays = matches!(self.locate(&path.with_slashes()), Located::Below(decoded) if decoded.id == id);
        if passes && stays { Ok(()) } else { Err(TargetError::Escape { byte: b'/', at }) }
    }

    /// Finds the mount with the longest prefix that a path is below.
    pub fn locate<'a>(&'a self, path: &'a str) -> Located<'a> {
        let below = self.iter().filter_map(|(id, mount)| Some((id, mount, mount.prefix.strip(path)?)));
        let found = below.max_by_key(|(_, mount, _)| mount.prefix.0.len());
        match found {
            None => Located::Elsewhere,
            Some((_, mount, "")) => Located::Bare { mount },
            Some((id, mount, path)) => {
                let path = mount.api.without_trailing_slash(path);
                Located::Below(AtMount { id, mount, path })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{opaque, prometheus};
    use super::*;

    fn mount(prefix: &str, api: &'static Profile) -> Mount {
        Mount {
            prefix: Prefix::parse(prefix).unwrap(),
            upstream_prefix: Prefix::default(),
            api,
            cluster: None,
            origins: Vec::new(),
            max_form: 0,
            max_write: 0,
            max_query: 0,
            extensions: Extensions::NONE,
            ignored: [].into(),
            credentials: PassedCredentials::None,
            cross_site: Vec::new(),
            websockets: WebSockets::Refuse,
            pass_encoded_slash: false,
        }
    }

    fn place(path: &str) -> Option<(usize, String)> {
        let mounts = Mounts::new(vec![mount("/a", &prometheus::PROFILE), mount("/a/b", &opaque::PROFILE)]);
        match mounts.locate(path) {
            Located::Below(AtMount { id, path, .. }) => Some((id.0, path.to_owned())),
            Located::Bare { mount } => Some((9, mount.prefix.as_str().to_owned())),
            Located::Elsewhere => None,
        }
    }

    #[test]
    fn the_longest_prefix_of_whole_segments_decides() {
        assert_eq!(place("/a/graph"), Some((0, "/graph".into())));
        assert_eq!(place("/a/b/graph"), Some((1, "/graph".into())));
        assert_eq!(place("/a/bc"), Some((0, "/bc".into())));
        assert_eq!(place("/a"), Some((9, "/a".into())));
        assert_eq!(place("/a/b"), Some((9, "/a/b".into())));
        for elsewhere in ["/", "/aX", "/a..", "/A/", "/b"] {
            assert_eq!(place(elsewhere), None, "{elsewhere}");
        }
    }

    #[test]
    fn the_trailing_slash_of_an_api_path_is_dropped() {
        assert_eq!(place("/a/api/v1/query/"), Some((0, "/api/v1/query".into())));
        assert_eq!(place("/a/graph/"), Some((0, "/graph/".into())));
        assert_eq!(place("/a/api/v1/"), Some((0, "/api/v1/".into())));
        assert_eq!(place("/a/b/api/v1/query/"), Some((1, "/api/v1/query/".into())));
    }

    #[test]
    fn a_prefix_is_canonical_and_has_no_trailing_slash() {
        assert!(Prefix::parse("/").unwrap().is_root());
        for refused in
            ["", "a", "/a/", "//", "/a//b", "/%61", "/a%2Fb", "/..", "/a;b", "/a+b", "/a%20b", "/a@b"]
        {
            assert_eq!(Prefix::parse(refused), None, "{refused}");
        }
    }
}
