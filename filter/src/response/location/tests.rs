//! Locations of servers whose APIs are known, and of opaque ones.

use super::*;
use crate::api::Profile;
use crate::api::mount::{PassedCredentials, Prefix, WebSockets};
use crate::api::{opaque, prometheus};
use proptest::prelude::*;

fn mount(prefix: &str, upstream_prefix: &str, api: &'static Profile) -> Mount {
    Mount {
        prefix: Prefix::parse(prefix).unwrap(),
        upstream_prefix: Prefix::parse(upstream_prefix).unwrap(),
        api,
        cluster: None,
        origins: vec![Origin::parse("http://localhost:9090").unwrap()],
        max_form: 0,
        max_write: 0,
        max_query: 0,
        extensions: crate::promql::Extensions::NONE,
        ignored: [].into(),
        credentials: PassedCredentials::None,
        cross_site: Vec::new(),
        websockets: WebSockets::Refuse,
        pass_encoded_slash: false,
    }
}

fn public(prefix: &str, upstream_prefix: &str, location: &str) -> Result<String, LocationError> {
    redirected(mount(prefix, upstream_prefix, &prometheus::PROFILE), location)
}

/// Maps a location of an opaque server.
fn opaque(prefix: &str, location: &str) -> Result<String, LocationError> {
    redirected(mount(prefix, "/", &opaque::PROFILE), location)
}

fn redirected(mount: Mount, location: &str) -> Result<String, LocationError> {
    let others = ["/auth", "/"].map(|prefix| self::mount(prefix, "/", &opaque::PROFILE));
    let mounts = Mounts::new([mount.clone()].into_iter().chain(others).collect());
    Redirected { mount: &mount, mounts: &mounts, host: Some("example.com"), upstream_path: "/consoles/a" }
        .public(location.as_bytes())
}

