//! Certificates that are known by the names in them need a listener that validates chains.

use crate::check::checked;
use promward_harness::envoy::variants::{self, Variant};

const CONFIGURATION: &str = r#"{ "mounts": [{ "prefix": "/" }],
  "callers": { "certificates": { "reader": { "uri_san": "spiffe://example.com/reader" } },
               "certificates_validated_by_listener": true },
  "access": [{ "who": ["certificate:reader"], "may": ["read"] }] }"#;

const CHAIN: &str = "listeners[0].filter_chains[0]";

/// Returns an Envoy file, in JSON, whose listener has this `common_tls_context`, and whose filter has this
/// configuration.
fn envoys(tls: &str, configuration: &str) -> String {
    let value = serde_json::to_string(configuration).unwrap();
    format!(
        r#"{{ "static_resources": {{ "listeners": [{{ "filter_chains": [{{
            "transport_socket": {{ "typed_config": {{
                "@type": "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext",
                "common_tls_context": {tls}
            }} }},
            "filters": [{{ "name": "promward", "typed_config": {{
                "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
                "config": {{ "configuration": {{
                    "@type": "type.googleapis.com/google.protobuf.StringValue", "value": {value}
                }} }}
            }} }}]
        }}] }}] }} }}"#
    )
}

/// Returns the output without the place.
fn said(text: &str) -> String {
    let printed = checked("envoy", text);
    let line = printed.lines().find_map(|line| Some(line.split_once(": refused: ")?.1));
    line.or_else(|| printed.lines().find_map(|line| line.strip_prefix("  make sure: ")))
        .unwrap_or("nothing")
        .replace("callers.certificates_validated_by_listener: ", "")
        .replace(&format!("static_resources.{CHAIN}.transport_socket.typed_config"), "…")
}

#[test]
fn the_filter_chain_has_to_validate_what_certificates_say() {
    let missing = "nobody validates chains here: ….common_tls_context";
    let wanted = "….common_tls_context.validation_context_sds_secret_config";
    for (tls, said_of_it) in [
        (r#"{ "validation_context": { "trusted_ca": { "filename": "ca" } } }"#, "nothing".to_owned()),
        (
            r#"{ "validation_context": { "trusted_ca": { "filename": "ca" }, "trust_chain_verification": "VERIFY_TRUST_CHAIN",
                 "trustChainVerification": "ACCEPT_UNTRUSTED" } }"#,
            format!("{missing}.validation_context.trustChainVerification is ACCEPT_UNTRUSTED"),
        ),
        (
            r#"{ "validationContext": { "trustedCa": { "filename": "ca" }, "trustChainVerification": "VERIFY_TRUST_CHAIN" } }"#,
            "nothing".to_owned(),
        ),
        (
            r#"{ "combined_validation_context": { "default_validation_context": { "trusted_ca": { "filename": "ca" } } } }"#,
            "nothing".to_owned(),
        ),
        ("{}", format!("{missing} has no validation_context with a trusted_ca")),
        (r#"{ "validation_context": {} }"#, format!("{missing}.validation_context has no trusted_ca")),
        (
            r#"{ "validation_context": { "trusted_ca": null } }"#,
            format!("{missing}.validation_context has no trusted_ca"),
        ),
        (
            r#"{ "combinedValidationContext": {} }"#,
            format!("{missing}.combinedValidationContext has no trusted_ca"),
        ),
        (
            r#"{ "validation_context": { "trusted_ca": { "filename": "ca" }, "trust_chain_verification": "ACCEPT_UNTRUSTED" } }"#,
            format!("{missing}.validation_context.trust_chain_verification is ACCEPT_UNTRUSTED"),
        ),
        (
            r#"{ "validationContext": { "trustedCa": { "filename": "ca" }, "trustChainVerification": 1 } }"#,
            format!("{missing}.validationContext.trustChainVerification is no VERIFY_TRUST_CHAIN"),
        ),
        (
            r#"{ "combined_validation_context": { "default_validation_context": { "trust_chain_verification": "ACCEPT_UNTRUSTED" },
                 "validation_context_sds_secret_config": { "name": "clients" } } }"#,
            format!(
                "{missing}.combined_validation_context.default_validation_context.trust_chain_verification is ACCEPT_UNTRUSTED"
            ),
        ),
        (
            r#"{ "validation_context_sds_secret_config": { "name": "clients" } }"#,
            format!(
                "the secret \"clients\" at {wanted} has to have a trusted_ca, and no trust_chain_verification: ACCEPT_UNTRUSTED"
            ),
        ),
        (
            r#"{ "validation_context": { "custom_validator_config": { "name": "envoy.tls.cert_validator.spiffe" } } }"#,
            "the validator at ….common_tls_context.validation_context.custom_validator_config has to refuse what no \
             authority of yours has signed"
                .to_owned(),
        ),
    ] {
        assert_eq!(said(&envoys(tls, CONFIGURATION)), said_of_it, "{tls}");
    }
}

#[test]
fn a_chain_without_tls_validates_nothing_wherever_it_stands() {
    let text = envoys("{}", CONFIGURATION);
    for (text, chain) in [
        (text.replace("common_tls_context", "none"), CHAIN),
        (
            text.replace("transport_socket", "none").replace("filter_chains", "filterChains"),
            "listeners[0].filterChains[0]",
        ),
        (
            text.replace("transport_socket", "none")
                .replace(r#""filter_chains": ["#, r#""default_filter_chain": "#)
                .replace("}] }] }", "} }] }"),
            "listeners[0].default_filter_chain",
        ),
    ] {
        assert_eq!(
            said(&text),
            format!(
                "nobody validates chains here: static_resources.{chain} has no transport_socket with TLS"
            )
        );
    }
}

#[test]
fn of_the_shipped_files_the_one_for_certificates_validates_them() {
    for (variants, said_of_it) in [
        (&[Variant::ClientCertificates][..], "nothing"),
        (
            &[][..],
            "nobody validates chains here: ….common_tls_context has no validation_context with a trusted_ca",
        ),
    ] {
        let text = variants::render(variants).unwrap();
        let (indented, rules) = (CONFIGURATION.replace('\n', " "), text.find("\"mounts\"").unwrap());
        let begin = text[..rules].rfind('{').unwrap();
        let end = rules + text[rules..].find("\n          - name: envoy.filters.http.router").unwrap();
        assert_eq!(said(&[&text[..begin], &indented, &text[end..]].concat()), said_of_it);
    }
}

#[test]
fn digests_need_no_chain() {
    let digest = format!(r#""sha256:{}""#, "b".repeat(64));
    let known_by_digest =
        CONFIGURATION.replace(r#"{ "uri_san": "spiffe://example.com/reader" }"#, &digest).replace(
            r#""certificates_validated_by_listener": true"#,
            r#""groups": { "all": ["certificate:reader"] }"#,
        );
    assert_eq!(said(&envoys("{}", &known_by_digest)), "nothing");
}

#[test]
fn where_no_listener_is_in_the_file_it_says_what_has_to_be_so_in_the_other() {
    let wanted = "in the listener's DownstreamTlsContext there has to be a validation_context with a trusted_ca, and \
                  without trust_chain_verification: ACCEPT_UNTRUSTED";
    let discovered = envoys("{}", CONFIGURATION).replace("filter_chains", "resources");
    for text in [CONFIGURATION, &discovered] {
        assert_eq!(said(text), wanted);
    }
}
