//! The URL of a pasted line, and what curl makes of it before it sends anything.

/// Takes the name and the password out of a URL.
pub(super) fn without_user(url: &str) -> (String, Option<String>) {
    let Some((scheme, rest)) = url.split_once("://") else { return (url.to_owned(), None) };
    let (authority, path) = rest.split_at(end_of_authority(rest));
    let Some((user, host)) = authority.rsplit_once('@') else { return (url.to_owned(), None) };
    // Its parser takes a plus sign for a space, and an ampersand for an end.
    let user = user.replace('+', "%2B").replace('&', "%26");
    let user =
        form_urlencoded::parse(user.replace('=', "%3D").as_bytes()).next().unwrap_or_default().0.into_owned();
    let user = if user.contains(':') { user } else { format!("{user}:") };
    (format!("{scheme}://{host}{path}"), Some(user))
}

/// Resolves the segments `.` and `..` in the path of a URL, as curl does unless it is told `--path-as-is` (RFC 3986,
/// section 5.2.4). `%2e` stays as it is: only the latest releases of curl take it for a dot.
pub(super) fn without_dot_segments(url: &str) -> String {
    let authority = url.find("://").map_or(0, |colon| colon + "://".len());
    let (scheme, rest) = url.split_at(authority);
    let (host, rest) = rest.split_at(end_of_authority(rest));
    let (path, after) = rest.split_at(rest.find(['?', '#']).unwrap_or(rest.len()));
    let Some(path) = path.strip_prefix('/') else { return url.to_owned() };
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').peekable();
    while let Some(segment) = segments.next() {
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            segment => {
                kept.push(segment);
                continue;
            }
        }
        // The slash before the last segment stays.
        if segments.peek().is_none() {
            kept.push("");
        }
    }
    format!("{scheme}{host}/{}{after}", kept.join("/"))
}

fn end_of_authority(rest: &str) -> usize {
    rest.find(['/', '?', '#']).unwrap_or(rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_segments_are_resolved_in_the_path_alone() {
        for (url, sent) in [
            ("https://a/b/../c", "https://a/c"),
            ("https://a/b/./c/.", "https://a/b/c/"),
            ("https://a/b/c/..", "https://a/b/"),
            ("https://a/../../b", "https://a/b"),
            ("https://a/..", "https://a/"),
            ("https://a/b//../c", "https://a/b/c"),
            ("https://a/b/../..//c", "https://a//c"),
            ("https://a/.../..b/.c", "https://a/.../..b/.c"),
            ("https://a/b/%2e%2e/c/..;/d", "https://a/b/%2e%2e/c/..;/d"),
            ("https://a/b?c=/../d#/../e", "https://a/b?c=/../d#/../e"),
            ("https://a/b/../c?d/../e", "https://a/c?d/../e"),
            ("https://..?a=/../b", "https://..?a=/../b"),
            ("https://a", "https://a"),
            ("/b/../c", "/c"),
        ] {
            assert_eq!(without_dot_segments(url), sent, "{url}");
        }
    }
}
