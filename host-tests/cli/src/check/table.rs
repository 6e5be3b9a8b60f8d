//! What a valid configuration opens and refuses, for each whom its rules name, as a table that can be read at a glance.

use promward::api::class::Classes;
use promward::api::mount::Mount;
use promward::gateway::Gateway;

/// What a row says of classes. What nothing is restricted or limited in has no such column.
const COLUMNS: [(&str, Shown); 4] = [
    ("open", Shown::Always),
    ("restricted", Shown::WhereNeeded),
    ("refused", Shown::Always),
    ("limited", Shown::WhereNeeded),
];

#[derive(PartialEq)]
enum Shown {
    Always,
    WhereNeeded,
}

/// The table: a line for each mount and each who.
pub(super) fn of(gateway: &Gateway) -> String {
    let mut rows = Vec::new();
    for (id, mount) in gateway.mounts.iter() {
        for who in gateway.access.named() {
            let given = gateway.access.given(&gateway.callers.also(who), id);
            let possible = mount.api.classes;
            let cells = [given.open, given.restricted, possible.without(given.all()), given.limited];
            rows.push((prefix(mount), who, cells.map(|classes| classes.both(possible))));
        }
    }
    let mut lines = vec![vec!["mount".to_owned(), "who".to_owned()]];
    lines.extend(rows.iter().map(|(mount, who, _)| vec![mount.clone(), who.to_string()]));
    for (column, (heading, shown)) in COLUMNS.into_iter().enumerate() {
        let classes: Vec<Classes> =
            rows.iter().filter_map(|(_, _, cells)| cells.get(column).copied()).collect();
        if shown == Shown::Always || classes.iter().any(|classes| !classes.is_empty()) {
            let cells = std::iter::once(heading.to_owned()).chain(classes.into_iter().map(words));
            lines.iter_mut().zip(cells).for_each(|(line, cell)| line.push(cell));
        }
    }
    aligned(&lines)
}

fn prefix(mount: &Mount) -> String {
    if mount.prefix.is_root() { "/".to_owned() } else { mount.prefix.as_str().to_owned() }
}

/// A set in the words of a configuration, with its shorthands.
pub(crate) fn words(classes: Classes) -> String {
    if classes == Classes::ALL {
        return "everything".to_owned();
    }
    if classes.is_empty() {
        return "nothing".to_owned();
    }
    let read = Classes::named("read").unwrap_or_default();
    if classes.both(read) != read {
        return classes.to_string();
    }
    format!("read {}", classes.without(read)).trim_end().to_owned()
}

/// The rows with their columns one below the other, two spaces in.
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
        format!("  {}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}
