//! Writes a command's texts with the name that its user calls it by. All texts say `cargo promward`, which is the command of
//! a checkout; an installed one is `promward`.

use promward_module::installed;
use std::io::{self, Write};

/// A writer that replaces the name in each line, if the command is installed.
pub struct Called<W: Write> {
    output: W,
    /// The bytes of the last line, until its end is written.
    line: Vec<u8>,
    rename: fn(&str) -> String,
}

impl<W: Write> Called<W> {
    /// Returns a writer that passes each line on to `output`.
    pub fn new(output: W) -> Self {
        Self { output, line: Vec::new(), rename: installed::as_called }
    }

    fn pass_on(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.line);
        match str::from_utf8(&line) {
            Ok(text) => self.output.write_all((self.rename)(text).as_bytes()),
            Err(_) => self.output.write_all(&line),
        }
    }
}

impl<W: Write> Write for Called<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if piece.ends_with(b"\n") {
                self.pass_on()?;
            }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.pass_on()?;
        self.output.flush()
    }
}

impl<W: Write> Drop for Called<W> {
    fn drop(&mut self) {
        // Nobody is left who could be told of an error.
        let _ = self.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::Called;
    use std::io::Write;

    #[test]
    fn the_name_is_replaced_in_whole_lines_and_nothing_is_lost() {
        let mut output = Vec::new();
        let rename = |text: &str| text.replace("cargo promward", "promward");
        let mut called = Called { output: &mut output, line: Vec::new(), rename };
        for piece in ["a cargo pro", "mward check\nb ", "c", "\n\n", "cargo promward"] {
            called.write_all(piece.as_bytes()).unwrap();
        }
        drop(called);
        assert_eq!(String::from_utf8(output).unwrap(), "a promward check\nb c\n\npromward");
    }
}
