//! A great many connections at once, as an attacker makes them who wants to exhaust a server. They share one thread, so
//! that a measurement shows the server's work.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, bail};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Semaphore,
    task::JoinSet,
};

use super::{BoxedWire, Client, block_on};

/// The number of connections that are being made at a time: fewer than a listener lets wait.
const AT_ONCE: usize = 64;

/// A great many open connections. Dropping it closes them.
pub struct Crowd {
    members: Vec<BoxedWire>,
    deadline: Duration,
}

impl Crowd {
    pub(super) fn gather(client: &Client, number: usize, first: impl Fn(usize) -> Vec<u8>) -> Result<Self> {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        let members = block_on(client.deadline, "gathering a crowd", async {
            let mut coming = JoinSet::new();
            for number in 0..number {
                let (client, places, first) = (client.clone(), Arc::clone(&places), first(number));
                coming.spawn(async move {
                    let _place = places.acquire_owned().await?;
                    let (mut wire, _) = client.reach().await?;
                    // If the server has closed the connection by now, reading it will show that.
                    let _ = wire.write_all(&first).await;
                    let _ = wire.flush().await;
                    Ok::<_, anyhow::Error>(wire)
                });
            }
            let mut members = Vec::with_capacity(number);
            while let Some(member) = coming.join_next().await {
                members.push(member.context("a connection of the crowd failed")??);
            }
            Ok(members)
        })?;
        Ok(Self { members, deadline: client.deadline })
    }

    /// Sends these bytes on each connection, and returns how many took them.
    ///
    /// # Errors
    ///
    /// Returns an error if that takes longer than the deadline.
    pub fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        let members = &mut self.members;
        block_on(self.deadline, "writing to a crowd's connections", async {
            let mut took = 0;
            for wire in members {
                if wire.write_all(bytes).await.is_ok() && wire.flush().await.is_ok() {
                    took += 1;
                }
            }
            Ok(took)
        })
    }

    /// Reads each connection until the server closes it, and returns what came on each.
    ///
    /// # Errors
    ///
    /// Returns an error if the server leaves one open beyond the deadline.
    pub fn wait_for_close(self) -> Result<Vec<Vec<u8>>> {
        let start = Instant::now();
        let mut answers = Vec::with_capacity(self.members.len());
        for mut wire in self.members {
            let Some(left) = self.deadline.checked_sub(start.elapsed()) else {
                bail!("only {} connections of a crowd were closed within {:?}", answers.len(), self.deadline);
            };
            answers.push(block_on(left, "waiting for a crowd's end", async {
                let mut answer = Vec::new();
                // The way it ends doesn't matter: a read that fails has put what came before into the answer.
                let _ = wire.read_to_end(&mut answer).await;
                Ok(answer)
            })?);
        }
        Ok(answers)
    }
}
