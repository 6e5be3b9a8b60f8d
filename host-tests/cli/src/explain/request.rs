//! The request that the arguments of `promward explain` describe.

use super::arguments::Arguments;
use super::curl;
use crate::check;
use crate::policy::asked::{Asked, HOST};
use promward::caller::certificates::Presented;
use promward::target::origin::UrlScheme;
use promward::time::instant::Instant;
use promward_harness::certificates::described::Described;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

impl Arguments {
    /// Returns the request that is to be explained.
    pub(super) fn asked(&self) -> Result<Asked, String> {
        let mut asked = match &self.curl {
            Some(line) => curl::asked(line, self.now())?,
            None => self.request()?,
        };
        asked.caller = self.caller.clone().unwrap_or_default();
        if let Some(claims) = &self.claims {
            let text = match claims.trim_start().starts_with('{') {
                true => claims.clone().into_bytes(),
                false => read(Path::new(claims))?,
            };
            let read = serde_json::from_slice(&text);
            asked.claims =
                Some(read.map_err(|error| format!("--claims {claims}: this is no JSON: {error}"))?);
        }
        if let Some(file) = &self.certificate {
            asked.certificate = Some(certificate(file)?);
        }
        if let Some(source) = self.source {
            asked.source = source;
        }
        Ok(asked)
    }

    fn request(&self) -> Result<Asked, String> {
        let (method, target) = match self.request.as_slice() {
            [method, target] => (Some(method.as_str()), target),
            [target] => (None, target),
            _ => return Err("which request? write GET and a path, as in --help".to_owned()),
        };
        let body = match &self.data {
            Some(data) => body(data)?,
            None => Vec::new(),
        };
        let method = method.unwrap_or(if self.data.is_some() { "POST" } else { "GET" });
        let mut asked = to(method, target, self.now())?;
        for line in &self.header {
            add_header(&mut asked, line)?;
        }
        Ok(asked.with_body(body))
    }

    fn now(&self) -> Instant {
        self.now.unwrap_or_else(now)
    }
}

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
        Some(file) => read(Path::new(file)),
        None => Ok(data.as_bytes().to_vec()),
    }
}

/// Returns what a proxy says of the certificate in a file.
pub(crate) fn certificate(file: &Path) -> Result<Presented, String> {
    let described = Described::of_file(&read(file)?);
    let none = || format!("{}: this is no certificate, neither PEM nor DER", file.display());
    let Described { sha256, subject, uri_san, dns_san } = described.ok_or_else(none)?;
    Ok(Presented { sha256, uri_san, dns_san, subject })
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    check::read(file).map_err(|error| format!("{}: {error}", file.display()))
}
