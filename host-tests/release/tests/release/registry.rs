//! The image in a real registry: pushed, pulled by its digest, unpacked by the rules of Istio's and Envoy Gateway's fetchers,
//! and served by Envoy.

use crate::set_up::released;
use flate2::read::GzDecoder;
use promward_harness::certificates::Authority;
use promward_harness::client::Client;
use promward_harness::envoy::{Envoy, Options};
use promward_harness::process::{self, Process};
use promward_harness::tools::{self, Program, Tool};
use promward_harness::upstream::{Reply, Upstream};
use serde_json::Value;
use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;
use tar::Archive;
use tempfile::TempDir;

/// The time that a registry may take to start.
const START: Duration = Duration::from_secs(60);

const VERSION: &str = env!("CARGO_PKG_VERSION");

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

#[test]
fn the_image_goes_through_a_registry_and_what_the_fetchers_unpack_of_it_serves() {
    let programs = (tools::need(Program::Skopeo), tools::need(Program::DockerRegistry));
    let (Some(skopeo), Some(registry)) = programs else { return };
    let (Some(released), Some(_)) = (released(), tools::need(Program::Envoy)) else { return };
    let registry = Registry::start(&registry);
    let digest = fs::read_to_string(released.file("promward-image.digest")).unwrap().trim().to_owned();

    let layout = format!("oci:{}:{VERSION}", released.file("promward-image").display());
    let archive = format!("oci-archive:{}", released.file("promward-image.tar").display());
    for (image, name) in [(&layout, "from-the-layout"), (&archive, "from-the-tar")] {
        let pushed = registry.image(&format!("{name}:{VERSION}"));
        run(&skopeo, &["copy", "--insecure-policy", "--dest-tls-verify=false", image, &pushed]);
        let seen = run(&skopeo, &["inspect", "--tls-verify=false", &pushed]);
        let seen: Value = serde_json::from_str(&seen).unwrap();
        assert_eq!(seen["Digest"], digest.as_str(), "{name}");
        assert_eq!(seen["Labels"]["org.opencontainers.image.version"], VERSION);
        assert_eq!(seen["Labels"]["org.opencontainers.image.revision"], released.checkout.commit.as_str());
    }

    let pulled = tempfile::tempdir().unwrap();
    let image = registry.image(&format!("from-the-tar@{digest}"));
    let to = format!("dir:{}", pulled.path().display());
    run(&skopeo, &["copy", "--insecure-policy", "--src-tls-verify=false", &image, &to]);

    let module = registry.fetch("from-the-layout", &digest);
    assert!(module == fs::read(released.file("promward.wasm")).unwrap(), "another module was unpacked");
    let unpacked = pulled.path().join("unpacked.wasm");
    fs::write(&unpacked, module).unwrap();
    assert_serves(&unpacked);
}

/// A registry on this machine, without TLS. Dropping this value ends it.
struct Registry {
    address: SocketAddr,
    _process: Process,
    _directory: TempDir,
}

impl Registry {
    fn start(tool: &Tool) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, process::free_port().unwrap()));
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("config.yml");
        let data = directory.path().join("data");
        let configuration = format!(
            "version: 0.1\nstorage: {{ filesystem: {{ rootdirectory: {} }} }}\nhttp: {{ addr: '{address}' }}\n",
            data.display()
        );
        fs::write(&file, configuration).unwrap();
        let mut command = tool.command();
        command.arg("serve").arg(file);
        let process = Process::start("the registry", command).unwrap();
        process
            .wait_until("serving", START, || {
                process::get(address, "/v2/").is_ok_and(|(status, _)| status == 200).then_some(())
            })
            .unwrap();
        Self { address, _process: process, _directory: directory }
    }

    /// Returns the name of an image in it, for skopeo.
    fn image(&self, name: &str) -> String {
        format!("docker://{}/{name}", self.address)
    }

    /// Returns the module that Istio's and Envoy Gateway's fetchers find in an image (`extractOCIStandardImage` of both): the
    /// first file `plugin.wasm` in the last layer, which has to be a tar with gzip.
    fn fetch(&self, name: &str, digest: &str) -> Vec<u8> {
        let client = Client::plain(self.address).header("accept", MANIFEST);
        let manifest = client.get(&format!("/v2/{name}/manifests/{digest}")).unwrap();
        assert_eq!((manifest.status, manifest.header("content-type").as_deref()), (200, Some(MANIFEST)));
        assert_eq!(format!("sha256:{}", promward_module::sha256(&manifest.body)), digest);
        let manifest: Value = serde_json::from_slice(&manifest.body).unwrap();
        assert_eq!(manifest["mediaType"], MANIFEST, "another type would be read as an image of Docker");
        let layer = manifest["layers"].as_array().unwrap().last().unwrap();
        assert_eq!(layer["mediaType"], LAYER);
        let blob = client.get(&format!("/v2/{name}/blobs/{}", layer["digest"].as_str().unwrap())).unwrap();
        assert_eq!(blob.status, 200);
        let mut archive = Archive::new(GzDecoder::new(blob.body.as_slice()));
        let mut entries = archive.entries().unwrap().map(Result::unwrap);
        let mut found = entries.find(|entry| entry.path().unwrap().ends_with("plugin.wasm")).unwrap();
        let mut module = Vec::new();
        found.read_to_end(&mut module).unwrap();
        module
    }
}

/// Runs skopeo, and returns what it says.
fn run(skopeo: &Tool, arguments: &[&str]) -> String {
    let output = skopeo.command().args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Checks that Envoy with the shipped file answers a request of the guide, with this module.
fn assert_serves(module: &Path) {
    let authority = Authority::new("Test CA").unwrap();
    let certificates = tempfile::tempdir().unwrap();
    authority.server().unwrap().write(certificates.path(), "example.com").unwrap();
    let upstream = Upstream::start(|_| Reply::text("from upstream")).unwrap();
    let envoy = Envoy::start(&Options::new(certificates.path(), module, upstream.address())).unwrap();
    let client = Client::https(envoy.https()).trust(authority.pem());
    let answer = client.get("/prometheus/api/v1/label/job/values").unwrap();
    assert_eq!((answer.status, answer.text().as_ref()), (200, "from upstream"));
    assert_eq!(client.get("/prometheus/a%2Fb").unwrap().status, 400);
}
