//! A server that isn't there, or not yet.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::{Context, Result};

use super::{Received, Reply, Upstream, When};

/// The number of connections that may wait to be accepted.
const BACKLOG: i32 = 128;

/// An address where nobody listens. The port stays taken as long as this value lives, so that no other test gets it.
pub struct Nobody(socket2::Socket);

impl Nobody {
    /// Takes a loopback port without listening on it.
    ///
    /// # Errors
    ///
    /// Returns an error if no loopback port can be bound.
    pub fn bind() -> Result<Self> {
        let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None)?;
        socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
        Ok(Self(socket))
    }

    /// Returns the address, which refuses connections.
    ///
    /// # Errors
    ///
    /// Returns an error if the system doesn't say which port it took.
    pub fn address(&self) -> Result<SocketAddr> {
        self.0.local_addr()?.as_socket().context("a loopback socket has an address")
    }

    /// Starts an upstream at this address, as [`Upstream::start`] does.
    ///
    /// # Errors
    ///
    /// Returns an error if the system doesn't let it listen.
    pub fn listen(self, answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Result<Upstream> {
        self.0.listen(BACKLOG)?;
        Upstream::serve(self.0.into(), When::AfterTheBody, answer)
    }
}
