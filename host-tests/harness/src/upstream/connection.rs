//! One connection to the test upstream: reads requests, records them as they come, and has them answered.

use std::{
    io::{self, BufRead, BufReader, ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    sync::Arc,
    thread,
};

use super::{
    End, Received, Shared, When,
    received::{KEPT_BODY, printable},
    reply::Next,
};

/// Serves requests until one side ends the connection.
pub(super) fn serve(stream: TcpStream, number: usize, shared: &Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    if let Ok(reading) = stream.try_clone() {
        let mut reader = BufReader::new(reading);
        while let Ok(Some(head)) = read_head(&mut reader, number) {
            if !matches!(exchange(&mut reader, &stream, head, shared), Ok(Next::Keep)) {
                break;
            }
        }
    }
    // The list of sockets has a clone of this one, so that dropping it closes nothing.
    let _ = stream.shutdown(Shutdown::Both);
}

fn exchange(
    reader: &mut BufReader<TcpStream>,
    stream: &TcpStream,
    head: Received,
    shared: &Arc<Shared>,
) -> io::Result<Next> {
    if head.header("expect").is_some_and(|value| value.eq_ignore_ascii_case("100-continue")) {
        (&mut &*stream).write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    let closes = head.header("connection").is_some_and(|value| value.eq_ignore_ascii_case("close"));
    let framing = Framing::of(&head);
    let number = shared.add(head);
    let answer = || -> io::Result<Next> {
        let request = shared.record(number);
        shared.answer(&request).write(stream, number, &request.method, shared)
    };
    let next = match shared.when {
        When::AfterTheBody => {
            record_body(reader, framing, number, shared)?;
            answer()?
        }
        When::AfterTheHead => thread::scope(|scope| {
            let answering = scope.spawn(|| {
                let next = answer();
                if !matches!(next, Ok(Next::Keep)) {
                    let _ = stream.shutdown(Shutdown::Both);
                }
                next
            });
            let body = record_body(reader, framing, number, shared);
            let next = answering.join().unwrap_or_else(|_| Err(ErrorKind::Other.into()));
            body.and(next)
        })?,
    };
    Ok(if closes { Next::Close } else { next })
}

/// The way in which the end of a body is found.
#[derive(Clone, Copy)]
enum Framing {
    Length(u64),
    Chunked,
}

impl Framing {
    fn of(head: &Received) -> Self {
        if head.header("transfer-encoding").is_some_and(|value| value.eq_ignore_ascii_case("chunked")) {
            return Self::Chunked;
        }
        Self::Length(head.header("content-length").and_then(|value| value.parse().ok()).unwrap_or(0))
    }
}

/// Reads a request's line and headers. Returns `None` if the connection ends between requests.
fn read_head(reader: &mut BufReader<TcpStream>, connection: usize) -> io::Result<Option<Received>> {
    let Some(line) = read_line(reader)? else {
        return Ok(None);
    };
    let mut words = line.splitn(2, |byte| *byte == b' ');
    let method = words.next().expect("splitting gives at least one part");
    let rest = words.next().unwrap_or_default();
    let target = rest.strip_suffix(b" HTTP/1.1").or_else(|| rest.strip_suffix(b" HTTP/1.0")).unwrap_or(rest);
    Ok(Some(Received {
        connection,
        method: printable(method),
        target: printable(target),
        headers: read_fields(reader)?,
        body: Vec::new(),
        body_length: 0,
        trailers: Vec::new(),
        end: End::Open,
    }))
}

fn record_body(
    reader: &mut BufReader<TcpStream>,
    framing: Framing,
    number: usize,
    shared: &Shared,
) -> io::Result<()> {
    let whole = match framing {
        Framing::Length(length) => record_piece(reader, length, number, shared),
        Framing::Chunked => record_chunks(reader, number, shared),
    };
    let end = if whole.is_ok() { End::Clean } else { End::Cut };
    shared.update(number, |record| record.end = end);
    whole
}

fn record_chunks(reader: &mut BufReader<TcpStream>, number: usize, shared: &Shared) -> io::Result<()> {
    loop {
        let line = read_line(reader)?.ok_or(ErrorKind::UnexpectedEof)?;
        let size = String::from_utf8_lossy(&line);
        let digits = size.split_once(';').map_or(&*size, |(digits, _)| digits);
        let size = u64::from_str_radix(digits.trim(), 16).map_err(|_| ErrorKind::InvalidData)?;
        if size == 0 {
            let trailers = read_fields(reader)?;
            shared.update(number, |record| record.trailers = trailers);
            return Ok(());
        }
        record_piece(reader, size, number, shared)?;
        read_line(reader)?.ok_or(ErrorKind::UnexpectedEof)?;
    }
}

/// Reads `length` bytes of body and records them after each read, so that a test can watch a body arrive.
fn record_piece(
    reader: &mut BufReader<TcpStream>,
    length: u64,
    number: usize,
    shared: &Shared,
) -> io::Result<()> {
    let mut left = length;
    let mut piece = [0; 16 * 1024];
    while left > 0 {
        let read = reader.by_ref().take(left).read(&mut piece)?;
        if read == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        left -= read as u64;
        shared.update(number, |record| {
            record.body_length += read as u64;
            let room = KEPT_BODY - record.body.len();
            record.body.extend(piece[..read].iter().take(room));
        });
    }
    Ok(())
}

/// Reads header or trailer lines up to the empty one.
fn read_fields(reader: &mut BufReader<TcpStream>) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut fields = Vec::new();
    loop {
        let line = read_line(reader)?.ok_or(ErrorKind::UnexpectedEof)?;
        if line.is_empty() {
            return Ok(fields);
        }
        let mut parts = line.splitn(2, |byte| *byte == b':');
        let name = printable(parts.next().expect("splitting gives at least one part"));
        // A line without a colon is a field without a value.
        fields.push((name, parts.next().unwrap_or_default().trim_ascii().to_vec()));
    }
}

/// Returns a line without its line break, or `None` at the end of the connection.
fn read_line(reader: &mut BufReader<TcpStream>) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    if reader.read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.pop() != Some(b'\n') {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(Some(line))
}
