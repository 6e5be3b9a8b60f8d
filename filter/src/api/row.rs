//! The parts of which the tables of endpoints are written: usual sets of methods, usual
//! treatments, and usual rows.

use super::class::Class;
use super::endpoint::{Content, Endpoint, Links, ParametersIn, ToRestricted, Treatment};
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

/// The treatment of a request with no parameters whose answer passes.
pub(super) const PASSED: Treatment = reads(&[], ToRestricted::Pass);
const REFUSED: Treatment = refused(&[]);
const SHOWN: Treatment = reads(&[], ToRestricted::Page);
const KEPT: Treatment = Treatment { content: Content::Static, ..PASSED };

/// Returns the treatment of a request with these parameters, whose answer is made anew each time.
pub(super) const fn reads(parameters: ParameterNames, to_restricted: ToRestricted) -> Treatment {
    let (content, parameters_in) = (Content::Fresh, ParametersIn::QueryOrForm);
    Treatment { parameters, to_restricted, content, parameters_in, unread: &[] }
}

/// Returns the treatment of a request with these parameters that restricted callers can't make.
pub(super) const fn refused(parameters: ParameterNames) -> Treatment {
    reads(parameters, ToRestricted::Refuse)
}

impl Treatment {
    /// Returns the same treatment with parameters that clients send and the server doesn't read.
    pub(super) const fn unread(self, unread: ParameterNames) -> Self {
        Self { unread, ..self }
    }

    /// Returns the same treatment with parameters that may stand in the query string only.
    pub(super) const fn in_the_query_alone(self) -> Self {
        Self { parameters_in: ParametersIn::QueryOnly, ..self }
    }
}

pub(super) const fn row(
    path: &'static str,
    methods: Methods,
    class: Class,
    treatment: &'static Treatment,
) -> Endpoint {
    Endpoint { path, is_pattern: is_pattern(path), methods, class, links: Links::Refused, treatment }
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

/// Returns a row of data, state or a change that restricted callers don't get.
pub(super) const fn closed(path: &'static str, methods: Methods, class: Class) -> Endpoint {
    row(path, methods, class, &REFUSED)
}

pub(super) const fn page(path: &'static str, class: Class) -> Endpoint {
    Endpoint { links: Links::Followed, ..closed(path, GET_HEAD, class) }
}

pub(super) const fn check(path: &'static str) -> Endpoint {
    row(path, CHECK, Class::Health, &PASSED)
}

pub(super) const fn ui(path: &'static str) -> Endpoint {
    row(path, GET_HEAD, Class::Ui, &SHOWN)
}

pub(super) const fn file(path: &'static str) -> Endpoint {
    row(path, GET_HEAD, Class::Ui, &KEPT)
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
