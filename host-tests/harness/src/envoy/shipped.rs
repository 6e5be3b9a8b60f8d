//! A shipped file in which addresses and paths are replaced as text. Each text to replace must be there: otherwise a
//! changed file would be tested with the addresses that it ships with, or not at all, and nobody would notice.

use anyhow::{Result, bail, ensure};

/// The text of a shipped file, with some replacements made.
pub(crate) struct Shipped {
    name: &'static str,
    text: String,
}

impl Shipped {
    pub(crate) fn new(name: &'static str, text: &str) -> Self {
        Self { name, text: text.to_owned() }
    }

    /// Replaces every `old`, of which there must be at least one.
    pub(crate) fn replace(&mut self, old: &str, new: &str) -> Result<()> {
        ensure!(self.text.contains(old), "the shipped {} doesn't contain {old:?}", self.name);
        self.text = self.text.replace(old, new);
        Ok(())
    }

    /// Replaces the first `old` after `label`, of which there must be exactly one.
    pub(crate) fn replace_after(&mut self, label: &str, old: &str, new: &str) -> Result<()> {
        let count = self.text.matches(label).count();
        ensure!(count == 1, "the shipped {} contains {label:?} {count} times", self.name);
        let (before, rest) = self.text.split_once(label).unwrap_or_default();
        ensure!(rest.contains(old), "the shipped {} doesn't contain {old:?} after {label:?}", self.name);
        self.text = format!("{before}{label}{}", rest.replacen(old, new, 1));
        Ok(())
    }

    /// Replaces every path below `directory` by the result of `new`. Comments stay as they are.
    pub(crate) fn replace_paths(&mut self, directory: &str, new: impl Fn(&str) -> String) {
        let mut replaced = String::new();
        for line in self.text.split_inclusive('\n') {
            let mut rest = line;
            while let Some(begin) = rest.find(directory).filter(|_| !line.trim_start().starts_with('#')) {
                let (before, path) = rest.split_at(begin);
                let end = path.find([' ', ',', '}', '\n']).unwrap_or(path.len());
                let (path, after) = path.split_at(end);
                replaced.push_str(before);
                replaced.push_str(&new(path));
                rest = after;
            }
            replaced.push_str(rest);
        }
        self.text = replaced;
    }

    /// Replaces the block scalar behind `key`, which ends its line: all following lines that are indented further.
    pub(crate) fn replace_block(&mut self, key: &str, new: &str) -> Result<()> {
        let mut lines = self.text.lines();
        let mut replaced = Vec::new();
        let mut depth = None;
        for line in lines.by_ref() {
            replaced.push(line.to_owned());
            if line.trim_start() == key {
                depth = Some(indentation(line));
                break;
            }
        }
        ensure!(depth.is_some(), "the shipped {} doesn't contain the line {key:?}", self.name);
        let depth = depth.unwrap_or_default();
        let margin = " ".repeat(depth.saturating_add(2));
        let indented = |line: &str| if line.is_empty() { String::new() } else { format!("{margin}{line}") };
        replaced.extend(new.lines().map(indented));
        replaced.extend(lines.skip_while(|line| indentation(line) > depth).map(str::to_owned));
        self.text = replaced.join("\n");
        self.text.push('\n');
        Ok(())
    }

    /// Copies the item that begins with the line `first`, the first one after `label`, behind itself, without its comments and as
    /// `change` makes it.
    pub(crate) fn copy_item(
        &mut self,
        label: &str,
        first: &str,
        change: impl Fn(&str) -> String,
    ) -> Result<()> {
        let found = self.text.find(label).and_then(|at| Some(at + self.text.get(at..)?.find(first)?));
        let Some(begin) = found else {
            bail!("the shipped {} doesn't contain {first:?} after {label:?}", self.name);
        };
        let (before, rest) = self.text.split_at(begin);
        let depth = indentation(first);
        let rows = rest.split_inclusive('\n').skip(1).take_while(|line| indentation(line) > depth);
        let length = first.len() + rows.map(str::len).sum::<usize>();
        let (item, after) = rest.split_at(length);
        let kept = item.split_inclusive('\n').filter(|line| !line.trim_start().starts_with('#'));
        let copy = change(&kept.collect::<String>());
        self.text = format!("{before}{item}{copy}{after}");
        Ok(())
    }

