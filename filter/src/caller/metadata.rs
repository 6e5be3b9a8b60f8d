//! Reads what filters before this one left: Envoy's protobuf message `envoy.config.core.v3.Metadata`. It has the types
//! of values, which a single property doesn't have. Nothing is copied and nothing recurses: a reader takes one step after
//! the other, and each step checks its bounds.

/// The error of bytes that aren't a message of the expected type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedMetadata;

/// A value of any type, a `google.protobuf.Value`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// The value `null`, or none.
    Null,
    /// A number of any kind.
    Number(f64),
    /// A text in UTF-8.
    Text(&'a str),
    /// Either true or false.
    Bool(bool),
    /// An object with named fields.
    Struct(Struct<'a>),
    /// A list of values.
    List(List<'a>),
}

/// An object that is still encoded, a `google.protobuf.Struct`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Struct<'a>(&'a [u8]);

/// A list that is still encoded, a `google.protobuf.ListValue`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List<'a>(&'a [u8]);

/// Returns what a filter of this name left (`filter_metadata`), or `None` if it left nothing.
///
/// # Errors
///
/// Returns an error if the bytes are not such a message, or if the name stands there twice.
pub fn of_filter<'a>(metadata: &'a [u8], name: &str) -> Result<Option<Struct<'a>>, MalformedMetadata> {
    Ok(entry(metadata, name)?.map(Struct))
}

impl<'a> Struct<'a> {
    /// Returns the object that these bytes encode. Nothing is read yet.
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Returns all fields with their names, in the order in which they stand there. A name may stand there twice.
    ///
    /// # Errors
    ///
    /// Returns an error if the bytes are not such a message.
    pub fn fields(self) -> Result<Vec<(&'a str, Value<'a>)>, MalformedMetadata> {
        let mut read = Vec::new();
        let mut fields = WireFields(self.0);
        while let Some(field) = fields.next()? {
            let (1, WireValue::Bytes(entry)) = field else { return Err(MalformedMetadata) };
            let (name, value) = name_and_value(entry)?;
            read.push((text(name)?, Value::read(value)?));
        }
        Ok(read)
    }

    /// Returns the object as it is encoded.
    pub(super) fn bytes(self) -> &'a [u8] {
        self.0
    }

    /// Returns the field of this name.
    ///
    /// # Errors
    ///
    /// Returns an error if the bytes are not such a message, or if the field stands there twice.
    pub fn field(self, name: &str) -> Result<Option<Value<'a>>, MalformedMetadata> {
        entry(self.0, name)?.map(Value::read).transpose()
    }

    /// Returns the value at the end of a path of names, each in the object before it, or `None` where the path breaks
    /// off.
    ///
    /// # Errors
    ///
    /// Returns the same errors as [`Struct::field`].
    pub fn at(self, path: &[String]) -> Result<Option<Value<'a>>, MalformedMetadata> {
        let mut value = Value::Struct(self);
        for name in path {
            let Value::Struct(object) = value else { return Ok(None) };
            let Some(field) = object.field(name)? else { return Ok(None) };
            value = field;
        }
        Ok(Some(value))
    }
}

impl<'a> List<'a> {
    /// Returns the items of the list in order.
    ///
    /// # Errors
    ///
    /// Returns an error if the bytes are not such a message.
    pub fn items(self) -> Result<Vec<Value<'a>>, MalformedMetadata> {
        let mut items = Vec::new();
        let mut fields = WireFields(self.0);
        while let Some(field) = fields.next()? {
            if let (1, WireValue::Bytes(item)) = field {
                items.push(Value::read(item)?);
            }
        }
        Ok(items)
    }
}

impl<'a> Value<'a> {
    fn read(bytes: &'a [u8]) -> Result<Self, MalformedMetadata> {
        let mut value = Self::Null;
        let mut fields = WireFields(bytes);
        while let Some(field) = fields.next()? {
            value = match field {
                (1, WireValue::Varint(_)) => Self::Null,
                (2, WireValue::Fixed(bits)) => Self::Number(f64::from_bits(bits)),
                (3, WireValue::Bytes(bytes)) => Self::Text(text(bytes)?),
                (4, WireValue::Varint(number)) => Self::Bool(number != 0),
                (5, WireValue::Bytes(object)) => Self::Struct(Struct(object)),
                (6, WireValue::Bytes(list)) => Self::List(List(list)),
                _ => return Err(MalformedMetadata),
            };
        }
        Ok(value)
    }
}

/// Returns the value under a key of the map that is a message's field 1. A key that stands there twice is refused,
/// since readers differ in which of the two values they take.
fn entry<'a>(message: &'a [u8], key: &str) -> Result<Option<&'a [u8]>, MalformedMetadata> {
    let mut found = None;
    let mut fields = WireFields(message);
    while let Some(field) = fields.next()? {
        let (1, WireValue::Bytes(entry)) = field else { continue };
        let (name, value) = name_and_value(entry)?;
        if name == key.as_bytes() && found.replace(value).is_some() {
            return Err(MalformedMetadata);
        }
    }
    Ok(found)
}

/// Reads an entry of a map. What an entry leaves out is empty.
fn name_and_value(entry: &[u8]) -> Result<(&[u8], &[u8]), MalformedMetadata> {
    let (mut name, mut value): (&[u8], &[u8]) = (b"", b"");
    let mut parts = WireFields(entry);
    while let Some(part) = parts.next()? {
        match part {
            (1, WireValue::Bytes(bytes)) => name = bytes,
            (2, WireValue::Bytes(bytes)) => value = bytes,
            _ => return Err(MalformedMetadata),
        }
    }
    Ok((name, value))
}

fn text(bytes: &[u8]) -> Result<&str, MalformedMetadata> {
    std::str::from_utf8(bytes).map_err(|_| MalformedMetadata)
}

/// The fields of a message that haven't been read yet.
struct WireFields<'a>(&'a [u8]);

/// The content of a field, by its wire type.
enum WireValue<'a> {
    Varint(u64),
    Fixed(u64),
    Short,
    Bytes(&'a [u8]),
}

impl<'a> WireFields<'a> {
    /// Reads the next field, and returns its number and its content.
    fn next(&mut self) -> Result<Option<(u64, WireValue<'a>)>, MalformedMetadata> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = self.varint()?;
        let content = match tag & 7 {
            0 => WireValue::Varint(self.varint()?),
            1 => {
                let bytes = self.take(8)?;
                WireValue::Fixed(u64::from_le_bytes(bytes.try_into().map_err(|_| MalformedMetadata)?))
            }
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| MalformedMetadata)?;
                WireValue::Bytes(self.take(length)?)
            }
            5 => {
                self.take(4)?;
                WireValue::Short
            }
            _ => return Err(MalformedMetadata),
        };
        Ok(Some((tag >> 3, content)))
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], MalformedMetadata> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(MalformedMetadata)?;
        self.0 = rest;
        Ok(taken)
    }

    fn varint(&mut self) -> Result<u64, MalformedMetadata> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first().ok_or(MalformedMetadata)?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(MalformedMetadata)
    }
}

#[cfg(test)]
pub(crate) mod tests;
