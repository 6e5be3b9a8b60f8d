//! Lists of texts that must not be empty, nor say a thing twice.

use super::ConfigError;
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
    let mut said = Vec::new();
    each(list, empty, &mut |text| {
        let item = read(text)?;
        let place = said.iter().position(|known| *known == item);
        if place.is_none() {
            said.push(item);
        }
        Ok(place)
    })?;
    Ok(said)
}

/// Has each text of a list read, by what answers with the place of an earlier one that says the same.
#[inline(never)]
fn each(
    list: &Field<'_>,
    empty: &str,
    read: &mut dyn FnMut(&str) -> Result<Option<usize>, String>,
) -> Result<(), ConfigError> {
    let items = list.items()?;
    if items.is_empty() {
        return Err(list.refuse(empty));
    }
    for item in items {
        let text = item.text()?;
        match read(text) {
            Ok(None) => {}
            Ok(Some(_)) => return Err(item.refuse(&format!("\"{text}\" is listed twice"))),
            Err(message) => return Err(item.refuse(&message)),
        }
    }
    Ok(())
}
