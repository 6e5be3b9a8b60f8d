//! TLS with the client's choice of version, trust, certificate and server name.

use std::sync::Arc;

use anyhow::{Context, Result};
use rustls::{
    ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime, pem::PemObject},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

/// A version of TLS that a client can offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsVersion {
    Tls12,
    Tls13,
}

/// A client certificate with its key, both PEM.
#[derive(Clone, Debug)]
pub struct Presented {
    /// The certificate, followed by its chain.
    pub chain: Vec<u8>,
    /// The private key of the certificate.
    pub key: Vec<u8>,
}

/// The choices that a handshake agreed on.
#[derive(Clone, Debug)]
pub struct Session {
    /// The version of TLS.
    pub version: Option<rustls::ProtocolVersion>,
    /// The protocol that ALPN chose.
    pub alpn: Option<String>,
    /// The certificates that the server presented, DER, its own first.
    pub certificates: Vec<Vec<u8>>,
}

#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) server_name: String,
    pub(super) trusted: Trust,
    pub(super) presented: Option<Presented>,
    pub(super) version: Option<TlsVersion>,
    pub(super) alpn: Option<Vec<Vec<u8>>>,
}

#[derive(Clone, Debug)]
pub(super) enum Trust {
    Nothing,
    Roots(Vec<u8>),
    Anything,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            server_name: "example.com".to_owned(),
            trusted: Trust::Nothing,
            presented: None,
            version: None,
            alpn: None,
        }
    }
}

impl Plan {
    pub(super) async fn handshake(
        &self,
        tcp: TcpStream,
        http2: bool,
    ) -> Result<(TlsStream<TcpStream>, Session)> {
        let mut config = self.config()?;
        let fitting = || vec![if http2 { b"h2".to_vec() } else { b"http/1.1".to_vec() }];
        config.alpn_protocols = self.alpn.clone().unwrap_or_else(fitting);
        let name = ServerName::try_from(self.server_name.clone())
            .with_context(|| format!("not the name of a server: {:?}", self.server_name))?;
        let stream =
            TlsConnector::from(Arc::new(config)).connect(name, tcp).await.context("the TLS handshake")?;
        let (_, state) = stream.get_ref();
        let session = Session {
            version: state.protocol_version(),
            alpn: state.alpn_protocol().map(|name| String::from_utf8_lossy(name).into_owned()),
            certificates: state
                .peer_certificates()
                .unwrap_or_default()
                .iter()
                .map(|certificate| certificate.to_vec())
                .collect(),
        };
        Ok((stream, session))
    }

    fn config(&self) -> Result<ClientConfig> {
        let versions: &[&rustls::SupportedProtocolVersion] = match self.version {
            None => rustls::ALL_VERSIONS,
            Some(TlsVersion::Tls12) => &[&rustls::version::TLS12],
            Some(TlsVersion::Tls13) => &[&rustls::version::TLS13],
        };
        let provider = Arc::new(ring::default_provider());
        let builder =
            ClientConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(versions)?;
        let builder = match &self.trusted {
            Trust::Nothing => builder.with_root_certificates(RootCertStore::empty()),
            Trust::Roots(pem) => {
                let mut roots = RootCertStore::empty();
                for certificate in CertificateDer::pem_slice_iter(pem) {
                    roots.add(certificate.context("a trusted certificate isn't PEM")?)?;
                }
                builder.with_root_certificates(roots)
            }
            Trust::Anything => {
                builder.dangerous().with_custom_certificate_verifier(Arc::new(TakeAny(provider)))
            }
        };
        let Some(presented) = &self.presented else {
            return Ok(builder.with_no_client_auth());
        };
        let chain = CertificateDer::pem_slice_iter(&presented.chain)
            .collect::<Result<Vec<_>, _>>()
            .context("the client certificate isn't PEM")?;
        let key = PrivateKeyDer::from_pem_slice(&presented.key)
            .context("the client certificate's key isn't PEM")?;
        Ok(builder.with_client_auth_cert(chain, key)?)
    }
}

/// A verifier that takes every certificate. The handshake's signature is still checked, as curl does with `-k`.
#[derive(Debug)]
struct TakeAny(Arc<CryptoProvider>);

impl ServerCertVerifier for TakeAny {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
