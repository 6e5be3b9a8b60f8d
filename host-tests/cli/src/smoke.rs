//! A walk through the guide: the requests that its reader sends with curl and a browser, each as one line with the
//! expected and the actual result. Then the same with callers who have more or fewer rights. It shows at a glance if a
//! deployment keeps the guide's promises, and its own. [`Proof`] does the same for an example.

mod callers;
mod guide;
mod proof;
mod tls;

use anyhow::{Context, Result};
use promward_harness::client::{Answer, Client};
use promward_harness::page::Page;
pub use proof::Proof;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::net::SocketAddr;

/// The deployment that is tried. It has the users `viewer`, `operator` and `admin`, who haven't logged in yet.
pub struct Subject {
    /// The address of https, for the name `example.com`.
    pub https: SocketAddr,
    /// The address of http, which only redirects.
    pub http: SocketAddr,
    /// The certificate of the authority that signed the server's (PEM).
    pub authority: String,
    /// The users' passwords by their names.
    pub passwords: BTreeMap<String, String>,
    /// Returns the number of password checks that have succeeded so far, over all workers.
    pub right_checks: Box<dyn Fn() -> Result<u64> + Send>,
    /// The owner of the Prometheus behind.
    pub prometheus: Whose,
}

/// The owner of a Prometheus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whose {
    /// It was started for this walk, as in the guide, with its admin API.
    Ours,
    /// It belongs to somebody else, and must not be changed.
    Theirs,
}

/// One thing to try, with its expected result.
struct Step {
    what: &'static str,
    ask: Ask,
    expected: &'static str,
}

