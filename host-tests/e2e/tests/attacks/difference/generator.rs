//! Generates requests and the server's answers: paths, parameters, headers and credentials as clients send them, and
//! as attackers do. The same seed gives the same requests.

use super::answers;
use super::exchange::{self, Exchange, frames, head};
use super::headers;
use super::parameters::{self, Spelling};
use promward::api::endpoint::{Endpoint, ToRestricted};
use promward::api::listing::Listing;
use promward::api::{self, Profile};
use promward::target::method::Method;
use promward_e2e::queries::{self, Random};
use promward_embedded::host::Headers;
use promward_harness::prometheus::Release;
use serde_json::Value;
use std::sync::Arc;

const METHODS: [&str; 12] =
    ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE", "get", "PRI", ""];

/// Paths that no table has.
const ODD: [&str; 18] = [
    "",
    "/",
    "/prometheus",
    "/prometheusx",
    "/prometheus//",
    "/Prometheus/",
    "*",
    "http://other.invalid/prometheus/",
    "/prometheus/../-/healthy",
    "/%70rometheus/graph",
    "/prometheus/%2e%2e/x",
    "/favicon.ico",
    "/prometheus/-/healthy",
    "/web/public/a%2fb",
    "/web/login",
    "/app/x%2Fy?z=%zz",
    "/api/v2/status",
    "/prometheus/classic/graph",
];

/// The pieces that are put into a path.
const PIECES: [&str; 20] = [
    "/", "//", "/./", "/../", "%2e", "%2F", "%2f", "%5c", ";x=y", "%00", "%", "%4", "%41", "\\", "?", "#",
    "é", "+", "%25", "~",
];

const CONTENT_TYPES: [&str; 10] = [
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=UTF-8",
    "Application/X-WWW-Form-Urlencoded",
    "application/x-www-form-urlencoded;charset=utf-16",
    "multipart/form-data; boundary=x",
    "application/json",
    "text/plain",
    "",
];

/// An endless generator of requests.
pub(super) struct Generator {
    random: Random,
    queries: queries::Generator,
    mounts: Vec<(String, &'static Profile)>,
    number: u64,
}

impl Generator {
    /// Creates a generator of requests for the mounts of a configuration.
    pub(super) fn new(seed: u64, configuration: &str) -> Self {
        let configuration: Value = serde_json::from_str(configuration).expect("a configuration is JSON");
        let mounts = configuration["mounts"].as_array().expect("a configuration has mounts");
        let profile = |name: &str| api::named(name).expect("the API of a mount");
        let mount = |mount: &Value| {
            let prefix = mount["prefix"].as_str().expect("a mount has a prefix").trim_end_matches('/');
            (prefix.to_owned(), profile(mount["api"].as_str().unwrap_or("prometheus")))
        };
        let mounts = mounts.iter().map(mount).collect();
        let queries = queries::Generator::new(seed, Release::Three);
        Self { random: Random::new(seed), queries, mounts, number: 0 }
    }

    /// Generates the next request, with an answer.
    pub(super) fn exchange(&mut self) -> Exchange {
        self.number += 1;
        let (prefix, profile) = self.mounts[self.random.below(self.mounts.len())].clone();
        let rows: Vec<&'static Endpoint> = profile.sections.iter().flat_map(|section| section.rows).collect();
        // The first rows of a table are requested most.
        let among = (self.random.below(60) + 3).min(rows.len());
        let endpoint = rows.get(self.random.below(among)).copied();
        let mut path = match endpoint {
            Some(endpoint) => format!("{prefix}{}", self.filled(endpoint.path)),
            None => format!(
                "{prefix}{}",
                self.random.one(&["/", "/x", "/login", "/public/a", "/api/v2/write", "/api/v2/x"])
            ),
        };
        if self.random.once_in(12) {
            path = self.broken(&path);
        } else if self.random.once_in(40) {
            path = self.random.one(&ODD).to_owned();
        }
        let names = endpoint.map(|endpoint| endpoint.treatment.parameters).unwrap_or_default();
        let takes = |name: &str| match (endpoint, Method::parse(name.as_bytes())) {
            (Some(endpoint), Some(method)) => endpoint.methods.contains(method),
            _ => matches!(name, "GET" | "POST"),
        };
        let usual: Vec<&str> = METHODS.into_iter().filter(|name| takes(name)).collect();
        let mut method = self.random.one(&usual);
        if self.random.once_in(20) {
            method = self.random.one(&METHODS);
        }
        let (mut query, mut form) = (String::new(), String::new());
        let in_form = (method == "POST") != self.random.once_in(20);
        let target = if in_form { &mut form } else { &mut query };
        *target = parameters::generate(names, &mut self.random, &mut self.queries);
        if self.random.once_in(15) {
            let other = parameters::generate(names, &mut self.random, &mut self.queries);
            if in_form { &mut query } else { &mut form }.push_str(&other);
        }
        if !query.is_empty() || self.random.once_in(40) {
            path = format!("{path}?{query}");
        }
        let listing = endpoint.and_then(|endpoint| match endpoint.treatment.to_restricted {
            ToRestricted::Filter(listing, _) => Some(listing),
            _ => None,
        });
        self.with_head(method, &path, form, listing)
    }

