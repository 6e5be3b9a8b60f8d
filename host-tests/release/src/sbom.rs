//! Software bills of materials (CycloneDX): the crates whose code is in the module, and those whose code is in the command,
//! with versions, licences and the digests of `Cargo.lock`. Crates that only help to build or test are not in them.

mod crates;

use crate::checkout::Checkout;
use anyhow::{Context, Result, anyhow, ensure};
use crates::{Crate, Crates};
use cyclonedx_bom::external_models::spdx::SpdxExpression;
use cyclonedx_bom::models::component::Classification;
use cyclonedx_bom::models::dependency::{Dependencies, Dependency};
use cyclonedx_bom::models::external_reference::{
    ExternalReference, ExternalReferenceType, ExternalReferences, Uri as Link,
};
use cyclonedx_bom::models::hash::{Hash, HashAlgorithm, HashValue, Hashes};
use cyclonedx_bom::models::license::{LicenseChoice, Licenses};
use cyclonedx_bom::prelude::{
    Bom, Component, Components, DateTime, Metadata, NormalizedString, Purl, SpecVersion, Uri, Validate,
};
use promward_start::TARGET;
use std::env::consts::ARCH;

/// The version of CycloneDX that is written.
const SPECIFICATION: SpecVersion = SpecVersion::V1_5;

/// Returns the bill of the module.
///
/// # Errors
///
/// Returns an error if Cargo can't tell the crates, or one has no licence.
pub(crate) fn of_the_module(checkout: &Checkout) -> Result<Vec<u8>> {
    let crates = crates::of(checkout, "promward", TARGET)?;
    bill(checkout, "promward.wasm", Classification::Library, &crates)
}

/// Returns the bill of the command.
///
/// # Errors
///
/// Returns an error where [`of_the_module`] does.
pub(crate) fn of_the_command(checkout: &Checkout) -> Result<Vec<u8>> {
    let crates = crates::of(checkout, "promward-cli", &format!("{ARCH}-unknown-linux-gnu"))?;
    bill(checkout, "promward", Classification::Application, &crates)
}

fn bill(checkout: &Checkout, name: &str, kind: Classification, crates: &Crates) -> Result<Vec<u8>> {
    let reference = |part: &Crate| match part == &crates.main {
        true => name.to_owned(),
        false => part.reference(),
    };
    let mut subject = Component::new(kind, name, &checkout.version, Some(name.to_owned()));
    subject.licenses = Some(licenses(&crates.main)?);
    let components = crates.parts().map(component).collect::<Result<_>>()?;
    let dependencies = crates.edges.iter().map(|(of, needed)| Dependency {
        dependency_ref: reference(of),
        dependencies: needed.iter().map(Crate::reference).collect(),
    });
    let bom = Bom {
        version: 1,
        // A random one would make each bill another file.
        serial_number: None,
        metadata: Some(Metadata {
            timestamp: Some(
                DateTime::try_from(checkout.created.clone()).map_err(|error| anyhow!("{error}"))?,
            ),
            component: Some(subject),
            ..Metadata::default()
        }),
        components: Some(Components(components)),
        dependencies: Some(Dependencies(dependencies.collect())),
        spec_version: SPECIFICATION,
        ..Bom::default()
    };
    let validity = bom.validate_version(SPECIFICATION);
    ensure!(validity.passed(), "the bill of {name} is wrong: {validity:?}");
    let mut written = Vec::new();
    bom.output_as_json_v1_5(&mut written).context("a bill can't be written")?;
    written.push(b'\n');
    Ok(written)
}

/// Returns a crate as a component of a bill.
fn component(part: &Crate) -> Result<Component> {
    let mut component =
        Component::new(Classification::Library, &part.name, &part.version, Some(part.reference()));
    component.licenses = Some(licenses(part)?);
    component.description = part.description.map(NormalizedString::new);
    if part.checksum.is_some() {
        component.purl =
            Some(Purl::new("cargo", &part.name, &part.version).map_err(|error| anyhow!("{error}"))?);
    }
    component.hashes = part.checksum.as_ref().map(|checksum| {
        Hashes(vec![Hash { alg: HashAlgorithm::SHA_256, content: HashValue(checksum.clone()) }])
    });
    if !part.repository.is_empty() {
        let url = Link::Url(Uri::new(&part.repository));
        component.external_references = Some(ExternalReferences(vec![ExternalReference {
            external_reference_type: ExternalReferenceType::Vcs,
            url,
            comment: None,
            hashes: None,
        }]));
    }
    Ok(component)
}

fn licenses(part: &Crate) -> Result<Licenses> {
    let expression = SpdxExpression::parse_lax(part.license.clone())
        .map_err(|error| anyhow!("the licence {:?} of {} can't be read: {error}", part.license, part.name))?;
    Ok(Licenses(vec![LicenseChoice::Expression(expression)]))
}
