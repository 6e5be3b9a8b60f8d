//! Finds settings by which Envoy lets requests through unchecked while the filter can't decide about them.

use serde_norway::Value;

/// The value of `failure_policy` that lets requests through, as a name and as a number.
const OPEN: (&str, u64) = ("FAIL_OPEN", 3);

/// Returns the error about a Wasm filter that fails open, if it does.
pub(super) fn find(filter: &Value) -> Option<String> {
    let plugin = filter.get("config")?;
    let is_open = |policy: &Value| policy.as_str() == Some(OPEN.0) || policy.as_u64() == Some(OPEN.1);
    let spelled = |names: [&'static str; 2], is_open: &dyn Fn(&Value) -> bool| {
        names.into_iter().find(|name| plugin.get(name).is_some_and(is_open))
    };
    let (field, value) = spelled(["failure_policy", "failurePolicy"], &is_open)
        .map(|field| (field, OPEN.0))
        .or_else(|| {
            spelled(["fail_open", "failOpen"], &|value| value.as_bool() == Some(true))
                .map(|field| (field, "true"))
        })?;
    Some(format!(
        "config.{field}: {value} lets every request through unchecked while the filter fails: write failure_policy: \
         FAIL_RELOAD in its place"
    ))
}
