//! Random answers, compared with a filter that holds the whole answer in memory.

use super::change::{change, change_all};
use super::random::{SECRET, kind_and_answer};
use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::mem;

/// Returns `true` if an object belongs to the tenant `a`.
fn is_own(value: &Value) -> bool {
    value["labels"]["tenant"] == "a"
}

fn retain(list: &mut Value, stays: impl FnMut(&mut Value) -> bool) -> bool {
    let Some(list) = list.as_array_mut() else { return false };
    list.retain_mut(stays);
    !list.is_empty()
}

/// Empties the lists and objects under other names.
fn empty_unknown(object: &mut Value, known: &[&str]) {
    for (name, value) in object.as_object_mut().into_iter().flatten() {
        match value {
            _ if known.contains(&name.as_str()) => {}
            Value::Array(list) => list.clear(),
            Value::Object(object) => object.clear(),
            _ => {}
        }
    }
}

/// Returns `true` if a silence belongs to the tenant `a`.
fn is_own_silence(silence: &Value) -> bool {
    let own = json!({ "name": "tenant", "value": "a", "isRegex": false, "isEqual": true });
    silence["matchers"].as_array().is_some_and(|matchers| matchers.contains(&own))
}

/// Computes what stays of an answer from its values, without a stream.
fn expected(kind: Listing, answer: &str) -> Value {
    let mut answer: Value = serde_json::from_str(answer).unwrap();
    if answer.is_array() {
        retain(&mut answer, |item| match kind {
            Listing::AlertGroups => retain(&mut item["alerts"], |alert| is_own(alert)),
            Listing::Silences => is_own_silence(item),
            _ => is_own(item),
        });
        return answer;
    }
    empty_unknown(&mut answer, &["data", "warnings", "infos"]);
    let data = &mut answer["data"];
    let lists = ["groups", "alerts", "activeTargets", "droppedTargets", "droppedTargetCounts"];
    empty_unknown(data, &lists);
    let has = |data: &Value, name| data.get(name).is_some();
    if has(data, "groups") {
        let any = retain(&mut data["groups"], |group| {
            retain(&mut group["rules"], |rule| {
                let by_alert = has(rule, "alerts") && retain(&mut rule["alerts"], |alert| is_own(alert));
                is_own(rule) || by_alert
            })
        });
        if !any {
            data.as_object_mut().unwrap().remove("groupNextToken");
        }
    }
    for name in ["alerts", "activeTargets"] {
        if has(data, name) {
            retain(&mut data[name], |one| is_own(one));
        }
    }
    for (name, empty) in [("droppedTargets", json!([])), ("droppedTargetCounts", json!({}))] {
        if has(data, name) {
            data[name] = empty;
        }
    }
    answer
}

proptest! {
    #[test]
    fn an_answer_keeps_what_it_should_however_it_is_cut(
        (kind, answer) in kind_and_answer(),
        cuts in prop::collection::vec(any::<Index>(), 0..12),
    ) {
        let given = whole(kind, answer.as_bytes()).unwrap();
        prop_assert_eq!(serde_json::from_str::<Value>(&given).unwrap(), expected(kind, &answer), "{}", given);
        prop_assert!(!given.contains(SECRET));
        for (parts, end) in [
            pieces(kind, cut(answer.as_bytes(), &cuts)),
            pieces(kind, answer.as_bytes().chunks(1)),
        ] {
            prop_assert_eq!(end, Ok(()));
            prop_assert_eq!(str::from_utf8(&parts).unwrap(), &given);
        }
    }

    #[test]
    fn what_is_taken_is_json_whatever_happens_to_an_answer(
        (kind, answer) in kind_and_answer(),
        changes in prop::collection::vec((any::<Index>(), change()), 1..4),
        cuts in prop::collection::vec(any::<Index>(), 0..6),
    ) {
        let mut answer = answer.into_bytes();
        change_all(&mut answer, &changes);
        let at_once = filter(kind).next(&answer, End::Here);
        let (given, end) = pieces(kind, cut(&answer, &cuts));
        // The positions of the pieces may decide which of two errors is found first.
        prop_assert_eq!(at_once.is_ok(), end.is_ok());
        if let Ok(at_once) = at_once {
            prop_assert_eq!(&given, &at_once);
            let [before, after] = [&answer, &given].map(|json| serde_json::from_slice::<serde::de::IgnoredAny>(json));
            prop_assert!(before.is_ok() && after.is_ok());
        }
    }

    /// Nothing in these answers belongs to the caller. A change may still move a secret to a place that everybody may
    /// see.
    #[test]
    fn nothing_of_others_is_given_out_whatever_happens_to_an_answer(
        (kind, answer) in kind_and_answer(),
        changes in prop::collection::vec((any::<Index>(), change()), 0..4),
        cuts in prop::collection::vec(any::<Index>(), 0..6),
    ) {
        let mut answer = answer.into_bytes();
        change_all(&mut answer, &changes);
        let nobody = Rc::new(restriction("nobody has this label", &["x"], Absent::Refused));
        let mut filter = Filter::new(kind, nobody);
        let mut given = Vec::new();
        for piece in cut(&answer, &cuts) {
            match filter.next(piece, End::Later) {
                Ok(part) => given.extend(part),
                Err(_) => break,
            }
        }
        let secrets = String::from_utf8_lossy(&given).matches(SECRET).count();
        prop_assert!(secrets <= secrets_for_everybody(kind, &answer));
    }
}

/// Counts the secrets that everybody may see, because they stand outside the lists that are filtered.
fn secrets_for_everybody(kind: Listing, answer: &[u8]) -> usize {
    const FILTERED: [&str; 5] =
        ["groups", "alerts", "activeTargets", "droppedTargets", "droppedTargetCounts"];
    let mut path: Vec<String> = Vec::new();
    let mut last = String::new();
    let mut secrets = 0;
    let mut at = 0;
    while let Some(&byte) = answer.get(at) {
        let start = at;
        at += 1;
        match byte {
            b'{' | b'[' => path.push(mem::take(&mut last)),
            b'}' | b']' => drop(path.pop()),
            b',' => last.clear(),
            b'"' => {
                while answer.get(at).is_some_and(|&byte| byte != b'"') {
                    at += if answer[at] == b'\\' { 2 } else { 1 };
                }
                at = (at + 1).min(answer.len());
                let text = &answer[start..at];
                let full = path.iter().chain([&last]).skip(1).map(String::as_str).collect::<Vec<_>>();
                let is_list =
                    matches!(kind, Listing::ReceivedAlerts | Listing::AlertGroups | Listing::Silences)
                        && !path.is_empty();
                let is_filtered =
                    is_list || full.len() > 1 && full[0] == "data" && FILTERED.contains(&full[1]);
                secrets +=
                    if is_filtered { 0 } else { String::from_utf8_lossy(text).matches(SECRET).count() };
                // In an object this is a key, or the value after it, which is the name of nothing.
                last = serde_json::from_slice(text).unwrap_or_default();
            }
            _ => {}
        }
    }
    secrets
}
