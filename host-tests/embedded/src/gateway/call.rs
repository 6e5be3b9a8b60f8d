//! Makes the calls of a module to a cluster.

use super::{body::Pipe, options::Options, origin::Pool};
use crate::host::{Answer, Call};
use http::{Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;

/// Makes a call, and returns an empty answer if nobody answers in time.
pub(super) async fn make(options: &Options, call: &Call) -> Answer {
    let answer = tokio::time::timeout(call.timeout, ask(options, call)).await;
    answer.ok().flatten().unwrap_or_default()
}

/// Sends a request to the first server of the cluster. Returns `None` if it doesn't answer.
async fn ask(options: &Options, call: &Call) -> Option<Answer> {
    let address = *options.clusters.get(&call.cluster)?;
    let text = |name: &[u8]| {
        let value = call.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        value.and_then(|value| std::str::from_utf8(value).ok())
    };
    let mut request = Request::builder().method(text(b":method")?).uri(text(b":path")?);
    request = request.header("host", text(b":authority")?);
    for (name, value) in call.headers.iter().filter(|(name, _)| !name.starts_with(b":")) {
        request = request.header(&name[..], &value[..]);
    }
    let answering = Pool::default().send(address, request.body(Pipe::empty()).ok()?).await.ok()?;
    read(answering.response).await
}

async fn read(response: Response<Incoming>) -> Option<Answer> {
    let status = (b":status".to_vec(), response.status().as_str().as_bytes().to_vec());
    let fields = response.headers().iter();
    let fields = fields.map(|(name, value)| (name.as_str().as_bytes().to_vec(), value.as_bytes().to_vec()));
    let headers = [status].into_iter().chain(fields).collect();
    let body = response.into_body().collect().await.ok()?.to_bytes().to_vec();
    Some(Answer { headers, body })
}
