//! Mistakes in the callers that a configuration defines.

use super::{Mistake, VALID};

pub(super) const MISTAKES: &[Mistake] = &[
    (
        r#""users": {"#,
        r#""logout": "//example.com", "users": {"#,
        "callers.logout: this must be a path on this site, such as \"/oauth2/logout\"",
    ),
    (
        r#""users": {"#,
        r#""usres": {"#,
        "callers.usres: there is no such field; the fields here are users, tokens, certificates, certificates_validated_by_listener, jwt, groups, passwords, logout",
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
        "callers.users.viewer: this is not a bcrypt hash, like $2y$10$ and 53 characters: make a bcrypt hash, as htpasswd -nB -C 10 USER does",
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
        r#""sha256:E3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855""#,
        "callers.tokens.grafana: this is the SHA-256 of an empty text, which is no token",
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
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward" }"#,
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward", "name": [["sub"], "azp"] }"#,
        "callers.jwt.corp.name[1]: this is a text, where a list is needed",
    ),
    (
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward" }"#,
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward", "name": ["sub", ["azp"]] }"#,
        "callers.jwt.corp.name[1]: this is a list, where a text is needed",
    ),
    (
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward" }"#,
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward", "name": [["sub"], []] }"#,
        "callers.jwt.corp.name[1]: this must be a list of field names, like [\"realm_access\", \"roles\"]",
    ),
    (
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward" }"#,
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward", "name": [["sub"], ["sub"]] }"#,
        "callers.jwt.corp.name[1]: this claim is listed twice",
    ),
    (
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward" }"#,
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward", "audience_claim": "azp" }"#,
        "callers.jwt.corp.audience_claim: this is a text, where a list is needed",
    ),
    (
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward" }"#,
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward", "audience_claim": [] }"#,
        "callers.jwt.corp.audience_claim: this must be a list of field names, like [\"realm_access\", \"client_id\"]",
    ),
    (
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward" }"#,
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward", "groups": { "claim": ["scope"], "split": "" } }"#,
        "callers.jwt.corp.groups.split: this must be the one character that parts the values in a text: \" \", \",\" or \";\"",
    ),
    (
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward" }"#,
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward", "groups": { "claim": ["scope"], "split": ", " } }"#,
        "callers.jwt.corp.groups.split: this must be the one character that parts the values in a text: \" \", \",\" or \";\"",
    ),
    (
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward" }"#,
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward", "groups": { "claim": ["scope"], "split": "a" } }"#,
        "callers.jwt.corp.groups.split: this must be the one character that parts the values in a text: \" \", \",\" or \";\"",
    ),
    (
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward" }"#,
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward", "groups": { "split": " " } }"#,
        "callers.jwt.corp.groups.claim: this field is missing",
    ),
    (
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward" }"#,
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward", "groups": "groups" }"#,
        "callers.jwt.corp.groups: this is a text, where a list is needed",
    ),
    (
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward" }"#,
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward", "groups": { "claim": ["scope"], "parted": " " } }"#,
        "callers.jwt.corp.groups.parted: there is no such field; the fields here are claim, split",
    ),
    (
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward" }"#,
        r#"{ "payload": "jwt", "issuer": "https://id.example.com", "audience": "promward", "foreign_bearer": "pass" }"#,
        "callers.jwt.corp.foreign_bearer: \"pass\" is none of refuse, ignore",
    ),
    (
        r#""sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb""#,
        r#""sha256:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb""#,
        "callers.certificates.scraper: this must be sha256: and 64 hexadecimal digits, the SHA-256 of the DER certificate, or an object with uri_san, dns_san or subject",
    ),
    (
        r#""sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb""#,
        r#""sha256:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb""#,
        "callers.certificates.scraper: this must be sha256: and 64 hexadecimal digits, the SHA-256 of the DER certificate, or an object with uri_san, dns_san or subject",
    ),
    (
        r#""sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb""#,
        r#""sha256:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:b""#,
        "callers.certificates.scraper: this must be sha256: and 64 hexadecimal digits, the SHA-256 of the DER certificate, or an object with uri_san, dns_san or subject",
    ),
    (
        r#""sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb""#,
        r#""sha256:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:bb:""#,
        "callers.certificates.scraper: this must be sha256: and 64 hexadecimal digits, the SHA-256 of the DER certificate, or an object with uri_san, dns_san or subject",
    ),
    (
        r#""sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb""#,
        r#""sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb""#,
        "callers.certificates.scraper: this must be sha256: and 64 hexadecimal digits, the SHA-256 of the DER certificate, or an object with uri_san, dns_san or subject",
    ),
    (
        r#""sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb""#,
        r#""sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb", "reader": "sha256:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB:BB""#,
        "callers.certificates.reader: this is the same certificate as callers.certificates.scraper",
    ),
    (
        r#""corp": {"#,
        r#""a/b": {"#,
        "callers.jwt.a/b: a name is 1 to 200 bytes without control characters and without \"/\"",
    ),
    (
        r#"["user:viewer"]"#,
        r#"[]"#,
        "callers.groups.sre: an empty group has no members: leave it out, or list its members",
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
        "callers.passwords.checks: \"4\" is not a rate: write a whole number, 1 to 1000000, and /s, /m or /h, like 20/s or 5k/s",
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
];
