//! Reads nginx' configuration language: directives of words, which end in `;` or in a block.

use std::fs;
use std::path::Path;

/// The greatest depth of blocks, and of files that include others.
const MAX_DEPTH: usize = 16;

/// A directive: its name, its arguments, and the directives in its block.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Directive {
    pub(super) name: String,
    pub(super) arguments: Vec<String>,
    pub(super) block: Vec<Directive>,
    pub(super) line: usize,
}

impl Directive {
    /// Returns an argument, or an empty text.
    pub(super) fn argument(&self, number: usize) -> &str {
        self.arguments.get(number).map_or("", String::as_str)
    }
}

/// Parses a file, with those that it includes from its own directory.
///
/// # Errors
///
/// Returns the line at which the text isn't nginx' language, and why.
pub(super) fn parse(text: &str, directory: &Path) -> Result<Vec<Directive>, String> {
    parsed(text, directory, 0)
}

fn parsed(text: &str, directory: &Path, depth: usize) -> Result<Vec<Directive>, String> {
    let mut reader = Reader { tokens: tokens(text)?.into_iter().peekable(), directory, depth };
    let directives = reader.block(0, false)?;
    Ok(directives)
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Semicolon,
    Open,
    Close,
}

/// Splits a text into words and signs, each with its line.
fn tokens(text: &str) -> Result<Vec<(Token, usize)>, String> {
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\n' => line += 1,
            character if character.is_whitespace() => {}
            '#' => while characters.next_if(|&next| next != '\n').is_some() {},
            ';' => tokens.push((Token::Semicolon, line)),
            '{' => tokens.push((Token::Open, line)),
            '}' => tokens.push((Token::Close, line)),
            quote @ ('"' | '\'') => {
                let start = line;
                let mut word = String::new();
                loop {
                    match characters.next() {
                        Some(next) if next == quote => break,
                        Some('\\') => word.extend(escaped(characters.next())),
                        Some(next) => {
                            line += usize::from(next == '\n');
                            word.push(next);
                        }
                        None => return Err(format!("line {start}: a quote isn't closed")),
                    }
                }
                tokens.push((Token::Word(word), start));
            }
            first => {
                let mut word = String::new();
                let mut next = Some(first);
                while let Some(character) = next {
                    match character {
                        '\\' => word.extend(escaped(characters.next())),
                        // The braces of a variable belong to the word.
                        '$' if characters.peek() == Some(&'{') => {
                            word.push('$');
                            word.extend(std::iter::from_fn(|| characters.next_if(|&next| next != '}')));
                        }
                        other => word.push(other),
                    }
                    next = characters.next_if(|next| !next.is_whitespace() && !matches!(next, ';' | '{'));
                }
                tokens.push((Token::Word(word), line));
            }
        }
    }
    Ok(tokens)
}

/// Returns the characters that stand for one after a backslash. Before others, it stands for itself.
fn escaped(next: Option<char>) -> Vec<char> {
    match next {
        Some('n') => vec!['\n'],
        Some('r') => vec!['\r'],
        Some('t') => vec!['\t'],
        Some(quoted @ ('"' | '\'' | '\\')) => vec![quoted],
        Some(other) => vec!['\\', other],
        None => vec!['\\'],
    }
}

struct Reader<'a> {
    tokens: std::iter::Peekable<std::vec::IntoIter<(Token, usize)>>,
    directory: &'a Path,
    depth: usize,
}

impl Reader<'_> {
    /// Reads directives up to the end of the block, or of the file.
    fn block(&mut self, depth: usize, is_inner: bool) -> Result<Vec<Directive>, String> {
        if depth > MAX_DEPTH {
            return Err(format!("more than {MAX_DEPTH} blocks are within each other"));
        }
        let mut directives = Vec::new();
        let mut current = Directive::default();
        while let Some((token, line)) = self.tokens.next() {
            match token {
                Token::Word(word) if current.name.is_empty() => {
                    current = Directive { name: word, line, ..Directive::default() };
                }
                Token::Word(word) => current.arguments.push(word),
                Token::Semicolon => {
                    let directive = std::mem::take(&mut current);
                    match self.included(&directive)? {
                        Some(included) => directives.extend(included),
                        None => directives.push(directive),
                    }
                }
                Token::Open => {
                    let block = self.block(depth + 1, true)?;
                    directives.push(Directive { block, ..std::mem::take(&mut current) });
                }
                Token::Close if is_inner && current.name.is_empty() => return Ok(directives),
                Token::Close => return Err(format!("line {line}: a brace closes nothing")),
            }
        }
        match is_inner || !current.name.is_empty() {
            true => Err(format!("the file ends within a block or a directive{}", named(&current))),
            false => Ok(directives),
        }
    }

    /// Returns the directives of a file that is included, if it can be read.
    fn included(&self, directive: &Directive) -> Result<Option<Vec<Directive>>, String> {
        if directive.name != "include" || self.depth > MAX_DEPTH {
            return Ok(None);
        }
        match fs::read_to_string(self.directory.join(directive.argument(0))) {
            Ok(text) => parsed(&text, self.directory, self.depth + 1).map(Some),
            Err(_) => Ok(None),
        }
    }
}

fn named(directive: &Directive) -> String {
    if directive.name.is_empty() {
        String::new()
    } else {
        format!(" ({} in line {})", directive.name, directive.line)
    }
}
