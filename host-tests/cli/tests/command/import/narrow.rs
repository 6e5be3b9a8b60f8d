//! No limit on rights is lost in an import: if the original narrows them in any way, the imported rule is as narrow, or is
//! left out.

use std::io::Write;
use std::process::{Command, Stdio};

/// Imports a text, and returns the rules, each as `who: may`, and the notes.
fn rules(kind: &str, text: &str) -> (Vec<String>, String) {
    let (configuration, notes) = configuration(kind, text, &[]);
    let words = |value: &serde_json::Value| {
        let words = value.as_array().into_iter().flatten().filter_map(serde_json::Value::as_str);
        words.collect::<Vec<_>>().join(" ")
    };
    let rules = configuration["access"].as_array().into_iter().flatten();
    let rules = rules.map(|rule| format!("{}: {}", words(&rule["who"]), words(&rule["may"]))).collect();
    (rules, notes)
}

/// Imports a text, and returns the configuration, or `Null` if there is none, and the notes.
fn configuration(kind: &str, text: &str, arguments: &[&str]) -> (serde_json::Value, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_promward"));
    command.args(["import", kind, "-"]).args(arguments);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let configuration = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (configuration, String::from_utf8(output.stderr).unwrap())
}

/// A server of nginx with these directives, and a location for Prometheus with those.
fn nginx(server: &str, location: &str) -> String {
    format!("server {{ {server} location /prometheus/ {{ proxy_pass http://localhost:9090/; {location} }} }}")
}

const NOTHING: [&str; 0] = [];

