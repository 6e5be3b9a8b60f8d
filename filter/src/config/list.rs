//! Lists of texts that must not be empty, nor say a thing twice.

use super::error::ConfigError;
use super::field::Field;

/// Reads each text of a list.
///
/// # Errors
///
/// There is none, which `empty` puts in words, one can't be read, or one says what another has said.
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
