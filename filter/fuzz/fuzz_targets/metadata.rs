//! Reads a token in any metadata: the reader ends, and without a token of the issuer nobody is calling.

#![no_main]

use libfuzzer_sys::fuzz_target;
use promward::caller::claim::ClaimPath;
use promward::caller::groups::Groups;
use promward::caller::jwt::{self, ForeignBearer, Issuer};
use promward::time::instant::Instant;

fuzz_target!(|metadata: &[u8]| {
    let path = |name: &str| vec![name.to_owned()];
    let issuer = Issuer {
        name: "corp".to_owned(),
        payload: "jwt".to_owned(),
        issuer: "i".to_owned(),
        audience: "a".to_owned(),
        audience_claim: path("aud"),
        names: vec![path("sub"), path("azp")],
        groups: Some(ClaimPath { names: path("groups"), split: Some(' ') }),
        claims: vec![ClaimPath { names: path("tenants"), split: None }],
        tried_claims: Vec::new(),
        foreign_bearer: ForeignBearer::Ignore,
    };
    let Ok(Some(verified)) = jwt::verified(metadata) else { return };
    let now = Instant(1_700_000_000_000_000_000);
    if let Ok(Some(accepted)) = jwt::caller(&[issuer], &Groups::default(), verified, now) {
        assert!(accepted.identity.to_string().starts_with("jwt:corp/"));
    }
});
