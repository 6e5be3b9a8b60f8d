//! Makes certificates as the guide does with OpenSSL, without OpenSSL: an authority of our own, a certificate for
//! `example.com`, renewed ones, and client certificates. All keys are ECDSA P-256 and new each time.

pub mod described;
mod parameters;

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parameters::{client_parameters, expire, parameters, server_parameters};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, KeyUsagePurpose};
use sha2::{Digest, Sha256};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A certificate authority that lives as long as this value: its key is written nowhere.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its key.
pub struct Identity {
    certificate: rcgen::Certificate,
    key: KeyPair,
}

/// The names in a client certificate.
#[derive(Clone, Copy, Debug, Default)]
pub struct ClientNames<'a> {
    /// The attributes of the subject in their order, each at most once: `CN`, `O`, `OU`, or the dotted numbers of
    /// another one.
    pub subject: &'a [(&'a str, &'a str)],
    /// The alternative names that are URIs, such as `spiffe://example.com/reader`.
    pub uris: &'a [&'a str],
    /// The alternative names that are DNS names.
    pub dns: &'a [&'a str],
}

/// The files that an [`Identity`] was written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The file of the certificate, PEM.
    pub certificate: PathBuf,
    /// The file of the key, PEM, readable by its owner alone.
    pub key: PathBuf,
}

impl Authority {
    /// Creates an authority with a key of its own. `name` is its common name.
    ///
    /// # Errors
    ///
    /// Returns an error if the system has no randomness for a key.
    pub fn new(name: &str) -> Result<Self> {
        let mut parameters = parameters(&[("CN", name)])?;
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(parameters, new_key()?)
            .with_context(|| format!("cannot make the authority {name}"))?;
        Ok(Self(issuer))
    }

    /// Creates a certificate for the server `example.com`, also good for `localhost` and 127.0.0.1. Each call makes
    /// another one, as a renewal does.
    ///
    /// # Errors
    ///
    /// Returns an error where [`Authority::new`] does.
    pub fn server(&self) -> Result<Identity> {
        self.server_for(&["example.com", "localhost", "127.0.0.1"])
    }

    /// Creates a certificate for a server with these names and addresses. The first one becomes its common name.
    ///
    /// # Errors
    ///
    /// Returns an error if one of them isn't a name or an address, or where [`Authority::new`] does.
    pub fn server_for(&self, names: &[&str]) -> Result<Identity> {
        let mut parameters = server_parameters(names)?;
        parameters.use_authority_key_identifier_extension = true;
        self.sign(&parameters)
    }

    /// Creates a client certificate with this common name, and with this URI (`spiffe://…`) as its alternative name.
    ///
    /// # Errors
    ///
    /// Returns an error if the URI isn't ASCII, or where [`Authority::new`] does.
    pub fn client(&self, name: &str, uri: Option<&str>) -> Result<Identity> {
        self.client_for(&ClientNames { subject: &[("CN", name)], uris: uri.as_slice(), dns: &[] })
    }

    /// Creates a client certificate with all these names.
    ///
    /// # Errors
    ///
    /// Returns an error if a name isn't ASCII or an attribute isn't known, or where [`Authority::new`] does.
    pub fn client_for(&self, names: &ClientNames<'_>) -> Result<Identity> {
        let mut parameters = client_parameters(names)?;
        parameters.use_authority_key_identifier_extension = true;
        self.sign(&parameters)
    }

    /// Creates a client certificate with all these names that was good until yesterday.
    ///
    /// # Errors
    ///
    /// Returns an error where [`Authority::client_for`] does.
    pub fn expired_client(&self, names: &ClientNames<'_>) -> Result<Identity> {
        let mut parameters = client_parameters(names)?;
        parameters.use_authority_key_identifier_extension = true;
        expire(&mut parameters);
        self.sign(&parameters)
    }

    /// Returns the authority's certificate, PEM, as `curl --cacert` takes it.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// Writes the authority's certificate to `path`.
    ///
    /// # Errors
    ///
    /// Returns an error if the file can't be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        replace(path, &self.pem(), 0o644)
    }

    fn sign(&self, parameters: &CertificateParams) -> Result<Identity> {
        let key = new_key()?;
        let certificate = parameters.signed_by(&key, &self.0).context("cannot sign a certificate")?;
        Ok(Identity { certificate, key })
    }
}

impl Identity {
    /// Creates a server's certificate for these names that no authority has signed.
    ///
    /// # Errors
    ///
    /// Returns an error where [`Authority::server_for`] does.
    pub fn self_signed(names: &[&str]) -> Result<Self> {
        Self::signed_by_itself(&server_parameters(names)?)
    }

