//! Reads `mounts`, the servers that are guarded and their places on the site.

use super::error::ConfigError;
use super::field::Field;
use super::list::listed;
use super::object::object;
use super::size;
use crate::api::mount::{Mount, Mounts, PassedCredentials, Prefix, WebSockets};
use crate::api::profile::{Contents, KnownTo};
use crate::api::{PROFILES, Profile, named};
use crate::enforce::remote_write::MAX_MESSAGE;
use crate::promql::Extensions;
use crate::target::origin::Origin;
use crate::target::parameters::accepted::IgnoredNames;
use crate::time::dialect::Dialect;

#[cfg(feature = "schema")]
use super::schema::{ApiConfig, CredentialsConfig, EncodedSlashConfig, Size, WebSocketsConfig};
use std::rc::Rc;

object! {
    /// A server and its place on the site.
    pub(super) MountConfig, read as MountObject {
        /// The public path prefix, like `/prometheus`; `/` means none.
        prefix: String,
        /// The API that the server speaks; `prometheus` if not given.
        api: Option<ApiConfig>,
        /// The prefix that the server itself is mounted at (Prometheus' `--web.route-prefix`).
        upstream_prefix: Option<String>,
        /// The value of the header `x-promward-cluster`, by which the proxy's routes choose a cluster.
        cluster: Option<String>,
        /// Origins that the server may name in `Location`, beside the public one.
        origins: Option<Vec<String>>,
        /// The longest form body: 1 KiB to 1 MiB, 256KiB if not given. A message of remote read of callers who are restricted
        /// or limited may be as long, up to 128 KiB.
        max_form: Option<Size>,
        /// The longest message of remote write of callers who are restricted, or whose samples are counted, as it is sent:
        /// 1 KiB to 16 MiB, 2MiB if not given.
        max_write: Option<Size>,
        /// The longest query or selector of callers who are restricted or limited: 1 KiB to `max_form`, 64KiB if not
        /// given.
        max_query: Option<Size>,
        /// Experimental parts of PromQL that the server has switched on, after Prometheus' feature flags:
        /// `experimental_functions`, `duration_expressions`, `extended_range_selectors`, `binop_fill_modifiers`.
        promql: Option<Vec<String>>,
        /// Parameters that clients add and nobody needs: they go no further.
        ignore: Option<Vec<String>>,
        /// The treatment of `Authorization`, `Proxy-Authorization` and `Cookie`: `remove` them, or `pass` them on to the
        /// server. If not given, an opaque mount passes cookies, and `Authorization` unless it is the credential of a
        /// caller that is known here; other mounts remove all three.
        credentials: Option<CredentialsConfig>,
        /// The treatment of `%2F` in a path: `refuse` (the default), or `pass`, which only opaque mounts may have.
        encoded_slash: Option<EncodedSlashConfig>,
        /// Origins whose pages may lead a browser here by posting a form, as identity providers do. Only opaque mounts
        /// may have it.
        cross_site: Option<Vec<String>>,
        /// The treatment of WebSockets at an opaque mount: `pass` (the default), or `refuse`. The proxy has to be told to
        /// let them pass, too.
        websockets: Option<WebSocketsConfig>,
    }
}

const DEFAULT_MAX_FORM: usize = 256 << 10;

const DEFAULT_MAX_WRITE: usize = 2 << 20;

const DEFAULT_MAX_QUERY: usize = 64 << 10;

/// The sizes that `max_form` may have. A form is read at once, which takes some milliseconds a MiB, and Envoy buffers
/// no more than 1 MiB unless it is told to.
const MAX_FORM: std::ops::RangeInclusive<usize> = (1 << 10)..=(1 << 20);

/// Compiles the list of mounts.
pub(super) fn compile(list: &Field<'_>) -> Result<Mounts, ConfigError> {
    let items = list.items()?;
    if items.is_empty() {
        return Err(list.refuse("at least one mount is needed, like { \"prefix\": \"/prometheus\" }"));
    }
    let mut mounts: Vec<Mount> = Vec::new();
    for item in items {
        let mount = mount(&item)?;
        if mounts.iter().any(|earlier| earlier.prefix == mount.prefix) {
            return Err(item.field("prefix").refuse("another mount has this prefix already"));
        }
        mounts.push(mount);
    }
    Ok(Mounts::new(mounts))
}

