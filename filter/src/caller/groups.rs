//! The groups that a configuration defines, and the identities of callers who may be in them.

use super::identity::Identity;
use super::scheme::Scheme;
use super::who::Who;
use crate::index::Index;
use std::rc::Rc;

/// A group that the configuration defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// The name of the group.
    pub name: String,
    /// The names of its members, as rules write them.
    pub members: Index,
}

/// The groups of a configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Groups(pub Vec<Group>);

impl Groups {
    /// Returns the group of this name.
    pub fn named(&self, name: &str) -> Option<&Group> {
        self.0.iter().find(|group| group.name == name)
    }

    /// Returns the names of the groups that `who` is a member of.
    pub fn of(&self, who: &Who) -> Vec<Who> {
        let is_member = |group: &&Group| group.members.find(who.as_str().as_bytes()).is_some();
        self.0.iter().filter(is_member).map(|group| Who::group(&group.name)).collect()
    }

    /// Returns the identity of a caller of the configuration. It is made when somebody logs in, since most callers of a
    /// long list never do.
    pub fn identity(&self, scheme: Scheme, name: &str) -> Rc<Identity> {
        Rc::new(Identity::new(scheme, name, self.of(&Who::named(scheme, name))))
    }
}

impl Group {
    /// Returns the members of the group.
    pub fn members(&self) -> impl Iterator<Item = Who> {
        self.members.texts().filter_map(|text| text.parse().ok())
    }
}
