//! A worker: one thread with all its connections, and one VM for each configuration that has streams. Workers share
//! nothing but the plugin and the certificate, so that nothing here needs a lock.

use std::{
    net::SocketAddr,
    rc::Rc,
    sync::{Arc, mpsc},
};

use anyhow::{Context, Result};
use socket2::Socket;
use tokio::{
    net::TcpListener,
    sync::watch,
    task::{LocalSet, spawn_local},
};

use super::{accept, options::Options, tls::Certificates, worker_state::WorkerState};
use crate::host::Plugin;

/// The parameters of a worker's thread.
pub(super) struct Task {
    pub(super) options: Arc<Options>,
    pub(super) certificates: Arc<Certificates>,
    pub(super) listener: Socket,
    pub(super) address: SocketAddr,
    pub(super) plain: Option<Socket>,
    pub(super) changes: watch::Receiver<Change>,
    pub(super) stopped: watch::Receiver<bool>,
}

/// A new configuration, which each worker puts its new streams under.
#[derive(Clone)]
pub(super) struct Change {
    pub(super) plugin: Plugin,
    /// The channel by which each worker says whether it has taken the configuration.
    pub(super) taken: mpsc::Sender<Result<()>>,
}

impl Task {
    /// Serves until the gateway stops. Sends once through `ready` whether the worker could start.
    pub(super) fn run(self, ready: &mpsc::Sender<Result<()>>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let served = runtime.context("starting a runtime").and_then(|runtime| {
            let tasks = LocalSet::new();
            tasks.block_on(&runtime, self.serve(ready))
        });
        if let Err(error) = served {
            let _ = ready.send(Err(error));
        }
    }

    async fn serve(mut self, ready: &mpsc::Sender<Result<()>>) -> Result<()> {
        let worker = Rc::new(WorkerState::new(Arc::clone(&self.options))?);
        let listener = TcpListener::from_std(self.listener.into())?;
        if let Some(plain) = self.plain {
            spawn_local(accept::redirect(TcpListener::from_std(plain.into())?, self.address.port()));
        }
        spawn_local(follow(Rc::clone(&worker), self.changes));
        spawn_local(accept::serve(listener, self.certificates, worker));
        let _ = ready.send(Ok(()));
        // An error means that the gateway is gone, which is a reason to stop as well.
        let _ = self.stopped.wait_for(|stopped| *stopped).await;
        Ok(())
    }
}

/// Puts new streams under each configuration that comes, and answers whether that worked.
async fn follow(worker: Rc<WorkerState>, mut changes: watch::Receiver<Change>) {
    while changes.changed().await.is_ok() {
        let Change { plugin, taken } = changes.borrow_and_update().clone();
        // The caller may have stopped waiting.
        let _ = taken.send(worker.change(&plugin));
    }
}
