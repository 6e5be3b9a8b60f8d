//! `promward check` warns where the headers for a rate limit service count nothing, as far as an Envoy file shows it.

use crate::check::{self, changed, checked};
use promward_harness::envoy::variants::{self, Variant};

/// The end of the shipped configuration, where the field is added.
const END: &str = r#""access": [{ "who": ["anyone"], "may": ["everything"] }]"#;

const ALL: &str = r#"["rule", "caller", "class"]"#;

/// Returns the warnings about the shipped file with these variants, with this list and with a change to its text.
fn warnings(variants: &[Variant], list: &str, change: (&str, &str)) -> Vec<String> {
    let field = format!(r#"{END}, "headers": {{ "rate_limit": {list} }}"#);
    let text =
        variants::render(variants).unwrap().replacen(END, if list.is_empty() { END } else { &field }, 1);
    check::warnings(&checked("envoy.yaml", &changed(&text, &[change])))
}

#[test]
fn a_list_and_the_lines_for_it_are_not_warned_of() {
    assert_eq!(warnings(&[Variant::RateLimit], ALL, ("", "")), [""; 0]);
    assert_eq!(warnings(&[], "", ("", "")), [""; 0]);
}

#[test]
fn a_list_that_nothing_reads_is_warned_of() {
    let [said] = warnings(&[], ALL, ("", "")).try_into().unwrap();
    assert!(said.starts_with("headers.rate_limit: nothing counts by these headers: there is no "), "{said}");
}

#[test]
fn a_rate_limit_filter_before_this_one_is_warned_of() {
    let early = "          http_filters:\n          - name: early\n            typed_config:\n              \
                 \"@type\": type.googleapis.com/envoy.extensions.filters.http.ratelimit.v3.RateLimit\n";
    let [said] = warnings(&[], ALL, ("          http_filters:\n", early)).try_into().unwrap();
    assert!(said.contains("stands before this filter, where clients write the headers"), "{said}");
    assert_eq!(warnings(&[Variant::RateLimit], ALL, ("          http_filters:\n", early)), [""; 0]);
}

#[test]
fn a_header_that_is_counted_and_not_written_is_warned_of() {
    let said = |what: &str| {
        format!(
            "rate_limits counts by x-promward-{what}, and headers.rate_limit doesn't list \"{what}\": Envoy leaves such a \
             descriptor out, and requests pass without that limit"
        )
    };
    assert_eq!(warnings(&[Variant::RateLimit], r#"["rule", "caller"]"#, ("", "")), [said("class")]);
    assert_eq!(warnings(&[Variant::RateLimit], "", ("", "")), ["rule", "caller", "class"].map(said));
    let camel = (
        "request_headers: { header_name: x-promward-class",
        "requestHeaders: { headerName: X-Promward-Class",
    );
    assert_eq!(warnings(&[Variant::RateLimit], r#"["rule", "caller"]"#, camel), [said("class")]);
}
