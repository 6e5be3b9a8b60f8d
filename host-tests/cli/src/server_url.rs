//! The URL of a server that somebody else runs, as command lines name it.

use anyhow::{Context, Result, bail, ensure};
use http::Uri;
use std::net::{SocketAddr, ToSocketAddrs};

/// The URL of a server, with the address that its host has.
#[derive(Clone, Debug)]
pub(crate) struct ServerUrl {
    /// The URL as it was given.
    pub(crate) url: String,
    pub(crate) address: SocketAddr,
    /// The host, without the brackets of an IPv6 address.
    pub(crate) host: String,
    pub(crate) is_https: bool,
    /// Scheme, host and port, as the server may write them in a redirect.
    pub(crate) origin: String,
    /// The path that the server's own paths begin with, without a trailing slash.
    pub(crate) path: String,
}

impl ServerUrl {
    /// Parses a URL of plain HTTP, and looks for its host.
    ///
    /// # Errors
    ///
    /// Returns an error if it isn't one of plain HTTP, or if its host isn't known.
    pub(crate) fn parse(url: &str) -> Result<Self> {
        let server = Self::of_either_scheme(url)?;
        ensure!(!server.is_https, "write http://host:port or http://host:port/path");
        Ok(server)
    }

    /// Parses a URL of HTTP with or without TLS, and looks for its host.
    ///
    /// # Errors
    ///
    /// Returns an error if it has another scheme, or if its host isn't known.
    pub(crate) fn of_either_scheme(url: &str) -> Result<Self> {
        let uri: Uri = url.parse().context("this is no URL")?;
        let (is_https, usual_port) = match uri.scheme_str() {
            Some("http") => (false, 80),
            Some("https") => (true, 443),
            _ => bail!("write http://host:port or https://host:port, and perhaps a path"),
        };
        ensure!(uri.query().is_none(), "write the URL without a query string");
        let host = uri.host().context("this names no host")?;
        let port = uri.port_u16().unwrap_or(usual_port);
        // The standard library wants an IPv6 address without its brackets.
        let name = host.trim_start_matches('[').trim_end_matches(']');
        let addresses = (name, port).to_socket_addrs().context("unknown host")?;
        let address = addresses.min_by_key(SocketAddr::is_ipv6).context("the host has no address")?;
        let path = uri.path().trim_end_matches('/').to_owned();
        let scheme = if is_https { "https" } else { "http" };
        Ok(Self {
            url: url.to_owned(),
            address,
            host: name.to_owned(),
            is_https,
            origin: format!("{scheme}://{host}:{port}"),
            path,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_url_of_plain_http_is_refused() {
        for url in ["", "localhost:9090", "https://localhost:9090", "/path", "http://", "http://a?b=c"] {
            assert!(ServerUrl::parse(url).is_err(), "{url}");
        }
    }
}
