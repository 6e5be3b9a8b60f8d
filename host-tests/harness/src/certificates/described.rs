//! Describes a client's certificate as Envoy describes it to a module.

use sha2::{Digest, Sha256};
use std::fmt::Write;
use x509_parser::{
    asn1_rs::{Tag, ToDer},
    prelude::{AttributeTypeAndValue, FromDer, GeneralName, X509Certificate, X509Name},
};

/// The properties of a certificate that Envoy tells a module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Described {
    /// The SHA-256 of the DER form, in hexadecimal digits.
    pub sha256: String,
    /// The subject as RFC 2253 writes it.
    pub subject: Option<String>,
    /// The first alternative name that is a URI.
    pub uri_san: Option<String>,
    /// The first alternative name that is a host name.
    pub dns_san: Option<String>,
}

/// Envoy's names of a subject's attributes, by object identifier. Other attributes are written as their numbers, as
/// Envoy writes those that it doesn't know. Envoy knows some more than these.
const ATTRIBUTES: [(&str, &str); 13] = [
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "street"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "title"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
];

impl Described {
    /// Describes a certificate in DER form. One that can't be read has its digest and nothing else.
    #[must_use]
    pub fn of(certificate: &[u8]) -> Self {
        let sha256 = Sha256::digest(certificate).iter().map(|byte| format!("{byte:02x}")).collect();
        let Ok((_, certificate)) = X509Certificate::from_der(certificate) else {
            return Self { sha256, ..Self::default() };
        };
        let names = certificate.subject_alternative_name().ok().flatten();
        let names = names.map_or(&[][..], |extension| &extension.value.general_names);
        let uri = |name: &GeneralName<'_>| match name {
            GeneralName::URI(uri) => Some((*uri).to_owned()),
            _ => None,
        };
        let dns = |name: &GeneralName<'_>| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        };
        Self {
            sha256,
            subject: Some(written(certificate.subject())),
            uri_san: names.iter().find_map(uri),
            dns_san: names.iter().find_map(dns),
        }
    }

    /// Describes the first certificate of a file, in PEM or in DER form. Returns `None` if there is none.
    #[must_use]
    pub fn of_file(bytes: &[u8]) -> Option<Self> {
        let pem = x509_parser::pem::parse_x509_pem(bytes).ok().map(|(_, pem)| pem.contents);
        let der = pem.as_deref().unwrap_or(bytes);
        X509Certificate::from_der(der).ok().map(|_| Self::of(der))
    }
}

/// Returns a name as RFC 2253 writes it: the last attribute first, with commas between them, and `+` between the
/// attributes of one RDN.
fn written(name: &X509Name<'_>) -> String {
    let mut parts = Vec::new();
    for rdn in name.iter() {
        for (place, attribute) in rdn.iter().enumerate() {
            // The parts are reversed below: what follows an attribute here stands before it then.
            let separator = match (parts.is_empty(), place) {
                (true, _) => "",
                (false, 0) => ",",
                (false, _) => "+",
            };
            parts.push(format!("{}{separator}", attribute_written(attribute)));
        }
    }
    parts.reverse();
    parts.concat()
}

fn attribute_written(attribute: &AttributeTypeAndValue<'_>) -> String {
    let id = attribute.attr_type().to_id_string();
    let known = ATTRIBUTES.iter().find(|(known, _)| *known == id).map(|(_, name)| *name);
    let value = known.and_then(|_| text(attribute)).map_or_else(|| dumped(attribute), |text| escaped(&text));
    format!("{}={value}", known.unwrap_or(&id))
}

/// Returns the text of a value, if the value is a text.
fn text(attribute: &AttributeTypeAndValue<'_>) -> Option<String> {
    let value = attribute.attr_value();
    let bytes = value.data;
    match value.tag() {
        Tag::Utf8String => String::from_utf8(bytes.to_vec()).ok(),
        Tag::PrintableString | Tag::Ia5String | Tag::NumericString | Tag::VisibleString => {
            bytes.is_ascii().then(|| String::from_utf8_lossy(bytes).into_owned())
        }
        _ => None,
    }
}

/// Escapes a text as RFC 2253 §2.4 says. Bytes that aren't printable ASCII become hexadecimal digits.
fn escaped(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for (place, byte) in text.bytes().enumerate() {
        match byte {
            b',' | b'+' | b'"' | b'\\' | b'<' | b'>' | b';' => written.extend(['\\', char::from(byte)]),
            b'#' if place == 0 => written.push_str("\\#"),
            b' ' if place == 0 || place + 1 == text.len() => written.push_str("\\ "),
            b' '..=b'~' => written.push(char::from(byte)),
            _ => write!(written, "\\{byte:02X}").expect("writing to a string can't fail"),
        }
    }
    written
}

/// Returns the DER form of a value in hexadecimal digits, as RFC 2253 §2.4 writes values that have no text.
fn dumped(attribute: &AttributeTypeAndValue<'_>) -> String {
    let der = attribute.attr_value().to_der_vec().unwrap_or_default();
    format!("#{}", der.iter().map(|byte| format!("{byte:02X}")).collect::<String>())
}