macro_rules! mapped {
    ($($name:ident: $prefix:literal, $upstream:literal, $location:literal => $public:literal;)*) => {
        $(#[test] fn $name() { assert_eq!(public($prefix, $upstream, $location).as_deref(), Ok($public)); })*
    };
}

mapped! {
    a_path_without_the_prefix_gets_it: "/prometheus", "/", "/graph" => "/prometheus/graph";
    a_path_with_the_prefix_keeps_it: "/prometheus", "/", "/prometheus/graph" => "/prometheus/graph";
    a_name_that_begins_like_the_prefix_gets_it: "/prometheus", "/", "/prometheusX" => "/prometheus/prometheusX";
    query_and_fragment_stay: "/prometheus", "/", "/graph?a=/b#c" => "/prometheus/graph?a=/b#c";
    our_own_host_goes: "/prometheus", "/", "https://example.com/prometheus/graph" => "/prometheus/graph";
    a_host_of_the_servers_goes: "/prometheus", "/", "http://localhost:9090/graph" => "/prometheus/graph";
    a_host_alone_is_its_root: "/prometheus", "/", "http://localhost:9090" => "/prometheus/";
    the_servers_prefix_goes: "/prometheus", "/prom", "/prom/graph" => "/prometheus/graph";
    the_servers_prefix_alone_is_the_root: "/prometheus", "/prom", "/prom" => "/prometheus/";
    the_servers_prefix_goes_once: "/prometheus", "/prom", "/prom/prom/graph" => "/prometheus/prom/graph";
    one_prefix_for_both_stays: "/prometheus", "/prometheus", "/prometheus/graph" => "/prometheus/graph";
    a_public_path_below_the_servers_prefix_stays: "/a/b", "/a", "/a/b/graph" => "/a/b/graph";
    a_server_mounted_below_the_root: "/", "/prom", "/prom/graph" => "/graph";
    without_any_prefix_a_path_is_itself: "/", "/", "/graph" => "/graph";
    a_relative_reference_is_resolved: "/prometheus", "/", "b?c" => "/prometheus/consoles/b?c";
    a_query_alone_is_resolved: "/prometheus", "/", "?c" => "/prometheus/consoles/a?c";
    dot_segments_do_not_leave_the_prefix: "/prometheus", "/", "/prometheus/../-/%2E./quit" => "/prometheus/quit";
    a_last_dot_segment_is_a_folder: "/prometheus", "/", "/a/b/.." => "/prometheus/a/";
}

#[test]
fn a_location_never_leaves_the_site() {
    for location in [
        "https://evil.example/",
        "http://example.com.evil/",
        "https://example.com@evil/",
        "http://localhost:9091/",
        "https:evil",
        "javascript:alert(1)",
        "ftp://example.com/",
        "HTTPS://EVIL/",
    ] {
        assert_eq!(public("/prometheus", "/", location), Err(LocationError::ForeignHost), "{location}");
    }
    for location in [
        "//evil",
        "/\\evil",
        "/\t/evil",
        "/a b",
        "/.//evil",
        "/a/..//evil",
        "https://example.com//evil",
        "/\u{e9}",
    ] {
        for prefix in ["/prometheus", "/"] {
            assert_eq!(public(prefix, "/", location), Err(LocationError::Ambiguous), "{location}");
        }
    }
}

#[test]
fn an_opaque_server_may_redirect_to_another_site() {
    for location in [
        "https://id.example.net/authorize?redirect_uri=https%3A%2F%2Fexample.com%2Fgrafana&state=a//b",
        "http://example.com.evil/",
        "https://example.com@evil/",
        "https://example.com:8443/",
        "HTTPS://id.example.net",
        "com.example.app:/callback?code=1",
        // Another mount of this site.
        "https://example.com/auth/realms/a?b=/c#d",
        "https://example.com/auth",
    ] {
        assert_eq!(opaque("/grafana", location).as_deref(), Ok(location));
    }
}

#[test]
fn an_opaque_servers_own_locations_are_mapped() {
    for (location, mapped) in [
        ("https://example.com/login", "/grafana/login"),
        ("http://EXAMPLE.com/grafana/login?a#b", "/grafana/login?a#b"),
        ("http://localhost:9090/login", "/grafana/login"),
        ("http://localhost:9090/auth/login", "/grafana/auth/login"),
        ("https://example.com/authors", "/grafana/authors"),
        ("https://example.com", "/grafana/"),
        ("/auth/login", "/grafana/auth/login"),
        ("login", "/grafana/consoles/login"),
    ] {
        assert_eq!(opaque("/grafana", location).as_deref(), Ok(mapped), "{location}");
    }
}

#[test]
fn what_browsers_may_read_as_another_location_is_refused_from_an_opaque_server_too() {
    for location in [
        "//id.example.net/",
        "///id.example.net/",
        "/\\evil",
        "https:evil",
        "https:/evil",
        "https:///evil",
        "https://",
        "http://@evil/",
        "https:\\\\evil",
        "https://evil\\@example.com/",
        "ht tps://evil/",
        "/\t/evil",
        "1://evil/",
        ":evil",
        "https://example.com//evil",
        "https://ev\u{ed}l/",
    ] {
        assert_eq!(opaque("/grafana", location), Err(LocationError::Ambiguous), "{location}");
    }
}

proptest! {
    #[test]
    fn mapping_twice_is_mapping_once(
        prefix in prop::sample::select(vec!["/", "/a", "/a/b", "/p"]),
        upstream in prop::sample::select(vec!["/", "/a", "/a/b", "/p"]),
        location in "(/|a|b|p|/a|/b|\\.\\.?|%2e|\\?|#|http://example\\.com){0,8}",
    ) {
        if let Ok(once) = public(prefix, upstream, &location) {
            prop_assert_eq!(&public(prefix, upstream, &once), &Ok(once.clone()));
            prop_assert!(once.starts_with('/') && !once.starts_with("//"));
            let path = once.split(['?', '#']).next().unwrap();
            prop_assert!(Prefix::parse(prefix).unwrap().strip(path).is_some());
        }
    }

    #[test]
    fn an_opaque_servers_location_is_left_alone_or_mapped_below_its_prefix(
        prefix in prop::sample::select(vec!["/", "/a", "/a/b"]),
        location in "(https?:|HTTP:|x:|/|//|a|b|auth|/a|\\.\\.?|%2e|\\?|#|@|:|:80|example\\.com|evil|//example\\.com|//evil){0,8}",
    ) {
        if let Ok(once) = opaque(prefix, &location) {
            prop_assert_eq!(&opaque(prefix, &once), &Ok(once.clone()));
            if once != location {
                prop_assert!(once.starts_with('/') && !once.starts_with("//"));
                let path = once.split(['?', '#']).next().unwrap();
                prop_assert!(Prefix::parse(prefix).unwrap().strip(path).is_some());
            } else {
                prop_assert!(!once.starts_with("//"));
            }
        }
    }
}
