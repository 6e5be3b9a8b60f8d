//! The results of tests in the form of JUnit, which CI systems read.

use super::report::failure;
use super::{FileResults, Results, Tested};
use std::fmt::Write;
use std::time::Duration;

/// Returns the results as the text of a JUnit file.
pub(super) fn of(results: &Results) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let (all, failed) = (results.all().count(), results.failed());
    // Writing to a `String` never fails.
    let _ = writeln!(text, "<testsuites name=\"promward\" tests=\"{all}\" failures=\"{failed}\">");
    for FileResults { name, tests, .. } in &results.files {
        let failed = tests.iter().filter(|tested| !tested.has_passed()).count();
        let time: Duration = tests.iter().map(|tested| tested.time).sum();
        let (name, time) = (escaped(name), time.as_secs_f64());
        let _ = writeln!(
            text,
            "  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{failed}\" time=\"{time:.6}\">",
            tests.len()
        );
        tests.iter().for_each(|tested| text.push_str(&case(&name, tested)));
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

fn case(class: &str, tested: &Tested) -> String {
    let (name, time) = (escaped(&tested.name), tested.time.as_secs_f64());
    let open = format!("    <testcase classname=\"{class}\" name=\"{name}\" time=\"{time:.6}\"");
    if tested.has_passed() {
        return format!("{open}/>\n");
    }
    let first = tested.differences.first();
    let message = first.map_or_else(
        || tested.error.clone().unwrap_or_default(),
        |first| format!("{}: expected {}, got {}", first.field, first.expected, first.got),
    );
    let text = escaped(&format!("{}\n{}", tested.request, failure(tested)));
    format!("{open}>\n      <failure message=\"{}\">{text}</failure>\n    </testcase>\n", escaped(&message))
}

/// Escapes a text for XML. Characters that XML can't have are replaced.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(character),
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            _ if character.is_control() => escaped.push('\u{fffd}'),
            _ => escaped.push(character),
        }
    }
    escaped
}
