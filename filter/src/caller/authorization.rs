//! Reads the header `Authorization` (RFC 7235) in two steps: the scheme and the text behind it, by which a credential that
//! was seen before is found, and then the credential that the text holds. A header that can't be read is refused like a
//! wrong password, and is never treated as missing (`threats.md` C4, C7, H2).

use super::secret::Secret;
use crate::target::headers::Headers;
use crate::target::headers::name::Name;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::fmt;

/// The longest password in bytes: bcrypt looks at no more.
pub(crate) const MAX_PASSWORD: usize = 72;

/// A credential as its header holds it, before it is decoded. Each credential has one text: base64 is read strictly, and
/// the spaces before it don't count.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Presented<'a> {
    /// The text after `Basic`.
    Basic(&'a [u8]),
    /// The text after `Bearer`.
    Bearer(&'a [u8]),
}

/// The credential that a client presents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Credential {
    /// A name and a password (RFC 7617). The name is every byte before the first colon.
    Basic {
        /// The name that the client gives.
        user: Vec<u8>,
        /// The password: at most [`MAX_PASSWORD`] bytes, none of which is a control byte.
        password: Secret,
    },
    /// A bearer token (RFC 6750).
    Bearer(Secret),
}

/// A reason why a header holds no credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MalformedCredential {
    /// The header is there twice, or holds two credentials.
    Twice,
    /// The scheme is not one that is supported.
    Scheme,
    /// The text is not base64, or has no colon in it.
    Basic,
    /// The user or the password has a control byte.
    ControlByte,
    /// The password has more bytes than bcrypt compares.
    TooLong,
    /// There is no token, or it has a byte that tokens can't have.
    Bearer,
}

impl fmt::Display for MalformedCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Twice => {
                f.write_str("the header \"authorization\" must be there once, with one credential")
            }
            Self::Scheme => f.write_str("the scheme of \"authorization\" is not known here"),
            Self::Basic => f.write_str("\"Basic\" needs user:password in base64"),
            Self::ControlByte => f.write_str("a user or password has no control characters"),
            Self::TooLong => write!(f, "a password has at most {MAX_PASSWORD} bytes"),
            Self::Bearer => f.write_str("\"Bearer\" needs one token"),
        }
    }
}

impl fmt::Debug for Presented<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Presented")
    }
}

impl<'a> Presented<'a> {
    /// Returns `true` if the header holds credentials of schemes that nobody can log in by, and nothing that could be read
    /// as one of the others.
    pub(crate) fn is_of_another_scheme(headers: &Headers) -> bool {
        let begins = |part: &[u8], scheme: &[u8]| {
            part.get(..scheme.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
        };
        let is_known = |part: &[u8]| {
            let part = part.trim_ascii();
            part.is_empty() || begins(part, b"basic") || begins(part, b"bearer")
        };
        let value = headers.only(Name::Authorization);
        value.is_some_and(|value| !value.split(|&byte| byte == b',').any(is_known))
    }

    /// Returns the user who is named before a password, whatever the password is.
    pub(crate) fn user(&self) -> Option<Vec<u8>> {
        let Self::Basic(encoded) = self else { return None };
        let decoded = STANDARD.decode(encoded).ok()?;
        let colon = decoded.iter().position(|&byte| byte == b':')?;
        decoded.get(..colon).map(<[u8]>::to_vec)
    }

    /// Reads the scheme, and returns `None` if there is no header.
    ///
    /// # Errors
    ///
    /// Returns an error if there are two headers, or if the scheme is not known.
    pub(crate) fn of(headers: &'a Headers) -> Result<Option<Self>, MalformedCredential> {
        let mut values = headers.all(Name::Authorization);
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(MalformedCredential::Twice);
        }
        let (scheme, text) = match value.iter().position(|&byte| byte == b' ') {
            Some(end) => value.split_at_checked(end).unwrap_or_default(),
            None => (value, &[][..]),
        };
        let text = text.trim_ascii_start();
        if scheme.eq_ignore_ascii_case(b"basic") {
            Ok(Some(Self::Basic(text)))
        } else if scheme.eq_ignore_ascii_case(b"bearer") {
            Ok(Some(Self::Bearer(text)))
        } else {
            check_comma(value)?;
            Err(MalformedCredential::Scheme)
        }
    }

    /// Decodes the credential that the header holds.
    ///
    /// # Errors
    ///
    /// Returns an error if the text can't be read, or could be read in more than one way.
    pub(crate) fn decode(self) -> Result<Credential, MalformedCredential> {
        match self {
            Self::Basic(text) => check_comma(text).and_then(|()| basic(text)),
            Self::Bearer(text) => check_comma(text).and_then(|()| bearer(text)),
        }
    }
}

/// Refuses a value with a comma, by which Envoy joins two headers, and which no credential has.
fn check_comma(value: &[u8]) -> Result<(), MalformedCredential> {
    if value.contains(&b',') { Err(MalformedCredential::Twice) } else { Ok(()) }
}

