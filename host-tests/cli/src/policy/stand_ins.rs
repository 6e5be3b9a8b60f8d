//! Credentials that stand in for those of a configuration, of which only hashes are known. So a request can be made in
//! anybody's name, and nothing else about it differs from a real one.

use promward::config;
use promward::gateway::Gateway;
use promward_module::sha256;
use serde_norway::{Mapping, Value};

/// The password of every user.
pub(super) const PASSWORD: &str = "promward-stand-in";

/// A bcrypt hash of [`PASSWORD`], with the lowest cost.
pub(super) const HASH: &str = "$2b$04$promwardstandinsxxxxxugws1Zh7ph6AlC539Jpd763ArGFpkFuK";

/// Returns the token of this name.
pub(super) fn token(name: &str) -> String {
    format!("stand-in-{}", sha256(name.as_bytes()))
}

/// Loads a valid configuration with these credentials in place of its own.
///
/// # Errors
///
/// Returns the message of the filter if it refuses the result, which it does only if it would refuse the original.
pub(super) fn gateway(document: &Value) -> Result<Gateway, String> {
    let mut document = document.clone();
    let callers = document.get_mut("callers");
    if let Some(callers) = callers {
        replace(callers.get_mut("users"), |_| HASH.to_owned());
        replace(callers.get_mut("tokens"), |name| format!("sha256:{}", sha256(token(name).as_bytes())));
    }
    let text = serde_json::to_vec(&document).map_err(|error| error.to_string())?;
    config::load(&text).map_err(|error| error.to_string())
}

/// Replaces the credentials of an object with names.
fn replace(object: Option<&mut Value>, credential: impl Fn(&str) -> String) {
    let fields = object.and_then(Value::as_mapping_mut).map(Mapping::iter_mut);
    for (name, value) in fields.into_iter().flatten() {
        *value = Value::String(credential(name.as_str().unwrap_or_default()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_password() {
        assert!(bcrypt::verify(PASSWORD, HASH).unwrap());
        assert!(HASH.starts_with("$2b$04$"));
    }
}