#[test]
fn of_nginx() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("", "", &["anyone: everything"]),
        ("", "deny all;", &NOTHING),
        ("", "return 403;", &NOTHING),
        ("return 301 https://$host;", "", &NOTHING),
        ("deny all;", "", &NOTHING),
        ("", "allow 10.0.0.0/8; deny all;", &NOTHING),
        ("allow 10.0.0.0/8; deny all;", "", &NOTHING),
        ("", "auth_request /auth;", &NOTHING),
        ("", "auth_basic x;", &NOTHING),
        ("", "auth_basic x; auth_basic_user_file no/such/file;", &NOTHING),
        ("auth_basic x; auth_basic_user_file no/such/file;", "", &NOTHING),
        ("auth_basic x; auth_basic_user_file no/such/file;", "auth_basic off;", &["anyone: everything"]),
        ("", "include no/such/file;", &NOTHING),
        ("", "if ($arg_x) { return 403; }", &NOTHING),
        ("", "some_new_directive on;", &NOTHING),
        ("location ~ ^/prometheus/(?!api) { deny all; }", "", &NOTHING),
        (
            "location /prometheus/api/v1/admin/ { deny all; }",
            "",
            &[
                "anyone: read health federate remote_read status config metrics write reload quit debug consoles ui",
            ],
        ),
        (
            "location ~* ^/PROMETHEUS/(api|federate|metrics|consoles|classic) { deny all; }",
            "",
            &["anyone: health reload quit debug"],
        ),
        (
            "location = /prometheus/-/quit { deny all; }",
            "",
            &[
                "anyone: read health federate remote_read status config metrics write admin reload debug consoles ui",
            ],
        ),
        (
            "",
            "limit_except GET { deny all; }",
            &["anyone: health info rules metadata federate status config metrics consoles ui"],
        ),
        ("", "limit_except GET { allow 10.0.0.1; deny all; }", &NOTHING),
        (
            "location ^~ /prometheus/api/ { deny all; } location ~ /query$ { proxy_pass http://localhost:9090; }",
            "",
            &["anyone: health federate metrics reload quit"],
        ),
        ("ssl_verify_client on;", "", &NOTHING),
        ("ssl_verify_client optional;", "", &["anyone: everything"]),
        ("listen 127.0.0.1:80;", "", &NOTHING),
        ("listen 443 ssl;", "", &["anyone: everything"]),
        ("", "proxy_method GET;", &NOTHING),
        // What another program answers, such as prom-label-proxy, is not open at Prometheus.
        (
            "location ~ ^/prometheus/(api|federate|metrics|consoles|classic) { proxy_pass http://localhost:8080; }",
            "",
            &["anyone: health reload quit debug"],
        ),
        (
            "location ~ ^/prometheus/(federate|metrics|consoles|classic) { proxy_pass http://localhost:8080; } location /prometheus/api/ { proxy_pass http://$proxy; }",
            "",
            &["anyone: health reload quit debug"],
        ),
        // A location within another is for what the outer one is for.
        (
            "location /grafana/ { location ~ /(api|federate) { deny all; } }",
            "",
            &[
                "anyone: read health federate remote_read status config metrics write admin reload quit debug consoles ui",
            ],
        ),
        (
            "location ~ ^/prometheus/(federate|metrics|consoles|classic) { deny all; } location /prometheus/api/ { deny all; location ~ /query { proxy_pass http://localhost:9090; } }",
            "",
            &["anyone: health reload quit debug"],
        ),
        (
            "auth_basic x; auth_basic_user_file no/such/file; location /grafana/ { proxy_pass http://g:3000; location ~ / { auth_basic off; proxy_pass http://localhost:9090; } }",
            "",
            &NOTHING,
        ),
        // An exception for one value of what a path holds.
        (
            "location = /prometheus/api/v1/label/secret/values { deny all; }",
            "",
            &[
                "anyone: health info query rules metadata federate remote_read status config metrics write admin reload quit debug consoles ui",
            ],
        ),
        (
            "location ~ /consoles/(a|secret/b\\.html)$ { deny all; }",
            "",
            &[
                "anyone: read health federate remote_read status config metrics write admin reload quit debug ui",
            ],
        ),
        // What stands before the servers, in a part of a file.
        ("} deny all; server {", "", &NOTHING),
        ("} allow 10.0.0.0/8; deny all; server {", "", &NOTHING),
        ("} auth_basic x; auth_basic_user_file no/such/file; server {", "", &NOTHING),
        ("} upstream x { server localhost:9090; } server {", "", &["anyone: everything"]),
        // Another server for the same.
        (
            "location /prometheus/ { auth_basic x; auth_basic_user_file no/such/file; proxy_pass http://localhost:9090/; } } server {",
            "",
            &NOTHING,
        ),
        ("location / { return 301 https://$host; } } server {", "", &["anyone: everything"]),
    ];
    for (server, location, expected) in cases {
        let (rules, notes) = rules("nginx", &nginx(server, location));
        assert_eq!(rules, *expected, "{server} | {location}\n{notes}");
        assert!(
            !expected.is_empty() || notes.contains("left out: ") || notes.contains("could be carried over"),
            "{notes}"
        );
    }
}

#[test]
fn of_nginx_where_a_path_is_glued_to_another() {
    let location = |from: &str, to: &str| format!("server {{ location {from} {{ proxy_pass {to}; }} }}");
    let api = ["--api", "prometheus"];
    for (from, to, glued) in [
        ("/p/", "http://h:9090/x", Some("/xapi")),
        ("/", "http://h:9090/x", Some("/xapi")),
        ("/p/", "http://h:9090/x?", Some("/xapi")),
        ("/p/", "http://h:9090/x/", None),
        ("/p", "http://h:9090/x", None),
        ("/p/", "http://h:9090", None),
    ] {
        let (imported, notes) = configuration("nginx", &location(from, to), &api);
        let mount = &imported["mounts"][0]["upstream_prefix"];
        assert_eq!(mount.is_null(), glued.is_some(), "{from} {to}: {imported}{notes}");
        assert!(glued.is_none_or(|glued| notes.contains(glued)), "{from} {to}: {notes}");
    }
    // The other locations are carried over.
    let both = location("/p/", "http://h:9090/x") + &location("/q/", "http://g:9090/");
    let (imported, notes) = configuration("nginx", &both, &api);
    assert_eq!(imported["mounts"].as_array().map(Vec::len), Some(1), "{imported}");
    assert!(
        notes.contains("left out: location /p (http://h:9090/x): nginx puts /x in the place of /p/"),
        "{notes}"
    );
}

