//! The headers around an answer that is filtered. The request must ask for the whole answer as plain JSON, the answer
//! must be that, and headers that describe the server's bytes are removed, because they don't describe the filtered
//! ones (`threats.md` R3).

use crate::target::headers::Headers;
use crate::target::headers::name::{Name, NameSet};
use crate::target::media_type::{JSON_TYPE, is_exactly};
use std::fmt;
use std::str;

/// Headers of a request that ask for something other than the whole, current answer as plain JSON.
static ASKING: NameSet = NameSet::of(&[
    Name::AIm,
    Name::AcceptEncoding,
    Name::IfMatch,
    Name::IfModifiedSince,
    Name::IfNoneMatch,
    Name::IfRange,
    Name::IfUnmodifiedSince,
    Name::Range,
    Name::Te,
]);

/// Headers of an answer that describe its exact bytes.
static DESCRIBING: NameSet = NameSet::of(&[
    Name::AcceptRanges,
    Name::ContentDigest,
    Name::ContentLength,
    Name::ContentMd5,
    Name::ContentRange,
    Name::Digest,
    Name::Etag,
    Name::LastModified,
    Name::ReprDigest,
    Name::Trailer,
]);

/// The error of an answer that can't be filtered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotFilterable {
    /// The status of the answer, or 0 if it has none.
    pub status: u16,
}

impl fmt::Display for NotFilterable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the server answered {}, but not with JSON that can be filtered", self.status)
    }
}

/// Returns the names of a request's headers that don't go upstream if the answer is filtered.
pub fn removed_from_request(given: &Headers) -> Vec<Vec<u8>> {
    given.spelled(&ASKING)
}

/// Returns the names of an answer's headers that are no longer correct once it is filtered.
pub fn removed_from_answer(given: &Headers) -> Vec<Vec<u8>> {
    given.spelled(&DESCRIBING)
}

/// Checks that an answer can be filtered: it is whole, a success or an error, and plain JSON.
///
/// # Errors
///
/// Returns an error if it can't be filtered. The filter then answers 502 in its place.
pub fn check(answer: &Headers) -> Result<(), NotFilterable> {
    let status = answer.only(Name::Status).and_then(|status| str::from_utf8(status).ok()?.parse().ok());
    let status = status.unwrap_or(0);
    let is_whole = matches!(status, 200 | 400..=599);
    let is_json = answer.only(Name::ContentType).is_some_and(|value| is_exactly(value, JSON_TYPE));
    let is_plain =
        answer.all(Name::ContentEncoding).all(|encoding| encoding.eq_ignore_ascii_case(b"identity"));
    if is_whole && is_json && is_plain { Ok(()) } else { Err(NotFilterable { status }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> Headers {
        pairs.iter().copied().collect()
    }

    fn answer(status: &str, more: &[(&str, &str)]) -> Headers {
        [(":status", status)].iter().chain(more).copied().collect()
    }

    const JSON: (&str, &str) = ("content-type", "application/json");

    #[test]
    fn whole_and_plain_json_is_filtered() {
        for status in ["200", "400", "404", "422", "500", "503"] {
            assert_eq!(check(&answer(status, &[JSON])), Ok(()), "{status}");
        }
        for content_type in [
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "application/json ; charset=us-ascii",
        ] {
            assert_eq!(check(&answer("200", &[("Content-Type", content_type)])), Ok(()), "{content_type}");
        }
        assert_eq!(check(&answer("200", &[JSON, ("content-encoding", "Identity")])), Ok(()));
    }

    #[test]
    fn a_part_of_an_answer_or_none_is_not_filtered() {
        for status in
            ["100", "103", "199", "201", "202", "203", "204", "205", "206", "226", "301", "304", "600"]
        {
            let refused = NotFilterable { status: status.parse().unwrap() };
            assert_eq!(check(&answer(status, &[JSON])), Err(refused));
        }
        for headers in [headers(&[JSON]), answer("", &[JSON]), answer("ok", &[JSON])] {
            assert_eq!(check(&headers), Err(NotFilterable { status: 0 }));
        }
        let twice = answer("200", &[(":status", "200"), JSON]);
        assert_eq!(check(&twice), Err(NotFilterable { status: 0 }));
    }

    #[test]
    fn what_is_not_json_by_type_or_encoding_is_not_filtered() {
        for more in [
            &[][..],
            &[("content-type", "")],
            &[("content-type", "text/html")],
            &[("content-type", "application/jsonp")],
            &[("content-type", "application/x-ndjson")],
            &[("content-type", "text/html; a=application/json")],
            &[("content-type", "application/json, text/html")],
            &[("content-type", "application/json; charset=utf-8, text/html")],
            &[("content-type", "application/json; charset=utf-16")],
            &[("content-type", "application/json; charset=utf-8; charset=utf-16")],
            &[("content-type", "application/json; Charset=\"utf-7\"")],
            &[JSON, ("Content-Type", "application/json")],
            &[JSON, ("content-encoding", "gzip")],
            &[JSON, ("content-encoding", "")],
            &[JSON, ("content-encoding", "identity"), ("Content-Encoding", "br")],
        ] {
            assert_eq!(check(&answer("200", more)), Err(NotFilterable { status: 200 }), "{more:?}");
        }
    }

    #[test]
    fn the_client_reads_what_the_server_answered() {
        let refused = check(&answer("503", &[("content-type", "text/plain")])).unwrap_err();
        assert_eq!(refused.to_string(), "the server answered 503, but not with JSON that can be filtered");
    }

    #[test]
    fn the_whole_answer_of_now_is_asked_for() {
        let removed = [
            "Accept-Encoding",
            "range",
            "If-None-Match",
            "if_modified_since",
            "If-Range",
            "A-IM",
            "if-match",
            "If-Unmodified-Since",
            "TE",
        ];
        let kept = ["accept", ":path", "user-agent", "accept-language", "if"];
        let given =
            headers(&[&removed[..], &kept].concat().into_iter().map(|name| (name, "x")).collect::<Vec<_>>());
        assert_eq!(removed_from_request(&given), removed.map(|name| name.as_bytes().to_vec()));
    }

    #[test]
    fn what_described_the_servers_bytes_goes() {
        let removed = [
            "Content-Length",
            "ETag",
            "last-modified",
            "Accept-Ranges",
            "Digest",
            "Repr-Digest",
            "content-digest",
            "Content-MD5",
            "Content-Range",
            "Trailer",
        ];
        let kept = [":status", "content-type", "date", "content-encoding"];
        let given =
            headers(&[&removed[..], &kept].concat().into_iter().map(|name| (name, "x")).collect::<Vec<_>>());
        assert_eq!(removed_from_answer(&given), removed.map(|name| name.as_bytes().to_vec()));
    }
}
