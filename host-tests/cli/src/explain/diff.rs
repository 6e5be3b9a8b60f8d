//! The difference between a request as it came and as it goes on, line by line.

use super::paint::Paint;
use crate::policy::message::Message;

/// Returns the lines of both requests: those that go with `-`, those that come with `+`.
pub(super) fn of(before: &Message, after: &Message, paint: Paint) -> Vec<String> {
    let (old, new) = (lines(before), lines(after));
    let mut shown = Vec::new();
    let mut left = new.iter().peekable();
    for line in &old {
        let is_kept = new.contains(line);
        if !is_kept {
            shown.push(paint.red(&format!("- {line}")));
            // A line that takes its place, such as another value of the same header.
            if let Some(next) = left.next_if(|next| is_alike(line, next) && !old.contains(next)) {
                shown.push(paint.green(&format!("+ {next}")));
            }
            continue;
        }
        while let Some(next) = left.next_if(|next| *next != line) {
            shown.push(paint.green(&format!("+ {next}")));
        }
        left.next();
        shown.push(format!("  {line}"));
    }
    shown.extend(left.map(|line| paint.green(&format!("+ {line}"))));
    shown.extend(bodies(before, after, paint));
    shown
}

/// Returns `true` if both are first lines, or headers with the same name.
fn is_alike(one: &str, other: &str) -> bool {
    let name = |line: &str| line.split_once(": ").map(|(name, _)| name.to_owned());
    name(one) == name(other)
}

fn lines(message: &Message) -> Vec<String> {
    let mut lines = vec![message.first_line()];
    lines.push(format!("host: {}", message.text(":authority")));
    lines.extend(message.shown().map(|(name, value)| format!("{name}: {value}")));
    lines
}

fn bodies(before: &Message, after: &Message, paint: Paint) -> Vec<String> {
    let (old, new) = (text(&before.body), text(&after.body));
    let mut lines = Vec::new();
    if old.is_empty() && new.is_empty() {
        return lines;
    }
    lines.push(String::new());
    if before.body == after.body {
        lines.extend(old.lines().map(|line| format!("  {line}")));
    } else {
        lines.extend(old.lines().map(|line| paint.red(&format!("- {line}"))));
        lines.extend(new.lines().map(|line| paint.green(&format!("+ {line}"))));
    }
    lines
}

/// Returns a body as it is shown. Bytes that are no text would change what a terminal does.
fn text(body: &[u8]) -> String {
    let is_plain =
        |text: &&str| !text.chars().any(|character| character.is_control() && !character.is_whitespace());
    let text = str::from_utf8(body).ok().filter(is_plain);
    text.map_or_else(|| format!("{} bytes that are no text", body.len()), str::to_owned)
}
