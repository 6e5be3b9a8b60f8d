//! The client's connection as the module sees it, by the properties `source`, `destination` and `connection`.

use std::net::SocketAddr;

/// The connection of a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// The number of the connection: the property `connection.id`.
    pub id: u64,
    /// The client's address: the properties `source.address` and `source.port`.
    pub source: SocketAddr,
    /// The gateway's address: the properties `destination.address` and `destination.port`.
    pub destination: SocketAddr,
    /// The version of TLS, such as `TLSv1.3`: the property `connection.tls_version`; `None` on a plain connection.
    pub tls_version: Option<String>,
    /// The server name that the client asked for: the property `connection.requested_server_name`.
    pub sni: Option<String>,
    /// The certificate that the client presented. The property `connection.mtls` is true if there is one.
    pub certificate: Option<PeerCertificate>,
}

/// The description of a client's certificate. A field that the certificate doesn't have is `None`. Of several
/// alternative names only the first is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerCertificate {
    /// The SHA-256 of the DER form, in lower-case hexadecimal digits: the property
    /// `connection.sha256_peer_certificate_digest`.
    pub sha256: String,
    /// The subject as RFC 2253 writes it: the property `connection.subject_peer_certificate`.
    pub subject: Option<String>,
    /// The alternative name that is a URI: the property `connection.uri_san_peer_certificate`.
    pub uri_san: Option<String>,
    /// The alternative name that is a DNS name: the property `connection.dns_san_peer_certificate`.
    pub dns_san: Option<String>,
}

impl Connection {
    /// Creates a connection without TLS.
    pub fn plain(id: u64, source: SocketAddr, destination: SocketAddr) -> Connection {
        Connection { id, source, destination, tls_version: None, sni: None, certificate: None }
    }
}
