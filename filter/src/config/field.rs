//! A field of the configuration: its value and the path to it, which is written as text only if something is wrong.
//! None of this is generic, since every instance makes the module larger.

use super::error::ConfigError;
use super::reserved_fields;
use crate::index::Index;
use crate::json::{Text, Tree};

/// A field of an object or an item of a list, which may be missing.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    tree: Option<&'a Tree<'a>>,
    step: PathStep<'a>,
    /// The object or the list that it is in; `None` for the whole configuration.
    within: Option<&'a Field<'a>>,
}

#[derive(Clone, Copy)]
enum PathStep<'a> {
    Name(&'a str),
    Item(usize),
}

impl<'a> Field<'a> {
    /// Returns the place of the whole configuration.
    pub(super) fn whole(tree: &'a Tree<'a>) -> Self {
        Self { tree: Some(tree), step: PathStep::Name(""), within: None }
    }

    /// Returns `true` if the field is there.
    pub(super) fn is_given(&self) -> bool {
        self.tree.is_some()
    }

    /// Returns the name of the field in its object.
    pub(super) fn name(&self) -> &'a str {
        match self.step {
            PathStep::Name(name) => name,
            PathStep::Item(_) => "",
        }
    }

    /// Returns the value of the field, of any kind.
    pub(super) fn tree(&self) -> Result<&'a Tree<'a>, ConfigError> {
        self.tree.ok_or_else(|| self.refuse("this field is missing"))
    }

    /// Returns the value as a text.
    pub(super) fn text(&self) -> Result<&'a str, ConfigError> {
        match self.tree()? {
            Tree::Text(text) => Ok(text.as_str()),
            other => Err(self.instead_of(other, "a text")),
        }
    }

    /// Returns the value as a text, if the field is there.
    pub(super) fn optional_text(&self) -> Result<Option<&'a str>, ConfigError> {
        if self.is_given() { self.text().map(Some) } else { Ok(None) }
    }

    /// Returns the texts of a list.
    pub(super) fn texts(&self) -> Result<Vec<String>, ConfigError> {
        let mut texts = Vec::new();
        for item in self.items()? {
            texts.push(item.text()?.to_owned());
        }
        Ok(texts)
    }

    /// Returns `true` if the value is true, and `false` if the field is missing.
    pub(super) fn is_true(&self) -> Result<bool, ConfigError> {
        match self.tree {
            None => Ok(false),
            Some(Tree::Bool(value)) => Ok(*value),
            Some(other) => Err(self.instead_of(other, "true or false")),
        }
    }

    /// Returns a whole number from 1 to `most`, if the field is there.
    pub(super) fn number(&self, most: u32) -> Result<Option<u32>, ConfigError> {
        let number = match self.tree {
            None => return Ok(None),
            Some(Tree::Whole(number)) => *number,
            Some(_) => 0,
        };
        match number {
            1.. if number <= most => Ok(Some(number)),
            _ => Err(self.refuse(&format!("this must be a whole number, 1 to {most}"))),
        }
    }

    /// Returns the one of these words that stands there, or the first if the field is missing.
    pub(super) fn choice(&self, words: &[&'static str]) -> Result<&'static str, ConfigError> {
        let Some(tree) = self.tree else { return Ok(words.first().copied().unwrap_or_default()) };
        let Tree::Text(text) = tree else {
            return Err(self.instead_of(tree, &format!("one of {}", series(words))));
        };
        let text = text.as_str();
        let word = words.iter().find(|word| **word == text);
        word.copied().ok_or_else(|| self.refuse(&format!("\"{text}\" is none of {}", series(words))))
    }

    /// Returns the items of a list.
    pub(super) fn items(&'a self) -> Result<Vec<Field<'a>>, ConfigError> {
        let tree = self.tree()?;
        let Tree::List(trees) = tree else { return Err(self.instead_of(tree, "a list")) };
        let mut items = Vec::with_capacity(trees.len());
        for (index, tree) in trees.iter().enumerate() {
            items.push(Field { tree: Some(tree), step: PathStep::Item(index), within: Some(self) });
        }
        Ok(items)
    }

    /// Returns the fields of an object whose names the user chooses. No name may stand there twice.
    pub(super) fn entries(&'a self) -> Result<Vec<Field<'a>>, ConfigError> {
        let mut names = Index::default();
        let mut entries = Vec::new();
        for entry in self.each()? {
            names.insert(entry.name().as_bytes()).map_err(|_| entry.twice())?;
            entries.push(entry);
        }
        Ok(entries)
    }

    /// Returns the fields of an object whose names the user chooses, one after the other. A name may stand there twice.
    pub(super) fn each(&'a self) -> Result<impl Iterator<Item = Field<'a>>, ConfigError> {
        let fields = self.object()?.iter();
        Ok(fields.map(|(name, tree)| Field {
            tree: Some(tree),
            step: PathStep::Name(name.as_str()),
            within: Some(self),
        }))
    }

    /// Returns the number of fields of an object.
    pub(super) fn size(&self) -> usize {
        self.object().map_or(0, <[_]>::len)
    }

    /// Returns the error of a field that is given a second time.
    #[cold]
    pub(super) fn twice(&self) -> ConfigError {
        self.refuse(TWICE)
    }

    /// Refuses an object that has fields other than these, or one of them twice. A missing object has no fields.
    pub(super) fn has_only(&self, names: &[&'static str]) -> Result<(), ConfigError> {
        let fields = if self.is_given() { self.object()? } else { &[] };
        for (index, (name, tree)) in fields.iter().enumerate() {
            let name = name.as_str();
            let refuse = |message: &str| {
                Err(Field { tree: Some(tree), step: PathStep::Name(name), within: Some(self) }
                    .refuse(message))
            };
            if !names.contains(&name) {
                if reserved_fields::comes_later(name, names) {
                    return refuse(reserved_fields::NOT_YET);
                }
                return refuse(&format!("there is no such field; the fields here are {}", series(names)));
            }
            if fields.iter().take(index).any(|(earlier, _)| earlier.as_str() == name) {
                return refuse(TWICE);
            }
        }
        Ok(())
    }

    /// Returns the field of this name, which may be missing.
    pub(super) fn field(&'a self, name: &'static str) -> Field<'a> {
        let tree = match self.tree {
            Some(Tree::Object(fields)) => {
                fields.iter().find(|(known, _)| known.as_str() == name).map(|(_, tree)| tree)
            }
            _ => None,
        };
        Field { tree, step: PathStep::Name(name), within: Some(self) }
    }

    fn object(&self) -> Result<&'a [(Text<'a>, Tree<'a>)], ConfigError> {
        match self.tree()? {
            Tree::Object(fields) => Ok(fields),
            other => Err(self.instead_of(other, "an object")),
        }
    }

    /// Returns the error that another kind of value is needed here.
    #[cold]
    fn instead_of(&self, tree: &Tree<'_>, needed: &str) -> ConfigError {
        self.refuse(&format!("this is {}, where {needed} is needed", tree.kind()))
    }

    /// Returns an error about this field.
    #[cold]
    pub(super) fn refuse(&self, message: &str) -> ConfigError {
        ConfigError::new(&self.path(), message)
    }

    /// Returns the path to the field, like `access[0].who[1]`.
    #[cold]
    pub(super) fn path(&self) -> String {
        let mut path = String::new();
        let mut here = self;
        while let Some(within) = here.within {
            path = match here.step {
                PathStep::Name(name) => format!(".{name}{path}"),
                PathStep::Item(index) => format!("[{index}]{path}"),
            };
            here = within;
        }
        path.strip_prefix('.').unwrap_or(&path).to_owned()
    }
}

const TWICE: &str = "this field is given twice";

/// Joins words with commas between them.
#[cold]
fn series(words: &[&'static str]) -> String {
    words.join(", ")
}
