//! Reads a token in any metadata: the reader ends, and without a token of the issuer nobody is calling.

#![no_main]

use libfuzzer_sys::fuzz_target;
use promward::caller::jwt::{self, Issuer};
use promward::time::instant::Instant;

fuzz_target!(|metadata: &[u8]| {
    let path = |name: &str| vec![name.to_owned()];
    let issuer = Issuer {
        name: "corp".to_owned(),
        payload: "jwt".to_owned(),
        issuer: "i".to_owned(),
        audience: "a".to_owned(),
        subject: path("sub"),
        groups: Some(path("groups")),
        claims: vec![path("tenants")],
    };
    if let Ok(Some(caller)) = jwt::caller(&[issuer], metadata, Instant(1_700_000_000_000_000_000)) {
        assert!(caller.to_string().starts_with("jwt:corp/"));
    }
});
