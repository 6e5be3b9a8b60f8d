//! Snappy's block format, decoded and encoded piece by piece, so that neither holds up the event loop. The crate `snap`
//! does a block at once, whatever its length.

use super::protobuf::write_varint;
use std::mem;

/// The error of bytes that are no block, or one that is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnappyError {
    /// The bytes are no block.
    Corrupt,
    /// The block says that it has more bytes than are allowed.
    TooLong,
}

/// The progress of work that is done piece by piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There is more to do.
    More,
    /// All of it is done.
    Done,
}

/// The most bytes that three bytes of a block can stand for, which is the best that its format can do.
const MOST_EXPANDED: usize = 64;

/// The length of the pieces that are encoded by themselves. A copy reaches no further back.
const PIECE: usize = 1 << 16;

/// The number of bits of the hash by which four bytes are looked for.
const HASH: u32 = 13;

/// The bits that a product has beside them.
const SHIFT: u32 = u32::BITS - HASH;

/// The number of places in the table of what was seen of a piece.
const SLOTS: usize = 1 << HASH;

/// A block that is being decoded.
#[derive(Debug)]
pub struct Decoder {
    /// The number of bytes of the block that have been read.
    read: usize,
    /// The number of bytes that the block stands for.
    length: usize,
    output: Vec<u8>,
}

impl Decoder {
    /// Begins to decode a block, which may stand for `most` bytes. Nothing is reserved for more than its bytes can stand
    /// for.
    ///
    /// # Errors
    ///
    /// Returns an error if the block says no length, one that it can't have, or one that is too long.
    pub fn new(block: &[u8], most: usize) -> Result<Self, SnappyError> {
        let length = check_length(block, most)?;
        let read = block.iter().position(|&byte| byte < 0x80).map_or(0, |last| last.saturating_add(1));
        Ok(Self { read, length, output: Vec::with_capacity(length) })
    }

    /// Decodes some more of the block that this began with: about `budget` bytes.
    ///
    /// # Errors
    ///
    /// Returns an error if the block isn't valid, or doesn't have the length that it says.
    pub fn run(&mut self, block: &[u8], budget: usize) -> Result<Progress, SnappyError> {
        let mut rest = block.get(self.read..).unwrap_or_default();
        let until = self.output.len().saturating_add(budget);
        while self.output.len() < until {
            if rest.is_empty() {
                return if self.output.len() == self.length {
                    Ok(Progress::Done)
                } else {
                    Err(SnappyError::Corrupt)
                };
            }
            self.element(&mut rest).ok_or(SnappyError::Corrupt)?;
        }
        self.read = block.len().saturating_sub(rest.len());
        Ok(Progress::More)
    }

    /// Returns the bytes that have been decoded.
    pub fn output(&self) -> &[u8] {
        &self.output
    }

    /// Decodes one literal or copy.
    #[inline]
    fn element(&mut self, rest: &mut &[u8]) -> Option<()> {
        let (&tag, after) = rest.split_first()?;
        let upper = usize::from(tag >> 2);
        let left = self.length.saturating_sub(self.output.len());
        let (length, offset, after) = match (tag & 3, after) {
            (0, after) => {
                let (length, after) = literal_length(upper, after)?;
                let (literal, after) = after.split_at_checked(length)?;
                if length > left {
                    return None;
                }
                self.output.extend_from_slice(literal);
                *rest = after;
                return Some(());
            }
            (1, [low, after @ ..]) => {
                let length = upper & 7;
                (length.saturating_add(4), usize::from(tag & 0xe0) << 3 | usize::from(*low), after)
            }
            (2, [low, high, after @ ..]) => {
                (upper.saturating_add(1), usize::from(u16::from_le_bytes([*low, *high])), after)
            }
            (3, [a, b, c, d, after @ ..]) => {
                let offset = usize::try_from(u32::from_le_bytes([*a, *b, *c, *d])).ok()?;
                (upper.saturating_add(1), offset, after)
            }
            _ => return None,
        };
        if length > left || offset == 0 {
            return None;
        }
        self.copy(length, offset)?;
        *rest = after;
        Some(())
    }

    /// Copies bytes that were decoded before. Of those that aren't there yet, it copies what it has written.
    #[inline]
    fn copy(&mut self, length: usize, offset: usize) -> Option<()> {
        let start = self.output.len().checked_sub(offset)?;
        let mut left = length;
        while left > 0 {
            let piece = left.min(self.output.len().saturating_sub(start));
            self.output.extend_from_within(start..start.saturating_add(piece));
            left = left.saturating_sub(piece);
        }
        Some(())
    }
}

/// Returns the number of bytes that a block stands for, which may be `most`.
///
/// # Errors
///
/// Returns an error if the block says no length, one that it can't have, or one that is too long.
pub fn check_length(block: &[u8], most: usize) -> Result<usize, SnappyError> {
    match announced(block)? {
        length if length > most => Err(SnappyError::TooLong),
        length if length.div_ceil(MOST_EXPANDED) > block.len().div_ceil(3) => Err(SnappyError::Corrupt),
        length => Ok(length),
    }
}

