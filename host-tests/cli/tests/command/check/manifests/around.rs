//! Warnings about what control planes put around a plugin: failures, order, tokens, buffers and routes.

use super::{GATEWAY, ISTIO, printed};
use crate::check;

/// Callers with tokens of an issuer.
const JWT: &str = "callers: { jwt: { corp: { payload: payload, issuer: i, audience: a } } }";

fn warnings(text: &str, changes: &[(&str, &str)]) -> Vec<String> {
    check::warnings(&printed(text, changes))
}

#[test]
fn what_istio_would_do_otherwise_than_is_meant_is_warned_of() {
    let tokens = ("    mounts", &*format!("    {JWT}\n    mounts"));
    let misnamed = tokens.1.replace("payload: payload", "payload: jwt");
    for (changes, said) in [
        (
            vec![("FAIL_RELOAD", "FAIL_CLOSE")],
            "spec.failStrategy: this is FAIL_CLOSE: a worker whose VM has failed answers 503",
        ),
        (vec![("  failStrategy: FAIL_RELOAD\n", "")], "spec.failStrategy: this is FAIL_CLOSE"),
        (vec![tokens, ("AUTHZ", "AUTHN")], "spec.phase: this is AUTHN, and callers.jwt needs tokens"),
        (
            vec![tokens, ("  phase: AUTHZ\n", "")],
            "spec.phase: this is UNSPECIFIED, and callers.jwt needs tokens",
        ),
        (
            vec![("    mounts", &misnamed)],
            "callers.jwt.corp.payload: Istio leaves the claims of a token under \"payload\"",
        ),
        (
            vec![("  phase", "  match: [{ mode: CLIENT, ports: [{ number: 443 }] }]\n  phase")],
            "spec.match: ports are those that the proxy itself listens on",
        ),
        (
            vec![("targetRefs", "match: []\n  unknown")],
            "spec.targetRefs: without it or a selector this runs in every proxy",
        ),
        (
            vec![("prefix: /prometheus", "prefix: /prometheus, cluster: a")],
            "mounts[0].cluster: no route here looks at it",
        ),
        (
            vec![
                ("prefix: /prometheus", "prefix: /prometheus, max_form: 1MiB"),
                ("[read]", "[read], only: { a: [b] }"),
            ],
            "mounts[0].max_form: forms, with 256 KiB",
        ),
        (
            vec![("    mounts", "    listener_writes_client: true\n    mounts")],
            "listener_writes_client: no early header",
        ),
    ] {
        let warnings = warnings(ISTIO, &changes);
        assert!(warnings.len() == 1 && warnings[0].starts_with(said), "{said}: {warnings:#?}");
    }
    assert_eq!(warnings(ISTIO, &[tokens]), [""; 0]);
    assert_eq!(warnings(ISTIO, &[]), [""; 0]);
}

#[test]
fn what_envoy_gateway_would_do_otherwise_than_is_meant_is_warned_of() {
    const SECURITY: &str = "---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: SecurityPolicy
metadata: { name: tokens }
spec: { jwt: { optional: true, providers: [{ name: corp, issuer: i, extractFrom: { headers: [] } }] } }
";
    let with_tokens = format!("{GATEWAY}{SECURITY}");
    let tokens = |payload: &str| format!("      {}\n      mounts", JWT.replace("payload: payload", payload));
    let (right, wrong) = (tokens("payload: corp"), tokens("payload: payload"));
    let buffer = "connection: { bufferLimit: 512Ki }, ";
    for (changes, said) in [
        (
            vec![(buffer, "")],
            "and spec.connection.bufferLimit of the ClientTrafficPolicy (not given) is 32768",
        ),
        (vec![("512Ki", "100k")], "and spec.connection.bufferLimit of the ClientTrafficPolicy is 100000"),
        (
            vec![("524288", "64Ki")],
            "and spec.http2.initialStreamWindowSize of the ClientTrafficPolicy is 65536",
        ),
        (
            vec![("      mounts", &wrong)],
            "no provider of this file is called \"payload\": no token will be found (providers here: corp)",
        ),
        (
            vec![("      mounts", &right), ("optional: true, ", "")],
            "spec.jwt.optional of the SecurityPolicy: a request without",
        ),
    ] {
        let warnings = warnings(&with_tokens, &changes);
        assert!(warnings.len() == 1 && warnings[0].contains(said), "{said}: {warnings:#?}");
    }
    assert_eq!(warnings(&with_tokens, &[("      mounts", &right)]), [""; 0]);
    let (policy, _) = GATEWAY.split_once("---").unwrap();
    assert_eq!(warnings(policy, &[]).len(), 2, "neither a buffer nor a window is given");
}

