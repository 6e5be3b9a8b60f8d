//! JSON as a tree: of configurations, and of silences. Only this type is read by serde: the code that serde derives for the
//! configuration's types is several times as long as the code that reads them out of a tree by hand. Texts stay where they
//! are in the JSON, since a long configuration consists of them.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// A JSON value. Objects keep the order of their keys, and keys that stand there twice.
#[derive(Debug)]
pub(crate) enum Tree<'a> {
    Null,
    Bool(bool),
    Whole(u32),
    /// A number that is negative, has a fraction, or is larger than any that a field may have.
    OtherNumber,
    Text(Text<'a>),
    List(Vec<Tree<'a>>),
    Object(Vec<(Text<'a>, Tree<'a>)>),
}

/// A text of the JSON. It is copied only if it has escapes.
#[derive(Debug)]
pub(crate) struct Text<'a>(Cow<'a, str>);

impl<'a> Text<'a> {
    /// Returns the text, with its escapes undone.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Creates a text that stands in no JSON.
    pub(crate) fn new(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }

    fn write(&self, json: &mut String) {
        json.push_str(&serde_json::to_string(&*self.0).unwrap_or_default());
    }
}

impl Tree<'_> {
    /// Returns the kind of the value, in the words of JSON.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "true or false",
            Self::Whole(_) | Self::OtherNumber => "a number",
            Self::Text(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// Writes the value as JSON. Its numbers aren't kept, and are written as `null`.
    pub(crate) fn write(&self, json: &mut String) {
        match self {
            Self::Null | Self::Whole(_) | Self::OtherNumber => json.push_str("null"),
            Self::Bool(true) => json.push_str("true"),
            Self::Bool(false) => json.push_str("false"),
            Self::Text(text) => text.write(json),
            Self::List(items) => {
                json.push('[');
                for (place, item) in items.iter().enumerate() {
                    json.push_str(if place > 0 { "," } else { "" });
                    item.write(json);
                }
                json.push(']');
            }
            Self::Object(fields) => {
                json.push('{');
                for (place, (name, value)) in fields.iter().enumerate() {
                    json.push_str(if place > 0 { "," } else { "" });
                    name.write(json);
                    json.push(':');
                    value.write(json);
                }
                json.push('}');
            }
        }
    }
}

impl<'de> Deserialize<'de> for Tree<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Tree<'de>, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree<'de>, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree<'de>, E> {
        Ok(u32::try_from(value).map_or(Tree::OtherNumber, Tree::Whole))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Tree<'de>, E> {
        Ok(Tree::OtherNumber)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Tree<'de>, E> {
        Ok(Tree::OtherNumber)
    }

    fn visit_borrowed_str<E: Error>(self, value: &'de str) -> Result<Tree<'de>, E> {
        TextVisitor.visit_borrowed_str(value).map(Tree::Text)
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Tree<'de>, E> {
        TextVisitor.visit_str(value).map(Tree::Text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree<'de>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Tree<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = object.next_entry()? {
            fields.push(field);
        }
        Ok(Tree::Object(fields))
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(value.to_owned())))
    }
}
