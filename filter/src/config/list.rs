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
    let mut items = Vec::new();
    each(list, empty, &mut |text| {
        let item = read(text)?;
        if items.contains(&item) {
            return Err(twice(text));
        }
        items.push(item);
        Ok(())
    })?;
    Ok(items)
}

/// Has each text of a list read. This is not generic, so that the module has it once.
#[inline(never)]
fn each(
    list: &Field<'_>,
    empty: &str,
    read: &mut dyn FnMut(&str) -> Result<(), String>,
) -> Result<(), ConfigError> {
    let items = list.items()?;
    if items.is_empty() {
        return Err(list.refuse(empty));
    }
    for item in items {
        read(item.text()?).map_err(|message| item.refuse(&message))?;
    }
    Ok(())
}

#[cold]
#[inline(never)]
fn twice(text: &str) -> String {
    format!("\"{text}\" is listed twice")
}
