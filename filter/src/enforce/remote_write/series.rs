//! Series: their labels are held to the restriction, and everything else in them is checked to be known.

use super::error::{PartError, WriteError};
use super::{MissingLabel, Version, shape};
use crate::enforce::judge::{self, Judge};
use crate::enforce::restriction::Restriction;
use crate::wire::protobuf::{Field, Reader, Value, write_bytes, write_varint};
use std::rc::Rc;
use std::str;

/// The most steps after which a series' exemplars are still compared with the restriction. A step takes no longer than a byte
/// that is read.
const MOST_STEPS: usize = 512 << 10;

/// The steps that it takes to write a series with other labels, beside those for its bytes.
const WRITING: usize = 128;

/// The most symbols that a message may have.
const MAX_SYMBOLS: usize = 1 << 18;

/// The checks that each series has to pass.
#[derive(Debug)]
pub(super) struct Checks {
    judge: Judge,
    /// The labels that are added where they are missing, in the order of their names.
    added: Vec<Added>,
    /// The texts that series of the second version refer to, each by its place in the message.
    symbols: Vec<(usize, usize)>,
    /// The references of the current series.
    refs: Vec<u32>,
    /// The numbers of the added labels that the current series lacks.
    lacking: Vec<usize>,
}

/// A label that is added to a series which lacks it.
#[derive(Debug)]
struct Added {
    /// The number of the label's term.
    term: usize,
    name: String,
    value: String,
    /// The label as a field of a series, in the first version.
    encoded: Vec<u8>,
    /// The references to name and value, in the second version.
    refs: [u32; 2],
}

/// The findings about a series.
pub(super) struct Found {
    /// The number of samples and histograms.
    pub(super) samples: u64,
    /// The steps that it takes to compare its labels with the restriction, and to write it again.
    pub(super) steps: usize,
    /// The series lacks labels, which [`Checks::write_series`] adds.
    pub(super) lacks: bool,
}

impl Checks {
    /// Creates the checks of series against a restriction.
    pub(super) fn new(restriction: &Rc<Restriction>, missing: MissingLabel) -> Self {
        let mut added = Vec::new();
        if missing == MissingLabel::Add {
            for (term, (name, value)) in restriction.single_values() {
                let at =
                    added.iter().position(|other: &Added| other.name.as_str() > name).unwrap_or(added.len());
                let (mut label, mut encoded) = (Vec::new(), Vec::new());
                write_bytes(&mut label, 1, name.as_bytes());
                write_bytes(&mut label, 2, value.as_bytes());
                write_bytes(&mut encoded, 1, &label);
                let (name, value) = (name.to_owned(), value.to_owned());
                added.insert(at, Added { term, name, value, encoded, refs: [0; 2] });
            }
        }
        let judge = Judge::new(Rc::clone(restriction));
        Self { judge, added, symbols: Vec::new(), refs: Vec::new(), lacking: Vec::new() }
    }

    /// Takes a symbol, which stands at this place of the message.
    pub(super) fn symbol(&mut self, symbol: &[u8], start: usize) -> Result<(), PartError> {
        text(symbol)?;
        if self.symbols.len() >= MAX_SYMBOLS {
            return Err(WriteError::TooLong.into());
        }
        self.symbols.push((start, start.saturating_add(symbol.len())));
        Ok(())
    }

    /// Writes the symbols of added labels after those that the message has, if there are any.
    pub(super) fn write_symbols(&mut self, out: &mut Vec<u8>) -> Result<(), WriteError> {
        let mut next = u32::try_from(self.symbols.len()).map_err(|_| WriteError::TooLong)?;
        for added in &mut self.added {
            write_bytes(out, 4, added.name.as_bytes());
            write_bytes(out, 4, added.value.as_bytes());
            added.refs = [next, next.saturating_add(1)];
            next = next.saturating_add(2);
        }
        Ok(())
    }

    /// Returns `true` if labels are added where they are missing, by symbols of their own.
    pub(super) fn adds(&self, version: Version) -> bool {
        version == Version::V2 && !self.added.is_empty()
    }

