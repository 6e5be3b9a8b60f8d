//! A server of which the filter knows nothing: there is no table, and everything is of the class `unknown`.

use super::class::{Class, Classes};
use super::profile::{Contents, Profile, SpecialParameters};

/// An API that the filter doesn't know.
pub(crate) static PROFILE: Profile = Profile {
    name: "opaque",
    endpoints: &[],
    classes: Classes::of(&[Class::Unknown]),
    restrictable: Classes::of(&[]),
    api_paths: None,
    without_slash: None,
    parameters: SpecialParameters::NONE,
    contents: Contents::Opaque,
};
