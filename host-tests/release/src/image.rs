//! The module as an OCI image, in the form that Istio and Envoy Gateway both read: the last layer is a tar with gzip, and has
//! `plugin.wasm` at its root. That is what `FROM scratch` and `COPY` would make.

use crate::archive;
use crate::checkout::Checkout;
use anyhow::Result;
use oci_spec::image::{
    ANNOTATION_CREATED, ANNOTATION_DESCRIPTION, ANNOTATION_LICENSES, ANNOTATION_REF_NAME,
    ANNOTATION_REVISION, ANNOTATION_SOURCE, ANNOTATION_TITLE, ANNOTATION_VERSION, Arch, ConfigBuilder,
    Descriptor, Digest, HistoryBuilder, ImageConfigurationBuilder, ImageIndexBuilder, ImageManifestBuilder,
    MediaType, OciLayoutBuilder, Os, PlatformBuilder, RootFsBuilder,
};
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

/// The directory of the layout.
pub(crate) const LAYOUT: &str = "promward-image";

/// The name of the module in the layer, by which the fetchers find it.
const PLUGIN: &str = "plugin.wasm";

/// An image as a layout of files.
pub(crate) struct Image {
    /// The files of the layout by their paths.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// The digest of the manifest, which is the image's.
    pub(crate) digest: Digest,
}

impl Image {
    /// Packs the module into an image.
    ///
    /// # Errors
    ///
    /// Returns an error if a part can't be written.
    pub(crate) fn of(module: &[u8], checkout: &Checkout, source: Option<&str>) -> Result<Self> {
        let mut blobs = Blobs::default();
        let layer = archive::tar(&BTreeMap::from([(PLUGIN.to_owned(), module.to_vec())]), checkout.time)?;
        let unpacked = digest(&layer);
        let layer = blobs.add(MediaType::ImageLayerGzip, archive::gzip(&layer)?)?;

        let annotations = annotations(checkout, source);
        let configuration = ImageConfigurationBuilder::default()
            .created(&checkout.created)
            // A module fits any machine. This pair is what the fetchers' library looks for where it isn't told.
            .architecture(Arch::Amd64)
            .os(Os::Linux)
            .config(ConfigBuilder::default().labels(annotations.clone()).build()?)
            .rootfs(RootFsBuilder::default().typ("layers").diff_ids([unpacked]).build()?)
            .history([HistoryBuilder::default()
                .created(&checkout.created)
                .created_by("promward release")
                .build()?])
            .build()?;
        let configuration = blobs.add(MediaType::ImageConfig, json(configuration)?)?;
        let manifest = ImageManifestBuilder::default()
            .schema_version(2_u32)
            .media_type(MediaType::ImageManifest)
            .config(configuration)
            .layers([layer])
            .annotations(annotations)
            .build()?;
        let mut manifest = blobs.add(MediaType::ImageManifest, json(manifest)?)?;
        let digest = manifest.digest().clone();

        manifest
            .set_platform(Some(PlatformBuilder::default().architecture(Arch::Amd64).os(Os::Linux).build()?));
        let name = HashMap::from([(ANNOTATION_REF_NAME.to_owned(), checkout.version.clone())]);
        manifest.set_annotations(Some(name));
        let index = ImageIndexBuilder::default()
            .schema_version(2_u32)
            .media_type(MediaType::ImageIndex)
            .manifests([manifest])
            .build()?;
        let layout = OciLayoutBuilder::default().image_layout_version("1.0.0").build()?;
        let mut files = blobs.0;
        files.insert("index.json".to_owned(), json(index)?);
        files.insert("oci-layout".to_owned(), json(layout)?);
        Ok(Self { files, digest })
    }
}

/// The content of an image by the paths of the layout, which are digests.
#[derive(Default)]
struct Blobs(BTreeMap<String, Vec<u8>>);

impl Blobs {
    fn add(&mut self, media_type: MediaType, content: Vec<u8>) -> Result<Descriptor> {
        let digest: Digest = digest(&content).parse()?;
        let descriptor = Descriptor::new(media_type, content.len().try_into()?, digest.clone());
        self.0.insert(format!("blobs/sha256/{}", digest.digest()), content);
        Ok(descriptor)
    }
}

fn annotations(checkout: &Checkout, source: Option<&str>) -> HashMap<String, String> {
    let texts = [
        (ANNOTATION_CREATED, checkout.created.as_str()),
        (ANNOTATION_DESCRIPTION, "A proxy-wasm filter that guards Prometheus behind Envoy"),
        (ANNOTATION_LICENSES, "Apache-2.0"),
        (ANNOTATION_REVISION, checkout.commit.as_str()),
        (ANNOTATION_TITLE, "promward"),
        (ANNOTATION_VERSION, checkout.version.as_str()),
    ];
    let source = source.map(|url| (ANNOTATION_SOURCE, url));
    texts.into_iter().chain(source).map(|(name, text)| (name.to_owned(), text.to_owned())).collect()
}

fn digest(content: &[u8]) -> String {
    format!("sha256:{}", promward_module::sha256(content))
}

/// Returns JSON with the members of every object ordered by name, since the types of the specification keep annotations in no
/// order.
fn json(value: impl Serialize) -> Result<Vec<u8>> {
    let value: Value = serde_json::to_value(value)?;
    Ok(serde_json::to_vec(&value)?)
}
