//! What a valid configuration opens and refuses, for each whom its rules name, as a table that can be read at a glance.

use promward::api::class::Classes;
use promward::gateway::Gateway;
use promward::mount::Mount;

/// The table: a line for each mount and each who.
pub(super) fn of(gateway: &Gateway) -> String {
    let mut rows = vec![["mount", "who", "open", "refused"].map(str::to_owned)];
    for (id, mount) in gateway.mounts.iter() {
        for who in gateway.access.named() {
            let possible = mount.classes();
            let open = gateway.access.open_to(&gateway.callers.also(who), id).both(possible);
            rows.push([prefix(mount), who.to_string(), words(open), words(possible.without(open))]);
        }
    }
    aligned(&rows)
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
pub(crate) fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let mut widths = [0; N];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &[String; N]| {
        let cells: Vec<String> =
            row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("  {}\n", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}
