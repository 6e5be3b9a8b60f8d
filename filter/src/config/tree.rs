//! JSON as a tree, read into the types of the configuration with the path of each field at hand. `serde_path_to_error`
//! does the same for any format, and makes the module 70 KB longer than this does.

use super::ConfigError;
use crate::index::{Index, Twice};
use serde::de::value::StrDeserializer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, Visitor,
};
use std::fmt;

/// A JSON value. Objects keep their order, and keys that stand twice.
#[derive(Debug)]
pub(super) enum Tree {
    Null,
    Bool(bool),
    Whole(u64),
    /// A number that is negative or has a fraction.
    OtherNumber(f64),
    Text(String),
    List(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Whole(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        #[allow(
            clippy::cast_precision_loss,
            reason = "the number is only told apart from those that are allowed"
        )]
        Ok(Tree::OtherNumber(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::OtherNumber(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Tree, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Tree::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Tree, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = object.next_entry()? {
            fields.push(field);
        }
        Ok(Tree::Object(fields))
    }
}

impl<'de> Deserializer<'de> for Tree {
    type Error = ConfigError;

    /// What is kept as a tree takes anything.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        match self {
            Self::Null => visitor.visit_unit(),
            Self::Bool(value) => visitor.visit_bool(value),
            Self::Whole(value) => visitor.visit_u64(value),
            Self::OtherNumber(value) => visitor.visit_f64(value),
            Self::Text(value) => visitor.visit_string(value),
            list @ Self::List(_) => list.deserialize_seq(visitor),
            object @ Self::Object(_) => object.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        match self {
            Self::Bool(value) => visitor.visit_bool(value),
            other => Err(other.instead_of(&"true or false")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        match self {
            Self::Text(value) => visitor.visit_string(value),
            other => Err(other.instead_of(&"a text")),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        match self {
            Self::List(items) => visitor.visit_seq(Items { items: items.into_iter().enumerate() }),
            other => Err(other.instead_of(&"a list")),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        let fields = self.into_fields()?;
        visitor.visit_map(Fields { fields: fields.into_iter(), name: String::new(), value: None })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConfigError> {
        self.deserialize_map(visitor)
    }

    /// A field that is there has a value; `null` is none.
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, ConfigError> {
        visitor.visit_some(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        names: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, ConfigError> {
        match self {
            Self::Text(name) => visitor.visit_enum(IntoDeserializer::<ConfigError>::into_deserializer(name)),
            other => Err(other.instead_of(&format!("one of {}", names.join(", ")).as_str())),
        }
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str bytes byte_buf unit unit_struct newtype_struct tuple
        tuple_struct identifier ignored_any
    }
}

impl Tree {
    /// The fields of an object, each of which stands once.
    #[inline(never)]
    pub(super) fn into_fields(self) -> Result<Vec<(String, Self)>, ConfigError> {
        let Self::Object(fields) = self else { return Err(self.instead_of(&"an object")) };
        let names = fields.iter().map(|(name, _)| name.as_bytes().to_vec()).collect();
        if let Err(Twice { second, .. }) = Index::new(names) {
            let name = fields.get(second).map_or("", |(name, _)| name);
            return Err(ConfigError::new(name, "this field is given twice"));
        }
        Ok(fields)
    }

    /// The fields of an object that may have these and no others. (`Deserialize`, derived, does the same and makes the
    /// module kilobytes longer for each kind of object.)
    #[inline(never)]
    pub(super) fn into_some_of(self, names: &'static [&'static str]) -> Result<SomeOf, ConfigError> {
        let fields = self.into_fields()?;
        match fields.iter().find(|(name, _)| !names.contains(&name.as_str())) {
            Some((name, _)) => Err(ConfigError::unknown_field(name, names).in_field(name)),
            None => Ok(SomeOf(fields)),
        }
    }

    /// The error where something else is needed.
    #[cold]
    #[inline(never)]
    fn instead_of(&self, needed: &dyn Expected) -> ConfigError {
        let found = match self {
            Self::Null => Unexpected::Unit,
            Self::Bool(value) => Unexpected::Bool(*value),
            Self::Whole(value) => Unexpected::Unsigned(*value),
            Self::OtherNumber(value) => Unexpected::Float(*value),
            Self::Text(text) => Unexpected::Str(text),
            Self::List(_) => Unexpected::Seq,
            Self::Object(_) => Unexpected::Map,
        };
        ConfigError::invalid_type(found, needed)
    }
}

/// Reads the text at this path.
#[inline(never)]
pub(super) fn text(tree: Tree, path: &str) -> Result<String, ConfigError> {
    String::deserialize(tree).map_err(|error| error.in_field(path))
}

/// Fields of an object that may be there, to be taken out one by one.
pub(super) struct SomeOf(Vec<(String, Tree)>);

impl SomeOf {
    /// The field of this name, if it is there.
    #[inline(never)]
    pub(super) fn take(&mut self, name: &str) -> Option<Tree> {
        let place = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(place).1)
    }

    /// The one field that is left; none, if there are more or none at all.
    pub(super) fn only(mut self) -> Option<(String, Tree)> {
        self.0.pop().filter(|_| self.0.is_empty())
    }
}

struct Items {
    items: std::iter::Enumerate<std::vec::IntoIter<Tree>>,
}

impl<'de> SeqAccess<'de> for Items {
    type Error = ConfigError;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, ConfigError> {
        let Some((index, item)) = self.items.next() else {
            return Ok(None);
        };
        seed.deserialize(item).map(Some).map_err(|error| error.in_item(index))
    }
}

struct Fields {
    fields: std::vec::IntoIter<(String, Tree)>,
    /// The name that was read last, and its value if that wasn't.
    name: String,
    value: Option<Tree>,
}

impl Fields {
    /// Goes on to the next field.
    #[inline(never)]
    fn advance(&mut self) -> bool {
        let Some((name, value)) = self.fields.next() else { return false };
        (self.name, self.value) = (name, Some(value));
        true
    }
}

impl<'de> MapAccess<'de> for Fields {
    type Error = ConfigError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, ConfigError> {
        if !self.advance() {
            return Ok(None);
        }
        let key = StrDeserializer::<ConfigError>::new(&self.name);
        seed.deserialize(key).map(Some).map_err(|error| error.in_field(&self.name))
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, ConfigError> {
        let value = self.value.take().unwrap_or(Tree::Null);
        seed.deserialize(value).map_err(|error| error.in_field(&self.name))
    }
}
