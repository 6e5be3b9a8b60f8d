//! The shipped `envoy.yaml` on real Envoy keeps what it promises: TLS, renewal, the redirect, and that nothing gets past
//! the filter.

// A test that can't go on has failed, and says where.
#![allow(clippy::unwrap_used)]

use promward_host_tests::certificates::Authority;
use promward_host_tests::client::Client;
use promward_host_tests::envoy::{Envoy, Options};
use promward_host_tests::process::Stream;
use promward_host_tests::tools::{self, Program, Tool};
use promward_host_tests::upstream::{Reply, Upstream};
use tempfile::TempDir;

/// The shipped file in front of a stand-in for Prometheus that answers everything with `from upstream`.
struct Setup {
    tool: Tool,
    authority: Authority,
    _certificates: TempDir,
    upstream: Upstream,
    envoy: Envoy,
}

impl Setup {
    /// `None` where there is no Envoy, and the test is to be skipped.
    fn start() -> Option<Self> {
        let tool = tools::need(Program::Envoy)?;
        let authority = Authority::new("Test CA").unwrap();
        let certificates = tempfile::tempdir().unwrap();
        authority
            .server()
            .unwrap()
            .write(certificates.path(), "example.com")
            .unwrap();
        let upstream = Upstream::start(|_| Reply::text("from upstream")).unwrap();
        let module = promward_module::build().unwrap();
        let options = Options::new(certificates.path(), &module, upstream.address());
        let envoy = Envoy::start(&options).unwrap();
        Some(Self {
            tool,
            authority,
            _certificates: certificates,
            upstream,
            envoy,
        })
    }

    fn client(&self) -> Client {
        Client::https(self.envoy.https()).trust(self.authority.pem())
    }
}

#[test]
fn it_serves_the_guides_url_without_a_warning() {
    let Some(setup) = Setup::start() else { return };
    let validated = setup
        .tool
        .command()
        .args(["--mode", "validate", "--config-path"])
        .arg(setup.envoy.file())
        .output();
    assert!(validated.unwrap().status.success());
    for client in [setup.client(), setup.client().http2()] {
        let answer = client.get("/prometheus/api/v1/label/job/values").unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (200, "from upstream"));
    }
    let received = setup.upstream.wait_for(0).unwrap();
    assert_eq!(received.target, "/api/v1/label/job/values");
    assert_eq!(received.header("x-promward-cluster"), None);
    let logged = setup.envoy.process().lines(Stream::Errors);
    let complaint = |line: &&String| {
        ["[warning]", "[error]", "[critical]"]
            .iter()
            .any(|level| line.contains(level))
    };
    let complaints: Vec<_> = logged.iter().filter(complaint).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}
