//! A walk through the guide: what its reader does with curl and a browser, each as one line of what was expected and what
//! came. Whoever runs it sees at a glance whether the site in front of them keeps the guide's promises.

mod tls;

use crate::client::{Answer, Client};
use crate::page::Page;
use anyhow::Result;
use std::io::{self, Write};
use std::net::SocketAddr;

/// The site that is walked through.
#[derive(Clone, Debug)]
pub struct Site {
    /// Where https is served, for the name `example.com`.
    pub https: SocketAddr,
    /// Where plain http is redirected.
    pub http: SocketAddr,
    /// The certificate of the authority that signed the site's (PEM).
    pub authority: String,
}

/// One thing to try.
struct Step {
    what: &'static str,
    ask: Ask,
    expected: &'static str,
}

/// How it is tried.
enum Ask {
    /// A `GET`; the answer's body should contain the text.
    Get(As, &'static str, &'static str),
    /// A form by `POST`; the answer's body should contain the text.
    Post(As, &'static str, &'static str, &'static str),
    /// A page, by way of its redirects.
    Page(&'static str),
    /// Everything that the page names.
    Assets(&'static str),
    /// A handshake of TLS 1.1.
    OldTls,
}

/// Who asks.
#[derive(Clone, Copy)]
enum As {
    /// Trusts the site's authority, as `curl --cacert`.
    Trusting,
    /// The same over HTTP/2.
    TrustingHttp2,
    /// Takes any certificate, as `curl -k`.
    Careless,
    /// Trusts nobody.
    Stranger,
    /// Speaks plain http.
    Plain,
}

const LABEL_VALUES: &str = "/prometheus/api/v1/label/job/values";

const SUCCESS: &str = r#""status":"success""#;

const STEPS: &[Step] = &[
    Step {
        what: "curl --cacert ca.crt …/prometheus/api/v1/label/job/values",
        ask: Ask::Get(As::Trusting, LABEL_VALUES, SUCCESS),
        expected: r#"200 HTTP/1.1 with "status":"success""#,
    },
    Step {
        what: "the same with curl -k",
        ask: Ask::Get(As::Careless, LABEL_VALUES, SUCCESS),
        expected: r#"200 HTTP/1.1 with "status":"success""#,
    },
    Step {
        what: "the same without the authority",
        ask: Ask::Get(As::Stranger, LABEL_VALUES, SUCCESS),
        expected: "certificate refused",
    },
    Step {
        what: "the same over HTTP/2",
        ask: Ask::Get(As::TrustingHttp2, LABEL_VALUES, SUCCESS),
        expected: r#"200 HTTP/2.0 with "status":"success""#,
    },
    Step {
        what: "POST …/prometheus/api/v1/query, query=up",
        ask: Ask::Post(As::Trusting, "/prometheus/api/v1/query", "query=up", SUCCESS),
        expected: r#"200 HTTP/1.1 with "status":"success""#,
    },
    Step {
        what: "the same over HTTP/2",
        ask: Ask::Post(As::TrustingHttp2, "/prometheus/api/v1/query", "query=up", SUCCESS),
        expected: r#"200 HTTP/2.0 with "status":"success""#,
    },
    Step {
        what: "/prometheus",
        ask: Ask::Get(As::Trusting, "/prometheus", ""),
        expected: "301 HTTP/1.1 to /prometheus/",
    },
    Step {
        what: "the page /prometheus/, following redirects",
        ask: Ask::Page("/prometheus/"),
        expected: "200, an HTML page",
    },
    Step {
        what: "every file that the page names",
        ask: Ask::Assets("/prometheus/"),
        expected: "200, all of them",
    },
    Step {
        what: "/prometheus/metrics",
        ask: Ask::Get(As::Trusting, "/prometheus/metrics", "prometheus_build_info"),
        expected: "200 HTTP/1.1 with prometheus_build_info",
    },
    Step { what: "/", ask: Ask::Get(As::Trusting, "/", ""), expected: "404 HTTP/1.1" },
    Step { what: "/prometheusX", ask: Ask::Get(As::Trusting, "/prometheusX", ""), expected: "404 HTTP/1.1" },
    Step {
        what: "http://example.com/prometheus/graph",
        ask: Ask::Get(As::Plain, "/prometheus/graph", ""),
        expected: "301 HTTP/1.1 to https://example.com/prometheus/graph",
    },
    Step { what: "a handshake of TLS 1.1", ask: Ask::OldTls, expected: "refused" },
];

/// Walks through the guide, prints a line for each step as it is taken, and says whether all of them went well.
///
/// # Errors
///
/// When `output` can't be written to.
pub fn walk(site: &Site, output: &mut dyn Write) -> io::Result<bool> {
    let width =
        |text: fn(&Step) -> &str| STEPS.iter().map(|step| text(step).chars().count()).max().unwrap_or(0);
    let (what, expected) = (width(|step| step.what), width(|step| step.expected));
    let mut failed: usize = 0;
    writeln!(output, "        {:what$}  {:expected$}  got", "step", "expected")?;
    for step in STEPS {
        let got = site.take(&step.ask).unwrap_or_else(|error| format!("{error:#}"));
        let is_ok = got == step.expected;
        failed = failed.saturating_add(usize::from(!is_ok));
        let verdict = if is_ok { "ok" } else { "FAILED" };
        writeln!(output, "{verdict:6}  {:what$}  {:expected$}  {got}", step.what, step.expected)?;
    }
    match failed {
        0 => writeln!(output, "The guide holds: {} steps of {} went well.", STEPS.len(), STEPS.len())?,
        _ => writeln!(output, "The guide doesn't hold: {failed} of {} steps FAILED.", STEPS.len())?,
    }
    Ok(failed == 0)
}

impl Site {
    /// What came, in the words of [`Step::expected`].
    fn take(&self, ask: &Ask) -> Result<String> {
        match *ask {
            Ask::Get(who, path, text) => self.seen(self.client(who).get(path), text),
            Ask::Post(who, path, form, text) => self.seen(self.client(who).post_form(path, form), text),
            Ask::Page(path) => Ok(kind(&Page::open(&self.client(As::Trusting), path)?)),
            Ask::Assets(path) => files(&self.client(As::Trusting), path),
            Ask::OldTls => tls::handshake_of_1_1(self.https),
        }
    }

    fn client(&self, who: As) -> Client {
        match who {
            As::Trusting => Client::https(self.https).trust(&self.authority),
            As::TrustingHttp2 => Client::https(self.https).trust(&self.authority).http2(),
            As::Careless => Client::https(self.https).insecure(),
            As::Stranger => Client::https(self.https),
            As::Plain => Client::plain(self.http),
        }
    }

    fn seen(&self, answer: Result<Answer>, text: &str) -> Result<String> {
        let answer = match answer {
            Err(error) if format!("{error:#}").contains("UnknownIssuer") => {
                return Ok("certificate refused".to_owned());
            }
            other => other?,
        };
        let mut seen = format!("{} {:?}", answer.status, answer.version);
        if let Some(location) = answer.header("location") {
            // The guide's site is at the default port.
            let location =
                location.replacen(&format!("example.com:{}/", self.https.port()), "example.com/", 1);
            seen.push_str(&format!(" to {location}"));
        }
        if !text.is_empty() {
            let with = if answer.text().contains(text) { "with" } else { "without" };
            seen.push_str(&format!(" {with} {text}"));
        }
        Ok(seen)
    }
}

/// What a page turns out to be.
fn kind(page: &Page) -> String {
    let kind = page.answer.header("content-type").unwrap_or_default();
    if page.answer.status == 200 && kind.starts_with("text/html") {
        return "200, an HTML page".to_owned();
    }
    format!("{} {kind} at {}", page.answer.status, page.path)
}

/// Whether every file that a page names is there.
fn files(client: &Client, path: &str) -> Result<String> {
    for file in Page::open(client, path)?.files()? {
        let answer = client.get(&file)?;
        if answer.status != 200 || answer.body.is_empty() {
            return Ok(format!("{} with {} bytes at {file}", answer.status, answer.body.len()));
        }
    }
    Ok("200, all of them".to_owned())
}
