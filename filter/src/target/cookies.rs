//! The cookies of a request. Those of sessions that Envoy's filter `oauth2` keeps hold credentials for the proxy alone, which
//! it has decrypted, so that no server gets them (`threats.md` H3).

use super::header_edits::HeaderEdits;
use super::headers::Headers;
use super::headers::name::Name;

/// The names that the filter gives its cookies, unless its configuration gives others.
const OF_SESSIONS: [&str; 7] =
    ["IdToken", "RefreshToken", "BearerToken", "OauthHMAC", "OauthExpires", "OauthNonce", "CodeVerifier"];

/// Leaves the cookies of sessions out of a request.
pub(crate) fn leave_out_sessions(headers: &Headers, edits: &mut HeaderEdits) {
    match without_sessions(headers) {
        None => {}
        Some(kept) if kept.is_empty() => edits.remove.push(b"cookie".to_vec()),
        Some(kept) => edits.set.push((Name::Cookie.into(), kept.into())),
    }
}

/// Returns the cookies of a request without those of sessions, or `None` if there are none to leave out. None is left if they are
/// in several headers, or aren't text.
fn without_sessions(headers: &Headers) -> Option<String> {
    if !headers.has(Name::Cookie) {
        return None;
    }
    let all =
        headers.only(Name::Cookie).and_then(|value| std::str::from_utf8(value).ok()).unwrap_or_default();
    let mut kept = String::with_capacity(all.len());
    for cookie in all.split_inclusive(';') {
        if !OF_SESSIONS.iter().any(|name| is_called(name, cookie.as_bytes())) {
            kept.push_str(if kept.is_empty() { cookie.trim_ascii_start() } else { cookie });
        }
    }
    let is_changed = all.is_empty() || kept.len() < all.len();
    if kept.ends_with(';') {
        kept.pop();
    }
    is_changed.then_some(kept)
}

/// Returns `true` for a cookie of this name, which may go on with a dot and the number of a login.
fn is_called(name: &str, cookie: &[u8]) -> bool {
    match cookie.trim_ascii_start().strip_prefix(name.as_bytes()) {
        Some([next, ..]) => matches!(next, b'=' | b'.' | b' ' | b'\t' | b';'),
        Some([]) => true,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_gets_no_cookie_of_a_session() {
        let kept =
            |values: &[&str]| without_sessions(&values.iter().map(|value| ("cookie", *value)).collect());
        assert_eq!(kept(&[]), None);
        assert_eq!(kept(&["grafana_session=a; theme=dark"]), None);
        for (values, left) in [
            (&["IdToken=a"][..], ""),
            (&["a=b; IdToken=c;d=e=f"], "a=b;d=e=f"),
            (&["a=b;IdToken =c; IdToken"], "a=b"),
            (&["OauthNonce.1f=c; OauthNonces=d; IdToken;e"], "OauthNonces=d;e"),
            (&["idtoken=a; IdToken=b; a=\"; IdToken=c\""], "idtoken=a; a=\""),
            (&["a=b", "c=d"], ""),
        ] {
            assert_eq!(kept(values).as_deref(), Some(left), "{values:?}");
        }
        let bytes = Headers::from_iter([("cookie", &b"a=\xff"[..])]);
        assert_eq!(without_sessions(&bytes).as_deref(), Some(""));
    }
}
