//! Chooses the ports of a demo: memorable ones if they are free, else others.

use super::progress::say;
use anyhow::{Context, Result};
use promward_harness::process;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};

/// The ports like 443 and 80 that need no root.
const HTTPS: u16 = 8443;
const HTTP: u16 = 8080;

/// The ports on 127.0.0.1 where a demo serves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ports {
    pub(super) https: u16,
    pub(super) http: u16,
}

impl Ports {
    /// Chooses free ports, with the wanted one for https. A user who chooses it may run several demos at once, so http
    /// then gets any free port.
    ///
    /// # Errors
    ///
    /// Returns an error if the wanted port is taken.
    pub(super) fn choose(wanted: Option<u16>) -> Result<Self> {
        let or_any = |port| free(port).or_else(|_| process::free_port());
        match wanted {
            Some(port) => {
                let taken = || format!("port {port} can't be had: choose another --port");
                Ok(Self { https: free(port).with_context(taken)?, http: process::free_port()? })
            }
            None => {
                let ports = Self { https: or_any(HTTPS)?, http: or_any(HTTP)? };
                if ports.https != HTTPS {
                    say(format!("port {HTTPS} is taken, so https is at port {}", ports.https));
                }
                Ok(ports)
            }
        }
    }

    pub(super) fn https_address(self) -> SocketAddr {
        local(self.https)
    }

    pub(super) fn http_address(self) -> SocketAddr {
        local(self.http)
    }
}

/// Returns the port, if nobody listens there.
fn free(port: u16) -> Result<u16> {
    Ok(TcpListener::bind(local(port))?.local_addr()?.port())
}

fn local(port: u16) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::LOCALHOST, port))
}
