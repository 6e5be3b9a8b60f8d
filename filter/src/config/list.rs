//! Lists of texts that must not be empty, nor say a thing twice.

use super::ConfigError;

/// Reads each text of the list at `path`.
///
/// # Errors
///
/// There is none, which `empty` puts in words, one can't be read, or one says what another has said.
pub(super) fn listed<T: PartialEq>(
    texts: Vec<String>,
    empty: &str,
    path: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, ConfigError> {
    if texts.is_empty() {
        return Err(ConfigError::new(path, empty));
    }
    let mut items = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        let refuse = |message: &str| ConfigError::new(&format!("{path}[{index}]"), message);
        let item = read(text).map_err(|message| refuse(&message))?;
        if items.contains(&item) {
            return Err(refuse(&format!("\"{text}\" is listed twice")));
        }
        items.push(item);
    }
    Ok(items)
}
