//! Changes to a header map, as the core decides them and the host makes them.

use crate::request::headers::Headers;
use std::borrow::Cow;

/// Changes to a header map, made in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    /// Names whose headers go, all of them.
    pub remove: Vec<Vec<u8>>,
    /// Names that get just this value.
    pub set: Vec<(Cow<'static, str>, String)>,
    /// Headers that come beside those of the same name.
    pub add: Vec<(&'static str, String)>,
}

impl Edits {
    /// Those of them that change something in this map: each is a call of the host.
    #[must_use]
    pub fn needed(mut self, map: &Headers) -> Self {
        let stays = |name: &str, value: &str| map.only(name) == Some(value.as_bytes());
        let goes = |name: &Vec<u8>| {
            let mut set = self.set.iter().filter(|(set, _)| name.eq_ignore_ascii_case(set.as_bytes()));
            // A host replaces the only one of a name; of several, nobody knows.
            set.all(|(set, value)| !stays(set, value) && (name != set.as_bytes() || map.only(set).is_none()))
        };
        self.remove.retain(goes);
        self.set.retain(|(name, value)| !stays(name, value));
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_nothing_is_not_done() {
        let needed = |map: &[(&str, &str)], remove: &[&str]| {
            let remove = remove.iter().map(|name| name.as_bytes().to_vec()).collect();
            let set = vec![("x-a".into(), "1".to_owned())];
            let Edits { remove, set, .. } =
                Edits { remove, set, ..Edits::default() }.needed(&map.iter().copied().collect());
            (remove.len(), set.len())
        };
        assert_eq!(needed(&[("x-a", "1")], &["x-a"]), (0, 0));
        assert_eq!(needed(&[("X-A", "1")], &["X-A"]), (0, 0));
        assert_eq!(needed(&[("x-a", "2")], &["x-a"]), (0, 1));
        assert_eq!(needed(&[("X-A", "2")], &["X-A"]), (1, 1));
        assert_eq!(needed(&[("x_a", "1")], &["x_a"]), (1, 1));
        assert_eq!(needed(&[("x-a", "1"), ("x-a", "1")], &["x-a", "x-a"]), (2, 1));
        assert_eq!(needed(&[("x-a", "1"), ("x-b", "1")], &["x-b"]), (1, 0));
        assert_eq!(needed(&[], &[]), (0, 1));
    }
}
