//! Checks that the Prometheus of the other tests works: it has scraped itself, and its page finds all of its assets, in
//! each of the four ways in which a proxy can reach it.

use promward_harness::prometheus::{Options, Prometheus};
use promward_harness::tools::{self, Program, Version};
use std::thread;

/// The first version without the classic UI.
const CLASSIC_UI_ENDS: Version = Version::new(3, 0, 0);

#[test]
fn it_is_ready_and_its_page_is_whole_in_every_set_up() {
    let Some(tool) = tools::need(Program::Prometheus) else {
        return;
    };
    let guide = Options::guide();
    let set_ups = [
        guide.clone(),
        Options::default(),
        Options { route_prefix: None, ..guide.clone() },
        Options { external_url: None, route_prefix: Some("/prometheus".to_owned()), ..guide },
    ];
    // Each takes about five seconds until its first scrape, so that they are started at once.
    let starting = set_ups.map(|options| thread::spawn(|| Prometheus::start(options).unwrap()));
    for prometheus in starting.map(|thread| thread.join().unwrap()) {
        let (status, jobs) = prometheus.get("/api/v1/label/job/values").unwrap();
        assert_eq!((status, jobs.as_str()), (200, r#"{"status":"success","data":["prometheus"]}"#));
        if tool.version < CLASSIC_UI_ENDS {
            the_page_is_whole(&prometheus);
        }
    }
}

fn the_page_is_whole(prometheus: &Prometheus) {
    let assets = assets(prometheus);
    assert!(assets.len() > 10, "{assets:?}");
    for asset in assets {
        let (status, body) = prometheus.get(&asset).unwrap();
        assert!(status == 200 && !body.is_empty(), "{status} {asset} {:?}", prometheus.options());
    }
}

/// Returns the assets that the page of the classic UI names, without the prefixes of the set-ups.
fn assets(prometheus: &Prometheus) -> Vec<String> {
    let (status, page) = prometheus.get("/classic/graph").unwrap();
    assert_eq!(status, 200, "{page}");
    page.split(['"', '\''])
        .filter(|text| text.contains("/static/"))
        .map(|text| text.trim_start_matches("/prometheus").to_owned())
        .collect()
}
