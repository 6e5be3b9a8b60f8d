//! HTTP/2 with the `h2` crate, one frame at a time.

use std::future::poll_fn;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use h2::{
    Reason, RecvStream, SendStream,
    client::{ResponseFuture, SendRequest},
};
use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use super::{BoxedWire, Head, Request};

/// An open HTTP/2 connection.
pub(super) struct Wire(SendRequest<Bytes>);

/// One stream of a connection.
pub(super) struct Stream {
    send: SendStream<Bytes>,
    response: Option<ResponseFuture>,
    body: Option<RecvStream>,
}

/// Returns a request's head.
///
/// # Errors
///
/// Returns an error if the `http` crate can't hold the target.
pub(super) fn head(request: &Request, scheme: &str, authority: &str) -> Result<http::Request<()>> {
    let uri = Uri::builder()
        .scheme(scheme)
        .authority(authority)
        .path_and_query(request.target.as_str())
        .build()
        .with_context(|| format!("{:?} can't be sent with this HTTP/2 library", request.target))?;
    let mut head = http::Request::builder()
        .method(request.method.as_str())
        .uri(uri)
        .version(http::Version::HTTP_2)
        .body(())?;
    *head.headers_mut() = map(&request.headers)?;
    Ok(head)
}

impl Wire {
    pub(super) async fn start(stream: BoxedWire) -> Result<Self> {
        let (send, connection) = h2::client::handshake(stream).await.context("the HTTP/2 preface")?;
        // The task ends with the last handle to the connection. The streams see its errors too.
        tokio::spawn(connection);
        Ok(Self(send))
    }

    pub(super) async fn start_stream(&mut self, head: http::Request<()>, whole: bool) -> Result<Stream> {
        let mut ready = self.0.clone().ready().await.context("the server takes no more streams")?;
        let (response, send) = ready.send_request(head, whole).context("starting a stream")?;
        Ok(Stream { send, response: Some(response), body: None })
    }
}

impl Stream {
    /// Sends all of the data, as flow control allows.
    pub(super) async fn send(&mut self, mut data: Bytes, end: bool) -> Result<()> {
        while !data.is_empty() {
            self.send.reserve_capacity(data.len());
            let room = match poll_fn(|context| self.send.poll_capacity(context)).await {
                Some(room) => room.context("the server reset the stream")?,
                None => bail!("the server closed the stream"),
            };
            let piece = data.split_to(room.min(data.len()));
            let last = end && data.is_empty();
            self.send.send_data(piece, last).context("the server reset the stream")?;
            if last {
                return Ok(());
            }
        }
        if end {
            self.send.send_data(Bytes::new(), true).context("the server reset the stream")?;
        }
        Ok(())
    }

    pub(super) fn send_trailers(&mut self, trailers: &[(String, Vec<u8>)]) -> Result<()> {
        self.send.send_trailers(map(trailers)?).context("the server reset the stream")
    }

    pub(super) async fn head(&mut self) -> Result<Head> {
        let response = self.response.take().context("the answer's head was read already")?;
        let (parts, body) = response.await.context("no answer")?.into_parts();
        self.body = Some(body);
        Ok(Head { version: parts.version, status: parts.status.as_u16(), headers: list(&parts.headers) })
    }

    pub(super) async fn piece(&mut self) -> Result<Option<Bytes>> {
        let body = self.body.as_mut().context("the answer's head wasn't read")?;
        loop {
            let Some(piece) = body.data().await else {
                return Ok(None);
            };
            let piece = piece.context("the server reset the stream")?;
            body.flow_control().release_capacity(piece.len())?;
            // The last DATA frame may be empty: then it only marks the end.
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
        }
    }

    pub(super) async fn trailers(&mut self) -> Result<Vec<(String, Vec<u8>)>> {
        let body = self.body.as_mut().context("the answer's head wasn't read")?;
        let trailers = body.trailers().await.context("the server reset the stream")?;
        Ok(trailers.as_ref().map(list).unwrap_or_default())
    }

    pub(super) fn reset(&mut self) {
        self.send.send_reset(Reason::CANCEL);
    }
}

fn map(fields: &[(String, Vec<u8>)]) -> Result<HeaderMap> {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        let name: HeaderName = name
            .to_ascii_lowercase()
            .parse()
            .with_context(|| format!("not the name of a header: {name:?}"))?;
        map.append(name, HeaderValue::from_bytes(value)?);
    }
    Ok(map)
}

fn list(map: &HeaderMap) -> Vec<(String, Vec<u8>)> {
    map.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect()
}
