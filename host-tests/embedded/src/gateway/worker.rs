//! A worker: one thread, one VM for each configuration that has streams, and everything that goes through it. Nothing is shared with other workers but the plugin
//! and the certificate, so that nothing here needs a lock.

use std::{
    cell::{Cell, RefCell},
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

use super::{Options, accept, origin::Pool, root::Root, tls::Certificates};
use crate::host::Plugin;

/// What a worker's thread starts with.
pub(super) struct Task {
    pub(super) options: Arc<Options>,
    pub(super) certificates: Arc<Certificates>,
    pub(super) listener: Socket,
    pub(super) address: SocketAddr,
    pub(super) plain: Option<Socket>,
    pub(super) changes: watch::Receiver<Change>,
    pub(super) stopped: watch::Receiver<bool>,
}

/// Another configuration for new streams.
#[derive(Clone)]
pub(super) struct Change {
    pub(super) plugin: Plugin,
    /// Where each worker says whether it has taken it on.
    pub(super) taken: mpsc::Sender<Result<()>>,
}

impl Task {
    /// Serves until it is stopped. Whether it could start is said once, through `ready`.
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

/// What all streams of a worker share.
pub(super) struct WorkerState {
    pub(super) options: Arc<Options>,
    pub(super) pool: Pool,
    root: RefCell<Rc<Root>>,
    connections: Cell<u64>,
}

impl WorkerState {
    fn new(options: Arc<Options>) -> Result<Self> {
        Ok(Self {
            root: RefCell::new(Root::start(&options.plugin)?),
            options,
            pool: Pool::default(),
            connections: Cell::new(0),
        })
    }

    /// What a new stream is under.
    pub(super) fn root(&self) -> Rc<Root> {
        Rc::clone(&self.root.borrow())
    }

    /// Puts new streams under another configuration.
    fn change(&self, plugin: &Plugin) -> Result<()> {
        self.root.replace(Root::start(plugin)?);
        Ok(())
    }

    /// A number for a new connection.
    pub(super) fn number_connection(&self) -> u64 {
        let number = self.connections.get();
        self.connections.set(number + 1);
        number
    }
}

/// Takes on each configuration that comes, and says so.
async fn follow(worker: Rc<WorkerState>, mut changes: watch::Receiver<Change>) {
    while changes.changed().await.is_ok() {
        let Change { plugin, taken } = changes.borrow_and_update().clone();
        // Nobody may be waiting any more.
        let _ = taken.send(worker.change(&plugin));
    }
}
