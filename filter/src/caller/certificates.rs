//! Client certificates. The digest of a certificate may be believed on any listener, since the handshake proves its
//! key. What a certificate says of itself is believed only where the listener validates a chain, for which the
//! configuration has to vouch (`threats.md` C6).

use super::identity::Identity;
use crate::index::Index;
use std::rc::Rc;

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
        match self {
            Self::Sha256(digits) => format!("sha256 {}", digits.replace(':', "").to_ascii_lowercase()),
            Self::UriSan(uri) => format!("uri {uri}"),
            Self::DnsSan(name) => format!("dns {name}"),
            Self::Subject(subject) => format!("subject {subject}"),
        }
        .into_bytes()
    }
}

/// The certificates of a configuration, compiled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Certificates {
    marks: Index,
    identities: Vec<Rc<Identity>>,
    /// True if a certificate is known by a name that it gives itself.
    pub need_a_chain: bool,
}

impl Certificates {
    /// Creates the collection from the marks' keys and the identity of each, in the same order.
    pub fn new(marks: Index, identities: Vec<Rc<Identity>>, need_a_chain: bool) -> Self {
        Self { marks, identities, need_a_chain }
    }

    /// Returns `true` if there are no certificates.
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    /// Returns the identity that a certificate belongs to: by its digest, else by its names, the subject last.
    pub fn find(&self, presented: &Presented) -> Option<&Rc<Identity>> {
        let Presented { sha256, uri_san, dns_san, subject } = presented;
        let marks = [
            Some(CertificateMark::Sha256(sha256)),
            uri_san.as_deref().map(CertificateMark::UriSan),
            dns_san.as_deref().map(CertificateMark::DnsSan),
            subject.as_deref().map(CertificateMark::Subject),
        ];
        let place = marks.into_iter().flatten().find_map(|mark| self.marks.find(&mark.key()))?;
        self.identities.get(place)
    }
}

#[cfg(test)]
mod tests {
    use super::super::scheme::Scheme;
    use super::*;

    fn certificates(marks: &[(CertificateMark<'_>, &str)]) -> Certificates {
        let index = Index::new(marks.iter().map(|(mark, _)| mark.key()).collect()).unwrap();
        let identity = |name| Rc::new(Identity::new(Scheme::Certificate, name, []));
        Certificates::new(index, marks.iter().map(|(_, name)| identity(name)).collect(), true)
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
            let found = certificates(&marks[first..]).find(&presented()).map(ToString::to_string);
            assert_eq!(found, Some(format!("certificate:{}", first + 1)));
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