fn mount(field: &Field<'_>) -> Result<Mount, ConfigError> {
    let mount = MountObject::read(field)?;
    let api = api(&mount.api())?;
    let max_form = max_form(&mount.max_form(), api)?;
    Ok(Mount {
        prefix: prefix(&mount.prefix())?,
        upstream_prefix: match mount.upstream_prefix() {
            given if given.is_given() => prefix(&given)?,
            _ => Prefix::default(),
        },
        api,
        cluster: cluster(&mount.cluster())?,
        origins: optional_origins(&mount.origins())?,
        max_form,
        max_write: max_write(&mount.max_write(), api)?,
        max_query: max_query(&mount.max_query(), api, max_form)?,
        extensions: extensions(&mount.promql(), api)?,
        ignored: ignored(&mount.ignore(), api)?,
        credentials: credentials(&mount.credentials(), api)?,
        pass_encoded_slash: pass_encoded_slash(&mount.encoded_slash(), api)?,
        cross_site: cross_site(&mount.cross_site(), api)?,
        websockets: websockets(&mount.websockets(), api)?,
    })
}

fn api(field: &Field<'_>) -> Result<&'static Profile, ConfigError> {
    let name = field.choice(&PROFILES.map(|profile| profile.name))?;
    let [default, ..] = PROFILES;
    Ok(named(name).unwrap_or(default))
}

fn prefix(field: &Field<'_>) -> Result<Prefix, ConfigError> {
    let text = field.text()?;
    Prefix::parse(text).ok_or_else(|| {
        field.refuse(&format!("\"{text}\" is not a prefix: write \"/\", or a path of letters, digits and -._~ like \"/prometheus\", without a trailing slash"))
    })
}

fn cluster(field: &Field<'_>) -> Result<Option<Rc<str>>, ConfigError> {
    let Some(name) = field.optional_text()? else { return Ok(None) };
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_name {
        return Err(field.refuse("a cluster's name is printable ASCII without spaces, and not empty"));
    }
    Ok(Some(name.into()))
}

fn max_form(field: &Field<'_>, api: &Profile) -> Result<usize, ConfigError> {
    let Some(bytes) = size(field, api)? else { return Ok(DEFAULT_MAX_FORM) };
    if MAX_FORM.contains(&bytes) { Ok(bytes) } else { Err(field.refuse("this must be 1KiB to 1MiB")) }
}

fn max_write(field: &Field<'_>, api: &Profile) -> Result<usize, ConfigError> {
    let Some(bytes) = size(field, api)? else { return Ok(DEFAULT_MAX_WRITE) };
    if (*MAX_FORM.start()..=MAX_MESSAGE).contains(&bytes) {
        Ok(bytes)
    } else {
        Err(field.refuse("this must be 1KiB to 16MiB"))
    }
}

fn max_query(field: &Field<'_>, api: &Profile, max_form: usize) -> Result<usize, ConfigError> {
    let Some(bytes) = size(field, api)? else { return Ok(DEFAULT_MAX_QUERY.min(max_form)) };
    if (*MAX_FORM.start()..=max_form).contains(&bytes) {
        Ok(bytes)
    } else {
        Err(field.refuse(&format!("this must be 1KiB to max_form, which is {max_form}B here")))
    }
}

/// Reads a size in bytes, if the field is there.
fn size(field: &Field<'_>, api: &Profile) -> Result<Option<usize>, ConfigError> {
    let Some(text) = field.optional_text()? else { return Ok(None) };
    if api.contents == Contents::Opaque {
        let message = "this is for other mounts than opaque ones: bodies stream through those";
        return Err(field.refuse(message));
    }
    let bytes = size::parse(text).ok_or_else(|| {
        field
            .refuse(&format!("\"{text}\" is not a size: write a whole number and B, KiB or MiB, like 256KiB"))
    })?;
    Ok(Some(bytes))
}

/// Reads the experimental parts of PromQL that the server has switched on.
fn extensions(field: &Field<'_>, api: &Profile) -> Result<Extensions, ConfigError> {
    if !field.is_given() {
        return Ok(Extensions::NONE);
    }
    if api.contents == Contents::Opaque || api.dialect != Dialect::Prometheus {
        return Err(field.refuse("this is only for servers with Prometheus' own PromQL"));
    }
    let part = |name: &str| {
        let known = || Extensions::names().collect::<Vec<_>>().join(", ");
        Extensions::named(name).ok_or_else(|| {
            format!("\"{name}\" is no experimental part of PromQL that is known here: those are {}", known())
        })
    };
    let parts =
        listed(field, "an empty list switches nothing on: leave the field out, or list a part", part)?;
    Ok(parts.into_iter().fold(Extensions::NONE, Extensions::with))
}

/// The most names that a mount ignores, and the longest one, in bytes.
const MAX_IGNORED: (usize, usize) = (64, 128);

fn ignored(field: &Field<'_>, api: &Profile) -> Result<IgnoredNames, ConfigError> {
    if !field.is_given() {
        return Ok([].into());
    }
    if api.contents == Contents::Opaque {
        let message = "this is only for mounts whose parameters are read: they pass through an opaque one";
        return Err(field.refuse(message));
    }
    let (most, longest) = MAX_IGNORED;
    let name = |name: &str| match api.knows(name) {
        _ if name.is_empty() || name.len() > longest => {
            Err(format!("a parameter's name has 1 to {longest} bytes"))
        }
        KnownTo::SomeEndpoint => {
            Err(format!("an endpoint of the API \"{}\" reads \"{name}\", so it can't be ignored", api.name))
        }
        KnownTo::None => Ok(name.to_owned()),
    };
    let names =
        listed(field, "an empty list ignores nothing: leave the field out, or list a parameter", name)?;
    if names.len() > most {
        return Err(field.refuse(&format!("at most {most} parameters can be ignored")));
    }
    Ok(names.into())
}

fn credentials(field: &Field<'_>, api: &Profile) -> Result<PassedCredentials, ConfigError> {
    Ok(match field.choice(&["remove", "pass"])? {
        "pass" => PassedCredentials::All,
        _ if !field.is_given() && api.contents == Contents::Opaque => PassedCredentials::Sessions,
        _ => PassedCredentials::None,
    })
}

fn pass_encoded_slash(field: &Field<'_>, api: &Profile) -> Result<bool, ConfigError> {
    let passes = field.choice(&["refuse", "pass"])? == "pass";
    if passes && api.contents != Contents::Opaque {
        let message =
            "\"pass\" is only for mounts with \"api\": \"opaque\": other servers route on the decoded path";
        return Err(field.refuse(message));
    }
    Ok(passes)
}

fn cross_site(field: &Field<'_>, api: &Profile) -> Result<Vec<Origin>, ConfigError> {
    if field.is_given() && api.contents != Contents::Opaque {
        let message =
            "this is only for mounts with \"api\": \"opaque\": nobody logs in to the others by a form";
        return Err(field.refuse(message));
    }
    optional_origins(field)
}

fn websockets(field: &Field<'_>, api: &Profile) -> Result<WebSockets, ConfigError> {
    match field.choice(&["pass", "refuse"])? {
        "pass" if api.contents == Contents::Opaque => Ok(WebSockets::Pass),
        "pass" if field.is_given() => {
            let message = "\"pass\" is only for mounts with \"api\": \"opaque\": nobody would read what is sent to this one";
            Err(field.refuse(message))
        }
        _ => Ok(WebSockets::Refuse),
    }
}

/// Reads a list of origins, which must not be empty if it is given.
pub(super) fn optional_origins(field: &Field<'_>) -> Result<Vec<Origin>, ConfigError> {
    if field.is_given() { origins(field) } else { Ok(Vec::new()) }
}

/// Reads a list of origins, which must not be empty.
pub(super) fn origins(field: &Field<'_>) -> Result<Vec<Origin>, ConfigError> {
    listed(field, "an empty list allows nothing: leave the field out, or list an origin", origin)
}

fn origin(text: &str) -> Result<Origin, String> {
    if text == "null" {
        return Err("\"null\" is what any site's page can say that it is".to_owned());
    }
    Origin::parse(text).ok_or_else(|| {
        format!(
            "\"{text}\" is not an origin: write scheme, host and perhaps port, like https://grafana.example.com"
        )
    })
}
