//! Prints what a valid configuration opens and refuses for each `who` of its rules, as a table.

use promward::access::Scope;
use promward::api::class::{Class, Classes};
use promward::gateway::Gateway;

/// The longest line, in columns.
const WIDTH: usize = 100;

/// The number of columns for mount and who, and the characters that they get where a line is too long.
const NAMES: usize = 2;
const WIDTH_OF_NAMES: usize = 44;

/// The columns about rights, with their headings. A column that is empty in every row is left out.
const COLUMNS: [(&str, Shown); 6] = [
    ("open", Shown::Always),
    ("open in part", Shown::WhereNeeded),
    ("restricted", Shown::WhereNeeded),
    ("refused", Shown::Always),
    ("limited", Shown::WhereNeeded),
    ("by tenant", Shown::WhereNeeded),
];

#[derive(PartialEq)]
enum Shown {
    Always,
    WhereNeeded,
}

/// Returns the table: a line for each mount and each `who`.
pub(crate) fn of(gateway: &Gateway) -> String {
    let mut rows = Vec::new();
    for (id, mount) in gateway.mounts.iter() {
        for who in gateway.access.named() {
            let called = gateway.callers.also(who);
            let (given, parts) = (gateway.access.given(&called, id), gateway.access.parts(&called, id));
            let shown = |classes: Classes| words_among(classes.both(mount.api.classes), mount.api.classes);
            let refused = match parts.is_empty() {
                true => shown(Classes::ALL.without(given.all())),
                false if given.all().contains(Class::Unknown) => NOTHING.to_owned(),
                false => "the rest".to_owned(),
            };
            let cells = [
                shown(given.open),
                in_part(&parts),
                shown(given.restricted),
                refused,
                shown(given.limited),
                shown(given.by_tenant),
            ];
            rows.push((mount.prefix.written(), who, cells));
        }
    }
    let mut lines = vec![vec!["mount".to_owned(), "who".to_owned()]];
    lines.extend(rows.iter().map(|(mount, who, _)| vec![(*mount).to_owned(), who.to_string()]));
    for (column, (heading, shown)) in COLUMNS.into_iter().enumerate() {
        let cells: Vec<_> = rows.iter().filter_map(|(_, _, cells)| cells.get(column).cloned()).collect();
        if shown == Shown::Always || cells.iter().any(|cell| cell != NOTHING) {
            let cells = std::iter::once(heading.to_owned()).chain(cells);
            lines.iter_mut().zip(cells).for_each(|(line, cell)| line.push(cell));
        }
    }
    fitted(&lines)
}

/// The cell for no rights.
const NOTHING: &str = "nothing";

/// Formats the parts of an opaque server that somebody may use.
pub(crate) fn in_part(parts: &[&Scope]) -> String {
    match parts {
        [] => NOTHING.to_owned(),
        _ => parts.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "),
    }
}

/// Formats a set of classes in the words of a configuration, with its shorthands.
pub(crate) fn words(classes: Classes) -> String {
    words_among(classes, Classes::ALL)
}

/// Formats a set of the classes that a server has in the words of a configuration. A shorthand stands for those of its
/// classes that the server has, if these are more than one.
pub(crate) fn words_among(classes: Classes, all: Classes) -> String {
    let count = |classes: Classes| Class::all().filter(|&class| classes.contains(class)).count();
    if classes == all && count(all) > 1 {
        return "everything".to_owned();
    }
    if classes.is_empty() {
        return NOTHING.to_owned();
    }
    let mut words: Vec<_> = Class::all().filter(|&class| classes.contains(class)).map(Class::name).collect();
    // `read` comes first, since it is most of what a caller gets; `lifecycle` stands where its classes would.
    for (shorthand, at) in [("read", Some(0)), ("lifecycle", None)] {
        let whole = Classes::named(shorthand).unwrap_or_default().both(all);
        if classes.both(whole) == whole && count(whole) > 1 {
            let is_in = |word: &&str| Classes::named(word).is_some_and(|class| whole.both(class) == class);
            let at = at.or_else(|| words.iter().position(&is_in)).unwrap_or_default();
            words.retain(|word| !is_in(word));
            words.insert(at, shorthand);
        }
    }
    words.join(" ")
}

/// Aligns rows as [`aligned`] does. If they are too wide, cells are broken between words, and words that are too long for
/// their column anywhere.
fn fitted(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| rows.iter().filter_map(|row| Some(row.get(column)?.chars().count())).max();
    let wanted: Vec<usize> = (0..columns).filter_map(width).collect();
    let gaps = SPACE.len() * columns;
    if wanted.iter().sum::<usize>() + gaps <= WIDTH {
        return aligned(rows);
    }
    let (names, classes) = wanted.split_at(wanted.len().min(NAMES));
    let names = shares(names, WIDTH_OF_NAMES);
    let room = WIDTH.saturating_sub(gaps + names.iter().sum::<usize>());
    let widths = [names, shares(classes, room)].concat();
    let broken = |row: &Vec<String>| {
        let cells: Vec<_> = row.iter().zip(&widths).map(|(cell, &width)| broken(cell, width)).collect();
        let height = cells.iter().map(Vec::len).max().unwrap_or_default();
        let line = |index| cells.iter().map(|lines| lines.get(index).cloned().unwrap_or_default()).collect();
        (0..height).map(line).collect::<Vec<Vec<String>>>()
    };
    aligned(&rows.iter().flat_map(broken).collect::<Vec<_>>())
}

/// Returns the widths of columns that share a room. Those that want less than an equal share leave the rest to the others.
fn shares(wanted: &[usize], room: usize) -> Vec<usize> {
    let mut narrow_first: Vec<usize> = (0..wanted.len()).collect();
    narrow_first.sort_by_key(|&column| wanted[column]);
    let mut widths = vec![0; wanted.len()];
    let mut left = room;
    for (index, column) in narrow_first.into_iter().enumerate() {
        widths[column] = wanted[column].min(left / (wanted.len() - index));
        left -= widths[column];
    }
    widths
}

/// Breaks a text into lines, none of which is longer than the width.
fn broken(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut length = 0;
    for word in text.split(' ') {
        let word: Vec<char> = word.chars().collect();
        for (index, piece) in word.chunks(width.max(1)).enumerate() {
            if length > 0 && (index > 0 || length + 1 + piece.len() > width) {
                lines.push(String::new());
                length = 0;
            }
            if let Some(line) = lines.last_mut() {
                if length > 0 {
                    line.push(' ');
                    length += 1;
                }
                line.extend(piece);
                length += piece.len();
            }
        }
    }
    lines
}

/// The separator in front of each column.
const SPACE: &str = "  ";

/// Aligns rows in columns, indented by two spaces.
pub(crate) fn aligned<R: AsRef<[String]>>(rows: &[R]) -> String {
    let mut widths = Vec::new();
    for row in rows.iter().map(AsRef::as_ref) {
        widths.resize(widths.len().max(row.len()), 0);
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: &R| {
        let cells: Vec<String> =
            row.as_ref().iter().zip(&widths).map(|(cell, &width)| format!("{cell:width$}")).collect();
        format!("{SPACE}{}\n", cells.join(SPACE).trim_end())
    };
    rows.iter().map(line).collect()
}
