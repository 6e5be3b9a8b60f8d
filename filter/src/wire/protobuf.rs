//! Protobuf's wire format. A message is read field by field, without a copy, and each message within it is a text of
//! bytes until it is read itself, so that nothing nests here. What decoders read differently is refused: numbers in more
//! bytes than they need, tags and lengths that some cut off at 32 bits, and groups.

/// The error of bytes that are no message, or that decoders don't read alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// A field of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// The number of the field, at least 1.
    pub number: u32,
    /// The value of the field.
    pub value: Value<'a>,
}

/// The value of a field, as far as the wire format tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value<'a> {
    /// A number of one to ten bytes.
    Varint(u64),
    /// A number of eight bytes.
    Fixed64,
    /// A number of four bytes.
    Fixed32,
    /// A text, bytes, a message, or packed numbers.
    Bytes(&'a [u8]),
}

/// A reader of a message's fields.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Creates a reader of a message, or of packed numbers.
    pub fn new(message: &'a [u8]) -> Self {
        Self { rest: message }
    }

    /// Returns the number of bytes that are still to be read.
    pub fn left(&self) -> usize {
        self.rest.len()
    }

    /// Reads the next field, or `None` at the end.
    ///
    /// # Errors
    ///
    /// Returns an error if no whole field follows.
    #[inline(never)]
    pub fn field(&mut self) -> Result<Option<Field<'a>>, Malformed> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let tag = self.number()?;
        let value = match tag & 7 {
            0 => Value::Varint(self.varint()?),
            1 => self.take(8).map(|_| Value::Fixed64)?,
            2 => {
                let length = self.number()?;
                Value::Bytes(self.take(usize::try_from(length).map_err(|_| Malformed)?)?)
            }
            5 => self.take(4).map(|_| Value::Fixed32)?,
            _ => return Err(Malformed),
        };
        match tag >> 3 {
            0 => Err(Malformed),
            number => Ok(Some(Field { number, value })),
        }
    }

    /// Reads the next of several packed numbers, or `None` at the end.
    ///
    /// # Errors
    ///
    /// Returns an error if no number follows, or one that doesn't fit in 32 bits.
    #[inline]
    pub fn packed(&mut self) -> Result<Option<u32>, Malformed> {
        if self.rest.is_empty() { Ok(None) } else { self.number().map(Some) }
    }

    /// Reads a number that fits in 32 bits.
    #[inline]
    fn number(&mut self) -> Result<u32, Malformed> {
        u32::try_from(self.varint()?).map_err(|_| Malformed)
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, Malformed> {
        match self.rest {
            [byte @ 0..0x80, rest @ ..] => {
                self.rest = rest;
                Ok(u64::from(*byte))
            }
            _ => self.long_varint(),
        }
    }

    #[inline(never)]
    fn long_varint(&mut self) -> Result<u64, Malformed> {
        let mut value: u64 = 0;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first().ok_or(Malformed)?;
            self.rest = rest;
            let bits = u64::from(byte & 0x7f);
            value |= bits.wrapping_shl(shift);
            if byte < 0x80 {
                let is_minimal = byte != 0 && (shift < 63 || byte == 1);
                return if is_minimal { Ok(value) } else { Err(Malformed) };
            }
        }
        Err(Malformed)
    }

    #[inline]
    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }
}

/// Writes a number as a varint.
#[inline(never)]
pub fn write_varint(out: &mut Vec<u8>, mut value: u64) {
    loop {
        let low = value.to_le_bytes().first().map_or(0, |byte| byte & 0x7f);
        value >>= 7;
        if value == 0 {
            return out.push(low);
        }
        out.push(low | 0x80);
    }
}

/// Writes a field that holds a number.
#[inline(never)]
pub fn write_number(out: &mut Vec<u8>, number: u32, value: u64) {
    write_varint(out, u64::from(number) << 3);
    write_varint(out, value);
}

/// Writes a field that holds bytes.
#[inline(never)]
pub fn write_bytes(out: &mut Vec<u8>, number: u32, bytes: &[u8]) {
    const BYTES: u64 = 2;
    write_varint(out, u64::from(number) << 3 | BYTES);
    write_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}
