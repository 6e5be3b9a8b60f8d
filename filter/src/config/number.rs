//! Whole numbers within bounds.

use super::ConfigError;
use super::tree::Tree;
use std::ops::RangeInclusive;

/// Reads a whole number.
pub(super) fn number(tree: &Tree, path: &str, bounds: RangeInclusive<u32>) -> Result<u32, ConfigError> {
    let number = match tree {
        Tree::Whole(number) => u32::try_from(*number).ok().filter(|number| bounds.contains(number)),
        _ => None,
    };
    number.ok_or_else(|| {
        let message = format!("this must be a whole number, {} to {}", bounds.start(), bounds.end());
        ConfigError::new(path, &message)
    })
}