    /// Removes `key`, which ends its line, and the items of its list, which have the same indentation.
    pub(crate) fn remove_list(&mut self, key: &str) -> Result<()> {
        let Some((before, rest)) = self.text.split_once(&format!("{key}\n")) else {
            bail!("the shipped {} doesn't contain the line {key:?}", self.name);
        };
        let item = format!("{}- ", " ".repeat(indentation(key)));
        let after = rest.lines().skip_while(|line| line.starts_with(&item));
        self.text = before.lines().chain(after).flat_map(|line| [line, "\n"]).collect();
        Ok(())
    }

    /// Returns the text, if it contains none of the `foreign` texts outside of comments. They belong to the machine
    /// that the file is written for.
    pub(crate) fn finish(self, foreign: &[&str]) -> Result<String> {
        for line in self.text.lines().filter(|line| !line.trim_start().starts_with('#')) {
            let left = foreign.iter().any(|place| line.contains(place));
            ensure!(!left, "the shipped {} was not replaced whole: {}", self.name, line.trim());
        }
        Ok(self.text)
    }
}

/// Returns the number of spaces that a line begins with.
pub(super) fn indentation(line: &str) -> usize {
    line.len().saturating_sub(line.trim_start().len())
}

#[cfg(test)]
mod tests {
    use super::Shipped;

    #[test]
    fn a_text_that_is_not_there_is_an_error() {
        let mut file = Shipped::new("file", "port: 443\n");
        let error = file.replace("port: 80", "port: 1").unwrap_err().to_string();
        assert!(error.contains("port: 80") && error.contains("file"), "{error}");
        assert!(file.replace_block("value: |", "").is_err());
    }

    #[test]
    fn a_text_that_is_there_twice_is_told_apart_by_what_stands_before_it() {
        let mut file = Shipped::new("file", "a:\nport: 443\nb:\nport: 443\n");
        file.replace_after("b:\n", "port: 443", "port: 1").unwrap();
        assert!(file.replace_after("b:\n", "port: 443", "port: 1").is_err());
        assert!(file.replace_after("port", "443", "1").is_err());
        file.replace("port: 443", "port: 2").unwrap();
        assert_eq!(file.finish(&[]).unwrap(), "a:\nport: 2\nb:\nport: 1\n");
    }

    #[test]
    fn a_block_is_replaced_up_to_what_follows_it() {
        let mut file = Shipped::new("file", "a:\n  value: |\n    old {\n      }\n  b: 1\n");
        file.replace_block("value: |", "new\n  newer").unwrap();
        assert_eq!(file.finish(&[]).unwrap(), "a:\n  value: |\n    new\n      newer\n  b: 1\n");
    }

    #[test]
    fn a_block_may_have_blank_lines() {
        let mut file = Shipped::new("file", "value: |\n  old\n");
        file.replace_block("value: |", "new\n\nnewer\n").unwrap();
        assert_eq!(file.finish(&[]).unwrap(), "value: |\n  new\n\n  newer\n");
    }

    #[test]
    fn paths_are_replaced_whole_and_not_in_comments() {
        let mut file = Shipped::new("file", "# in /a/b\nc: { d: /a/b, e: /a }\nf: /a/g/h\n");
        file.replace_paths("/a", |path| format!("<{path}>"));
        assert_eq!(file.finish(&[]).unwrap(), "# in /a/b\nc: { d: </a/b>, e: </a> }\nf: </a/g/h>\n");
    }

    #[test]
    fn a_list_is_taken_out_with_its_items() {
        let mut file = Shipped::new("file", "a:\n  b:\n  - c: 1\n  - d\n  e:\n  - f\n");
        file.remove_list("  b:").unwrap();
        assert!(file.remove_list("  b:").is_err());
        assert_eq!(file.finish(&[]).unwrap(), "a:\n  e:\n  - f\n");
    }

    #[test]
    fn an_item_is_copied_behind_itself() {
        let mut file = Shipped::new("file", "x:\n- a: 1\ny:\n- a: 1\n  # About b.\n  b: 2\n- c: 3\n");
        file.copy_item("y:\n", "- a: 1\n", |item| item.replace('1', "4")).unwrap();
        assert!(file.copy_item("y:\n", "- z\n", str::to_owned).is_err());
        let text = file.finish(&[]).unwrap();
        assert_eq!(text, "x:\n- a: 1\ny:\n- a: 1\n  # About b.\n  b: 2\n- a: 4\n  b: 2\n- c: 3\n");
    }

    #[test]
    fn a_place_that_was_forgotten_is_an_error() {
        assert!(Shipped::new("file", "path: /etc/promward/new\n").finish(&["/etc/promward"]).is_err());
        assert!(Shipped::new("file", "# see /etc/promward\n").finish(&["/etc/promward"]).is_ok());
    }
}