/// The request of a step.
enum Ask {
    /// A `GET`, and a text that the answer's body should contain.
    Get(As, Login, &'static str, &'static str),
    /// A form by `POST`, and a text that the answer's body should contain.
    Post(As, Login, &'static str, &'static str, &'static str),
    /// A page, with its redirects followed.
    Page(Login, &'static str),
    /// All files that the page names.
    Assets(Login, &'static str),
    /// A form by `POST` many times at once, on one HTTP/2 connection.
    AtOnce(Login, &'static str, &'static str),
    /// A handshake of TLS 1.1.
    OldTls,
}

/// The credentials of a request.
#[derive(Clone, Copy)]
enum Login {
    Nobody,
    /// The user of this name.
    User(&'static str),
    /// The name of that user with a wrong password.
    Guesser(&'static str),
}

/// The client that sends a request.
#[derive(Clone, Copy)]
enum As {
    /// It trusts the server's authority, as `curl --cacert`.
    Trusting,
    /// It does the same over HTTP/2.
    TrustingHttp2,
    /// It accepts any certificate, as `curl -k`.
    Careless,
    /// It trusts no authority.
    Stranger,
    /// It speaks plain HTTP.
    Plain,
}

const SUCCESS: &str = r#""status":"success""#;

/// Steps that belong together, with the words for success and failure.
struct Part {
    steps: Vec<&'static Step>,
    holds: &'static str,
    fails: &'static str,
}

/// Walks through the guide and then through its callers, prints a line for each step as it is taken, and returns `true`
/// if all of them went well.
///
/// # Errors
///
/// Returns an error if `output` can't be written to.
pub fn walk(subject: &Subject, output: &mut dyn Write) -> io::Result<bool> {
    let guide = Part {
        steps: guide::STEPS.iter().collect(),
        holds: "The guide holds",
        fails: "The guide doesn't hold",
    };
    let callers = Part {
        steps: callers::steps(subject.prometheus),
        holds: "The rules hold",
        fails: "The rules don't hold",
    };
    let guide_holds = guide.walk(subject, output)?;
    writeln!(output)?;
    Ok(callers.walk(subject, output)? && guide_holds)
}

impl Part {
    fn walk(&self, subject: &Subject, output: &mut dyn Write) -> io::Result<bool> {
        let width = |text: fn(&Step) -> &str| {
            self.steps.iter().map(|step| text(step).chars().count()).max().unwrap_or(0)
        };
        let (what, expected) = (width(|step| step.what), width(|step| step.expected));
        let mut failed: usize = 0;
        writeln!(output, "        {:what$}  {:expected$}  got", "step", "expected")?;
        for step in &self.steps {
            let got = subject.take(&step.ask).unwrap_or_else(|error| format!("{error:#}"));
            let is_ok = got == step.expected;
            failed = failed.saturating_add(usize::from(!is_ok));
            let verdict = if is_ok { "ok" } else { "FAILED" };
            writeln!(output, "{verdict:6}  {:what$}  {:expected$}  {got}", step.what, step.expected)?;
        }
        let (all, Self { holds, fails, .. }) = (self.steps.len(), self);
        match failed {
            0 => writeln!(output, "{holds}: {all} steps of {all} went well.")?,
            _ => writeln!(output, "{fails}: {failed} of {all} steps FAILED.")?,
        }
        Ok(failed == 0)
    }
}

impl Subject {
    /// Sends a request, and describes the answer in the words of [`Step::expected`].
    fn take(&self, ask: &Ask) -> Result<String> {
        match *ask {
            Ask::Get(client, login, path, text) => self.seen(self.client(client, login)?.get(path), text),
            Ask::Post(client, login, path, form, text) => {
                self.seen(self.client(client, login)?.post_form(path, form), text)
            }
            Ask::Page(login, path) => Ok(kind(&Page::open(&self.client(As::Trusting, login)?, path)?)),
            Ask::Assets(login, path) => files(&self.client(As::Trusting, login)?, path),
            Ask::AtOnce(login, path, form) => callers::at_once(self, login, path, form),
            Ask::OldTls => tls::handshake_of_1_1(self.https),
        }
    }

    fn client(&self, client: As, login: Login) -> Result<Client> {
        let client = match client {
            As::Trusting => Client::https(self.https).trust(&self.authority),
            As::TrustingHttp2 => Client::https(self.https).trust(&self.authority).http2(),
            As::Careless => Client::https(self.https).insecure(),
            As::Stranger => Client::https(self.https),
            As::Plain => Client::plain(self.http),
        };
        Ok(match login {
            Login::Nobody => client,
            Login::User(name) => client.user(name, self.password(name)?),
            Login::Guesser(name) => client.user(name, "a guess"),
        })
    }

    fn password(&self, name: &str) -> Result<&str> {
        let password = self.passwords.get(name).map(String::as_str);
        password.with_context(|| format!("there is no user {name}"))
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
            // The guide's server has the default port, which no `Location` names.
            let location =
                location.replacen(&format!("example.com:{}/", self.https.port()), "example.com/", 1);
            seen.push_str(&format!(" to {location}"));
        }
        if let Some(challenges) = answer.header("www-authenticate") {
            let scheme = challenges.split(' ').next().unwrap_or_default();
            seen.push_str(&format!(" asking for {scheme}"));
        }
        if !text.is_empty() {
            let with = if answer.text().contains(text) { "with" } else { "without" };
            seen.push_str(&format!(" {with} {text}"));
        }
        Ok(seen)
    }
}

/// Describes a page by its status and type.
fn kind(page: &Page) -> String {
    let kind = page.answer.header("content-type").unwrap_or_default();
    if page.answer.status == 200 && kind.starts_with("text/html") {
        return "200, an HTML page".to_owned();
    }
    format!("{} {kind} at {}", page.answer.status, page.path)
}

/// Checks that every file that a page names is there.
fn files(client: &Client, path: &str) -> Result<String> {
    for file in Page::open(client, path)?.files()? {
        let answer = client.get(&file)?;
        if answer.status != 200 || answer.body.is_empty() {
            return Ok(format!("{} with {} bytes at {file}", answer.status, answer.body.len()));
        }
    }
    Ok("200, all of them".to_owned())
}
