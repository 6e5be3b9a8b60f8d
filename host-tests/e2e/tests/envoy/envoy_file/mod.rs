//! Checks on real Envoy that the shipped `envoy.yaml` keeps its promises: TLS, renewal, the redirect, timeouts, and
//! that nothing gets past the filter.

mod dashboards;
mod edge;
mod health;
mod remote_write;
mod reports;
mod routes;
mod scan;
pub(crate) mod setup;
mod tls;
mod tokens;
mod variants;

use promward_harness::process::Stream;
use setup::Setup;

#[test]
fn it_serves_the_guides_url_without_a_warning() {
    let Some(setup) = Setup::start() else { return };
    serves_the_guides_url_without_a_warning(&setup);
}

fn serves_the_guides_url_without_a_warning(setup: &Setup) {
    let validated =
        setup.tool.command().args(["--mode", "validate", "--config-path"]).arg(setup.envoy.file()).output();
    assert!(validated.unwrap().status.success());
    for client in [setup.client(), setup.client().http2()] {
        let answer = client.get("/prometheus/api/v1/label/job/values").unwrap();
        assert_eq!((answer.status, answer.text().as_str()), (200, "from upstream"));
    }
    assert_eq!(setup.upstream.wait_for(0).unwrap().target, "/api/v1/label/job/values");
    let logged = setup.envoy.process().lines(Stream::Errors);
    let complaint =
        |line: &&String| ["[warning]", "[error]", "[critical]"].iter().any(|level| line.contains(level));
    let complaints: Vec<_> = logged.iter().filter(complaint).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[test]
fn a_refused_configuration_ends_the_start_with_the_filters_words() {
    let refused =
        |options: &mut promward_harness::envoy::Options| options.configuration = Some("{}".to_owned());
    let Some(error) = Setup::try_start(refused).and_then(Result::err) else { return };
    assert!(error.to_string().contains("promward: configuration refused: "), "{error}");
}