/// Returns the number of bytes that a block stands for, as it says.
///
/// # Errors
///
/// Returns an error if it says no number of at most 32 bits.
pub fn announced(block: &[u8]) -> Result<usize, SnappyError> {
    let mut length: u32 = 0;
    for (&byte, shift) in block.iter().zip([0, 7, 14, 21, 28]) {
        let bits = u32::from(byte & 0x7f);
        if bits.wrapping_shl(shift).wrapping_shr(shift) != bits {
            break;
        }
        length |= bits.wrapping_shl(shift);
        if byte < 0x80 {
            return usize::try_from(length).map_err(|_| SnappyError::TooLong);
        }
    }
    Err(SnappyError::Corrupt)
}

fn literal_length(upper: usize, after: &[u8]) -> Option<(usize, &[u8])> {
    let (length, after) = match (upper, after) {
        (0..60, after) => (upper, after),
        (60, [a, after @ ..]) => (usize::from(*a), after),
        (61, [a, b, after @ ..]) => (usize::from(u16::from_le_bytes([*a, *b])), after),
        (62, [a, b, c, after @ ..]) => (usize::try_from(u32::from_le_bytes([*a, *b, *c, 0])).ok()?, after),
        (63, [a, b, c, d, after @ ..]) => {
            (usize::try_from(u32::from_le_bytes([*a, *b, *c, *d])).ok()?, after)
        }
        _ => return None,
    };
    Some((length.checked_add(1)?, after))
}

/// Bytes that are being encoded.
#[derive(Debug)]
pub struct Encoder {
    read: usize,
    output: Vec<u8>,
    /// Where in the current piece four bytes were seen that have a slot's hash.
    seen: Box<[u16; SLOTS]>,
}

impl Encoder {
    /// Begins to encode as many bytes.
    pub fn new(length: usize) -> Self {
        let mut output = Vec::with_capacity(length / 2);
        write_varint(&mut output, length as u64);
        Self { read: 0, output, seen: Box::new([0; SLOTS]) }
    }

    /// Encodes the next piece of the bytes: 64 KiB.
    pub fn run(&mut self, bytes: &[u8]) -> Progress {
        let rest = bytes.get(self.read..).unwrap_or_default();
        let piece = rest.get(..PIECE).unwrap_or(rest);
        if piece.is_empty() {
            return Progress::Done;
        }
        self.seen.fill(0);
        self.piece(piece);
        self.read = self.read.saturating_add(piece.len());
        Progress::More
    }

    /// Takes the block out.
    pub fn take_block(&mut self) -> Vec<u8> {
        mem::take(&mut self.output)
    }

    fn piece(&mut self, piece: &[u8]) {
        let (mut at, mut written) = (0_usize, 0_usize);
        while let Some(word) = word(piece, at) {
            let slot = word.wrapping_mul(0x1e35_a7bd) >> (SHIFT);
            let Some(seen) = self.seen.get_mut(slot as usize) else { break };
            let candidate = usize::from(mem::replace(seen, u16::try_from(at).unwrap_or_default()));
            if candidate >= at || self::word(piece, candidate) != Some(word) {
                // Steps grow where nothing is found, so that what can't be compressed takes little time.
                let unfound = at.saturating_sub(written) >> 5;
                at = at.saturating_add(1).saturating_add(unfound);
                continue;
            }
            self.literal(piece.get(written..at).unwrap_or_default());
            let (here, there) =
                (piece.get(at..).unwrap_or_default(), piece.get(candidate..).unwrap_or_default());
            let length = here.iter().zip(there).take_while(|(a, b)| a == b).count();
            self.copy(length, at.saturating_sub(candidate));
            at = at.saturating_add(length);
            written = at;
        }
        self.literal(piece.get(written..).unwrap_or_default());
    }

    /// Writes bytes as they are: at most as many as a piece has.
    fn literal(&mut self, bytes: &[u8]) {
        let Some(length) = bytes.len().checked_sub(1) else { return };
        let [low, high, ..] = length.to_le_bytes();
        match length {
            0..60 => self.output.push(low << 2),
            60..0x100 => self.output.extend([60 << 2, low]),
            _ => self.output.extend([61 << 2, low, high]),
        }
        self.output.extend_from_slice(bytes);
    }

    /// Writes a copy of bytes that stand `offset` bytes before.
    fn copy(&mut self, mut length: usize, offset: usize) {
        const LONGEST: usize = 64;
        let [low, high, ..] = offset.to_le_bytes();
        while length > 0 {
            let [part, ..] = length.min(LONGEST).saturating_sub(1).to_le_bytes();
            self.output.extend([part << 2 | 2, low, high]);
            length = length.saturating_sub(LONGEST);
        }
    }
}

/// Returns the four bytes at a place.
#[inline]
fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map(|word| u32::from_le_bytes(*word))
}
