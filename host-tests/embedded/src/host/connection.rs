//! The client's connection as the module sees it, by the properties `source`, `destination` and `connection`.

use std::net::SocketAddr;

/// The connection of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The property `connection.id`.
    pub id: u64,
    /// The properties `source.address` and `source.port`.
    pub source: SocketAddr,
    /// The properties `destination.address` and `destination.port`.
    pub destination: SocketAddr,
    /// The property `connection.tls_version`, such as `TLSv1.3`; `None` on a plain connection.
    pub tls_version: Option<String>,
    /// The property `connection.requested_server_name`.
    pub sni: Option<String>,
    /// The certificate that the client presented. The property `connection.mtls` is true if there is one.
    pub certificate: Option<PeerCertificate>,
}

/// The description of a client's certificate. A field that the certificate doesn't have is `None`. Of several
/// alternative names only the first is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerCertificate {
    /// The property `connection.sha256_peer_certificate_digest`: the SHA-256 of the DER form, in lower-case hexadecimal
    /// digits.
    pub sha256: String,
    /// The property `connection.subject_peer_certificate`, as RFC 2253 writes it.
    pub subject: Option<String>,
    /// The property `connection.uri_san_peer_certificate`.
    pub uri_san: Option<String>,
    /// The property `connection.dns_san_peer_certificate`.
    pub dns_san: Option<String>,
}

impl Connection {
    /// Creates a connection without TLS.
    pub fn plain(id: u64, source: SocketAddr, destination: SocketAddr) -> Connection {
        Connection { id, source, destination, tls_version: None, sni: None, certificate: None }
    }
}
