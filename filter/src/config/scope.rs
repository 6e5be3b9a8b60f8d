//! Reads `methods` and `paths` of a rule, which name requests to an opaque server.

use super::error::ConfigError;
use super::field::Field;
use super::list::listed;
use crate::access::{PathPattern, Scope};
use crate::api::mount::{MountId, Mounts};
use crate::api::profile::Contents;
use crate::target::method::{Method, Methods};

/// Reads both fields of a rule that holds at these mounts. Returns `None` if neither is given.
pub(super) fn compile(
    methods: &Field<'_>,
    paths: &Field<'_>,
    at: &[MountId],
    mounts: &Mounts,
) -> Result<Option<Scope>, ConfigError> {
    let is_opaque = |&id| mounts.get(id).is_some_and(|mount| mount.api.contents == Contents::Opaque);
    if let Some(given) = [methods, paths].into_iter().find(|field| field.is_given()) {
        if !at.iter().all(is_opaque) {
            let message = "this is only for rules that hold at opaque mounts: at others, \"may\" names what a rule allows";
            return Err(given.refuse(message));
        }
    } else {
        return Ok(None);
    }
    let mut scope = Scope { methods: Methods::ALL, paths: Vec::new() };
    if methods.is_given() {
        scope.methods = Methods::of(&listed(methods, EMPTY, method)?);
        if scope.methods.contains(Method::Get) {
            // A server does for HEAD what it does for GET, and shows less of it (RFC 9110 §9.3.2).
            scope.methods = scope.methods.with(Methods::of(&[Method::Head]));
        }
    }
    if paths.is_given() {
        scope.paths = listed(paths, EMPTY, path)?;
    }
    Ok(Some(scope))
}

/// The message about an empty list.
const EMPTY: &str = "an empty list is about nothing: leave the field out, or name at least one";

fn method(name: &str) -> Result<Method, String> {
    Method::parse(name.as_bytes())
        .ok_or_else(|| format!("\"{name}\" is not a method: the methods are {}", Methods::ALL))
}

fn path(text: &str) -> Result<PathPattern, String> {
    PathPattern::parse(text).ok_or_else(|| {
        format!(
            "\"{text}\" is not a path below the mount: write letters, digits and -._~ between slashes, like \"/login\", \
             or \"/api/*\" for everything below \"/api/\""
        )
    })
}
