//! The part of a worker that its connections and streams use: the options, the connections to upstreams, and the VM for
//! new streams.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::Arc,
};

use anyhow::Result;

use super::{options::Options, origin::Pool, root::Root};
use crate::host::Plugin;

/// The data that all streams of a worker share.
pub(super) struct WorkerState {
    pub(super) options: Arc<Options>,
    pub(super) pool: Pool,
    root: RefCell<Rc<Root>>,
    connections: Cell<u64>,
}

impl WorkerState {
    pub(super) fn new(options: Arc<Options>) -> Result<Self> {
        Ok(Self {
            root: RefCell::new(Root::start(&options.plugin, &options)?),
            options,
            pool: Pool::default(),
            connections: Cell::new(0),
        })
    }

    /// Returns the VM for a new stream.
    pub(super) fn root(&self) -> Rc<Root> {
        Rc::clone(&self.root.borrow())
    }

    /// Puts new streams under another configuration.
    pub(super) fn change(&self, plugin: &Plugin) -> Result<()> {
        self.root.replace(Root::start(plugin, &self.options)?);
        Ok(())
    }

    /// Returns the number of a new connection.
    pub(super) fn number_connection(&self) -> u64 {
        let number = self.connections.get();
        self.connections.set(number + 1);
        number
    }
}
