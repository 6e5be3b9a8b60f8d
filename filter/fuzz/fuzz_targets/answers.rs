//! Filters an answer whole and in pieces: the result is the same, is JSON if it is given out at all, and lists nothing
//! that the caller may not see.

#![no_main]

use libfuzzer_sys::fuzz_target;
use promward::api::listing::Listing;
use promward::enforce::restriction::{Absent, Restriction, Term};
use promward::response::filtered::Filter;
use promward::target::body::End;
use serde_json::Value;
use std::rc::Rc;

fuzz_target!(|input: (u8, u8, &[u8])| {
    let (kind, size, answer) = input;
    let kind = match kind % 6 {
        0 => Listing::Rules,
        1 => Listing::Alerts,
        2 => Listing::Targets,
        3 => Listing::ReceivedAlerts,
        4 => Listing::AlertGroups,
        _ => Listing::Silences,
    };
    let filter = || {
        let term = Term::listed("t", vec!["a".to_owned()], Absent::Refused).expect("a value");
        Filter::new(kind, Rc::new(Restriction::new(vec![term]).expect("a term")))
    };
    let whole = filter().next(answer, End::Here);
    let mut in_pieces = filter();
    let mut given = Vec::new();
    let mut failed = false;
    for piece in answer.chunks(usize::from(size).max(1)) {
        match in_pieces.next(piece, End::Later) {
            Ok(part) => given.extend(part),
            Err(_) => failed = true,
        }
    }
    failed |= in_pieces.next(b"", End::Here).map(|part| given.extend(part)).is_err();
    assert_eq!(whole.is_err(), failed);
    let Ok(whole) = whole else { return };
    assert_eq!(whole, given);
    let Ok(value) = serde_json::from_slice::<Value>(&whole) else {
        // Numbers and halves of characters that `serde_json` refuses pass where the filter doesn't look at them.
        assert!(serde_json::from_slice::<Value>(answer).is_err());
        return;
    };
    let is_own = |item: &Value| item["labels"]["t"] == "a";
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    match kind {
        Listing::Alerts => assert!(list(&value["data"]["alerts"]).iter().all(is_own)),
        Listing::Targets => {
            assert!(list(&value["data"]["activeTargets"]).iter().all(is_own));
            assert!(list(&value["data"]["droppedTargets"]).is_empty());
        }
        Listing::ReceivedAlerts => assert!(list(&value).iter().all(is_own)),
        Listing::AlertGroups => {
            for group in list(&value) {
                let alerts = list(&group["alerts"]);
                assert!(!alerts.is_empty() && alerts.iter().all(is_own));
            }
        }
        Listing::Silences => {
            let is_equality = |matcher: &Value| matcher["isEqual"] != false && matcher["isRegex"] != true;
            let is_own =
                |matcher: &Value| matcher["name"] == "t" && matcher["value"] == "a" && is_equality(matcher);
            assert!(list(&value).iter().all(|silence| list(&silence["matchers"]).iter().any(is_own)));
        }
        Listing::Rules => {
            for rule in list(&value["data"]["groups"]).iter().flat_map(|group| list(&group["rules"])) {
                let alerts = list(&rule["alerts"]);
                assert!(alerts.iter().all(is_own));
                assert!(is_own(&rule) || !alerts.is_empty());
            }
        }
    }
});
