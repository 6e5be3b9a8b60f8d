//! A pasted line that calls curl, as people write it and as browsers copy it.

mod url;

use super::request::{add_header, body, certificate, to};
use crate::policy::asked::Asked;
use crate::shell_words::split;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use promward::time::instant::Instant;
use std::path::Path;
use url::{without_dot_segments, without_user};

/// Options that take a value and say nothing about the request.
const WITH_VALUE: [&str; 20] = [
    "--cacert",
    "--capath",
    "--resolve",
    "--connect-to",
    "-o",
    "--output",
    "-w",
    "--write-out",
    "-m",
    "--max-time",
    "--connect-timeout",
    "--retry",
    "--retry-delay",
    "--key",
    "--pass",
    "-D",
    "--dump-header",
    "--tls-max",
    "-x",
    "--proxy",
];

/// Options without a value that say nothing about the request.
const WITHOUT_VALUE: [&str; 26] = [
    "-k",
    "--insecure",
    "-s",
    "--silent",
    "-S",
    "--show-error",
    "-v",
    "--verbose",
    "-i",
    "--include",
    "-f",
    "--fail",
    "--fail-with-body",
    "-L",
    "--location",
    "--compressed",
    "-#",
    "--progress-bar",
    "-N",
    "--no-buffer",
    "-g",
    "--globoff",
    "-0",
    "--http1.1",
    "--http2",
    "-4",
];

/// Options of one letter that may stand together, and those among them that take a value, which may follow at once.
const LETTERS: &str = "kssSviIfLGNg#04";
const LETTERS_WITH_VALUE: &str = "XHdubAeoEmwxD";

/// The octets that `--data-urlencode` escapes: all but those that mean the same unescaped.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The request of a line, as it is read.
#[derive(Default)]
struct Line {
    url: Option<String>,
    method: Option<String>,
    headers: Vec<String>,
    /// The name and the password, which count unless there is a header with others.
    user: Option<String>,
    data: Vec<String>,
    has_data: bool,
    is_get: bool,
    is_head: bool,
    keeps_path: bool,
    certificate: Option<String>,
}

/// Returns the request that a line with curl sends.
///
/// # Errors
///
/// Returns an error if the line isn't one, or has an option that isn't known here.
pub(crate) fn asked(line: &str, now: Instant) -> Result<Asked, String> {
    let mut words = split(line).map_err(|error| format!("--curl: {error}"))?.into_iter();
    if words.next().is_none_or(|word| word != "curl" && !word.ends_with("/curl")) {
        return Err("--curl: the line has to begin with curl".to_owned());
    }
    let mut read = Line::default();
    while let Some(word) = words.next() {
        for (option, value) in options(&word) {
            let mut value = || {
                let none = || format!("--curl: {option} has no value");
                value.clone().or_else(|| words.next()).ok_or_else(none)
            };
            read.option(&option, &mut value)?;
        }
    }
    read.asked(now)
}

/// Returns the options that a word has, each with its value if that follows at once.
fn options(word: &str) -> Vec<(String, Option<String>)> {
    if word.starts_with("--") {
        return match word.split_once('=') {
            Some((option, value)) => vec![(option.to_owned(), Some(value.to_owned()))],
            None => vec![(word.to_owned(), None)],
        };
    }
    let Some(letters) = word.strip_prefix('-').filter(|letters| !letters.is_empty()) else {
        return vec![(String::new(), Some(word.to_owned()))];
    };
    let mut options = Vec::new();
    for (at, letter) in letters.char_indices() {
        let rest = letters.get(at + letter.len_utf8()..).unwrap_or_default();
        if LETTERS.contains(letter) || rest.is_empty() {
            options.push((format!("-{letter}"), None));
            continue;
        }
        let value = LETTERS_WITH_VALUE.contains(letter).then(|| rest.to_owned());
        options.push((format!("-{letter}"), value));
        break;
    }
    options
}

