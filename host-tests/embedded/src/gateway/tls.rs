//! The certificate of a listener, which is read again when its files change, and the description of a client after its
//! handshake.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
    time::SystemTime,
};

use anyhow::{Context, Result};
use rustls::{
    ProtocolVersion, RootCertStore, ServerConfig, ServerConnection,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{WebPkiClientVerifier, danger::ClientCertVerifier},
};

use super::{
    options::{ClientCertificates, TlsFiles},
    peer::{self, AnyCertificate},
};
use crate::host::Connection;

/// The certificate files, with the configuration that was made from them last.
pub(super) struct Certificates {
    files: TlsFiles,
    loaded: Mutex<Loaded>,
}

struct Loaded {
    stamps: Stamps,
    config: Arc<ServerConfig>,
}

/// The times and sizes of the files, which differ from one version to the next.
type Stamps = Vec<Option<(SystemTime, u64)>>;

impl Certificates {
    pub(super) fn load(files: TlsFiles) -> Result<Self> {
        let loaded = Loaded { stamps: stamps(&files), config: config(&files)? };
        Ok(Self { files, loaded: Mutex::new(loaded) })
    }

    /// Returns the configuration for a new connection. If the files have changed but can't be used (half written, or a
    /// certificate that doesn't fit its key yet), the last configuration stays, and the next connection tries again.
    pub(super) fn current(&self) -> Arc<ServerConfig> {
        let mut loaded = self.loaded.lock().unwrap();
        let stamps = stamps(&self.files);
        if stamps != loaded.stamps
            && let Ok(config) = config(&self.files)
        {
            *loaded = Loaded { stamps, config };
        }
        Arc::clone(&loaded.config)
    }
}

fn stamps(files: &TlsFiles) -> Stamps {
    let stamp = |path: &Path| {
        let metadata = fs::metadata(path).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    };
    let TlsFiles { certificate, key, clients } = files;
    let authorities = match clients {
        ClientCertificates::SignedBy(path) => Some(path),
        ClientCertificates::NotAsked | ClientCertificates::Any => None,
    };
    [Some(certificate), Some(key), authorities].into_iter().flatten().map(|path| stamp(path)).collect()
}

fn config(files: &TlsFiles) -> Result<Arc<ServerConfig>> {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?;
    let builder = match &files.clients {
        ClientCertificates::NotAsked => builder.with_no_client_auth(),
        ClientCertificates::SignedBy(path) => builder.with_client_cert_verifier(signed_by(path, provider)?),
        ClientCertificates::Any => {
            builder.with_client_cert_verifier(Arc::new(AnyCertificate::new(&provider)))
        }
    };
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .with_context(|| format!("reading the private key {}", files.key.display()))?;
    let mut config = builder
        .with_single_cert(certificates(&files.certificate)?, key)
        .with_context(|| format!("using the certificate {}", files.certificate.display()))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn signed_by(path: &Path, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ClientCertVerifier>> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).with_context(|| format!("a CA in {}", path.display()))?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    Ok(verifier.allow_unauthenticated().build()?)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .with_context(|| format!("reading certificates from {}", path.display()))
}

/// Returns what the module may know of a connection after its handshake.
pub(super) fn describe(
    id: u64,
    source: SocketAddr,
    destination: SocketAddr,
    tls: &ServerConnection,
) -> Connection {
    let version = match tls.protocol_version() {
        Some(ProtocolVersion::TLSv1_2) => Some("TLSv1.2"),
        Some(ProtocolVersion::TLSv1_3) => Some("TLSv1.3"),
        _ => None,
    };
    Connection {
        tls_version: version.map(str::to_owned),
        sni: tls.server_name().map(str::to_owned),
        certificate: tls.peer_certificates().and_then(|chain| chain.first()).map(peer::describe),
        ..Connection::plain(id, source, destination)
    }
}
