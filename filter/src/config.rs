//! The configuration that users write: reads its JSON, or the `google.protobuf.Struct` of the same content, and compiles
//! it into a [`Gateway`]. Anything that is wrong is refused with the path of its field, and nothing is ignored.

mod access;
mod callers;
mod certificates;
mod claim;
mod credentials;
mod error;
mod field;
mod header_name;
mod headers;
mod jwt;
mod limits;
mod list;
mod mounts;
mod object;
mod only;
mod passwords;
mod report;
mod reserved_fields;
#[cfg(feature = "schema")]
mod schema;
mod scope;
mod shared;
mod size;
mod structure;
mod tenants;
mod who;

pub use error::ConfigError;

use crate::access::{Access, Trial};
use crate::caller::client::ClientFrom;
use crate::enforce::RuleList;
use crate::enforce::identity_headers::IdentityHeaders;
use crate::enforce::tenant::TenantHeader;
use crate::gateway::{Elsewhere, Gateway};
use crate::json::Tree;
use crate::keyed_hash::sha256;
use crate::response::answer::Answers;
use field::Field;
use headers::HeaderSettings;
use object::object;
use only::Definitions;

object! {
    /// The configuration of the filter: one JSON object.
    pub Configuration, read as WholeObject {
        /// The place of this object's JSON Schema, for editors. The filter doesn't read it.
        schema as "$schema": Option<String>,
        /// The servers that are guarded, and their places on the site.
        mounts: Vec<mounts::MountConfig>,
        /// The treatment of paths at no mount: `refuse` (the default) answers 404, `pass` leaves them to the proxy's
        /// own routes.
        elsewhere: Option<schema::ElsewhereConfig>,
        /// If `true`, the proxy's listener writes each client's address and version of TLS into `x-promward-client`, in
        /// place of what the client says there, and its routes remove the header again. The filter then doesn't ask the
        /// proxy for them.
        #[schemars(default)]
        listener_writes_client: bool,
        /// The callers who are known, and their credentials.
        callers: Option<callers::CallersConfig>,
        /// The rules that say who may do what. The first rule that names the caller, holds at the mount and covers the
        /// class decides. Requests that no rule allows are refused.
        access: Vec<access::RuleConfig>,
        /// Rules that are only tried: what they would have decided otherwise than `access` is logged and counted, and
        /// changes nothing.
        trial: Option<Vec<access::RuleConfig>>,
        /// The details of a request that the access log shows beside the decision about it.
        report: Option<report::ReportConfig>,
        /// The person or place that somebody who is refused may ask, on the page that browsers show then: a text, or a link
        /// that begins with `https://` or `mailto:`.
        contact: Option<String>,
        /// Headers of answers, and those that tell the server who is calling.
        headers: Option<headers::HeadersConfig>,
    }
}

/// Reads and compiles a configuration: JSON, or a `google.protobuf.Struct` as hosts pass it on.
///
/// # Errors
///
/// Returns an error if the bytes are neither, or if a field is wrong, with the path of the field.
pub fn load(bytes: &[u8]) -> Result<Gateway, ConfigError> {
    let error = match parse(bytes) {
        Ok(tree) => return compile(&tree, bytes),
        Err(error) => error,
    };
    match structure::json(bytes) {
        Some(json) => compile(&parse(json.as_bytes())?, json.as_bytes()),
        None => Err(error),
    }
}

/// Compiles a configuration that was read from this JSON.
fn compile(tree: &Tree<'_>, json: &[u8]) -> Result<Gateway, ConfigError> {
    let field = Field::whole(tree);
    let whole = WholeObject::read(&field)?;
    whole.schema().optional_text()?;
    let mounts = mounts::compile(&whole.mounts())?;
    let mut callers = callers::compile(&whole.callers())?;
    let HeaderSettings { caller: caller_header, tenant: tenant_header, rate_limit, cors, security } =
        headers::compile(&whole.headers())?;
    let known = Definitions { callers: &callers, tenant_header: tenant_header.as_ref() };
    let access = access::compile(&whole.access(), RuleList::Access, &mounts, known)?;
    let trial = whole.trial();
    let trial = match trial.is_given() {
        true => Some(access::compile(&trial, RuleList::Trial, &mounts, known)?),
        false => None,
    };
    check_carries(tenant_header.as_ref(), &access, trial.as_ref())?;
    for issuer in &mut callers.issuers {
        issuer.claims = access.claims();
        issuer.tried_claims = trial.as_ref().map(Access::claims).unwrap_or_default();
        issuer.tried_claims.retain(|claim| !issuer.claims.contains(claim));
    }
    let trial = trial.map(|rules| Trial::new(rules, &access));
    let elsewhere = match whole.elsewhere().choice(&["refuse", "pass"])? {
        "pass" => Elsewhere::Pass,
        _ => Elsewhere::Refuse,
    };
    let client = match whole.listener_writes_client().is_true()? {
        true => ClientFrom::Listener,
        false => ClientFrom::Host,
    };
    Ok(Gateway {
        digest: sha256(json),
        mounts,
        elsewhere,
        client,
        callers,
        access,
        trial,
        contact: contact(&whole.contact())?,
        query_report: report::compile(&whole.report())?,
        identity_headers: IdentityHeaders { caller: caller_header, tenant: tenant_header, rate_limit },
        answers: Answers { cors, security },
    })
}

