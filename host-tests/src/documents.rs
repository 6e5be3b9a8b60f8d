//! Documents that show what a test measured hold exactly that; where they don't, the test says so, and with
//! `PROMWARD_BLESS=1` it writes them anew.

use std::{env, fs};

/// Checks that a document of the repository holds a table, line by line.
///
/// # Panics
///
/// When it doesn't: the message shows the table as it is.
pub fn holds(document: &str, table: &str) {
    let path = promward_module::workspace().map(|root| root.join(document));
    let text = path.as_ref().ok().and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
    if text.contains(table) {
        return;
    }
    let blessed = table.lines().next().and_then(|head| replaced(&text, head, table));
    match (path, blessed) {
        (Ok(path), Some(blessed)) if env::var_os("PROMWARD_BLESS").is_some() => {
            assert!(fs::write(&path, blessed).is_ok(), "{document} can't be written");
        }
        _ => assert!(
            text.contains(table),
            "{document} doesn't show what is; PROMWARD_BLESS=1 writes it anew:\n{table}"
        ),
    }
}

/// The text with the table that begins with this head in place of the old one.
fn replaced(text: &str, head: &str, table: &str) -> Option<String> {
    let (before, rest) = text.split_once(head)?;
    let after: String = rest.split_inclusive('\n').skip(1).skip_while(|line| line.starts_with('|')).collect();
    Some(format!("{before}{table}{after}"))
}
