//! A request, from what a command line or a file with tests says of it.

use crate::check::read_named;
use crate::policy::asked::{Asked, HOST};
use promward::caller::certificates::Presented;
use promward::target::origin::UrlScheme;
use promward::time::instant::Instant;
use promward_harness::certificates::described::Described;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the current time.
pub(crate) fn now() -> Instant {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    Instant(u64::try_from(since).unwrap_or(u64::MAX))
}

/// Returns a request to a path, or to a URL.
pub(crate) fn to(method: &str, target: &str, now: Instant) -> Result<Asked, String> {
    let with_scheme = [("https://", UrlScheme::Https), ("http://", UrlScheme::Http)];
    let url = with_scheme.iter().find_map(|(begin, scheme)| Some((target.strip_prefix(begin)?, *scheme)));
    let Some((rest, scheme)) = url else {
        if !target.starts_with(['/', '*']) {
            return Err(format!("{target:?} is neither a path, which begins with a slash, nor a URL"));
        }
        return Ok(Asked::new(method, HOST, target, now));
    };
    let rest = rest.split_once('#').map_or(rest, |(before, _)| before);
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, target) = rest.split_at(end);
    let slash = if target.starts_with('/') { "" } else { "/" };
    Ok(Asked { scheme, ..Asked::new(method, authority, &[slash, target].concat(), now) })
}

/// Adds a header from a line, `NAME: VALUE`. `Host` is the name of the site.
pub(crate) fn add_header(asked: &mut Asked, line: &str) -> Result<(), String> {
    let (name, value) =
        line.split_once(':').ok_or_else(|| format!("{line:?} is no header: write NAME: VALUE"))?;
    let (name, value) = (name.trim(), value.trim());
    if name.eq_ignore_ascii_case("host") {
        asked.message.set(":authority", value);
    } else {
        asked.message.headers.push((name.to_ascii_lowercase(), value.as_bytes().to_vec()));
    }
    Ok(())
}

/// Returns the body that an argument says: itself, or the text of a file after `@`.
pub(super) fn body(data: &str) -> Result<Vec<u8>, String> {
    match data.strip_prefix('@') {
        Some(file) => read_named(Path::new(file)),
        None => Ok(data.as_bytes().to_vec()),
    }
}

/// Returns what a proxy says of the certificate in a file.
pub(crate) fn certificate(file: &Path) -> Result<Presented, String> {
    let described = Described::of_file(&read_named(file)?);
    let none = || format!("{}: this is no certificate, neither PEM nor DER", file.display());
    let Described { sha256, subject, uri_san, dns_san } = described.ok_or_else(none)?;
    Ok(Presented { sha256, uri_san, dns_san, subject })
}
