//! One request and its answer: waits for the client, the upstream and the module at once, and passes on to each what
//! the others sent.

mod sending;

use std::{collections::VecDeque, rc::Rc, sync::Arc};

use http::{Request, Response, Version};
use http_body::Body;
use hyper::body::Incoming;
use tokio::{
    sync::{Notify, mpsc, oneshot},
    task::spawn_local,
    time::Instant,
};

use super::{
    body::{BrokenOff, Piece, Pipe},
    fields::Refusal,
    headers,
    origin::{Answering, Failure},
    root::Root,
    stream_ends::{Client, Event, Upstream, frame, read, room, sleep_until},
    worker_state::WorkerState,
};
use crate::host::{self, Frame, Headers, Output, StreamId, Why};

/// The property that the shipped file shows in the access log.
const RECORD: &str = "promward";

/// Takes a request through the module and the upstream, up to the head of its answer. The rest goes on in a task of its
/// own. An error resets the HTTP/2 stream, or closes the HTTP/1.1 connection.
pub(super) async fn serve(
    worker: Rc<WorkerState>,
    connection: Arc<host::Connection>,
    request: Request<Incoming>,
) -> Result<Response<Pipe>, BrokenOff> {
    let (parts, body) = request.into_parts();
    let head = match headers::from_request(&parts, &connection, &worker.options) {
        Ok(head) => head,
        Err(Refusal(status)) => {
            let mut response = Response::new(Pipe::empty());
            *response.status_mut() = status;
            return Ok(response);
        }
    };
    let (answer, answered) = oneshot::channel();
    let stream = StreamTask::open(worker, connection, Client::Waiting(answer), parts.version, body);
    spawn_local(stream.run(head));
    answered.await.map_err(|_| BrokenOff)
}

/// The task that moves one stream.
struct StreamTask {
    worker: Rc<WorkerState>,
    root: Rc<Root>,
    id: StreamId,
    woken: Rc<Notify>,
    client: Client,
    upstream: Upstream,
    /// The part of the request that is still to be read.
    request: Option<Incoming>,
    /// The way for the request's body, until its end has been sent.
    request_out: Option<mpsc::Sender<Piece>>,
    to_upstream: VecDeque<Frame>,
    /// The head of a request that must have no body. It goes on at its end, as with the shipped file.
    held: Option<Headers>,
    to_client: VecDeque<Frame>,
    client_trailers: bool,
    was_reset: bool,
    /// The time at which the upstream has taken too long. It is set when the whole request has been sent.
    timeout: Option<Instant>,
}

impl StreamTask {
    fn open(
        worker: Rc<WorkerState>,
        connection: Arc<host::Connection>,
        client: Client,
        version: Version,
        body: Incoming,
    ) -> Self {
        let woken = Rc::new(Notify::new());
        let waker = Rc::clone(&woken);
        let root = worker.root();
        let id = root.host(|host| host.open(connection));
        root.host(|host| host.set_waker(id, Box::new(move || waker.notify_one())));
        Self {
            client_trailers: version == Version::HTTP_2 || worker.options.http1_trailers,
            worker,
            root,
            id,
            woken,
            client,
            upstream: Upstream::NotAsked,
            request: (!body.is_end_stream()).then_some(body),
            request_out: None,
            to_upstream: VecDeque::new(),
            held: None,
            to_client: VecDeque::new(),
            was_reset: false,
            timeout: None,
        }
    }

    async fn run(mut self, head: Headers) {
        let whole = self.request.is_none();
        self.tell(|host, id| host.request(id, Frame::Headers(head, whole)));
        let why = loop {
            if let Some(why) = self.send_heads() {
                break why;
            }
            let event = self.next().await;
            if let Some(why) = self.take(event) {
                break why;
            }
        };
        if let Some(record) = self.root.host(|host| host.filter_state(self.id, RECORD)) {
            (self.worker.options.access_log)(&String::from_utf8_lossy(&record));
        }
        self.root.host(|host| host.close(self.id, why));
    }

