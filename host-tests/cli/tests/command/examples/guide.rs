//! The guide, step by step and by one command.

use crate::examples::running::{ASKED, LABEL_VALUES, Running};
use crate::processes::{end_of, signal};
use promward_harness::client::Client;
use promward_harness::process::Stream;

#[test]
fn the_guide_is_run_by_one_command_which_leaves_nothing_behind() {
    let Some(guide) = Running::start("guide") else { return };
    assert_eq!(guide.run_what_is_printed(), [LABEL_VALUES]);
    let careless = guide.client();
    assert_eq!(careless.get(ASKED).unwrap().text(), LABEL_VALUES);
    assert_eq!(careless.get("/prometheus").unwrap().header("location").as_deref(), Some("/prometheus/"));
    let printed = guide.printed();
    let (_, http) = printed.split_once("Port ").unwrap();
    let http: u16 = http.split(' ').next().unwrap().parse().unwrap();
    let plain = Client::plain(([127, 0, 0, 1], http).into()).get("/prometheus/graph").unwrap();
    let location = format!("https://example.com:{}/prometheus/graph", guide.https);
    assert_eq!((plain.status, plain.header("location")), (308, Some(location)));
    guide.end();
}

#[test]
fn the_guide_ends_when_one_of_its_programs_does_and_says_so() {
    let Some(guide) = Running::start("guide") else { return };
    let programs = guide.programs();
    let (envoy, _) = programs.iter().find(|(_, name)| name.contains("envoy")).unwrap();
    signal("KILL", *envoy);
    assert_eq!(end_of(&guide.demo).code(), Some(1), "{}", guide.demo);
    let said = guide.demo.lines(Stream::Errors).join("\n");
    assert!(said.contains("ended by itself (signal: 9"), "{said}");
    assert!(said.contains("Envoy (its last lines: "), "{said}");
    guide.left_nothing(&programs);
}