/// Reads the person or place to ask: one line, which a page can show.
fn contact(field: &Field<'_>) -> Result<Option<String>, ConfigError> {
    let Some(text) = field.optional_text()? else { return Ok(None) };
    let is_line = !text.trim().is_empty() && text.len() <= MAX_CONTACT && !text.chars().any(char::is_control);
    if is_line {
        Ok(Some(text.to_owned()))
    } else {
        Err(field.refuse("this must be one line of 1 to 200 bytes"))
    }
}

/// The longest text of a contact, in bytes.
const MAX_CONTACT: usize = 200;

/// Refuses a header for tenants that no rule gives a value.
fn check_carries(
    header: Option<&TenantHeader>,
    access: &Access,
    trial: Option<&Access>,
) -> Result<(), ConfigError> {
    let lists = || [Some(access), trial].into_iter().flatten();
    let label = header.map(|header| header.label.as_deref());
    let (path, message) = match label {
        Some(Some(label)) if !lists().any(|list| list.restricts(label)) => (
            "headers.tenant.label",
            "no rule restricts this label by \"only\": the header would never carry its values",
        ),
        Some(None) if !lists().any(Access::names_tenants) => (
            "headers.tenant",
            "no rule has \"tenant\", and this has no \"label\": the header would never carry anything",
        ),
        _ => return Ok(()),
    };
    Err(ConfigError::new(path, message))
}

fn parse(bytes: &[u8]) -> Result<Tree<'_>, ConfigError> {
    let json = bytes.trim_ascii();
    if json.is_empty() {
        return Err(ConfigError::empty());
    }
    if json.starts_with(BYTE_ORDER_MARK) {
        let message =
            "the configuration begins with a byte-order mark (U+FEFF): save it as UTF-8 without one";
        return Err(ConfigError::new("", message));
    }
    serde_json::from_slice(json)
        .map_err(|error| ConfigError::new("", &format!("the configuration is not JSON: {error}")))
}

/// U+FEFF in UTF-8, which some editors write at the start of a file and JSON doesn't allow.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::caller::metadata::tests::object;
    use serde_json::json;

    #[test]
    fn a_struct_is_read_like_its_json_and_told_from_text_that_begins_with_a_new_line() {
        let rule = json!({ "who": ["anyone"], "may": ["query"], "limits": { "points": 11000 } });
        let configuration = |may: &str| json!({ "mounts": [{ "prefix": "/p" }], "access": [rule, { "who": ["anyone"], "may": [may] }] });
        let [valid, wrong] = ["ui", "reading"].map(configuration);
        let loaded = load(&object(&valid)).unwrap();
        assert_eq!(loaded.digest, load(valid.to_string().as_bytes()).unwrap().digest);
        let error = load(&object(&wrong)).unwrap_err().to_string();
        assert!(error.starts_with("access[1].may[0]: \"reading\" is not a class"), "{error}");
        let error = load(&object(&json!({ "mounts": [0.5] }))).unwrap_err().to_string();
        assert_eq!(error, "mounts[0]: this is a number, where an object is needed");
        let twice = [object(&valid), object(&json!({ "access": [] }))].concat();
        assert_eq!(load(&twice).unwrap_err().to_string(), "access: this field is given twice");
        for text in ["\n[]", "\nfoo", "\n// a\n{}", "foo", "\n\n"] {
            let error = load(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(if text == "\n\n" { "is empty" } else { "" }), "{text:?}: {error}");
        }
        assert!(load(format!("\n{valid:#}").as_bytes()).is_ok());
    }

    /// Texts stay in the JSON, but for those with escapes, which mean the same.
    #[test]
    fn an_escape_in_a_name_or_a_value_is_undone() {
        let configuration = |users: &str, who: &str| {
            let callers = format!(r#""callers": {{ "users": {{ {users} }} }}"#);
            let access = format!(r#""access": [{{ "who": ["{who}"], "may": ["ui"] }}]"#);
            format!(r#"{{ "mounts": [{{ "prefix": "/" }}], {callers}, {access} }}"#)
        };
        let hash = "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
        let user = |name: &str| format!(r#""{name}": "{hash}""#);
        for (name, who) in [("a\\u0062", "user:ab"), ("ab", "user:\\u0061b"), ("\\u00fc", "user:ü")] {
            assert!(load(configuration(&user(name), who).as_bytes()).is_ok(), "{name} {who}");
        }
        let twice = load(configuration(&[user("ab"), user("a\\u0062")].join(", "), "user:ab").as_bytes());
        assert_eq!(twice.unwrap_err().to_string(), "callers.users.ab: this field is given twice");
    }

    #[test]
    fn a_byte_order_mark_is_named() {
        for text in ["\u{feff}{}", "\n\u{feff}{}"] {
            let error = load(text.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with("the configuration begins with a byte-order mark"), "{error}");
        }
    }

    #[test]
    fn what_an_error_quotes_stays_in_its_line() {
        let long = format!("{{\"x\\ny\\u001b{}\": 1}}", "z".repeat(10_000));
        let error = load(long.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("x\u{fffd}y\u{fffd}zzz") && error.ends_with('…'), "{error}");
        assert!(error.chars().count() < 600 && !error.contains('\n'));
    }
}
