//! Prints parameters that were read: the text says exactly what was read, and selectors in it get the restriction,
//! whatever stands around them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use promward::api::prometheus::{self, ANY_OF};
use promward::enforce::requirements::Requirements;
use promward::enforce::restriction::{Absent, Restriction, Term};
use promward::enforce::rewrite_cache::RewriteCache;
use promward::promql::Bounds;
use promward::target::parameters::{Parameters, Part};
use std::rc::Rc;

fuzz_target!(|raw: &[u8]| {
    let Ok(parameters) = Parameters::parse(raw, Part::Form) else { return };
    let text = parameters.as_str().as_bytes();
    assert_eq!(Parameters::parse(text, Part::Form).as_ref(), Ok(&parameters));
    let term = Term::listed("tenant", vec!["a".to_owned()], Absent::Refused);
    let restriction = term.and_then(|term| Restriction::new(vec![term])).map(Rc::new);
    let requirements = Requirements {
        profile: &prometheus::PROFILE,
        names: &["match[]", "start", "end"],
        unread: &[],
        selectors: Some(ANY_OF),
        restriction,
        guarded: None,
        bounds: Bounds::default(),
        now: None,
    };
    let mut rewrites = RewriteCache::new(1);
    let first = requirements.of_query(parameters.clone(), &mut rewrites);
    assert_eq!(
        first,
        requirements.of_query(parameters, &mut rewrites),
        "what is remembered says something else"
    );
    let Ok(sent) = first else { return };
    assert!(sent.has("match[]"));
    let names = sent.as_str().split('&').filter_map(|pair| pair.split('=').next());
    assert!(names.map(|name| name.replace("%5B%5D", "[]")).all(|name| requirements.names.contains(&&*name)));
});
