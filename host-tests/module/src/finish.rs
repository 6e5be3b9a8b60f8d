//! Finishes a module after linking: it is made smaller. The names of our own functions stay, for the reader of a backtrace:
//! room, module or type, and function.

use crate::compact;
use anyhow::{Context, Result};
use rustc_demangle::demangle;
use walrus::{FunctionKind, Module};

/// The beginnings of the names of our own functions, and of those that hosts call. Names of functions that drop a type of
/// ours are removed too: nobody looks for them.
const OURS: [&str; 3] = ["promward::", "<promward::", "proxy_on_"];

/// Returns a linked module without what no host and no reader needs.
///
/// # Errors
///
/// Returns an error if the bytes aren't a WebAssembly module.
pub(crate) fn finish(linked: &[u8]) -> Result<Vec<u8>> {
    let mut module = Module::from_buffer(linked).context("the linked module can't be read")?;
    for function in module.funcs.iter_mut() {
        // What is imported has a name anyway.
        let is_own = matches!(function.kind, FunctionKind::Local(_));
        let name = function.name.take().filter(|_| is_own).map(|name| format!("{:#}", demangle(&name)));
        let is_ours = |name: &String| OURS.iter().any(|begin| name.starts_with(begin));
        function.name = name.filter(is_ours).map(|name| shortened(&name));
    }
    compact::compact(&module.emit_wasm())
}

/// Returns the name of one of our functions without the crate, which all of them have in common, and without the trait
/// or the type that an `impl` is for, where a module or a type stands before it. Of the rest the room stays, and the last
/// module or type with the function. Whole names take 12 KB more.
fn shortened(name: &str) -> String {
    let (place, rest) = match name.strip_prefix('<') {
        Some(method) => method.split_once(" as ").unwrap_or((method, "")),
        None => name.split_once("::<impl ").unwrap_or((name, "")),
    };
    let function = rest.split_once(">::").map(|(_, function)| ["::", function].concat()).unwrap_or_default();
    let path = [place, &function].concat().replace("promward::", "");
    let (named, closures) = path.split_at(path.find("::{{").unwrap_or(path.len()));
    match named.split("::").collect::<Vec<_>>()[..] {
        [room, .., place, function] => [room, "::", place, "::", function, closures].concat(),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_name_still_says_where_the_function_is() {
        for (name, short) in [
            ("promward::caller::logins::Logins::ask", "caller::Logins::ask"),
            ("promward::config::load::{{closure}}", "config::load::{{closure}}"),
            (
                "promward::gateway::replies::<impl promward::gateway::Gateway>::refusal",
                "gateway::replies::refusal",
            ),
            ("<promward::shell::worker::Unwritten as core::fmt::Display>::fmt", "shell::Unwritten::fmt"),
            ("<promward::a::A as core::convert::From<promward::b::B>>::from", "a::A::from"),
        ] {
            assert_eq!(shortened(name), short);
        }
    }
}
