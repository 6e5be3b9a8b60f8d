//! Fragments: the lines that a variant adds to the shipped `envoy.yaml`.
//!
//! A fragment is a YAML file that says in comments where its parts go. Each part begins with a comment such as
//! `# Above this line of envoy.yaml: - name: promward`, and ends at the next one. What stands before the first part
//! describes the fragment, and is not inserted. Where parts can't stand in one YAML document, `---` separates them. A part
//! may begin with the keys of a list that another fragment has made: then its items are added to that list.

use super::shipped::indentation;
use anyhow::{Result, ensure};

/// The number of spaces by which a block is indented in its parent.
const STEP: usize = 2;

/// The place of a part, relative to one line of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Position {
    /// Before the line, indented as it is.
    Above,
    /// After the line, which opens a mapping or a list, as the first of its fields or items.
    Below,
    /// In place of the line and of everything that is indented further.
    InPlaceOf,
}

/// The comments that parts begin with.
const POSITIONS: [(&str, Position); 3] = [
    ("# Above this line of envoy.yaml: ", Position::Above),
    ("# Below this line of envoy.yaml: ", Position::Below),
    ("# In place of this item of envoy.yaml: ", Position::InPlaceOf),
];

/// One part of a fragment, and its place.
struct Part<'a> {
    position: Position,
    /// The line of the file, without its indentation.
    anchor: &'a str,
    lines: Vec<&'a str>,
}

/// Returns the file with all parts of the fragment in their places.
///
/// # Errors
///
/// Returns an error if the fragment has no part, or a part names a line that the file doesn't have exactly once.
pub(super) fn apply(file: &str, fragment: &str) -> Result<String> {
    let parts = parts(fragment);
    ensure!(!parts.is_empty(), "the fragment says nowhere where its lines go: {fragment}");
    parts.iter().try_fold(file.to_owned(), |file, part| part.insert(&file))
}

fn parts(fragment: &str) -> Vec<Part<'_>> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    for line in fragment.lines() {
        let begins =
            POSITIONS.iter().find_map(|(comment, position)| Some((line.strip_prefix(comment)?, *position)));
        match (begins, parts.last_mut()) {
            (Some((anchor, position)), _) => parts.push(Part { position, anchor, lines: Vec::new() }),
            (None, Some(part)) if !line.is_empty() && line != "---" => part.lines.push(line),
            // Blank lines separate the parts, and the description is before the first one.
            _ => {}
        }
    }
    parts
}