impl Line {
    fn option(
        &mut self,
        option: &str,
        value: &mut dyn FnMut() -> Result<String, String>,
    ) -> Result<(), String> {
        match option {
            "" | "--url" => {
                if self.url.replace(value()?).is_some() {
                    return Err("--curl: there are two URLs: explain one at a time".to_owned());
                }
            }
            "-X" | "--request" => self.method = Some(value()?),
            "-H" | "--header" => self.headers.push(value()?),
            "-A" | "--user-agent" => self.headers.push(format!("user-agent: {}", value()?)),
            "-e" | "--referer" => self.headers.push(format!("referer: {}", value()?)),
            "-b" | "--cookie" => self.headers.push(format!("cookie: {}", value()?)),
            "--oauth2-bearer" => self.headers.push(format!("authorization: Bearer {}", value()?)),
            "-u" | "--user" => self.user = Some(value()?),
            "-d" | "--data" | "--data-ascii" | "--data-binary" => {
                let value = value()?;
                let text = String::from_utf8(body(&value)?);
                let text = text.map_err(|_| "--curl: the data is no text".to_owned())?;
                // Of a file, all but --data-binary leave out the ends of lines.
                let is_kept = option == "--data-binary" || !value.starts_with('@');
                self.add_data(if is_kept { text } else { text.replace(['\r', '\n'], "") });
            }
            "--data-raw" => {
                let text = value()?;
                self.add_data(text);
            }
            "--data-urlencode" => {
                let text = value()?;
                self.add_data(encoded(&text)?);
            }
            "-G" | "--get" => self.is_get = true,
            "-I" | "--head" => self.is_head = true,
            "--path-as-is" => self.keeps_path = true,
            "-E" | "--cert" => self.certificate = Some(value()?),
            _ if WITHOUT_VALUE.contains(&option) => {}
            _ if WITH_VALUE.contains(&option) => drop(value()?),
            _ => {
                return Err(format!(
                    "--curl: the option {option} isn't known here: leave it out if it says nothing about the request"
                ));
            }
        }
        Ok(())
    }

    fn add_data(&mut self, text: String) {
        self.has_data = true;
        self.data.push(text);
    }

    fn asked(self, now: Instant) -> Result<Asked, String> {
        let url = self.url.ok_or("--curl: there is no URL")?;
        let url = if url.contains("://") || url.starts_with('/') { url } else { format!("http://{url}") };
        let (url, in_url) = without_user(&url);
        let url = if self.keeps_path { url } else { without_dot_segments(&url) };
        let data = self.data.join("&");
        let method = match self.method {
            Some(method) => method,
            None if self.is_head => "HEAD".to_owned(),
            None if self.has_data && !self.is_get => "POST".to_owned(),
            None => "GET".to_owned(),
        };
        let mut asked = to(&method, &url, now)?;
        if self.is_get {
            asked = asked.with_parameters(&data);
        }
        let is_credential = |header: &String| {
            header.split_once(':').is_some_and(|(name, _)| name.trim().eq_ignore_ascii_case("authorization"))
        };
        let has_header = self.headers.iter().any(is_credential);
        if let Some(user) = self.user.or(in_url).filter(|_| !has_header) {
            add_header(&mut asked, &format!("authorization: Basic {}", STANDARD.encode(user)))?;
        }
        for header in &self.headers {
            // An empty value takes a header out.
            if !header.trim_end().ends_with(':') {
                add_header(&mut asked, header)?;
            }
        }
        if let Some(file) = self.certificate {
            asked.certificate = Some(certificate(Path::new(&file))?);
        }
        let body = if self.is_get { Vec::new() } else { data.into_bytes() };
        Ok(asked.with_body(body))
    }
}

