//! The arguments of `promward explain`, and the request that they describe.

use super::curl;
use super::request::{add_header, body, certificate, now, to};
use crate::check::read_named;
use crate::policy::asked::Asked;
use crate::policy::caller::As;
use clap::Args;
use promward::caller::source::Source;
use promward::time::instant::Instant;
use std::path::{Path, PathBuf};

/// The text of `promward explain --help` after the options.
pub const HELP: &str = "\
The filter's own code decides the request, with this configuration, as it does in Envoy. Every room that the request comes to
says what it finds: the target, the mount, the endpoint and its class, the caller, each rule and why it does or doesn't
decide, the limits, each selector before and after, what goes upstream line by line, and what is done to the answer; or the
answer that the client gets in its place.

--as makes the request in the name of a caller whom the configuration knows, without a password or token. Without it the
request's own credentials are checked, as the filter checks them: -H 'authorization: Bearer …', -u in a line of curl, or
--certificate. Nobody checks the signature of a JSON web token here: give its claims, by --claims. With --as
jwt:ISSUER/NAME the name, the issuer, the audience and the time are added to them.

Nothing is sent anywhere. What a proxy does before the filter (normalising paths, refusing malformed requests) isn't shown.

Examples:
  cargo promward explain promward.json --as token:grafana GET '/prometheus/api/v1/query?query=up'
  cargo promward explain envoy.yaml --as user:alice POST /prometheus/api/v1/query --data 'query=sum(up)'
  cargo promward explain promward.json --as jwt:corp/alice --claims claims.json /prometheus/api/v1/rules --answer rules.json
  cargo promward explain promward.json --curl \"curl -u alice:secret 'https://example.com/prometheus/graph'\"
  cargo promward explain promward.json --matrix

Exit codes:
  0  the request is allowed, or the matrix was printed
  1  the request is refused
  2  wrong arguments, or no configuration that the filter accepts";

/// The arguments of `promward explain`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// A configuration (JSON), or an Envoy file or objects of Kubernetes that hold one; `-` is standard input
    pub(super) file: PathBuf,
    /// The method of the request, and its path with the query string, or its URL. Without a method it is GET, or POST with
    /// --data
    #[arg(value_name = "[METHOD] TARGET", num_args = 0..=2)]
    pub(super) request: Vec<String>,
    /// Makes the request in this caller's name: anonymous, user:NAME, token:NAME, certificate:NAME or jwt:ISSUER/NAME
    #[arg(long = "as", value_name = "CALLER")]
    pub(super) caller: Option<As>,
    /// The claims of a JSON web token that the proxy has verified: a file with JSON, or the JSON itself
    #[arg(long, value_name = "FILE")]
    pub(super) claims: Option<String>,
    /// The certificate that the client presents (PEM or DER)
    #[arg(long, value_name = "FILE", conflicts_with = "caller")]
    pub(super) certificate: Option<PathBuf>,
    /// The address that the request comes from [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS", value_parser = source)]
    pub(super) source: Option<Source>,
    /// The time of the request, 2006-01-02T15:04:05Z or seconds since 1970 [default: now]
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) now: Option<Instant>,
    /// A header of the request
    #[arg(short = 'H', long, value_name = "NAME: VALUE")]
    pub(super) header: Vec<String>,
    /// The body of the request, a form unless a header says otherwise; @FILE is the text of a file
    #[arg(long, value_name = "BODY")]
    pub(super) data: Option<String>,
    /// A line that calls curl, in place of method, target, headers and body
    #[arg(long, value_name = "LINE", conflicts_with_all = ["request", "header", "data"])]
    pub(super) curl: Option<String>,
    /// An answer of the server (its body), of which is shown what the client gets
    #[arg(long, value_name = "FILE")]
    pub(super) answer: Option<PathBuf>,
    /// The filter that is meant, by a part of its name or path, if the file has several
    #[arg(long, value_name = "NAME")]
    pub(super) filter: Option<String>,
    /// Prints the explanation as one JSON object
    #[arg(long, conflicts_with_all = ["quiet", "matrix"])]
    pub(super) json: bool,
    /// Prints nothing: the exit code says if the request is allowed
    #[arg(long, short, conflicts_with = "matrix")]
    pub(super) quiet: bool,
    /// Prints who may do what, in place of explaining a request
    #[arg(long, conflicts_with_all = ["request", "curl", "caller", "claims", "certificate", "header", "data", "answer"])]
    pub(super) matrix: bool,
}

impl Arguments {
    /// Returns the request that is to be explained.
    ///
    /// # Errors
    ///
    /// Returns a message that names the argument or the file, if it describes no request.
    pub(super) fn asked(&self) -> Result<Asked, String> {
        let mut asked = match &self.curl {
            Some(line) => curl::asked(line, self.now())?,
            None => self.request()?,
        };
        asked.caller = self.caller.clone().unwrap_or_default();
        if let Some(claims) = &self.claims {
            let text = match claims.trim_start().starts_with('{') {
                true => claims.clone().into_bytes(),
                false => read_named(Path::new(claims))?,
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

fn source(text: &str) -> Result<Source, String> {
    Source::parse(text.as_bytes()).ok_or_else(|| "this is no address like 192.0.2.1".to_owned())
}

fn time(text: &str) -> Result<Instant, String> {
    Instant::parse(text)
        .ok_or_else(|| "write a time like 2006-01-02T15:04:05Z, or seconds since 1970".to_owned())
}
