//! A worker: one thread, one VM, and everything that goes through it. Nothing is shared with other workers but the plugin
//! and the certificate, so that nothing here needs a lock.

use std::{
    cell::{Cell, RefCell},
    net::SocketAddr,
    rc::Rc,
    sync::{Arc, mpsc},
    time::Duration,
};

use anyhow::{Context, Result};
use socket2::Socket;
use tokio::{
    net::TcpListener,
    sync::{Notify, watch},
    task::{LocalSet, spawn_local},
};

use super::{Options, accept, origin::Pool, tls::Certificates};
use crate::host;

/// What a worker's thread starts with.
pub(super) struct Task {
    pub(super) options: Arc<Options>,
    pub(super) certificates: Arc<Certificates>,
    pub(super) listener: Socket,
    pub(super) address: SocketAddr,
    pub(super) plain: Option<Socket>,
    pub(super) stopped: watch::Receiver<bool>,
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
        let worker = Rc::new(Worker::new(Arc::clone(&self.options))?);
        let listener = TcpListener::from_std(self.listener.into())?;
        if let Some(plain) = self.plain {
            spawn_local(accept::redirect(TcpListener::from_std(plain.into())?, self.address.port()));
        }
        spawn_local(tick(Rc::clone(&worker)));
        spawn_local(accept::serve(listener, self.certificates, worker));
        let _ = ready.send(Ok(()));
        // An error means that the gateway is gone, which is a reason to stop as well.
        let _ = self.stopped.wait_for(|stopped| *stopped).await;
        Ok(())
    }
}

/// What all streams of a worker share.
pub(super) struct Worker {
    pub(super) options: Arc<Options>,
    pub(super) pool: Pool,
    host: RefCell<host::Worker>,
    period_changed: Notify,
    connections: Cell<u64>,
}

impl Worker {
    fn new(options: Arc<Options>) -> Result<Self> {
        Ok(Self {
            host: RefCell::new(options.plugin.worker()?),
            options,
            pool: Pool::default(),
            period_changed: Notify::new(),
            connections: Cell::new(0),
        })
    }

    /// Makes a call to the host. A callback may ask for another tick period, so that is looked at after each.
    pub(super) fn host<T>(&self, call: impl FnOnce(&mut host::Worker) -> T) -> T {
        let mut host = self.host.borrow_mut();
        let before = host.tick_period();
        let result = call(&mut host);
        if host.tick_period() != before {
            self.period_changed.notify_one();
        }
        result
    }

    /// A number for a new connection.
    pub(super) fn number_connection(&self) -> u64 {
        let number = self.connections.get();
        self.connections.set(number.wrapping_add(1));
        number
    }

    fn tick_period(&self) -> Option<Duration> {
        self.host.borrow().tick_period().filter(|period| !period.is_zero())
    }
}

async fn tick(worker: Rc<Worker>) {
    loop {
        let Some(period) = worker.tick_period() else {
            worker.period_changed.notified().await;
            continue;
        };
        tokio::select! {
            () = tokio::time::sleep(period) => worker.host(host::Worker::tick),
            () = worker.period_changed.notified() => {}
        }
    }
}