    /// Checks a series. `message` is the whole message, where the symbols are.
    #[inline(never)]
    pub(super) fn series(
        &mut self,
        version: Version,
        series: &[u8],
        message: &[u8],
    ) -> Result<Found, PartError> {
        let (mut samples, mut steps): (u64, usize) = (0, 0);
        let mut told = self.judge.begin();
        self.refs.clear();
        let mut reader = Reader::new(series);
        while let Some(field) = reader.field()? {
            match (version, field.number, field.value) {
                (Version::V1, 1, Value::Bytes(label)) => {
                    let (name, value) = label_of(label)?;
                    steps = steps.saturating_add(tell(&mut told, name, value)?);
                }
                (Version::V2, 1, Value::Bytes(packed)) => {
                    let mut packed = Reader::new(packed);
                    while let Some(reference) = packed.packed()? {
                        self.refs.push(reference);
                    }
                }
                (Version::V2, 1, Value::Varint(reference)) => {
                    self.refs.push(u32::try_from(reference).map_err(|_| PartError::Malformed)?);
                }
                (_, 2, Value::Bytes(sample)) => {
                    samples = samples.saturating_add(1);
                    shape::sample(version, sample)?;
                }
                (Version::V1, 4, Value::Bytes(histogram)) | (Version::V2, 3, Value::Bytes(histogram)) => {
                    samples = samples.saturating_add(1);
                    shape::histogram(version, histogram)?;
                }
                (Version::V1, 3, Value::Bytes(exemplar)) | (Version::V2, 4, Value::Bytes(exemplar)) => {
                    if steps > MOST_STEPS {
                        return Err(WriteError::Exemplars.into());
                    }
                    let more = check_exemplar(version, exemplar, &told, &self.symbols, message)?;
                    steps = steps.saturating_add(more);
                }
                (Version::V2, 5, Value::Bytes(metadata)) => shape::METADATA.check(metadata)?,
                // The time at which a counter began to count, as the first drafts of the protocol have it.
                (Version::V2, 6, Value::Varint(_)) => {}
                _ => return Err(PartError::Field),
            }
        }
        if version == Version::V2 {
            for pair in self.refs.chunks(2) {
                let (name, value) = pair_of(pair, &self.symbols, message)?;
                steps = steps.saturating_add(tell(&mut told, name, value)?);
            }
        }
        self.lacking.clear();
        if told.has_alternatives() {
            return if told.is_allowed() {
                Ok(Found { samples, steps, lacks: false })
            } else {
                Err(WriteError::Alternatives.into())
            };
        }
        let mut next = 0;
        while let Some((term, label)) = told.missing(next) {
            if self.added.iter().all(|added| added.term != term) {
                return Err(WriteError::Missing(label.to_owned()).into());
            }
            next = term.saturating_add(1);
        }
        for (number, added) in self.added.iter().enumerate() {
            if told.lacks(added.term) {
                self.lacking.push(number);
            }
        }
        let lacks = !self.lacking.is_empty();
        Ok(Found { samples, steps: steps.saturating_add(if lacks { WRITING } else { 0 }), lacks })
    }

    /// Writes the series that was checked last with the labels that it lacks, each before the first one whose name is
    /// greater.
    #[inline(never)]
    pub(super) fn write_series(
        &self,
        version: Version,
        series: &[u8],
        message: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), PartError> {
        let mut lacking = self.lacking.iter().filter_map(|&number| self.added.get(number));
        let mut next = lacking.next();
        let mut written = Vec::with_capacity(series.len().saturating_add(128));
        let (mut rest, mut reader) = (series, Reader::new(series));
        if version == Version::V2 {
            let mut packed = Vec::new();
            for pair in self.refs.chunks(2) {
                let (name, _) = pair_of(pair, &self.symbols, message)?;
                while let Some(added) = next.filter(|added| added.name.as_bytes() < name) {
                    added.refs.iter().for_each(|&reference| write_varint(&mut packed, reference.into()));
                    next = lacking.next();
                }
                pair.iter().for_each(|&reference| write_varint(&mut packed, reference.into()));
            }
            while let Some(added) = next {
                added.refs.iter().for_each(|&reference| write_varint(&mut packed, reference.into()));
                next = lacking.next();
            }
            write_bytes(&mut written, 1, &packed);
        }
        while !rest.is_empty() || next.is_some() {
            let field = reader.field()?;
            let name = match field {
                Some(Field { number: 1, value: Value::Bytes(label) }) if version == Version::V1 => {
                    Some(label_of(label)?.0)
                }
                _ => None,
            };
            while let Some(added) = next.filter(|added| name.is_none_or(|name| added.name.as_bytes() < name))
            {
                written.extend_from_slice(&added.encoded);
                next = lacking.next();
            }
            let (read, left) =
                rest.split_at_checked(rest.len().saturating_sub(reader.left())).unwrap_or_default();
            rest = left;
            // The references of the second version stand in one field already.
            if version == Version::V1 || field.is_some_and(|field| field.number != 1) {
                written.extend_from_slice(read);
            }
        }
        write_bytes(out, version.series(), &written);
        Ok(())
    }
}

