//! The server behind the gateway, as a test wants it: it records what arrives, byte for byte, answers by a function,
//! and misbehaves on command. It speaks HTTP/1.1 by hand on blocking threads, because a library would repair or refuse
//! the very things that a test looks for: the raw target, the case of a header's name, an answer that breaks off.

mod connection;
mod held;
mod nobody;
mod received;
mod reply;

use std::{
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};

pub use self::{
    held::Held,
    nobody::Nobody,
    received::{End, Received},
    reply::Reply,
};

/// The time that each wait of a test may last: far longer than any machine needs.
const DEADLINE: Duration = Duration::from_secs(60);

/// A running test upstream on a loopback port of its own. Dropping it cuts its connections and ends its threads.
pub struct Upstream {
    address: SocketAddr,
    shared: Arc<Shared>,
    held: Mutex<mpsc::Receiver<Held>>,
    acceptor: Option<JoinHandle<()>>,
}

impl Upstream {
    /// Starts an upstream that answers when the whole request has arrived. A request that breaks off gets no answer.
    ///
    /// # Errors
    ///
    /// Returns an error if no loopback port can be bound.
    pub fn start(answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Result<Self> {
        Self::start_with(When::AfterTheBody, answer)
    }

    /// Starts an upstream that answers as soon as a request's head has arrived, while the body still comes.
    ///
    /// # Errors
    ///
    /// Returns an error if no loopback port can be bound.
    pub fn start_early(answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Result<Self> {
        Self::start_with(When::AfterTheHead, answer)
    }

    /// Answers requests from now on by another function, at the same time as before.
    pub fn answer_by(&self, answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) {
        *self.shared.answer.lock().unwrap() = Arc::new(answer);
    }

    /// Returns the address that it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns all requests so far, in the order of their heads.
    pub fn requests(&self) -> Vec<Received> {
        self.shared.records().clone()
    }

    /// Waits until `condition` holds for the requests so far, and returns them.
    ///
    /// # Errors
    ///
    /// Returns an error if it doesn't hold within a minute; the message shows the requests.
    pub fn wait_until(&self, condition: impl Fn(&[Received]) -> bool) -> Result<Vec<Received>> {
        self.wait_after(0, condition)
    }

    /// Waits until `condition` holds for the requests without the first ones, of this number, and returns those. A test that
    /// sends thousands of requests waits so for each of them without a copy of all.
    ///
    /// # Errors
    ///
    /// Returns an error if it doesn't hold within a minute; the message shows the requests.
    pub fn wait_after(&self, first: usize, condition: impl Fn(&[Received]) -> bool) -> Result<Vec<Received>> {
        let until = Instant::now() + DEADLINE;
        let mut records = self.shared.records();
        loop {
            let new = records.get(first..).unwrap_or_default();
            if condition(new) {
                return Ok(new.to_vec());
            }
            let Some(left) = until.checked_duration_since(Instant::now()) else {
                bail!("the condition didn't hold within a minute; the upstream has {new:?}");
            };
            records =
                self.shared.changed.wait_timeout(records, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Waits until the request with this number (from 0) has arrived completely, or has broken off.
    ///
    /// # Errors
    ///
    /// Returns an error if that doesn't happen within a minute.
    pub fn wait_for(&self, number: usize) -> Result<Received> {
        let requests = self.wait_after(number, |requests| {
            requests.first().is_some_and(|request| request.end != End::Open)
        })?;
        requests.into_iter().next().context("no request")
    }

    /// Waits for the next request that was answered with [`Reply::hold`], and hands its answer to the test.
    ///
    /// # Errors
    ///
    /// Returns an error if none comes within a minute.
    pub fn held(&self) -> Result<Held> {
        let held = self.held.lock().unwrap();
        held.recv_timeout(DEADLINE).context("no request was held within a minute")
    }

    fn start_with(when: When, answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("binding the test upstream")?;
        Self::serve(listener, when, answer)
    }

    fn serve(
        listener: TcpListener,
        when: When,
        answer: impl Fn(&Received) -> Reply + Send + Sync + 'static,
    ) -> Result<Self> {
        let address = listener.local_addr()?;
        let (hold, held) = mpsc::channel();
        let shared = Arc::new(Shared {
            answer: Mutex::new(Arc::new(answer)),
            when,
            hold: Mutex::new(hold),
            records: Mutex::default(),
            changed: Condvar::new(),
            sockets: Mutex::default(),
            stopping: AtomicBool::new(false),
        });
        let acceptor = thread::spawn({
            let shared = Arc::clone(&shared);
            move || accept(&listener, &shared)
        });
        Ok(Self { address, shared, held: Mutex::new(held), acceptor: Some(acceptor) })
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // The acceptor sleeps in `accept`; one more connection makes it look at the flag.
        let _ = TcpStream::connect(self.address);
        for socket in self.shared.sockets.lock().unwrap().drain(..) {
            let _ = socket.shutdown(Shutdown::Both);
        }
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

/// The time at which the answering function is called.
#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    AfterTheHead,
    AfterTheBody,
}

type Answer = dyn Fn(&Received) -> Reply + Send + Sync;

struct Shared {
    answer: Mutex<Arc<Answer>>,
    when: When,
    hold: Mutex<mpsc::Sender<Held>>,
    records: Mutex<Vec<Received>>,
    changed: Condvar,
    sockets: Mutex<Vec<TcpStream>>,
    stopping: AtomicBool,
}

impl Shared {
    // A test's condition runs under this lock and may panic; the records are whole all the same.
    fn records(&self) -> MutexGuard<'_, Vec<Received>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn record(&self, number: usize) -> Received {
        self.records()[number].clone()
    }

    fn answer(&self, request: &Received) -> Reply {
        // The function may wait, and isn't called under the lock.
        let answer = Arc::clone(&self.answer.lock().unwrap());
        answer(request)
    }

    /// Records a new request and returns its number.
    fn add(&self, request: Received) -> usize {
        let mut records = self.records();
        let number = records.len();
        records.push(request);
        self.changed.notify_all();
        number
    }

    fn update(&self, number: usize, change: impl FnOnce(&mut Received)) {
        change(&mut self.records()[number]);
        self.changed.notify_all();
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for (number, stream) in listener.incoming().enumerate() {
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        if let Ok(socket) = stream.try_clone() {
            shared.sockets.lock().unwrap().push(socket);
        }
        let shared = Arc::clone(shared);
        thread::spawn(move || connection::serve(stream, number, &shared));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Client, Request};

    #[test]
    fn what_arrives_is_written_down_as_it_came() {
        let upstream = Upstream::start(|request| Reply::text(request.target.clone())).unwrap();
        let client = Client::plain(upstream.address());
        let mut connection = client.connect().unwrap();
        connection
            .write_raw(b"PUT /a%2Fb\xff?c#d HTTP/1.1\r\nhOsT: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nt: 1\r\n\r\n")
            .unwrap();
        assert_eq!(connection.read_answer("PUT").unwrap().text(), "/a%2Fb\\xff?c#d");
        assert_eq!(connection.send(Request::new("HEAD", "/2")).unwrap().body, b"");

        let requests = upstream.requests();
        assert_eq!(requests[0].headers[0], ("hOsT".to_owned(), b"x".to_vec()));
        assert_eq!((requests[0].body.as_slice(), requests[0].body_length), (&b"abc"[..], 3));
        assert_eq!(requests[0].trailers, [("t".to_owned(), b"1".to_vec())]);
        assert_eq!(requests[1].connection, requests[0].connection);
        assert_eq!(requests[1].end, End::Clean);
    }

    #[test]
    fn a_held_answer_is_written_piece_by_piece() {
        let upstream = Upstream::start(|_| Reply::hold()).unwrap();
        let mut exchange = Client::plain(upstream.address()).open(Request::new("POST", "/")).unwrap();
        exchange.data("abc").unwrap();
        upstream.wait_until(|requests| requests.iter().any(|request| request.body == b"abc")).unwrap();
        exchange.end(&[]).unwrap();
        let mut held = upstream.held().unwrap();
        held.head(200, &[("x", "y")]).unwrap();
        assert_eq!(exchange.head().unwrap().header("x").as_deref(), Some("y"));
        held.data(b"data: 1\n\ndata: 2").unwrap();
        assert_eq!(exchange.event(b"\n\n").unwrap().unwrap(), b"data: 1\n\n");
        held.data(b"\n\n").unwrap();
        assert_eq!(exchange.event(b"\n\n").unwrap().unwrap(), b"data: 2\n\n");
        held.end(&[("t", "1")]).unwrap();
        let answer = exchange.answer().unwrap();
        assert_eq!((answer.text().as_str(), answer.trailer("t").as_deref()), ("", Some("1")));
    }

    #[test]
    fn a_connection_breaks_off_on_command() {
        let upstream = Upstream::start(|request| match request.target.as_str() {
            "/close" => Reply::close(),
            "/reset" => Reply::reset(),
            _ => Reply::hold(),
        })
        .unwrap();
        let client = Client::plain(upstream.address());
        let message = |error: anyhow::Error| format!("{error:#}");
        assert!(message(client.get("/close").unwrap_err()).contains("ended"));
        assert!(message(client.get("/reset").unwrap_err()).contains("reset"));

        let mut exchange = client.open(Request::new("GET", "/")).unwrap();
        exchange.end(&[]).unwrap();
        let mut held = upstream.held().unwrap();
        held.head(200, &[]).unwrap();
        held.data(b"abc").unwrap();
        assert_eq!(exchange.piece().unwrap().unwrap().as_ref(), b"abc");
        held.reset().unwrap();
        assert!(exchange.piece().is_err());

        let mut exchange = client.open(Request::new("GET", "/")).unwrap();
        exchange.end(&[]).unwrap();
        let held = upstream.held().unwrap();
        exchange.reset().unwrap();
        held.wait_for_close().unwrap();

        let nobody = Nobody::bind().unwrap();
        let refused = Client::plain(nobody.address().unwrap()).get("/").unwrap_err();
        assert!(message(refused).contains("refused"));
    }
}
