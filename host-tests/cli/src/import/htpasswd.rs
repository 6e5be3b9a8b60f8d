//! Password files of Apache and nginx: lines of a name, a colon and a hash.

use super::draft::{Imported, Rule};
use super::hashes::Stored;
use super::rights;
use super::upstream::{self, Upstream};
use super::{Failed, Options};
use promward::api::class::Classes;
use std::collections::BTreeSet;

/// Imports a password file. It doesn't say what its users may do: they get to read.
pub(super) fn import(text: &str, options: &Options) -> Result<Imported, Failed> {
    let mut imported = Imported::default();
    let server = Upstream::parse("http://localhost:9090")?;
    let prefix = options.prefix("/prometheus");
    let api = upstream::mount(&mut imported, prefix, &server, options.api)?;
    users(text, &mut imported);
    if imported.draft.callers.users.is_empty() {
        return Err(Failed::Left(imported.notes, "no user could be carried over".to_owned()));
    }
    let read = ["read", "ui"].into_iter().filter_map(Classes::named).fold(Classes::default(), Classes::with);
    let may = rights::words(read.both(api.classes), api);
    imported.remind("a password file doesn't say what its users may do: they may read and see the pages; add to \"may\" what else they need");
    imported.draft.access.push(Rule { who: vec!["authenticated".to_owned()], may, ..Rule::default() });
    Ok(imported)
}

/// Adds the users of a password file, and returns the names of those that were carried over. Of two lines for a name the
/// first counts, as in Apache and nginx.
pub(super) fn users(text: &str, imported: &mut Imported) -> BTreeSet<String> {
    let (mut seen, mut carried) = (BTreeSet::new(), BTreeSet::new());
    for (number, line) in text.lines().enumerate() {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((name, rest)) = line.split_once(':') else {
            imported.leave_out(format!("line {}", number + 1), "it isn't a name, a colon and a hash");
            continue;
        };
        if !seen.insert(name.to_owned()) {
            imported.leave_out(
                format!("line {}", number + 1),
                format!("{name} has an earlier line, which counts"),
            );
            continue;
        }
        // What follows a second colon is a comment, but a plain password may have colons in it.
        let hash = rest.split(':').next().unwrap_or_default();
        let stored = rest.strip_prefix("{PLAIN}").map_or(Stored::Hash(hash), Stored::Plain);
        if let Some(other) = imported.draft.callers.users.get(name)
            && *other != hash
        {
            imported.leave_out(
                format!("user {name} of another password file"),
                "the name has another password there, and promward has one password for a name: rename one of the two",
            );
            continue;
        }
        if imported.user(name, stored) {
            carried.insert(name.to_owned());
        }
    }
    carried
}
