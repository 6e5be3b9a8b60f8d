//! A server of WebSockets, played by hand: it writes down the heads of requests, and speaks no real WebSocket.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// A server that switches to whatever it is asked to, and then sends back every byte in capitals.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) fn start(protocol: &'static str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let (address, heads) = (listener.local_addr().unwrap(), Arc::<Mutex<Vec<String>>>::default());
        let seen = Arc::clone(&heads);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let seen = Arc::clone(&seen);
                // It is no error of the server if a client goes away.
                thread::spawn(move || drop(serve(stream, protocol, &seen)));
            }
        });
        Self { address, heads }
    }

    /// Returns the heads of all requests so far, in lower case.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

/// Reads the head of a request, and returns it in lower case.
pub(crate) fn read_head(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte)?;
        head.extend(byte);
    }
    Ok(String::from_utf8_lossy(&head).to_lowercase())
}

fn serve(mut stream: TcpStream, protocol: &str, heads: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let head = read_head(&mut stream)?;
    heads.lock().unwrap().push(head.clone());
    if !head.contains("\r\nupgrade:") && !protocol.ends_with('!') {
        return stream
            .write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    }
    let protocol = protocol.trim_end_matches('!');
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: {protocol}\r\nsec-websocket-accept: x\r\n\r\nhello "
    );
    stream.write_all(answer.as_bytes())?;
    let mut piece = [0; 4096];
    loop {
        let length = stream.read(&mut piece)?;
        if length == 0 {
            return Ok(());
        }
        stream.write_all(&piece[..length].to_ascii_uppercase())?;
    }
}
