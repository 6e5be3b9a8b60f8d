//! The contents of a certificate: names, purposes, and the time for which it is valid.

use super::ClientNames;
use anyhow::{Context, Result};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyUsagePurpose, SanType,
};
use std::time::{Duration, SystemTime};

/// The time for which a certificate is valid. Browsers refuse long ones.
const VALID: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// The time before now from which a certificate is valid, for clocks that are late.
const SLACK: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) fn server_parameters(names: &[&str]) -> Result<CertificateParams> {
    let first = names.first().context("a server's certificate needs a name")?;
    let mut parameters = parameters(&[("CN", first)])?;
    parameters.subject_alt_names =
        CertificateParams::new(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
            .with_context(|| format!("not names of a server: {}", names.join(", ")))?
            .subject_alt_names;
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    Ok(parameters)
}

pub(super) fn client_parameters(names: &ClientNames<'_>) -> Result<CertificateParams> {
    let mut parameters = parameters(names.subject)?;
    for &uri in names.uris {
        let name = uri.try_into().with_context(|| format!("not a URI: {uri}"))?;
        parameters.subject_alt_names.push(SanType::URI(name));
    }
    for &dns in names.dns {
        let name = dns.try_into().with_context(|| format!("not a DNS name: {dns}"))?;
        parameters.subject_alt_names.push(SanType::DnsName(name));
    }
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    Ok(parameters)
}

/// Returns parameters for this subject, valid from now on.
pub(super) fn parameters(subject: &[(&str, &str)]) -> Result<CertificateParams> {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = DistinguishedName::new();
    for (kind, value) in subject {
        parameters.distinguished_name.push(attribute(kind)?, *value);
    }
    let now = SystemTime::now();
    parameters.not_before = (now - SLACK).into();
    parameters.not_after = (now + VALID).into();
    Ok(parameters)
}

/// Ends the validity where it begins, [`SLACK`] before now.
pub(super) fn expire(parameters: &mut CertificateParams) {
    parameters.not_after = parameters.not_before;
}

fn attribute(kind: &str) -> Result<DnType> {
    Ok(match kind {
        "CN" => DnType::CommonName,
        "O" => DnType::OrganizationName,
        "OU" => DnType::OrganizationalUnitName,
        numbers => {
            let numbers: Result<_, _> = numbers.split('.').map(str::parse).collect();
            DnType::CustomDnType(numbers.with_context(|| format!("not an attribute of a subject: {kind}"))?)
        }
    })
}
