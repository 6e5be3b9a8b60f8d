//! What is printed from parameters says just what was read, and selectors in them get the restriction whatever stands
//! around them.

#![no_main]

use libfuzzer_sys::fuzz_target;
use promward::api::prometheus::{self, ANY_OF};
use promward::enforce::requirements::Demands;
use promward::enforce::restriction::{Absent, Restriction, Term};
use promward::enforce::rewrite_cache::Queries;
use promward::target::parameters::{Parameters, Part};
use std::rc::Rc;

fuzz_target!(|raw: &[u8]| {
    let Ok(parameters) = Parameters::parse(raw, Part::Form) else { return };
    let text = parameters.to_text();
    assert_eq!(Parameters::parse(text.as_bytes(), Part::Form).as_ref(), Ok(&parameters));
    let term = Term::listed("tenant", vec!["a".to_owned()], Absent::Refused);
    let restriction = term.and_then(|term| Restriction::new(vec![term])).map(Rc::new);
    let demands =
        Demands { names: &["match[]", "start", "end"], selectors: Some(ANY_OF), restriction, guarded: None };
    let mut queries = Queries::new(1);
    let first = demands.of_query(parameters.clone(), &mut queries);
    assert_eq!(first, demands.of_query(parameters, &mut queries), "what is remembered says something else");
    let Ok(sent) = first else { return };
    let names: Vec<_> = sent.names().collect();
    assert!(names.contains(&"match[]"));
    assert!(names.iter().all(|name| demands.names.contains(name)));
});
