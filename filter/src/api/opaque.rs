//! The API of a server that the filter knows nothing about: it has no table, and every request has the class `unknown`.

use super::class::{Class, Classes};
use super::profile::{Contents, Profile, SpecialParameters};
use crate::time::dialect::Dialect;

/// The API that the filter knows nothing about.
pub(crate) static PROFILE: Profile = Profile {
    name: "opaque",
    sections: &[],
    classes: Classes::of(&[Class::Unknown]),
    restrictable: Classes::of(&[]),
    aliases: &[],
    api_paths: &[],
    without_slash: &[],
    parameters: SpecialParameters::NONE,
    second_lock: None,
    dialect: Dialect::Prometheus,
    contents: Contents::Opaque,
};
