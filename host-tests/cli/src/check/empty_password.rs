//! Finds hashes of the empty password. That takes a check of each hash, which is too slow for the filter's load of a
//! configuration.

use serde_json::Value;
use std::io::{self, IsTerminal, Write};
use std::thread;

/// A user's hash, and the path of its field.
struct Stored<'a> {
    path: String,
    user: &'a str,
    hash: &'a str,
}

/// Returns the error for the first user of a valid configuration whose password is empty, if there is one.
pub(super) fn find(configuration: &[u8]) -> Option<String> {
    let configuration: Value = serde_json::from_slice(configuration).ok()?;
    let stored = stored(&configuration);
    say_if_slow(stored.len());
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let share = stored.len().div_ceil(threads).max(1);
    let is_empty = |stored: &&Stored<'_>| bcrypt::verify("", stored.hash).unwrap_or(false);
    let found = thread::scope(|scope| {
        let search = |share| scope.spawn(move || <[Stored<'_>]>::iter(share).find(is_empty));
        let searches: Vec<_> = stored.chunks(share).map(search).collect();
        searches.into_iter().find_map(|search| search.join().ok().flatten())
    })?;
    let Stored { path, user, .. } = found;
    Some(format!(
        "{path}: this is a hash of the empty password, with which anybody is user:{user}: make another one, as cargo \
         promward hash {user} does"
    ))
}

/// Says on a terminal that something takes long, if there are many hashes.
fn say_if_slow(hashes: usize) {
    let mut errors = io::stderr();
    if hashes >= MANY && errors.is_terminal() {
        // Without a terminal that can be written to nobody waits for it.
        let _ =
            writeln!(errors, "checking that none of {hashes} passwords is empty, which takes some seconds…");
    }
}

/// The number of hashes whose check takes more than a second.
const MANY: usize = 30;

fn stored(configuration: &Value) -> Vec<Stored<'_>> {
    let users = configuration.pointer("/callers/users").and_then(Value::as_object);
    let hashes = users.into_iter().flatten().flat_map(|(user, hashes)| {
        let path = format!("callers.users.{user}");
        let one = hashes.as_str().map(|hash| Stored { path: path.clone(), user, hash });
        let several = hashes.as_array().into_iter().flatten().enumerate();
        let several = several.filter_map(move |(index, hash)| {
            Some(Stored { path: format!("{path}[{index}]"), user, hash: hash.as_str()? })
        });
        one.into_iter().chain(several)
    });
    hashes.collect()
}