impl Part<'_> {
    fn insert(&self, file: &str) -> Result<String> {
        let lines: Vec<&str> = file.lines().collect();
        if let Some(longer) = self.continued(&lines) {
            return Ok(longer);
        }
        let found: Vec<usize> =
            (0..).zip(&lines).filter(|(_, line)| line.trim() == self.anchor).map(|(at, _)| at).collect();
        let [at] = found.as_slice() else {
            anyhow::bail!("envoy.yaml has the line {:?} {} times, and not once", self.anchor, found.len());
        };
        let (before, rest) = lines.split_at(*at);
        let depth = rest.first().map_or(0, |line| indentation(line));
        let inserted = |depth: usize| {
            let margin = " ".repeat(depth);
            self.lines.iter().map(move |line| format!("{margin}{line}"))
        };
        let kept = |lines: &[&str]| lines.iter().map(|&line| line.to_owned()).collect::<Vec<_>>();
        let (first, after) = rest.split_at(1);
        let mut result = kept(before);
        match self.position {
            Position::Above => {
                result.extend(inserted(depth));
                result.extend(kept(rest));
            }
            Position::Below => {
                result.extend(kept(first));
                // The items of a list are indented as the field that has the list.
                result.extend(inserted(if self.is_list() { depth } else { depth + STEP }));
                result.extend(kept(after));
            }
            Position::InPlaceOf => {
                result.extend(inserted(depth));
                let item = after.iter().take_while(|line| indentation(line) > depth).count();
                result.extend(kept(after.split_at(item).1));
            }
        }
        Ok(result.join("\n") + "\n")
    }

    /// Returns the file with the items of this part in a list that another fragment has made there under the same keys, or
    /// `None` if there is no such list.
    fn continued(&self, lines: &[&str]) -> Option<String> {
        let comments = self.lines.iter().take_while(|line| line.starts_with('#')).count();
        let (comments, rest) = self.lines.split_at(comments);
        let keys = rest.iter().take_while(|line| line.ends_with(':')).count();
        let (keys, items) = rest.split_at(keys);
        if keys.len() < 2 {
            return None;
        }
        let is_there = |window: &[&str]| {
            let depth = window.first().map_or(0, |line| indentation(line));
            window.iter().zip(keys).all(|(line, key)| line.get(depth..) == Some(key))
        };
        let at = lines.windows(keys.len()).position(is_there)?;
        let margin = " ".repeat(lines.get(at).map_or(0, |line| indentation(line)));
        let inner = " ".repeat(keys.last().map_or(0, |key| indentation(key)));
        let (before, after) = lines.split_at(at + keys.len());
        let comments = comments.iter().map(|comment| format!("{margin}{inner}{comment}"));
        let items = items.iter().map(|item| format!("{margin}{item}"));
        let kept = |lines: &[&str]| lines.iter().map(|&line| line.to_owned()).collect::<Vec<_>>();
        let result: Vec<_> =
            kept(before).into_iter().chain(comments).chain(items).chain(kept(after)).collect();
        Some(result.join("\n") + "\n")
    }

    /// Returns `true` if the part begins with an item of a list.
    fn is_list(&self) -> bool {
        self.lines.iter().find(|line| !line.starts_with('#')).is_some_and(|line| line.starts_with("- "))
    }
}

#[cfg(test)]
mod tests {
    use super::apply;

    const FILE: &str = "a:\n  b:\n    c: 1\n    d: 2\n  e:\n  - f: 3\n    g: 4\n  - h: 5\n";

    #[test]
    fn each_part_goes_where_its_comment_says() {
        let fragment = "\
# About all of it.

# Above this line of envoy.yaml: b:
# A comment.
x: 1

# Below this line of envoy.yaml: b:
y:
  z: 2

# In place of this item of envoy.yaml: - f: 3
- i: 6

---
# Below this line of envoy.yaml: e:
# First.
- j: 7
";
        assert_eq!(
            apply(FILE, fragment).unwrap(),
            "a:\n  # A comment.\n  x: 1\n  b:\n    y:\n      z: 2\n    c: 1\n    d: 2\n  e:\n  # First.\n  - j: 7\n  - i: 6\n  - h: 5\n"
        );
    }

    #[test]
    fn a_list_that_two_fragments_make_is_one_list() {
        let fragment = |item: &str| {
            format!(
                "# Above this line of envoy.yaml: b:\n# About {item}.\nx:\n  y:\n  - {item}: 1\n    z: 2\n"
            )
        };
        let once = apply(FILE, &fragment("i")).unwrap();
        assert!(once.contains("a:\n  # About i.\n  x:\n    y:\n    - i: 1\n      z: 2\n  b:\n"), "{once}");
        let twice = apply(&once, &fragment("j")).unwrap();
        let list = "  x:\n    y:\n    # About j.\n    - j: 1\n      z: 2\n    - i: 1\n      z: 2\n  b:\n";
        assert!(twice.contains(list), "{twice}");
    }

    #[test]
    fn a_line_that_is_not_there_once_is_an_error() {
        for line in ["z:", "- f", "c"] {
            let fragment = format!("# Above this line of envoy.yaml: {line}\nx: 1\n");
            let error = apply(FILE, &fragment).unwrap_err().to_string();
            assert!(error.contains(&format!("{line:?} 0 times")), "{error}");
        }
        let error = apply("a: 1\na: 1\n", "# Above this line of envoy.yaml: a: 1\nb: 1\n").unwrap_err();
        assert!(error.to_string().contains("\"a: 1\" 2 times"), "{error}");
        assert!(apply(FILE, "x: 1\n").is_err());
    }
}