#[test]
fn of_vmauth() {
    let user = |fields: &str| format!("users:\n- {{ username: a, password: p, {fields} }}\n");
    let server = "url_prefix: \"http://h:9090\"";
    let cases: &[(String, &[&str])] = &[
        (user(server), &["user:a: everything"]),
        (user(&format!("{server}, ip_filters: {{ allow_list: [10.0.0.1] }}")), &NOTHING),
        (user(server) + "ip_filters: { allow_list: [10.0.0.1] }\n", &NOTHING),
        (user(server).replace("password: p", "password: \"%{PASSWORD}\""), &NOTHING),
        (
            "users:\n- { name: a, bearer_token: x, url_map: [{ src_paths: [\"/api/v1/query.*\"], url_prefix: \"http://h:9090\" }] }\n- { name: a, bearer_token: y, url_prefix: \"http://h:9090\" }\n".to_owned(),
            &["token:a: query"],
        ),
        (user(&format!("{server}, access_log: {{}}, new_field: 1")), &NOTHING),
        (user("url_prefix: \"http://h:9090?extra_filters[]=%7Ba%3D%22b%22%7D\""), &NOTHING),
        (user("url_prefix: [\"http://h:9090\", \"http://g:9090?extra_label=a=b\"]"), &NOTHING),
        (user("url_prefix: [\"http://h:9090\", \"http://g:9090\"]"), &["user:a: everything"]),
        (user("url_map: [{ src_hosts: [x], url_prefix: \"http://h:9090\" }]"), &NOTHING),
        (user("url_map: [{ src_paths: [\"/api/v1/query\"], url_prefix: \"http://h:9090\" }]"), &NOTHING),
        (
            user("url_map: [{ src_paths: [\"/api/v1/query.*\"], url_prefix: \"http://h:9090\" }]"),
            &["user:a: query"],
        ),
        (
            user(
                "url_map: [{ src_paths: [\"/api/v1/label/(job|instance)/values\", \"/api/v1/(labels|series)\"], url_prefix: \"http://h:9090\" }]",
            ),
            &NOTHING,
        ),
        (
            user(
                "url_map: [{ src_paths: [\"/api/v1/label/[^/]+/values\", \"/api/v1/(labels|series)\"], url_prefix: \"http://h:9090\" }]",
            ),
            &["user:a: series"],
        ),
        // What an earlier entry leads elsewhere doesn't fall to a later one.
        (
            user(
                "url_map: [{ src_paths: [\"/-/.*\"], url_prefix: \"http://h:9090\" }, { src_paths: [\"/api/.*\"], url_prefix: \"http://other:9090\" }], url_prefix: \"http://h:9090\"",
            ),
            &["user:a: health federate metrics reload quit debug consoles ui"],
        ),
    ];
    for (text, expected) in cases {
        let (rules, notes) = rules("vmauth", text);
        assert_eq!(rules, *expected, "{text}\n{notes}");
    }
}

#[test]
fn of_web_configurations() {
    let users = "basic_auth_users:\n  a: $2y$10$CTq6c7qUAUb8U8m9ik8IW./W5p2t/S2gUvkYjy903uwdnJX7nPaJC\n";
    let tls =
        |kind: &str| format!("tls_server_config:\n  client_auth_type: {kind}\n  client_ca_file: ca.crt\n");
    for (text, expected) in [
        (users.to_owned(), &["authenticated: everything"][..]),
        (tls("VerifyClientCertIfGiven") + users, &["authenticated: everything"]),
        (tls("RequireAndVerifyClientCert"), &NOTHING),
        (tls("RequireAndVerifyClientCert") + users, &NOTHING),
        (tls("RequireAnyClientCert") + users, &NOTHING),
        ("basic_auth_users:\n  a: $apr1$x\n".to_owned(), &NOTHING),
    ] {
        let (rules, notes) = rules("web-config", &text);
        assert_eq!(rules, expected, "{text}\n{notes}");
    }
}

