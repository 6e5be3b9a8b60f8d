//! Every mistake that the validator knows, as one change to a valid configuration, and the line that comes of it.

/// A valid configuration, to be spoiled by one change.
pub(crate) const VALID: &str = r#"{
  "mounts": [{ "prefix": "/prometheus", "api": "prometheus", "cluster": "prometheus", "max_form": "256KiB" }],
  "elsewhere": "refuse",
  "callers": {
    "users": { "viewer": "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW" },
    "tokens": { "grafana": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" },
    "certificates": { "scraper": "sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" },
    "jwt": { "corp": { "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward" } },
    "groups": { "sre": ["user:viewer"] }
  },
  "access": [{ "who": ["anyone"], "may": ["health", "ui"] }],
  "headers": { "hsts": "max-age=1" }
}"#;

/// What is written in place of what, and the line that comes of it.
pub(crate) const MISTAKES: &[(&str, &str, &str)] = &[
    // The whole.
    (VALID, "{}", "mounts: this field is missing"),
    (VALID, "{ \"mounts\": [", "the configuration is no JSON: EOF while parsing a list at line 1 column 13"),
    (
        r#""elsewhere""#,
        r#""elsewere""#,
        "elsewere: there is no such field; the fields here are $schema, mounts, elsewhere, callers, access, headers",
    ),
    (r#""elsewhere": "refuse""#, r#""mounts": []"#, "mounts: this field is given twice"),
    (
        r#""elsewhere": "refuse""#,
        r#""elsewhere": null"#,
        "elsewhere: this is null, where one of refuse, pass is needed",
    ),
    (r#""elsewhere": "refuse""#, r#""elsewhere": "ignore""#, "elsewhere: \"ignore\" is none of refuse, pass"),
    // Mounts.
    (
        r#"[{ "prefix": "/prometheus", "api": "prometheus", "cluster": "prometheus", "max_form": "256KiB" }]"#,
        "[]",
        "mounts: at least one mount is needed, like { \"prefix\": \"/prometheus\" }",
    ),
    (
        r#"[{ "prefix": "/prometheus", "api": "prometheus", "cluster": "prometheus", "max_form": "256KiB" }]"#,
        "{}",
        "mounts: this is an object, where a list is needed",
    ),
    (r#""prefix": "/prometheus", "api""#, r#""api""#, "mounts[0].prefix: this field is missing"),
    (
        r#""prefix": "/prometheus""#,
        r#""prefix": 9"#,
        "mounts[0].prefix: this is a number, where a text is needed",
    ),
    (
        r#""prefix": "/prometheus""#,
        r#""prefix": "/prometheus/""#,
        "mounts[0].prefix: \"/prometheus/\" is no prefix: write \"/\", or a path of letters, digits and -._~ like \"/prometheus\", without a trailing slash",
    ),
    (
        r#""prefix": "/prometheus""#,
        r#""prefix": "/a", "upstream_prefix": "b""#,
        "mounts[0].upstream_prefix: \"b\" is no prefix: write \"/\", or a path of letters, digits and -._~ like \"/prometheus\", without a trailing slash",
    ),
    (
        r#""256KiB" }]"#,
        r#""256KiB" }, { "prefix": "/prometheus" }]"#,
        "mounts[1].prefix: another mount has this prefix already",
    ),
    (r#""api": "prometheus""#, r#""api": "loki""#, "mounts[0].api: \"loki\" is none of prometheus, opaque"),
    (
        r#""cluster": "prometheus""#,
        r#""cluster": """#,
        "mounts[0].cluster: a cluster's name is printable ASCII without spaces, and not empty",
    ),
    (
        r#""cluster": "prometheus""#,
        r#""origins": []"#,
        "mounts[0].origins: an empty list allows nothing: leave the field out, or list an origin",
    ),
    (
        r#""cluster": "prometheus""#,
        r#""origins": ["localhost"]"#,
        "mounts[0].origins[0]: \"localhost\" is no origin: write scheme, host and perhaps port, like https://grafana.example.com",
    ),
    (
        r#""256KiB""#,
        r#""256""#,
        "mounts[0].max_form: \"256\" is no size: write a whole number and B, KiB or MiB, like 256KiB",
    ),
    (r#""256KiB""#, r#""64MiB""#, "mounts[0].max_form: this must be 1KiB to 1MiB"),
    (
        r#""cluster": "prometheus""#,
        r#""credentials": "keep""#,
        "mounts[0].credentials: \"keep\" is none of remove, pass",
    ),
    (
        r#""cluster": "prometheus""#,
        r#""encoded_slash": "pass""#,
        "mounts[0].encoded_slash: \"pass\" is only for mounts with \"api\": \"opaque\": Prometheus routes on the decoded path",
    ),
    (
        r#""api": "prometheus""#,
        r#""api": "opaque""#,
        "mounts[0].max_form: this is only for mounts that speak prometheus: bodies stream through an opaque one",
    ),
    (
        r#""prefix": "/prometheus""#,
        r#""prefix": "/a+b""#,
        "mounts[0].prefix: \"/a+b\" is no prefix: write \"/\", or a path of letters, digits and -._~ like \"/prometheus\", without a trailing slash",
    ),
    (
        r#""cluster": "prometheus""#,
        r#""origins": ["http://a", "http://A:80"]"#,
        "mounts[0].origins[1]: \"http://A:80\" is listed twice",
    ),
    (
        r#""cluster": "prometheus""#,
        r#""timeout": "1s""#,
        "mounts[0].timeout: there is no such field; the fields here are prefix, api, upstream_prefix, cluster, origins, max_form, credentials, encoded_slash",
    ),
    // Rules.
    (
        r#"[{ "who": ["anyone"], "may": ["health", "ui"] }]"#,
        "[]",
        "access: without a rule everything is refused: to open all to all, write { \"who\": [\"anyone\"], \"may\": [\"everything\"] }",
    ),
    (r#"["anyone"]"#, "[]", "access[0].who: an empty list says nothing: name at least one"),
    (
        r#"["anyone"]"#,
        r#"["anybody"]"#,
        "access[0].who[0]: \"anybody\" is nobody: write anyone, anonymous, authenticated, user:N, token:N, certificate:N, jwt:ISSUER/SUBJECT, group:N or group:ISSUER/N",
    ),
    (r#"["anyone"]"#, r#"["anyone", "anyone"]"#, "access[0].who[1]: \"anyone\" is listed twice"),
    (
        r#"["anyone"]"#,
        r#"["anonymous", "anyone"]"#,
        "access[0].who[0]: another one in this list names them already",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["health", "UI"]"#,
        "access[0].may[1]: \"UI\" is no class: the classes are health info query series rules metadata federate remote_read status config metrics write admin lifecycle debug consoles ui unknown read everything",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "except": ["everything"]"#,
        "access[0].except: this takes away all that \"may\" gives: leave the rule out",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "except": ["admin"]"#,
        "access[0].except[0]: this takes nothing away: \"may\" doesn't give it",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "at": ["/other"]"#,
        "access[0].at[0]: \"/other\" is the prefix of no mount",
    ),
    (
        r#""api": "prometheus", "cluster": "prometheus", "max_form": "256KiB""#,
        r#""api": "opaque""#,
        "access[0]: this holds nowhere: no mount speaks prometheus; name opaque mounts in \"at\"",
    ),
    (
        r#"["health", "ui"] }]"#,
        r#"["health", "ui"] }, { "who": ["anonymous"], "may": ["ui"] }]"#,
        "access[1].who[0]: this can never decide anything: earlier rules decide all of it",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "only": { "tenant": ["a"] }"#,
        "access[0].only: this is not in promward 0.1.0: it comes with a later version",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "mode": "report""#,
        "access[0].mode: this is not in promward 0.1.0: it comes with a later version",
    ),
    // Callers.
    (
        r#""users": {"#,
        r#""usres": {"#,
        "callers.usres: there is no such field; the fields here are users, tokens, certificates, certificates_validated_by_listener, jwt, groups, passwords",
    ),
    (
        r#"{ "viewer": "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW" }"#,
        r#"{}"#,
        "callers.users: an empty object names nobody: leave the field out",
    ),
    (
        r#"{ "viewer": "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW" }"#,
        r#"[]"#,
        "callers.users: this is a list, where an object is needed",
    ),
    (
        r#""viewer": "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW""#,
        r#""": "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW""#,
        "callers.users.: a name is 1 to 200 bytes without control characters and without \":\"",
    ),
    (
        r#""viewer": "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW""#,
        r#""a:b": "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW""#,
        "callers.users.a:b: a name is 1 to 200 bytes without control characters and without \":\"",
    ),
    (
        r#""viewer": "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW""#,
        r#""viewer": "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "viewer": "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW""#,
        "callers.users.viewer: this field is given twice",
    ),
    (
        r#""$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW""#,
        r#"1"#,
        "callers.users.viewer: this is a number, where a text is needed",
    ),
    (
        r#""$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW""#,
        r#"[]"#,
        "callers.users.viewer: an empty list lets nobody in: leave the name out, or list one",
    ),
    (
        r#""$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW""#,
        r#"["$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"]"#,
        "callers.users.viewer[1]: this is listed twice",
    ),
    (
        r#""$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW""#,
        r#""secret""#,
        "callers.users.viewer: this is no bcrypt hash, like $2y$10$ and 53 characters: make a bcrypt hash, as htpasswd -nB -C 10 USER does",
    ),
    (
        r#""$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW""#,
        r#""$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/""#,
        "callers.users.viewer: this is Apache's MD5: make a bcrypt hash, as htpasswd -nB -C 10 USER does",
    ),
    (
        r#""$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW""#,
        r#""{SHA}VBPuJHI7uixaa6LQGWx4s+5GKNE=""#,
        "callers.users.viewer: this is unsalted SHA-1: make a bcrypt hash, as htpasswd -nB -C 10 USER does",
    ),
    (
        r#""$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW""#,
        r#"["$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "$2y$13$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"]"#,
        "callers.users.viewer[1]: this has the cost 13, which must be 4 to 12: make a bcrypt hash, as htpasswd -nB -C 10 USER does",
    ),
    (
        r#""sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa""#,
        r#""token""#,
        "callers.tokens.grafana: this must be sha256: and 64 hexadecimal digits, as from: printf %s \"$TOKEN\" | sha256sum",
    ),
    (
        r#""sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa""#,
        r#"["sha256:abc"]"#,
        "callers.tokens.grafana[0]: this must be sha256: and 64 hexadecimal digits, as from: printf %s \"$TOKEN\" | sha256sum",
    ),
    (
        r#""sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa""#,
        r#""sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "ci": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa""#,
        "callers.tokens.ci: this is the same token as callers.tokens.grafana",
    ),
    (
        r#""grafana": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa""#,
        r#""a\nb": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa""#,
        "callers.tokens.a\u{fffd}b: a name is 1 to 200 bytes without control characters",
    ),
    (
        r#""sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb""#,
        r#""sha1:00""#,
        "callers.certificates.scraper: this must be sha256: and 64 hexadecimal digits, the SHA-256 of the DER certificate, or an object with uri_san, dns_san or subject",
    ),
    (
        r#""sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb""#,
        r#"{ "uri_san": "spiffe://example.com/reader" }"#,
        "callers.certificates.scraper: anybody can make a certificate that says this: give its sha256, or have the listener validate the chain and say so with \"certificates_validated_by_listener\": true",
    ),
    (
        r#""sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb""#,
        r#"{ "email_san": "a@b" }"#,
        "callers.certificates.scraper.email_san: there is no such field; the fields here are uri_san, dns_san, subject",
    ),
    (
        r#""sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb""#,
        r#"{}"#,
        "callers.certificates.scraper: this must have one of uri_san, dns_san and subject, and not an empty one",
    ),
    (
        r#""sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb""#,
        r#"{ "subject": "" }"#,
        "callers.certificates.scraper: this must have one of uri_san, dns_san and subject, and not an empty one",
    ),
    (
        r#""sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb""#,
        r#"{ "uri_san": "a", "dns_san": "b" }"#,
        "callers.certificates.scraper: this must have one of uri_san, dns_san and subject, and not an empty one",
    ),
    (
        r#""sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb""#,
        r#""sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "reader": ["sha256:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"]"#,
        "callers.certificates.reader[0]: this is the same certificate as callers.certificates.scraper",
    ),
    (
        r#""jwt": {"#,
        r#""certificates_validated_by_listener": true, "jwt": {"#,
        "callers.certificates_validated_by_listener: this vouches for nothing: no certificate is known by uri_san, dns_san or subject",
    ),
    (
        r#""jwt": {"#,
        r#""certificates_validated_by_listener": "yes", "jwt": {"#,
        "callers.certificates_validated_by_listener: this is a text, where true or false is needed",
    ),
    (
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward" }"#,
        r#"{ "payload": "jwt", "issuer": "https://id.example.com" }"#,
        "callers.jwt.corp.audience: this field is missing",
    ),
    (
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward" }"#,
        r#"{ "payload": "", "issuer": "https://id.example.com", "audience": "promward" }"#,
        "callers.jwt.corp.payload: an empty text says nothing",
    ),
    (
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward" }"#,
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward", "name": [] }"#,
        "callers.jwt.corp.name: this must be a list of field names, like [\"realm_access\", \"roles\"]",
    ),
    (
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward" }"#,
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward", "groups": ["a", ""] }"#,
        "callers.jwt.corp.groups: this must be a list of field names, like [\"realm_access\", \"roles\"]",
    ),
    (
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward" }"#,
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward" }, "twin": { "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward" }"#,
        "callers.jwt.twin: callers.jwt.corp reads the same issuer's tokens from the same payload",
    ),
    (
        r#""corp": {"#,
        r#""a/b": {"#,
        "callers.jwt.a/b: a name is 1 to 200 bytes without control characters and without \"/\"",
    ),
    (
        r#"["user:viewer"]"#,
        r#"[]"#,
        "callers.groups.sre: an empty group is nobody: leave it out, or list its members",
    ),
    (
        r#"["user:viewer"]"#,
        r#"["user:viewer", "user:viewer"]"#,
        "callers.groups.sre[1]: \"user:viewer\" is listed twice",
    ),
    (
        r#"["user:viewer"]"#,
        r#"["user:nobody"]"#,
        "callers.groups.sre[0]: \"user:nobody\" is not defined in callers",
    ),
    (
        r#"["user:viewer"]"#,
        r#"["jwt:other/alice"]"#,
        "callers.groups.sre[0]: \"jwt:other/alice\" is not defined in callers",
    ),
    (
        r#"["user:viewer"]"#,
        r#"["group:sre"]"#,
        "callers.groups.sre[0]: \"group:sre\" can't be in a group: write user:N, token:N, certificate:N or jwt:ISSUER/SUBJECT",
    ),
    (
        r#"["user:viewer"]"#,
        r#"["authenticated"]"#,
        "callers.groups.sre[0]: \"authenticated\" can't be in a group: write user:N, token:N, certificate:N or jwt:ISSUER/SUBJECT",
    ),
    (
        r#""sre": ["#,
        r#""a/b": ["#,
        "callers.groups.a/b: a name is 1 to 200 bytes without control characters and without \"/\"",
    ),
    (
        r#""groups": { "sre": ["user:viewer"] }"#,
        r#""passwords": { "checks": "4" }"#,
        "callers.passwords.checks: \"4\" is no rate: write a whole number, 1 to 1000000, and /s, /m or /h, like 20/s",
    ),
    (
        r#""groups": { "sre": ["user:viewer"] }"#,
        r#""passwords": { "burst": 0 }"#,
        "callers.passwords.burst: this must be a whole number, 1 to 1000000",
    ),
    (
        r#""groups": { "sre": ["user:viewer"] }"#,
        r#""passwords": { "waiting": "64" }"#,
        "callers.passwords.waiting: this must be a whole number, 1 to 1024",
    ),
    (
        r#""groups": { "sre": ["user:viewer"] }"#,
        r#""passwords": { "waiting": 2, "waiting_per_source": 3 }"#,
        "callers.passwords.waiting_per_source: this is more than may wait in all, 2",
    ),
    (
        VALID,
        r#"{ "mounts": [{ "prefix": "/" }], "callers": { "tokens": { "t": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" }, "passwords": { "waiting": 2 } }, "access": [{ "who": ["anyone"], "may": ["ui"] }] }"#,
        "callers.passwords: this limits nothing: there are no users",
    ),
    (
        VALID,
        r#"{ "mounts": [{ "prefix": "/" }], "access": [{ "who": ["authenticated"], "may": ["ui"] }] }"#,
        "access[0].who[0]: \"authenticated\" is not defined in callers: nobody is known",
    ),
    // Whom rules name.
    (
        r#"["anyone"]"#,
        r#"["user:nobody"]"#,
        "access[0].who[0]: \"user:nobody\" is not defined in callers.users",
    ),
    (r#"["anyone"]"#, r#"["token:ci"]"#, "access[0].who[0]: \"token:ci\" is not defined in callers.tokens"),
    (
        r#"["anyone"]"#,
        r#"["certificate:x"]"#,
        "access[0].who[0]: \"certificate:x\" is not defined in callers.certificates",
    ),
    (r#"["anyone"]"#, r#"["group:ops"]"#, "access[0].who[0]: \"group:ops\" is not defined in callers.groups"),
    (
        r#"["anyone"]"#,
        r#"["jwt:other/alice"]"#,
        "access[0].who[0]: \"jwt:other/alice\" is not defined in callers.jwt",
    ),
    (
        r#"["anyone"]"#,
        r#"["group:corp/team-a"]"#,
        "access[0].who[0]: \"group:corp/team-a\" is not defined in callers.jwt, by an issuer with \"groups\"",
    ),
    (
        r#"["anyone"]"#,
        r#"["user:viewer", "group:sre"]"#,
        "access[0].who[0]: another one in this list names them already",
    ),
    (
        r#"["anyone"]"#,
        r#"["authenticated", "token:grafana"]"#,
        "access[0].who[1]: another one in this list names them already",
    ),
    (
        r#"[{ "who": ["anyone"], "may": ["health", "ui"] }]"#,
        r#"[{ "who": ["authenticated"], "may": ["ui"] }, { "who": ["user:viewer"], "may": ["ui"] }]"#,
        "access[1].who[0]: this can never decide anything: earlier rules decide all of it",
    ),
    (
        r#"[{ "who": ["anyone"], "may": ["health", "ui"] }]"#,
        r#"[{ "who": ["user:viewer"], "may": ["ui"] }, { "who": ["group:sre"], "may": ["ui"] }]"#,
        "access[1].who[0]: this can never decide anything: earlier rules decide all of it",
    ),
    // Rates.
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": {}"#,
        "access[0].limits: this limits nothing: give a rate, like \"rate\": \"20/s\"",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "burst": 3 }"#,
        "access[0].limits: a burst needs a rate, like \"rate\": \"20/s\"",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "rate": "20" }"#,
        "access[0].limits.rate: \"20\" is no rate: write a whole number, 1 to 1000000, and /s, /m or /h, like 20/s",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "rate": "20/s", "burst": 0 }"#,
        "access[0].limits.burst: this must be a whole number, 1 to 1000000",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "rate": "20/s", "range": "31d" }"#,
        "access[0].limits.range: this is not in promward 0.1.0: it comes with a later version",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "concurrent": 4 }"#,
        "access[0].limits.concurrent: this is not in promward 0.1.0: it comes with a later version",
    ),
    (
        r#"["health", "ui"]"#,
        r#"["ui"], "limits": { "rates": "20/s" }"#,
        "access[0].limits.rates: there is no such field; the fields here are rate, burst",
    ),
    // Who is calling, in a header.
    (
        r#""hsts": "max-age=1""#,
        r#""caller": "content-length""#,
        "headers.caller: \"content-length\" can't carry the caller: name a header of letters, digits and -, like x-forwarded-user",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""caller": "x_user""#,
        "headers.caller: \"x_user\" can't carry the caller: name a header of letters, digits and -, like x-forwarded-user",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""caller": """#,
        "headers.caller: \"\" can't carry the caller: name a header of letters, digits and -, like x-forwarded-user",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""tenant": {}"#,
        "headers.tenant: this is not in promward 0.1.0: it comes with a later version",
    ),
    // Headers.
    (
        r#""max-age=1""#,
        r#""""#,
        "headers.hsts: a header's value is one line of printable ASCII, and not empty",
    ),
    (
        r#""max-age=1""#,
        r#""a\r\nb: c""#,
        "headers.hsts: a header's value is one line of printable ASCII, and not empty",
    ),
    (
        r#""max-age=1""#,
        r#""yes""#,
        "headers.hsts: this needs \"max-age\" and a number of seconds, like max-age=63072000",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""content_security_policy": "default-src 'self', frame-ancestors *""#,
        "headers.content_security_policy: this must be one policy: directives, with \";\" between them",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""content_security_policy": ";;""#,
        "headers.content_security_policy: this must be one policy: directives, with \";\" between them",
    ),
    (
        r#""elsewhere": "refuse""#,
        r#""else\nwhere\u001b[2J": 1"#,
        "else\u{fffd}where\u{fffd}[2J: there is no such field; the fields here are $schema, mounts, elsewhere, callers, access, headers",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""cors": { "origins": [] }"#,
        "headers.cors.origins: an empty list allows nothing: leave the field out, or list an origin",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""cors": { "origins": ["*"] }"#,
        "headers.cors.origins[0]: \"*\" is no origin: write scheme, host and perhaps port, like https://grafana.example.com",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""content_security_policy": "frame-ancestors 'self'", "frame_ancestors": ["https://a.example"]"#,
        "headers.frame_ancestors: headers.content_security_policy names frame-ancestors already: keep one of the two",
    ),
    (
        r#""hsts": "max-age=1""#,
        r#""tenant": {}"#,
        "headers.tenant: this is not in promward 0.1.0: it comes with a later version",
    ),
];
