//! Client certificates. The digest of a certificate may be believed on any listener, since the handshake proves its
//! key. What a certificate says of itself is believed only where the listener validates a chain, for which the
//! configuration has to vouch (`threats.md` C6).

use super::keyring::Keyring;

/// The facts that the host knows of the certificate that a client presented.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presented {
    /// The SHA-256 of the DER form, in hexadecimal digits.
    pub sha256: String,
    /// The first subject alternative name that is a URI.
    pub uri_san: Option<String>,
    /// The first subject alternative name that is a host name.
    pub dns_san: Option<String>,
    /// The subject in the form of RFC 2253.
    pub subject: Option<String>,
}

/// The property by which a configuration knows a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CertificateMark<'a> {
    /// The SHA-256 of the DER form, in 64 hexadecimal digits, perhaps with colons between pairs of them.
    Sha256(&'a str),
    /// An alternative name that is a URI, like `spiffe://example.com/reader`.
    UriSan(&'a str),
    /// An alternative name that is a host name.
    DnsSan(&'a str),
    /// A subject, like `CN=reader,O=Example`.
    Subject(&'a str),
}

impl CertificateMark<'_> {
    /// Returns a key that differs from the key of every other mark.
    pub(crate) fn key(self) -> Vec<u8> {
        let (kind, text) = match self {
            Self::Sha256(digits) => {
                let digits = digits.bytes().filter(|byte| *byte != b':');
                return [b'#'].into_iter().chain(digits.map(|digit| digit.to_ascii_lowercase())).collect();
            }
            Self::UriSan(uri) => (b'u', uri),
            Self::DnsSan(name) => (b'd', name),
            Self::Subject(subject) => (b's', subject),
        };
        [&[kind], text.as_bytes()].concat()
    }
}

/// The certificates of a configuration, compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificates {
    /// The keys of the marks, and the names of the callers.
    keyring: Keyring,
    /// True if a certificate is known by a name that it gives itself.
    pub need_a_chain: bool,
}

impl Certificates {
    /// Creates the collection from the marks' keys of each caller.
    pub fn new(keyring: Keyring, need_a_chain: bool) -> Self {
        Self { keyring, need_a_chain }
    }

    /// Returns `true` if there are no certificates.
    pub fn is_empty(&self) -> bool {
        self.keyring.names().is_empty()
    }

    /// Returns `true` if there is a caller of this name.
    pub fn has(&self, name: &str) -> bool {
        self.keyring.names().find(name.as_bytes()).is_some()
    }

    /// Returns the names of the callers.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.keyring.names().texts()
    }

    /// Returns the name of the caller whom a certificate belongs to: by its digest, else by its names, the subject last.
    pub fn find(&self, presented: &Presented) -> Option<&str> {
        let Presented { sha256, uri_san, dns_san, subject } = presented;
        let marks = [
            Some(CertificateMark::Sha256(sha256)),
            uri_san.as_deref().map(CertificateMark::UriSan),
            dns_san.as_deref().map(CertificateMark::DnsSan),
            subject.as_deref().map(CertificateMark::Subject),
        ];
        let key = marks.into_iter().flatten().find_map(|mark| self.keyring.keys().find(&mark.key()))?;
        self.keyring.owner(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn certificates(marks: &[(CertificateMark<'_>, &str)]) -> Certificates {
        let mut keyring = Keyring::default();
        for (mark, name) in marks {
            keyring.add_key(&mark.key()).unwrap();
            keyring.add_caller(name).unwrap();
        }
        Certificates::new(keyring, true)
    }

    fn presented() -> Presented {
        Presented {
            sha256: "AB".repeat(32),
            uri_san: Some("spiffe://a".into()),
            dns_san: Some("a.example".into()),
            subject: Some("CN=a".into()),
        }
    }

    #[test]
    fn a_certificate_is_known_by_one_of_its_marks() {
        let (digest, with_colons) = ("ab".repeat(32), ["aB"; 32].join(":"));
        assert_eq!(CertificateMark::Sha256(&digest).key(), CertificateMark::Sha256(&with_colons).key());
        let marks = [
            (CertificateMark::Sha256(&digest), "1"),
            (CertificateMark::UriSan("spiffe://a"), "2"),
            (CertificateMark::DnsSan("a.example"), "3"),
            (CertificateMark::Subject("CN=a"), "4"),
        ];
        for first in 0..4 {
            let certificates = certificates(&marks[first..]);
            assert_eq!(certificates.find(&presented()), Some((first + 1).to_string().as_str()));
        }
    }

    #[test]
    fn one_name_is_not_another() {
        let certificates = certificates(&[
            (CertificateMark::DnsSan("spiffe://a"), "1"),
            (CertificateMark::Subject("a.example"), "2"),
            (CertificateMark::UriSan("CN=a"), "3"),
        ]);
        assert_eq!(certificates.find(&presented()), None);
        assert_eq!(certificates.find(&Presented::default()), None);
    }
}