    /// Makes a call about this stream to the host, and queues the frames that it puts out.
    fn tell(&mut self, call: impl FnOnce(&mut host::Worker, StreamId)) {
        let id = self.id;
        let outputs = self.root.host(|host| {
            call(host, id);
            host.outputs(id)
        });
        for output in outputs {
            match output {
                Output::ToUpstream(frame) => self.to_upstream.push_back(frame),
                Output::ToDownstream(frame) => self.to_client.push_back(frame),
                Output::Reset => self.was_reset = true,
            }
        }
    }

    /// Waits for the first event that the stream can act on. More is read only when what came before has been sent.
    async fn next(&mut self) -> Event {
        let (request_wanted, answer_wanted) =
            self.root.host(|host| (host.wants_request(self.id), host.wants_response(self.id)));
        let Self { client, upstream, request, request_out, to_upstream, to_client, .. } = self;
        tokio::select! {
            () = room(request_out.as_ref()), if !to_upstream.is_empty() => Event::RoomToUpstream,
            event = client.next(!to_client.is_empty()) => event,
            frame = frame(request.as_mut()), if to_upstream.is_empty() && request_wanted => Event::Request(frame),
            event = upstream.next(), if to_client.is_empty() && answer_wanted => event,
            () = self.woken.notified() => Event::Woken,
            () = sleep_until(self.timeout) => Event::TimedOut,
        }
    }

    /// Acts on an event. Returns the reason if the stream is then over.
    fn take(&mut self, event: Event) -> Option<Why> {
        match event {
            Event::RoomToUpstream => self.send_to_upstream(),
            Event::RoomToClient => return self.send_to_client(),
            Event::Request(Some(Err(_))) | Event::ClientGone => return Some(Why::ClientGone),
            Event::Answer(Some(Err(_))) => return Some(Why::UpstreamReset),
            Event::Request(frame) => {
                let frame = read(frame.and_then(Result::ok), self.request.as_ref(), self.client_trailers);
                if frame.ends() {
                    self.request = None;
                }
                self.tell(|host, id| host.request(id, frame));
            }
            Event::Answered(Ok(Answering { response, connection })) => {
                let (mut parts, body) = response.into_parts();
                let whole = body.is_end_stream();
                self.timeout = None;
                self.upstream = Upstream::Answering(body, connection);
                if whole {
                    self.answer_was_read();
                }
                let head = headers::from_response(&mut parts, &self.worker.options);
                self.tell(|host, id| host.response(id, Frame::Headers(head, whole)));
            }
            Event::Answer(frame) => {
                let body = match &self.upstream {
                    Upstream::Answering(body, _) => Some(body),
                    _ => None,
                };
                let frame = read(frame.and_then(Result::ok), body, self.worker.options.http1_trailers);
                if frame.ends() {
                    self.answer_was_read();
                }
                self.tell(|host, id| host.response(id, frame));
            }
            Event::Answered(Err(failure)) => self.fail(&failure),
            Event::TimedOut => self.fail(&Failure::timeout()),
            Event::Woken => self.tell(|_, _| {}),
        }
        None
    }

    /// Keeps the connection of an answer that was read to its end, unless the request is still being sent on it.
    fn answer_was_read(&mut self) {
        if let Upstream::Answering(_, connection) = std::mem::replace(&mut self.upstream, Upstream::Done)
            && self.request_out.is_none()
            && self.request.is_none()
        {
            self.worker.pool.keep(connection);
        }
    }

    /// Answers in place of an upstream that failed.
    fn fail(&mut self, failure: &Failure) {
        self.upstream = Upstream::Done;
        self.request_out = None;
        self.timeout = None;
        self.tell(|host, id| host.local_reply(id, failure.status.as_u16(), &failure.message));
    }
}