/// Encodes a value of `--data-urlencode`: `VALUE`, `=VALUE`, `NAME=VALUE` or `NAME@FILE`.
fn encoded(text: &str) -> Result<String, String> {
    let (name, value) = match (text.split_once('='), text.split_once('@')) {
        (Some((name, value)), _) => (name, value.as_bytes().to_vec()),
        (None, Some((name, file))) => (name, body(&format!("@{file}"))?),
        (None, None) => ("", text.as_bytes().to_vec()),
    };
    let name = if name.is_empty() { String::new() } else { format!("{name}=") };
    Ok(format!("{name}{}", percent_encode(&value, ESCAPED)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Asked {
        asked(line, Instant(0)).unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    fn shown(asked: &Asked) -> String {
        let text = |name| asked.message.text(name);
        let body = String::from_utf8_lossy(&asked.message.body);
        format!("{} {} {} {body}", text(":method"), text(":authority"), text(":path"))
    }

    #[test]
    fn a_line_is_read_as_curl_reads_it() {
        for (line, request) in [
            ("curl https://example.org/p/graph", "GET example.org /p/graph "),
            ("curl -k example.org", "GET example.org / "),
            ("/usr/bin/curl -sSI 'http://a:8080/x?y#z'", "HEAD a:8080 /x?y "),
            ("curl -d a=1 --data-raw '@b' -XPUT https://a/x", "PUT a /x a=1&@b"),
            (
                "curl -G https://a/q?x=1 --data-urlencode 'query=up{a=\"b\"}'",
                "GET a /q?x=1&query=up%7Ba%3D%22b%22%7D ",
            ),
            (
                "curl --cacert c.crt --resolve a:443:127.0.0.1 -o /dev/null -w '%{http_code}' https://a/",
                "GET a / ",
            ),
            ("curl 'https://a/x' \\\n  -H 'Host: b' \\\n  --compressed", "GET b /x "),
            ("curl https://a/p/../x/./y?z=../..", "GET a /x/y?z=../.. "),
            ("curl --path-as-is https://u:p@a/p/../x", "GET a /p/../x "),
        ] {
            assert_eq!(shown(&read(line)), request, "{line}");
        }
        let asked = read("curl -ualice:secret -H 'X-A:  b' -H 'Accept:' https://a/");
        let headers: Vec<_> = asked.message.shown().map(|(name, _)| name).collect();
        assert_eq!(headers, ["authorization", "x-a"]);
        assert_eq!(asked.message.text("authorization"), "Basic YWxpY2U6c2VjcmV0");
    }

    #[test]
    fn what_is_not_understood_is_said() {
        for (line, error) in [
            ("wget https://a/", "has to begin with curl"),
            ("curl -s", "there is no URL"),
            ("curl https://a https://b", "two URLs"),
            ("curl --form x=y https://a", "--form isn't known"),
            ("curl -H", "-H has no value"),
            ("curl 'https://a", "isn't closed"),
        ] {
            let said = asked(line, Instant(0)).unwrap_err();
            assert!(said.contains(error), "{line}: {said}");
        }
    }

    #[test]
    fn one_name_and_password_is_sent_wherever_it_stands() {
        for (line, expected) in [
            ("curl -u a:b https://example.com/x", "Basic YTpi"),
            ("curl https://a:b@example.com/x", "Basic YTpi"),
            ("curl https://a%3Ab@example.com/x", "Basic YTpi"),
            ("curl https://a@example.com?x", "Basic YTo="),
            ("curl -u a:b https://c:d@example.com/x", "Basic YTpi"),
            ("curl -u a:b -H 'Authorization: Bearer t' https://c:d@example.com/x", "Bearer t"),
        ] {
            let message = read(line).message;
            let values: Vec<_> = message.headers.iter().filter(|(name, _)| name == "authorization").collect();
            assert_eq!(values.len(), 1, "{line}");
            assert_eq!(message.text("authorization"), expected, "{line}");
            assert_eq!(message.text(":authority"), "example.com", "{line}");
        }
    }
}
