//! Reads lists of texts that must not be empty, and must not say a thing twice.

use super::error::ConfigError;
use super::field::Field;

/// Reads each text of a list.
///
/// # Errors
///
/// Returns an error if the list is empty, with `empty` as its message, if a text can't be read, or if two texts say the
/// same.
pub(super) fn listed<T: PartialEq>(
    list: &Field<'_>,
    empty: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, ConfigError> {
    let given = list.items()?;
    if given.is_empty() {
        return Err(list.refuse(empty));
    }
    let mut items = Vec::new();
    for field in given {
        let text = field.text()?;
        let item = read(text).map_err(|message| field.refuse(&message))?;
        if items.contains(&item) {
            return Err(field.refuse(&format!("\"{text}\" is listed twice")));
        }
        items.push(item);
    }
    Ok(items)
}