#[test]
fn tokens_of_an_issuer_that_nobody_verifies_and_tokens_in_urls_are_warned_of() {
    let istio = format!(
        "{ISTIO}---\napiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {{ name: a }}\nspec:\n  jwtRules: \
         [{{ issuer: i, fromHeaders: [{{ name: Authorization }}] }}]\n"
    )
    .replace("    mounts", &format!("    {JWT}\n    mounts"));
    let gateway = format!(
        "{GATEWAY}---\napiVersion: gateway.envoyproxy.io/v1alpha1\nkind: SecurityPolicy\nmetadata: {{ name: a }}\nspec: {{ jwt: {{ \
         optional: true, providers: [{{ name: payload, issuer: i, extractFrom: {{ headers: [] }} }}] }} }}\n"
    )
    .replace("      mounts", &format!("      {JWT}\n      mounts"));
    for (text, another, without, field) in [
        (
            &istio,
            "[{ issuer: j,",
            ", fromHeaders: [{ name: Authorization }]",
            "fromHeaders in the RequestAuthentication",
        ),
        (
            &gateway,
            "name: payload, issuer: j,",
            ", extractFrom: { headers: [] }",
            "extractFrom.headers in the SecurityPolicy",
        ),
    ] {
        assert_eq!(warnings(text, &[]), [""; 0]);
        let unverified = warnings(text, &[(&another.replace(" j,", " i,"), another)]);
        let said = "of this file is for \"i\": no token of it is verified";
        assert!(unverified.len() == 1 && unverified[0].ends_with(said), "{unverified:?}");
        let in_urls = warnings(text, &[(without, "")]);
        assert!(in_urls.len() == 1 && in_urls[0].starts_with(field), "{in_urls:?}");
    }
}

#[test]
fn a_route_that_a_stripped_path_does_not_find_is_warned_of() {
    let http_route = |path: &str| {
        format!(
            "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {{ name: a }}\nspec:\n  rules:\n  - \
             matches: [{{ path: {{ type: PathPrefix, value: {path} }} }}]\n"
        )
    };
    let virtual_service = |uri: &str| {
        format!(
            "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {{ name: a }}\nspec:\n  http:\n  - \
             match: [{{ uri: {{ {uri} }} }}]\n"
        )
    };
    let stripped =
        "mounts[0].prefix: the routes are looked at again for the path that is left, and none leads to /";
    let elsewhere = "mounts[0].prefix: no route of this file leads to /prometheus";
    let kept = [("prefix: /prometheus", "prefix: /prometheus, upstream_prefix: /prometheus")];
    for text in [ISTIO, GATEWAY] {
        for (route, said, said_of_kept) in [
            (http_route("/"), None, None),
            (http_route("/prometheus"), Some(stripped), None),
            (http_route("/prometheusX"), Some(elsewhere), Some(elsewhere)),
            (virtual_service("prefix: /"), None, None),
            (virtual_service("prefix: /prometheus/"), Some(stripped), None),
            (virtual_service("exact: /prometheus"), Some(elsewhere), Some(elsewhere)),
            (virtual_service("regex: .*"), None, None),
        ] {
            let text = format!("{text}{route}");
            for (changes, said) in [(&[][..], said), (&kept[..], said_of_kept)] {
                let warnings = warnings(&text, changes);
                assert_eq!(warnings.len(), usize::from(said.is_some()), "{route}: {warnings:#?}");
                assert!(
                    warnings.iter().all(|warning| warning.starts_with(said.unwrap())),
                    "{route}: {warnings:#?}"
                );
            }
        }
    }
}

#[test]
fn a_text_that_kubernetes_reads_as_true_or_false_is_warned_of() {
    for (tenants, warned) in [("[no]", 1), ("[\"no\"]", 0), ("[a, Yes, off ]", 2), ("[nothing]", 0)] {
        let rule = format!("may: [read], only: {{ tenant: {tenants} }}");
        let warnings = warnings(ISTIO, &[("may: [read]", &rule)]);
        assert_eq!(warnings.len(), warned, "{warnings:?}");
        assert!(warnings.iter().all(|warning| warning.contains("stands without quotes")), "{warnings:?}");
    }
}
