//! Scenarios about ticks, metrics, shared data and the log.

use super::played::Played;
use promward_embedded::host::Personality;
use promward_embedded::host::personality::SharedDataRules;
use std::time::Duration;

/// Fact 7: adding to a gauge traps on nginx, counters work everywhere.
#[test]
fn gauges_trap_on_nginx() {
    for (personality, traps) in
        [(Personality::ENVOY, false), (Personality::NGINX, true), (Personality::TRAFFIC_SERVER, false)]
    {
        let mut played = Played::new(personality);
        played.open("GET", "request_headers=count", &[], true);
        assert_eq!(played.metric("probe.counted.by=stream"), Some(1));
        played.open("GET", "request_headers=gauge", &[], true);
        assert_eq!(played.worker.failed(), traps, "{}", personality.name);
    }
}

/// Fact 8: setting a tick from a request traps on nginx, and a period of 0 doesn't end the ticks of Traffic Server.
#[test]
fn a_tick_can_not_be_set_or_ended_everywhere() {
    for (personality, traps, period) in [
        (Personality::ENVOY, false, None),
        (Personality::NGINX, true, None),
        (Personality::TRAFFIC_SERVER, false, Some(Duration::from_millis(1))),
    ] {
        let mut played = Played::new(personality);
        played.open("GET", "request_headers=tick:0", &[], true);
        assert_eq!(played.worker.failed(), traps, "{}", personality.name);
        assert_eq!(played.worker.tick_period(), period, "{}", personality.name);
    }
}

/// Fact 8: nginx ignores which context a tick wants to act on, so that nothing can be released from it.
#[test]
fn a_tick_reaches_no_stream_on_nginx() {
    for (personality, released) in
        [(Personality::ENVOY, true), (Personality::NGINX, false), (Personality::TRAFFIC_SERVER, true)]
    {
        let mut played = Played::new(personality);
        let paused = played.open("GET", "request_headers=pause", &[], true);
        let told = played.open("GET", "", &[("x-probe-tell", "resume")], true);
        played.take(told);
        played.worker.tick();
        assert_eq!(!played.take(paused).server.head.is_empty(), released, "{}", personality.name);
    }
}

/// Fact 9: on nginx the number 0 says that there is no entry. Without a zone of shared memory the call traps.
#[test]
fn shared_data_has_its_own_numbers_on_nginx() {
    for (personality, first, new, again) in
        [(Personality::ENVOY, 0, 0, 0), (Personality::NGINX, 8, 0, 8), (Personality::TRAFFIC_SERVER, 0, 0, 0)]
    {
        let mut played = Played::new(personality);
        // The probe's first write is based on a number that no entry has, the others on 0.
        played.open("GET", "request_headers=share:one:7+share:two:0+share:two:0", &[], true);
        let lines: Vec<String> =
            played.lines().into_iter().filter(|line| line.starts_with("set_shared")).collect();
        let expected = [first, new, again].map(|status| format!("set_shared_data returned {status}"));
        assert_eq!(lines, expected, "{}", personality.name);
    }
    let without = Personality { shared_data: SharedDataRules::NoSharedData, ..Personality::NGINX };
    let mut played = Played::new(without);
    played.open("GET", "request_headers=share:one:0", &[], true);
    assert!(played.worker.failed());
}

/// The log of nginx has variables that the configuration defines.
#[test]
fn a_property_for_the_log_is_a_variable_on_nginx() {
    let mut played = Played::new(Personality::NGINX);
    let probe = "request_headers=write:ngx.promward:allowed+write:promward:x+write:ngx.other:x";
    let id = played.open("GET", probe, &[], true);
    let lines: Vec<String> =
        played.lines().into_iter().filter(|line| line.starts_with("set_property")).collect();
    assert_eq!(lines, [0, 1, 1].map(|status| format!("set_property returned {status}")));
    assert_eq!(played.worker.filter_state(id, "promward").as_deref(), Some(b"allowed".as_slice()));
}
