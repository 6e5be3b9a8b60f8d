//! Checks that documents show exactly what a test measured. With `PROMWARD_BLESS=1` a document that doesn't is written
//! anew.

use std::path::{Path, PathBuf};
use std::{env, fs, iter};

/// Checks that a document of the repository holds a table, line by line.
///
/// # Panics
///
/// Panics if it doesn't; the message shows the table as it should be.
pub fn holds(document: &str, table: &str) {
    let (path, text) = read(document);
    if text.contains(table) {
        return;
    }
    let head = table.lines().next().expect("a table has a head");
    match replaced(&text, head, table) {
        Some(blessed) if env::var_os("PROMWARD_BLESS").is_some() => write(&path, &blessed),
        _ => panic!("{document} doesn't show this; PROMWARD_BLESS=1 writes it anew:\n{table}"),
    }
}

/// Checks that a file of the repository is exactly this text.
///
/// # Panics
///
/// Panics if it isn't; the message shows the first line that differs.
pub fn is(document: &str, expected: &str) {
    let (path, text) = read(document);
    if text == expected {
        return;
    }
    if env::var_os("PROMWARD_BLESS").is_some() {
        return write(&path, expected);
    }
    let differs = expected.lines().zip(text.lines().chain(iter::repeat(""))).find(|(new, old)| new != old);
    // If no line differs, the file goes on after the expected end.
    let (new, old) = differs.unwrap_or_default();
    panic!(
        "{document} differs from its sources; PROMWARD_BLESS=1 writes it anew. It says\n{old}\ninstead of\n{new}"
    );
}

/// Returns the path and the text of a file of the repository. A file that isn't there yet has no text.
fn read(document: &str) -> (PathBuf, String) {
    let path = promward_module::workspace().expect("tests run in the repository").join(document);
    let text = fs::read_to_string(&path).unwrap_or_default();
    (path, text)
}

fn write(path: &Path, text: &str) {
    fs::write(path, text).unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
}

/// Returns the text with this table in place of the one that has the same head.
fn replaced(text: &str, head: &str, table: &str) -> Option<String> {
    let (before, rest) = text.split_once(head)?;
    let after: String = rest.split_inclusive('\n').skip(1).skip_while(|line| line.starts_with('|')).collect();
    Some(format!("{before}{table}{after}"))
}
