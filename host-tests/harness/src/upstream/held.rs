//! An answer in the hands of a test, which writes it piece by piece.

use std::{
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    sync::{Arc, mpsc},
};

use anyhow::{Context, Result, bail};

use super::{
    DEADLINE, End, Received, Shared,
    reply::{Next, chunk, fields, head, reset},
};

/// A request that waits for the test to answer it. Dropping it before [`Held::end`] closes the connection, so that the
/// answer breaks off.
pub struct Held {
    stream: TcpStream,
    number: usize,
    shared: Arc<Shared>,
    done: mpsc::Sender<Next>,
}

impl Held {
    pub(super) fn new(
        stream: TcpStream,
        number: usize,
        shared: Arc<Shared>,
        done: mpsc::Sender<Next>,
    ) -> Self {
        Self { stream, number, shared, done }
    }

    /// Returns the part of the request that has come.
    ///
    /// # Errors
    ///
    /// Never returns an error while the upstream lives.
    pub fn request(&self) -> Result<Received> {
        Ok(self.shared.record(self.number))
    }

    /// Sends the status and headers of an answer with a chunked body.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection is gone.
    pub fn head(&mut self, status: u16, headers: &[(&str, &str)]) -> Result<()> {
        let mut headers = owned(headers);
        headers.push(("transfer-encoding".to_owned(), b"chunked".to_vec()));
        self.raw(&head(status, &headers))
    }

    /// Sends one chunk of the body.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection is gone.
    pub fn data(&mut self, piece: &[u8]) -> Result<()> {
        self.raw(&chunk(piece))
    }

    /// Ends the answer, with trailers if there are any. The connection is kept.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection is gone.
    pub fn end(mut self, trailers: &[(&str, &str)]) -> Result<()> {
        let mut bytes = b"0\r\n".to_vec();
        fields(&mut bytes, &owned(trailers));
        self.raw(&bytes)?;
        let _ = self.done.send(Next::Keep);
        Ok(())
    }

    /// Sends bytes as they are: a whole answer, or garbage.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection is gone.
    pub fn raw(&mut self, bytes: &[u8]) -> Result<()> {
        self.stream.write_all(bytes).context("the connection to the test upstream is gone")
    }

    /// Closes the connection (TCP FIN), however much of the answer has been sent.
    pub fn close(self) {
        let _ = self.stream.shutdown(Shutdown::Both);
    }

    /// Resets the connection (TCP RST), however much of the answer has been sent.
    ///
    /// # Errors
    ///
    /// Returns an error if the connection is gone already.
    pub fn reset(self) -> Result<()> {
        Ok(reset(&self.stream)?)
    }

    /// Waits until the other side has closed the connection.
    ///
    /// # Errors
    ///
    /// Returns an error if that doesn't happen within a minute, or if more bytes come instead.
    pub fn wait_for_close(mut self) -> Result<()> {
        if self.request()?.end == End::Open {
            // The thread of the connection is reading the body, and will notice.
            return self.wait_for_cut();
        }
        self.stream.set_read_timeout(Some(DEADLINE))?;
        match self.stream.read(&mut [0; 1]) {
            Ok(0) => Ok(()),
            Ok(_) => bail!("the upstream got more bytes instead of a close"),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => Ok(()),
            Err(error) => Err(error).context("the connection wasn't closed within a minute"),
        }
    }

    fn wait_for_cut(&self) -> Result<()> {
        let records = self.shared.records();
        let open = |records: &mut Vec<Received>| records[self.number].end == End::Open;
        let (records, waited) = self
            .shared
            .changed
            .wait_timeout_while(records, DEADLINE, open)
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        match records[self.number].end {
            End::Cut => Ok(()),
            _ if waited.timed_out() => bail!("the connection wasn't closed within a minute"),
            end => bail!("the request ended instead of breaking off: {end:?}"),
        }
    }
}

fn owned(fields: &[(&str, &str)]) -> Vec<(String, Vec<u8>)> {
    fields.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect()
}