impl Version {
    /// Returns the number of the field that holds a series.
    pub(super) fn series(self) -> u32 {
        match self {
            Self::V1 => 1,
            Self::V2 => 5,
        }
    }
}

/// Takes a label of a series, and returns the steps that it took to judge it.
#[inline]
fn tell(told: &mut judge::Series<'_>, name: &[u8], value: &[u8]) -> Result<usize, PartError> {
    let Some(term) = told.term(name) else { return Ok(0) };
    let (name, value) = (text(name)?, text(value)?);
    let steps = told.steps(term, value);
    match told.label(term, value) {
        Ok(true) => Ok(steps),
        Ok(false) if told.has_alternatives() => Ok(steps),
        Ok(false) => Err(WriteError::value(name, value).into()),
        Err(judge::ToldTwice) => Err(WriteError::twice(name).into()),
    }
}

/// Checks the labels of an exemplar, and returns the steps that it took to judge them. It belongs to its series, so it may
/// lack them.
fn check_exemplar(
    version: Version,
    exemplar: &[u8],
    told: &judge::Series<'_>,
    symbols: &[(usize, usize)],
    message: &[u8],
) -> Result<usize, PartError> {
    let (mut steps, mut seen): (usize, Vec<usize>) = (0, Vec::new());
    let mut check = |name: &[u8], value: &[u8]| {
        let Some(term) = told.term(name) else { return Ok(()) };
        let (name, value) = (text(name)?, text(value)?);
        if seen.contains(&term) {
            return Err(PartError::from(WriteError::twice(name)));
        }
        seen.push(term);
        steps = steps.saturating_add(told.steps(term, value));
        if told.allows(term, value) { Ok(()) } else { Err(WriteError::value(name, value).into()) }
    };
    let mut refs = Vec::new();
    let mut reader = Reader::new(exemplar);
    while let Some(field) = reader.field()? {
        match (version, field.number, field.value) {
            (Version::V1, 1, Value::Bytes(label)) => {
                let (name, value) = label_of(label)?;
                check(name, value)?;
            }
            (Version::V2, 1, Value::Bytes(packed)) => {
                let mut packed = Reader::new(packed);
                while let Some(reference) = packed.packed()? {
                    refs.push(reference);
                }
            }
            (Version::V2, 1, Value::Varint(reference)) => {
                refs.push(u32::try_from(reference).map_err(|_| PartError::Malformed)?);
            }
            (_, 2, Value::Fixed64) | (_, 3, Value::Varint(_)) => {}
            _ => return Err(PartError::Field),
        }
    }
    refs.chunks(2).try_for_each(|pair| {
        let (name, value) = pair_of(pair, symbols, message)?;
        check(name, value)
    })?;
    Ok(steps)
}

/// Reads a label of the first version. Each of its fields may stand once: of two, servers take the last.
#[inline]
fn label_of(label: &[u8]) -> Result<(&[u8], &[u8]), PartError> {
    let (mut name, mut value) = (None, None);
    let mut reader = Reader::new(label);
    while let Some(field) = reader.field()? {
        let (slot, bytes) = match (field.number, field.value) {
            (1, Value::Bytes(bytes)) => (&mut name, bytes),
            (2, Value::Bytes(bytes)) => (&mut value, bytes),
            _ => return Err(PartError::Field),
        };
        text(bytes)?;
        if slot.replace(bytes).is_some() {
            return Err(PartError::Malformed);
        }
    }
    Ok((name.unwrap_or_default(), value.unwrap_or_default()))
}

/// Returns the name and the value that a pair of references stands for.
#[inline]
fn pair_of<'m>(
    pair: &[u32],
    symbols: &[(usize, usize)],
    message: &'m [u8],
) -> Result<(&'m [u8], &'m [u8]), PartError> {
    let [name, value] = pair else { return Err(PartError::Malformed) };
    let symbol = |reference: u32| {
        let &(start, end) = symbols.get(usize::try_from(reference).ok()?)?;
        message.get(start..end)
    };
    symbol(*name).zip(symbol(*value)).ok_or(PartError::Malformed)
}

/// Returns bytes as text, which names and values have to be.
#[inline]
fn text(bytes: &[u8]) -> Result<&str, PartError> {
    str::from_utf8(bytes).map_err(|_| PartError::Malformed)
}
