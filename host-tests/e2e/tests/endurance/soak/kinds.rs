//! The kinds of requests in a soak, their callers, and the statuses that may answer them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use http_body_util::Full;
use hyper::body::Bytes;
use serde_json::json;

/// A kind of request.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    method: &'static str,
    target: &'static str,
    who: Who,
    form: &'static str,
    /// The statuses that may answer it.
    pub(crate) statuses: &'static [u16],
}

enum Who {
    Nobody,
    Token(&'static str),
    Password(&'static str),
    /// A user whose password is guessed. The guess changes after a while, and is repeated until then.
    Guess,
}

const READER: Who = Who::Token("of-a-reader");
const FEDERATE: &str = "/prometheus/federate?match[]=up";
const QUERY: &str = "/prometheus/api/v1/query";
const LONG: &str = "/prometheus/api/v1/query_range?query=up&start=0&end=1000000&step=1";
const UP: &str = "/prometheus/api/v1/query?query=sum(rate(up[5m]))by(job)";

const fn get(name: &'static str, target: &'static str, who: Who, statuses: &'static [u16]) -> Kind {
    Kind { name, method: "GET", target, who, form: "", statuses }
}

const fn post(name: &'static str, form: &'static str, who: Who, statuses: &'static [u16]) -> Kind {
    Kind { name, method: "POST", target: QUERY, who, form, statuses }
}

/// All kinds, each with the same number of requests.
pub(crate) const KINDS: [Kind; 20] = [
    get("health", "/prometheus/-/healthy", Who::Nobody, &[200]),
    get("static", "/prometheus/static/app.js", Who::Nobody, &[200]),
    get("redirect", "/prometheus", Who::Nobody, &[301]),
    get("moved", "/prometheus/", Who::Nobody, &[302]),
    get("query", UP, READER, &[200]),
    post("form", "query=up&time=1", READER, &[200]),
    post("password", "query=up", Who::Password("correct horse"), &[200]),
    get("federate", FEDERATE, READER, &[200]),
    get("rules", "/prometheus/api/v1/rules", READER, &[200]),
    get("targets", "/prometheus/api/v1/targets", READER, &[200]),
    get("metadata", "/prometheus/api/v1/metadata", READER, &[200]),
    get("too long", LONG, READER, &[422]),
    post("rate", "query=up", Who::Token("of-a-hurried-one"), &[200, 429]),
    post("ambiguous", "query=a&query=b", READER, &[400]),
    post("no query", "query=sum(", READER, &[400]),
    get("unknown", UP, Who::Nobody, &[401]),
    get("wrong token", UP, Who::Token("of-nobody"), &[401]),
    get("guess", UP, Who::Guess, &[401]),
    get("config", "/prometheus/api/v1/status/config", READER, &[403]),
    get("elsewhere", "/elsewhere", Who::Nobody, &[404]),
];

/// The number of requests with the same guess.
const REPEATED: u64 = 50;

impl Kind {
    /// Returns the request of this kind with this number.
    pub(crate) fn request(&self, number: u64) -> Request<Full<Bytes>> {
        let basic = |password: &str| format!("Basic {}", STANDARD.encode(format!("alice:{password}")));
        let authorization = match self.who {
            Who::Nobody => None,
            Who::Token(token) => Some(format!("Bearer {token}")),
            Who::Password(password) => Some(basic(password)),
            Who::Guess => Some(basic(&format!("guess {}", number / REPEATED / KINDS.len() as u64))),
        };
        let target = format!("https://example.com{}", self.target);
        let mut request = Request::builder().method(self.method).uri(target);
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        if !self.form.is_empty() {
            request = request.header("content-type", "application/x-www-form-urlencoded");
        }
        request.body(Full::from(self.form)).unwrap()
    }
}

/// Returns the rules under which each kind gets its statuses.
pub(crate) fn configuration() -> String {
    let token = |token: &str| format!("sha256:{}", promward_module::sha256(token.as_bytes()));
    let only = json!({ "tenant": ["a", "b"] });
    json!({
        "mounts": [
            { "prefix": "/prometheus", "cluster": "prometheus", "origins": ["http://localhost:9090"] },
        ],
        "callers": {
            "users": { "alice": bcrypt::hash("correct horse", 4).unwrap() },
            "tokens": { "reader": token("of-a-reader"), "hurried": token("of-a-hurried-one") },
            "passwords": { "checks": "1000/s", "burst": 1000 },
        },
        "access": [
            { "who": ["anyone"], "may": ["health"], "limits": { "rate": "100000/s", "burst": 100_000 } },
            { "who": ["anyone"], "may": ["ui"] },
            { "who": ["token:hurried"], "may": ["query"], "only": only, "limits": { "rate": "1/s", "burst": 5 } },
            {
                "who": ["token:reader", "user:alice"],
                "may": ["query", "rules", "status", "metadata", "federate"],
                "only": only,
                "limits": { "range": "1d", "points": 11_000 },
            },
        ],
    })
    .to_string()
}
