//! The guide, step by step and by one command.

use crate::examples::running::{ASKED, LABEL_VALUES, LONG, Running, needed};
use promward_harness::client::Client;
use promward_harness::process::Stream;

#[test]
fn the_guide_is_run_by_one_command_which_leaves_nothing_behind() {
    let Some(guide) = Running::start("guide") else { return };
    assert_eq!(guide.run_what_is_printed(), [LABEL_VALUES]);
    let careless = guide.client();
    assert_eq!(careless.get(ASKED).unwrap().text(), LABEL_VALUES);
    assert_eq!(careless.get("/prometheus").unwrap().header("location").as_deref(), Some("/prometheus/"));
    let plain = Client::plain(([127, 0, 0, 1], guide.http).into()).get("/prometheus/graph").unwrap();
    let location = format!("https://example.com:{}/prometheus/graph", guide.https);
    assert_eq!((plain.status, plain.header("location")), (301, Some(location)));
    guide.end();
}

#[test]
fn the_guide_ends_when_one_of_its_programs_does_and_says_so() {
    let Some(mut tools) = needed() else { return };
    for (variable, tool) in &mut tools {
        if *variable == "PROMWARD_ENVOY" {
            tool.path = "/bin/false".into();
        }
    }
    let guide = Running::with("guide", &tools);
    let _ = guide.script.wait_until("its end", LONG, || None::<()>);
    assert_eq!(guide.script.ended().unwrap().and_then(|status| status.code()), Some(1), "{}", guide.script);
    let said = guide.script.lines(Stream::Errors).join("\n");
    assert!(said.contains("guide: Envoy or Prometheus has ended by itself:"), "{said}");
    guide.left_nothing();
}