    fn with_head(&mut self, method: &str, path: &str, form: String, listing: Option<Listing>) -> Exchange {
        let random = &mut self.random;
        let text = |name: &str, value: &str| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
        let mut sent: Headers = vec![
            text(
                ":authority",
                random.one(&[
                    "example.com",
                    "example.com",
                    "example.com:8443",
                    "other.invalid",
                    "EXAMPLE.com.",
                ]),
            ),
            text(":path", path),
            text(":method", method),
            text(":scheme", "https"),
        ];
        let mut body = form.into_bytes();
        if body.is_empty() && random.once_in(20) {
            body = random.one(&[&b"x"[..], b"\x0a\x03abc", b"query=up", b"{}", b"&", b"match[]=up"]).to_vec();
        }
        if !body.is_empty() || random.once_in(30) {
            let content_type = random.one(&CONTENT_TYPES);
            if !content_type.is_empty() {
                sent.push(text("content-type", content_type));
            }
            if !random.once_in(4) {
                sent.push(text("content-length", &body.len().to_string()));
            }
        }
        headers::add(&mut sent, random);
        let trailers = if random.once_in(60) { vec![text("x-trailer", "1")] } else { Headers::new() };
        let mut connection = exchange::connection();
        if random.once_in(10) {
            connection.source.set_ip([192, 0, 2, random.below(250) as u8].into());
        }
        let pieces = pieces(&body, random);
        Exchange {
            name: format!("generated {}", self.number),
            request: frames(head(sent.clone(), &connection), pieces, trailers),
            sent,
            answer: answers::generate(listing, random),
            answers_early: random.once_in(10),
            connection: Arc::new(connection),
        }
    }

    /// Returns the path of a row, with something for what is open in it.
    fn filled(&mut self, row: &str) -> String {
        let segments = row.split('/').map(|segment| match segment.as_bytes() {
            [b':', ..] => self
                .random
                .one(&["job", "tenant", "__name__", "U__a_2e_b", "le", "a b", "x%2Fy", "instance"])
                .to_owned(),
            [.., b'*'] => format!(
                "{}{}",
                segment.trim_end_matches('*'),
                self.random.one(&["", "x", "a/b.js", "index-B8xQ1.css"])
            ),
            _ => segment.to_owned(),
        });
        let path: Vec<_> = segments.collect();
        let spelling = Spelling::of_path(&mut self.random);
        path.iter().map(|segment| spelling.spell(segment, &mut self.random)).collect::<Vec<_>>().join("/")
    }

    /// Returns a path with something in it that may change its meaning.
    fn broken(&mut self, path: &str) -> String {
        let mut path = path.to_owned();
        for _ in 0..=self.random.below(2) {
            let places: Vec<usize> = (0..=path.len()).filter(|place| path.is_char_boundary(*place)).collect();
            let place = self.random.one(&places);
            match self.random.below(6) {
                0 => path.truncate(place),
                1 => path = path.to_ascii_uppercase(),
                _ => path.insert_str(place, self.random.one(&PIECES)),
            }
        }
        path
    }
}

/// Cuts a body into pieces, as it may arrive.
pub(super) fn pieces(body: &[u8], random: &mut Random) -> Vec<Vec<u8>> {
    let mut pieces = Vec::new();
    let mut rest = body;
    while !rest.is_empty() {
        let length = if random.once_in(2) { rest.len() } else { random.below(rest.len()) + 1 };
        let (piece, after) = rest.split_at(length);
        pieces.push(piece.to_vec());
        rest = after;
    }
    pieces
}
