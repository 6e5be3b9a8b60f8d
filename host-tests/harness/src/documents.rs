//! Documents that show what a test measured hold exactly that; where they don't, the test says so, and with
//! `PROMWARD_BLESS=1` it writes them anew.

use std::{env, fs, iter};

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

/// Checks that a file of the repository is exactly this text.
///
/// # Panics
///
/// When it isn't: the message shows the first line that differs.
pub fn is(document: &str, expected: &str) {
    let path = promward_module::workspace().map(|root| root.join(document));
    let text = path.as_ref().ok().and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
    if text == expected {
        return;
    }
    if let Ok(path) = &path
        && env::var_os("PROMWARD_BLESS").is_some()
    {
        assert!(fs::write(path, expected).is_ok(), "{document} can't be written");
        return;
    }
    let differs = expected.lines().zip(text.lines().chain(iter::repeat(""))).find(|(new, old)| new != old);
    let (new, old) = differs.unwrap_or_default();
    assert!(
        text == expected,
        "{document} isn't what it is made of; PROMWARD_BLESS=1 writes it anew. It says\n{old}\nin place of\n{new}"
    );
}

/// The text with the table that begins with this head in place of the old one.
fn replaced(text: &str, head: &str, table: &str) -> Option<String> {
    let (before, rest) = text.split_once(head)?;
    let after: String = rest.split_inclusive('\n').skip(1).skip_while(|line| line.starts_with('|')).collect();
    Some(format!("{before}{table}{after}"))
}