    /// Creates a client certificate that no authority has signed.
    ///
    /// # Errors
    ///
    /// Returns an error where [`Authority::client`] does.
    pub fn self_signed_client(name: &str, uri: Option<&str>) -> Result<Self> {
        let names = ClientNames { subject: &[("CN", name)], uris: uri.as_slice(), dns: &[] };
        Self::signed_by_itself(&client_parameters(&names)?)
    }

    /// Returns the certificate, PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        self.certificate.pem()
    }

    /// Returns the certificate, DER.
    #[must_use]
    pub fn certificate_der(&self) -> &[u8] {
        self.certificate.der()
    }

    /// Returns the key, PEM.
    #[must_use]
    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// Returns the SHA-256 of the DER certificate, as the configuration names a certificate: lower-case hexadecimal
    /// digits.
    #[must_use]
    pub fn sha256(&self) -> String {
        promward_module::sha256(self.certificate_der())
    }

    /// Writes `NAME.crt` and `NAME.key` into the directory. Files of these names are replaced by renaming, first the
    /// key and then the certificate, so that a server that watches the directory sees a renewal.
    ///
    /// # Errors
    ///
    /// Returns an error if a file can't be written.
    pub fn write(&self, directory: &Path, name: &str) -> Result<Files> {
        let files = Files {
            certificate: directory.join(format!("{name}.crt")),
            key: directory.join(format!("{name}.key")),
        };
        replace(&files.key, &self.key_pem(), 0o600)?;
        replace(&files.certificate, &self.certificate_pem(), 0o644)?;
        Ok(files)
    }

    fn signed_by_itself(parameters: &CertificateParams) -> Result<Self> {
        let key = new_key()?;
        let certificate = parameters.self_signed(&key).context("cannot sign a certificate")?;
        Ok(Self { certificate, key })
    }
}

/// Returns the SHA-256 of a certificate's public key in base64. A browser that is given it accepts the certificate
/// (PEM).
///
/// # Errors
///
/// Returns an error if the text isn't a certificate.
pub fn public_key_pin(certificate: &str) -> Result<String> {
    let (_, pem) =
        x509_parser::pem::parse_x509_pem(certificate.as_bytes()).context("the certificate isn't PEM")?;
    let certificate = pem.parse_x509().context("the PEM text isn't a certificate")?;
    Ok(STANDARD.encode(Sha256::digest(certificate.public_key().raw)))
}

fn new_key() -> Result<KeyPair> {
    KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).context("cannot make a key")
}

/// Writes a file of this mode beside `path` and renames it, so that nobody sees half of it, or can open it before its
/// mode is set.
fn replace(path: &Path, text: &str, mode: u32) -> Result<()> {
    let beside = path.with_extension("new");
    let write = || {
        if beside.exists() {
            fs::remove_file(&beside)?;
        }
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&beside)?
            .write_all(text.as_bytes())?;
        fs::rename(&beside, path)
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::{Authority, Identity};
    use crate::tools::{self, Program, Tool};
    use std::os::unix::fs::PermissionsExt;

    fn run(openssl: &Tool, arguments: &[&str]) -> (bool, String) {
        let output = openssl.command().args(arguments).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    #[test]
    fn a_key_is_readable_by_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let authority = Authority::new("Test CA").unwrap();
        for _ in 0..2 {
            let files = authority.server().unwrap().write(directory.path(), "example.com").unwrap();
            assert_eq!(files.key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn openssl_accepts_what_the_authority_signed_and_nothing_else() {
        let Some(openssl) = tools::need(Program::Openssl) else { return };
        let directory = tempfile::tempdir().unwrap();
        let authority = Authority::new("Test CA").unwrap();
        let root = directory.path().join("ca.crt");
        authority.write(&root).unwrap();
        let root = root.to_str().unwrap();
        let server = authority.server().unwrap().write(directory.path(), "server").unwrap().certificate;
        let client = authority.client("reader", Some("spiffe://example.com/reader")).unwrap();
        let client = client.write(directory.path(), "client").unwrap().certificate;
        let own = Identity::self_signed(&["example.com"]).unwrap();
        let own = own.write(directory.path(), "own").unwrap().certificate;
        let verify = |purpose, certificate: &std::path::Path| {
            run(&openssl, &["verify", "-CAfile", root, "-purpose", purpose, certificate.to_str().unwrap()])
        };
        for (purpose, certificate) in [("sslserver", &server), ("sslclient", &client)] {
            let (accepted, said) = verify(purpose, certificate);
            assert!(accepted, "{said}");
        }
        for (purpose, certificate) in [("sslserver", &client), ("sslclient", &server), ("sslserver", &own)] {
            let (accepted, said) = verify(purpose, certificate);
            assert!(!accepted, "{said}");
        }
    }

    #[test]
    fn a_renewed_certificate_is_another_one() {
        let authority = Authority::new("Test CA").unwrap();
        assert_ne!(authority.server().unwrap().sha256(), authority.server().unwrap().sha256());
    }
}