fn basic(encoded: &[u8]) -> Result<Credential, MalformedCredential> {
    let decoded = STANDARD.decode(encoded).map_err(|_| MalformedCredential::Basic)?;
    let colon = decoded.iter().position(|&byte| byte == b':').ok_or(MalformedCredential::Basic)?;
    let (user, password) = decoded.split_at_checked(colon).ok_or(MalformedCredential::Basic)?;
    let password = password.strip_prefix(b":").ok_or(MalformedCredential::Basic)?;
    // A zero byte would end the password for bcrypt: `a` and `a\0a` have the same hash.
    if decoded.iter().any(u8::is_ascii_control) {
        return Err(MalformedCredential::ControlByte);
    }
    if password.len() > MAX_PASSWORD {
        return Err(MalformedCredential::TooLong);
    }
    Ok(Credential::Basic { user: user.to_vec(), password: Secret::new(password) })
}

/// Reads a bearer token (RFC 6750 §2.1): letters, digits and `-._~+/`, then perhaps `=`.
fn bearer(token: &[u8]) -> Result<Credential, MalformedCredential> {
    let is_token = |&byte: &u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if token.is_empty() || !token.iter().all(is_token) {
        return Err(MalformedCredential::Bearer);
    }
    Ok(Credential::Bearer(Secret::new(token)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(values: &[&[u8]]) -> Result<Option<Credential>, MalformedCredential> {
        let headers = values.iter().map(|value| ("Authorization", value)).collect();
        Presented::of(&headers)?.map(Presented::decode).transpose()
    }

    fn basic(user: &str, password: &str) -> Result<Option<Credential>, MalformedCredential> {
        let password = Secret::new(password);
        Ok(Some(Credential::Basic { user: user.into(), password }))
    }

    #[test]
    fn no_header_is_no_credential() {
        assert_eq!(read(&[]), Ok(None));
    }

    #[test]
    fn the_first_colon_divides_and_the_scheme_has_any_case() {
        assert_eq!(read(&[b"Basic YTpiOmM="]), basic("a", "b:c"));
        assert_eq!(read(&[b"bASIC   YTpiOmM="]), basic("a", "b:c"));
        assert_eq!(read(&[b"Basic Og=="]), basic("", ""));
        assert_eq!(read(&[b"BEARER a-._~+/1=="]), Ok(Some(Credential::Bearer(Secret::new("a-._~+/1==")))));
    }

    #[test]
    fn what_can_be_read_in_two_ways_or_in_none_is_refused() {
        let long = STANDARD.encode(format!("a:{}", "b".repeat(73)));
        let longest = STANDARD.encode(format!("a:{}", "b".repeat(72)));
        assert!(read(&[format!("Basic {longest}").as_bytes()]).is_ok());
        for (value, malformed) in [
            (&b""[..], MalformedCredential::Scheme),
            (b"Basic", MalformedCredential::Basic),
            (b"Basic ", MalformedCredential::Basic),
            (b"BasicYTpi", MalformedCredential::Scheme),
            (b"Basic\tYTpi", MalformedCredential::Scheme),
            (b"Basic YTpi YTpi", MalformedCredential::Basic),
            (b"Basic YTpiOmM", MalformedCredential::Basic),
            (b"Basic YTpiOmN=", MalformedCredential::Basic),
            (b"Basic YTpi_-==", MalformedCredential::Basic),
            (b"Basic \xff", MalformedCredential::Basic),
            (b"Basic YWI=", MalformedCredential::Basic),
            (b"Basic YTpiAGM=", MalformedCredential::ControlByte),
            (b"Basic YQo6Yg==", MalformedCredential::ControlByte),
            (format!("Basic {long}").as_bytes(), MalformedCredential::TooLong),
            (b"Basic YTpi,Basic YTpi", MalformedCredential::Twice),
            (b"Bearer a,Bearer b", MalformedCredential::Twice),
            (b"Bearer", MalformedCredential::Bearer),
            (b"Bearer  ", MalformedCredential::Bearer),
            (b"Bearer a b", MalformedCredential::Bearer),
            (b"Bearer a\xff", MalformedCredential::Bearer),
            (b"Digest username=\"a\"", MalformedCredential::Scheme),
            (b"Negotiate abc", MalformedCredential::Scheme),
            (b"viewer", MalformedCredential::Scheme),
        ] {
            assert_eq!(read(&[value]), Err(malformed), "{:?}", String::from_utf8_lossy(value));
        }
        assert_eq!(read(&[b"Basic YTpi", b"Basic YTpi"]), Err(MalformedCredential::Twice));
    }

    /// A credential is remembered by its text, so a client could fill the memory if one had several.
    #[test]
    fn a_credential_has_one_text_however_its_header_is_spelled() {
        for (value, expected) in [
            ("Basic YTpiOmM=", Presented::Basic(b"YTpiOmM=")),
            ("bASIC YTpiOmM=", Presented::Basic(b"YTpiOmM=")),
            ("BASIC    YTpiOmM=", Presented::Basic(b"YTpiOmM=")),
            ("bearer  a", Presented::Bearer(b"a")),
        ] {
            let headers = [("authorization", value)].into_iter().collect();
            assert!(Presented::of(&headers) == Ok(Some(expected)), "{value}");
        }
        for (value, malformed) in
            [("Basic YTpiOmM= ", MalformedCredential::Basic), ("Bearer a ", MalformedCredential::Bearer)]
        {
            assert_eq!(read(&[value.as_bytes()]), Err(malformed), "{value}");
        }
    }

    #[test]
    fn nothing_secret_is_printed() {
        let shown = format!("{:?} {:?}", read(&[b"Basic YTpiOmM="]), Presented::Basic(b"YTpiOmM="));
        assert!(!shown.contains("b:c") && !shown.contains("98") && !shown.contains("89"), "{shown}");
    }
}
