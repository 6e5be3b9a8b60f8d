//! The announcement of a body by the headers of its request, and the reasons why a body is refused, then or once it has come.

use super::remote_read::error::ReadError;
use super::remote_write::error::WriteError;
use super::silence::error::SilenceError;
use super::violation::Violation;
use crate::target::headers::Headers;
use crate::target::headers::name::Name;
use crate::target::media_type::is_exactly;
use crate::target::method::Method;
use crate::target::parameters::ParameterError;
use std::fmt;
use std::rc::Rc;

/// The reason why a body is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyError {
    /// A body that the request has no use for, or that could not be refused in time.
    Unexpected,
    /// No content type, two of them, or another one than this.
    Type(&'static str),
    /// A body with a content encoding.
    Encoding,
    /// A body longer than the mount's `max_form`.
    TooLong {
        /// The longest allowed form, in bytes.
        max: usize,
    },
    /// A message that isn't encoded by snappy.
    NotSnappy,
    /// A message of remote write longer than the mount's `max_write`.
    LongMessage {
        /// The longest allowed message, in bytes as it is sent.
        max: usize,
    },
    /// A message of remote read that is too long as it is sent or once it is decoded.
    LongRead {
        /// The longest allowed message, in bytes.
        max: usize,
    },
    /// Messages wait to be read, and no more may wait.
    Busy,
    /// A body behind an offer to switch protocols, which hosts read as the other protocol, without an end.
    Offered,
    /// A form without a length, whose end the host doesn't show.
    NoLength,
    /// A form that ends in trailers, which some hosts pass on without the body (`threats.md` P3).
    Trailers,
    /// Parameters that can be read in two ways.
    Parameters(ParameterError),
    /// Parameters that violate the requirements of the rule.
    Violation(Violation),
    /// A message of remote write that can't be read, or violates the requirements of the rule.
    Write(Rc<WriteError>),
    /// A message of remote read that can't be read, or that can't have the restriction.
    Read(ReadError),
    /// A silence that isn't the caller's to make.
    Silence(SilenceError),
}

impl fmt::Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unexpected => {
                f.write_str("this request must not have a body: give its parameters in the query string")
            }
            Self::Type(expected) => write!(f, "the body must have the content type {expected}, once"),
            Self::Encoding => f.write_str("the body must have no content encoding"),
            Self::TooLong { max } => {
                write!(f, "the form is longer than {max} bytes once its parameters are escaped")
            }
            Self::NotSnappy => f.write_str("the body must have the content encoding snappy, once"),
            Self::LongMessage { max } => {
                write!(f, "the body is longer than {max} bytes, which max_write of the mount allows: send fewer samples at once")
            }
            Self::LongRead { max } => {
                write!(f, "the body is longer than {max} bytes: ask for less at once")
            }
            Self::Busy => f.write_str("too many messages wait to be read: try again in 1 s"),
            Self::Offered => f.write_str(
                "the proxy reads this body as another protocol: leave the header \"upgrade\" out, or let the proxy ignore it",
            ),
            Self::NoLength => {
                f.write_str("the proxy takes no body whose length isn't known: send it with \"content-length\"")
            }
            Self::Trailers => f.write_str("a form must not end in trailers"),
            Self::Parameters(error) => error.fmt(f),
            Self::Violation(violation) => violation.fmt(f),
            Self::Write(error) => error.fmt(f),
            Self::Read(error) => error.fmt(f),
            Self::Silence(error) => error.fmt(f),
        }
    }
}

impl From<WriteError> for BodyError {
    fn from(error: WriteError) -> Self {
        Self::Write(Rc::new(error))
    }
}

impl From<ReadError> for BodyError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Exceeded(exceeded) => Self::Violation(exceeded.into()),
            ReadError::Restricted => Self::Violation(Violation::TooLong),
            error => Self::Read(error),
        }
    }
}

/// The kind of a body, which decides how one that is too long is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyKind {
    /// A form, or a silence.
    Form,
    /// A message of remote write.
    Write,
    /// A message of remote read.
    Read,
}

/// The announcement of a body: its length as far as the headers say it, and the most that may come.
///
/// Clients and proxies announce bodies that then are empty: by chunks, or by an empty frame (`threats.md` P2). So the
/// first byte is refused where there must be none, and not the announcement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// The length that the headers announce, or 0 if they don't.
    length: usize,
    /// The most bytes that may come.
    max: usize,
    kind: BodyKind,
    /// The reason to refuse the first byte, if there must be none.
    refuses: Option<BodyError>,
}

impl Announced {
    /// Reads the announcement of a body of this kind, of at most `max` bytes. `refused` is the reason why no byte may come, if there is
    /// one.
    ///
    /// # Errors
    ///
    /// Returns an error if the headers announce a byte where none may come, or too many.
    #[inline(never)]
    pub fn by(
        headers: &Headers,
        max: usize,
        kind: BodyKind,
        refused: Option<BodyError>,
    ) -> Result<Self, BodyError> {
        // A length that can't be represented here is too long, not unknown.
        let length = |value: &[u8]| {
            std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()).unwrap_or(usize::MAX)
        };
        let length = headers.first(Name::ContentLength).map_or(0, length);
        let announced = Self { length, max, kind, refuses: None };
        let announced = match refused {
            Some(error) => announced.refusing(error)?,
            None => announced,
        };
        announced.check_length(length).map(|()| announced)
    }

    /// Returns the announcement of a body whose first byte will be refused for this reason.
    ///
    /// # Errors
    ///
    /// Returns the reason if the headers announce a byte.
    pub fn refusing(self, error: BodyError) -> Result<Self, BodyError> {
        if self.length > 0 { Err(error) } else { Ok(Self { refuses: Some(error), ..self }) }
    }

    /// Returns the most bytes that may come.
    pub fn max(&self) -> usize {
        self.max
    }

    /// Returns `true` if the request must end without a byte.
    pub fn must_be_empty(&self) -> bool {
        self.refuses.is_some()
    }

    /// Checks the number of bytes that have come so far.
    ///
    /// # Errors
    ///
    /// Returns an error if there must be none, or if they are too many.
    pub fn check_length(&self, length: usize) -> Result<(), BodyError> {
        match &self.refuses {
            Some(error) if length > 0 => Err(error.clone()),
            _ if length > self.max => Err(self.too_long()),
            _ => Ok(()),
        }
    }

    /// Returns the error of a body of more bytes than may come.
    pub(super) fn too_long(&self) -> BodyError {
        let max = self.max;
        match self.kind {
            BodyKind::Form => BodyError::TooLong { max },
            BodyKind::Write => BodyError::LongMessage { max },
            BodyKind::Read => BodyError::LongRead { max },
        }
    }
}

/// Returns `true` if the headers announce a body that is encoded by snappy, and by nothing else.
#[inline(never)]
pub(super) fn is_snappy(headers: &Headers) -> bool {
    headers.only(Name::ContentEncoding) == Some(b"snappy")
}

/// Returns the reason why a request with this method and these headers must have no body, where one of this type is read.
pub(crate) fn refused(method: Method, headers: &Headers, expected: &'static str) -> Option<BodyError> {
    if !method.may_have_a_body() {
        Some(BodyError::Unexpected)
    } else if headers.has(Name::ContentEncoding) {
        Some(BodyError::Encoding)
    } else if !headers.only(Name::ContentType).is_some_and(|value| is_exactly(value, expected)) {
        Some(BodyError::Type(expected))
    } else {
        None
    }
}
