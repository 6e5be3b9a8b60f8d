//! The requests that a client sends.

use bytes::Bytes;

/// A request to be sent.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, Vec<u8>)>,
    pub(super) body: Option<Vec<u8>>,
    pub(super) trailers: Vec<(String, Vec<u8>)>,
}

impl Request {
    /// Creates a request without a body. On HTTP/1.1 the target is sent as it is.
    pub fn new(method: &str, target: &str) -> Self {
        Self { method: method.to_owned(), target: target.to_owned(), ..Self::default() }
    }

    /// Creates a `POST` for an urlencoded form, whose body is added or sent later.
    pub fn form(target: &str) -> Self {
        Self::new("POST", target).header("content-type", "application/x-www-form-urlencoded")
    }

    /// Adds a header. A `host` or `content-length` given here replaces the one that would be sent.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    /// Sets the body. On HTTP/1.1 it is sent with its length, or in chunks if there are trailers.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    #[must_use]
    pub fn trailer(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.trailers.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub(super) fn has_header(&self, name: &str) -> bool {
        self.headers.iter().any(|(sent, _)| sent.eq_ignore_ascii_case(name))
    }
}

/// Converts a request for hyper, which adds the length and the other fields that HTTP/1.1 needs.
impl TryFrom<Request> for http::Request<Bytes> {
    type Error = http::Error;

    fn try_from(request: Request) -> Result<Self, http::Error> {
        let mut parts = http::Request::builder().method(request.method.as_str()).uri(request.target);
        for (name, value) in request.headers {
            parts = parts.header(name, value);
        }
        parts.body(request.body.unwrap_or_default().into())
    }
}
