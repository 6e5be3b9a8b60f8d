//! The parts of which the tables of endpoints are written: usual sets of methods, and usual rows.

use super::class::Class;
use super::endpoint::{Content, Endpoint, Links, ParametersIn, ToRestricted};
use crate::target::method::{Method, Methods};
use crate::target::parameters::ParameterNames;

pub(super) const GET: Methods = Methods::of(&[Method::Get]);
pub(super) const GET_HEAD: Methods = Methods::of(&[Method::Get, Method::Head]);
/// The methods of checks of health. Load balancers ask by `OPTIONS`, which goes on as `GET`: servers answer `OPTIONS`
/// whatever their health.
const CHECK: Methods = Methods::of(&[Method::Get, Method::Head, Method::Options]);
pub(super) const GET_POST: Methods = Methods::of(&[Method::Get, Method::Post]);
pub(super) const DELETE: Methods = Methods::of(&[Method::Delete]);
pub(super) const POST: Methods = Methods::of(&[Method::Post]);
pub(super) const POST_PUT: Methods = Methods::of(&[Method::Post, Method::Put]);

pub(super) const fn row(
    path: &'static str,
    methods: Methods,
    class: Class,
    parameters: ParameterNames,
    to_restricted: ToRestricted,
) -> Endpoint {
    let (content, parameters_in) = (Content::Fresh, ParametersIn::QueryOrForm);
    let (links, is_pattern) = (Links::Refused, is_pattern(path));
    let unread = &[];
    Endpoint {
        path,
        is_pattern,
        methods,
        class,
        parameters,
        to_restricted,
        content,
        parameters_in,
        unread,
        links,
    }
}

/// Returns `true` if a path has a segment that stands for others.
const fn is_pattern(path: &str) -> bool {
    let mut rest = path.as_bytes();
    while let [byte, others @ ..] = rest {
        if matches!(byte, b':' | b'*') {
            return true;
        }
        rest = others;
    }
    false
}

pub(super) const fn page(path: &'static str, class: Class) -> Endpoint {
    Endpoint { links: Links::Followed, ..row(path, GET_HEAD, class, &[], ToRestricted::Refuse) }
}

pub(super) const fn check(path: &'static str) -> Endpoint {
    row(path, CHECK, Class::Health, &[], ToRestricted::Pass)
}

pub(super) const fn ui(path: &'static str) -> Endpoint {
    row(path, GET_HEAD, Class::Ui, &[], ToRestricted::Page)
}

pub(super) const fn file(path: &'static str) -> Endpoint {
    Endpoint { content: Content::Static, to_restricted: ToRestricted::Pass, ..ui(path) }
}

/// Returns the names of several lists, one list after the other. `N` is the number of all names.
#[allow(clippy::indexing_slicing, clippy::arithmetic_side_effects, reason = "it runs in the compiler")]
pub(super) const fn joined<const N: usize>(lists: &[ParameterNames]) -> [&'static str; N] {
    let mut all = [""; N];
    let (mut count, mut left) = (0, lists);
    while let [names, others @ ..] = left {
        let mut names = *names;
        while let [name, rest @ ..] = names {
            all[count] = *name;
            count += 1;
            names = rest;
        }
        left = others;
    }
    assert!(count == N, "as many names as the type says");
    all
}