#[test]
fn of_oauth2_proxy() {
    let file = |lines: &str| {
        format!(
            "upstreams = [\"http://h:9090\"]\noidc_issuer_url = \"https://id\"\nclient_id = \"p\"\n{lines}\n"
        )
    };
    for (lines, expected) in [
        ("email_domains = [\"*\"]", &["authenticated: everything"][..]),
        ("email_domains = [\"example.com\"]", &NOTHING),
        ("", &NOTHING),
        ("email_domains = [\"*\"]\ngoogle_group = [\"x\"]", &NOTHING),
        ("email_domains = [\"*\"]\nallowed_roles = [\"x\"]", &NOTHING),
        ("email_domains = [\"*\"]\nkeycloak_groups = [\"x\"]", &NOTHING),
        ("email_domains = [\"*\"]\nbitbucket_repository = \"x\"", &NOTHING),
        ("email_domains = [\"*\"]\ncookie_secret = \"x\"", &["authenticated: everything"]),
        ("email_domains = [\"*\"]\ngithub_org = \"x\"", &NOTHING),
        ("email_domains = [\"*\"]\nauthenticated_emails_file = \"x\"", &NOTHING),
        ("email_domains = [\"*\"]\nallowed_groups = [\"sre\"]", &["group:provider/sre: everything"]),
        ("skip_auth_routes = [\"GET=^/-/healthy$\"]", &NOTHING),
        ("skip_auth_routes = [\"GET!=^/-/\"]", &NOTHING),
        ("skip_auth_routes = [\"GET=^/-/\"]", &["anyone: health"]),
        ("skip_auth_regex = [\"^/-/\"]", &["anyone: health reload quit"]),
    ] {
        let (rules, notes) = rules("oauth2-proxy", &file(lines));
        assert_eq!(rules, expected, "{lines}\n{notes}");
    }
}

#[test]
fn of_oauth2_proxy_that_reads_the_environment_or_a_path() {
    let flags = "oauth2-proxy --oidc-issuer-url=https://id --client-id=p --email-domain=*";
    for (text, expected) in [
        (format!("{flags} --upstream=http://h:9090"), &["authenticated: everything"][..]),
        (format!("{flags} --upstream=http://h:9090 --config=/etc/oauth2-proxy.cfg"), &NOTHING),
        (format!("OAUTH2_PROXY_ALLOWED_GROUPS=sre {flags} --upstream=http://h:9090"), &NOTHING),
        (
            format!("{flags} --upstream=http://h:9090/prometheus/ --skip-auth-regex=^/-/"),
            &["authenticated: everything"],
        ),
        (
            format!("{flags} --upstream=http://h:9090/prometheus/ --skip-auth-regex=^/prometheus/-/"),
            &["anyone: health reload quit", "authenticated: everything"],
        ),
    ] {
        let (rules, notes) = rules("oauth2-proxy", &text);
        assert_eq!(rules, expected, "{text}\n{notes}");
    }
}

#[test]
fn of_a_server_that_gets_a_query_string() {
    for (kind, text) in [
        ("nginx", nginx("", "").replace("9090/", "9090/?extra_label=a=b")),
        ("prom-label-proxy", "prom-label-proxy -label a -label-value b -upstream http://h:8428?extra_label=c=d".to_owned()),
        ("kube-rbac-proxy", "kube-rbac-proxy --upstream=http://h:8428/?extra_label=a=b --ignore-paths=/metrics".to_owned()),
        ("oauth2-proxy", "oauth2-proxy --upstream=http://h:8428/?extra_label=a=b --email-domain=* --oidc-issuer-url=https://id --client-id=p".to_owned()),
    ] {
        let (rules, notes) = rules(kind, &text);
        assert_eq!(rules, NOTHING, "{text}");
        assert!(notes.contains("extra_label"), "{notes}");
    }
}
