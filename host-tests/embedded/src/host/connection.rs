//! What the module may ask about the client's connection, by the properties `source`, `destination` and `connection`.

use std::net::SocketAddr;

/// The client's connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// `connection.id`.
    pub id: u64,
    /// `source.address`, `source.port`.
    pub source: SocketAddr,
    /// `destination.address`, `destination.port`.
    pub destination: SocketAddr,
    /// `connection.tls_version`, such as `TLSv1.3`; `None` on a plain connection.
    pub tls_version: Option<String>,
    /// `connection.requested_server_name`.
    pub sni: Option<String>,
    /// The certificate that the client presented. `connection.mtls` says no more than that there is one.
    pub certificate: Option<PeerCertificate>,
}

/// What is known of a client's certificate; `None` where it doesn't have that field. Of several alternative names
/// there is only the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PeerCertificate {
    /// `connection.sha256_peer_certificate_digest`: lower-case hex of the DER form's SHA-256.
    pub sha256: String,
    /// `connection.subject_peer_certificate`, as RFC 2253 writes it.
    pub subject: Option<String>,
    /// `connection.uri_san_peer_certificate`.
    pub uri_san: Option<String>,
    /// `connection.dns_san_peer_certificate`.
    pub dns_san: Option<String>,
}

impl Connection {
    /// A connection without TLS.
    pub fn plain(id: u64, source: SocketAddr, destination: SocketAddr) -> Connection {
        Connection { id, source, destination, tls_version: None, sni: None, certificate: None }
    }
}
