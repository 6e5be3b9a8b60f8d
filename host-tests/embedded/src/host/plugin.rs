//! A loaded module and the data that its workers share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, anyhow, bail};
use wasmtime::{Config, Engine, InstancePre, Linker};

use super::counts::Counts;
use super::error::from_wasmtime;
use super::metrics::{MetricValue, Metrics};
use super::settings::{Level, Settings};
use super::shared::{SharedData, SharedQueues};
use super::state::State;
use super::vm::Vm;
use super::worker::Worker;
use super::{compiled, imports};

/// The export by which a module says that it is of this ABI.
const ABI: &str = "proxy_abi_version_0_2_1";

/// A compiled module with its configuration, its shared data and its metrics. A clone is the same plugin.
#[derive(Clone)]
pub struct Plugin {
    inner: Arc<Inner>,
}

/// The data that the VMs of a plugin share.
pub(super) struct Inner {
    pub(super) settings: Settings,
    pub(super) engine: Engine,
    pub(super) module: InstancePre<State>,
    pub(super) metrics: Arc<Mutex<Metrics>>,
    pub(super) shared_data: Arc<Mutex<SharedData>>,
    pub(super) shared_queues: Arc<Mutex<SharedQueues>>,
    /// The counts of each worker.
    pub(super) counts: Arc<Mutex<Vec<Arc<Mutex<Counts>>>>>,
    /// The number of VMs that have been started. The id of a VM is its number, counted from 0.
    vms: Arc<AtomicU64>,
    /// The lines at warning or above that the trial VM logs while it runs: the reason why a configuration is refused.
    complaints: Mutex<Option<Vec<String>>>,
}

impl Plugin {
    /// Compiles the module and tries the configuration in a VM that is thrown away afterwards, as Envoy does.
    ///
    /// # Errors
    ///
    /// Returns an error if the module isn't one of ABI 0.2.1, imports something that doesn't exist, traps at its start,
    /// or refuses its configuration. The message then has what it logged.
    pub fn load(settings: Settings) -> Result<Plugin> {
        let mut config = Config::new();
        config.consume_fuel(true);
        let engine = Engine::new(&config).map_err(from_wasmtime).context("starting wasmtime")?;
        let module = compile(&engine, &settings.module)?;
        let inner = Inner {
            settings,
            engine,
            module,
            metrics: Arc::default(),
            shared_data: Arc::default(),
            shared_queues: Arc::default(),
            counts: Arc::default(),
            vms: Arc::default(),
            complaints: Mutex::new(Some(Vec::new())),
        };
        Plugin::tried(inner)
    }

    /// Creates the same module under another configuration, which is tried as [`load`](Plugin::load) does. Metrics,
    /// counts, shared data and queues go on. The VMs are new ones, while Envoy puts the new configuration's root into
    /// the old VM.
    ///
    /// # Errors
    ///
    /// Returns an error if the module traps or refuses the configuration.
    pub fn reconfigured(&self, configuration: impl Into<Vec<u8>>) -> Result<Plugin> {
        let Inner { settings, engine, module, metrics, shared_data, shared_queues, counts, vms, .. } =
            &*self.inner;
        Plugin::tried(Inner {
            settings: Settings { configuration: configuration.into(), ..settings.clone() },
            engine: engine.clone(),
            module: module.clone(),
            metrics: Arc::clone(metrics),
            shared_data: Arc::clone(shared_data),
            shared_queues: Arc::clone(shared_queues),
            counts: Arc::clone(counts),
            vms: Arc::clone(vms),
            complaints: Mutex::new(Some(Vec::new())),
        })
    }

    fn tried(inner: Inner) -> Result<Plugin> {
        let plugin = Plugin { inner: Arc::new(inner) };
        plugin.try_configuration()?;
        Ok(plugin)
    }

    /// Starts a VM with the module and its configuration, to be used by one thread.
    ///
    /// # Errors
    ///
    /// Returns an error if the module traps or refuses its configuration.
    pub fn worker(&self) -> Result<Worker> {
        Worker::new(Arc::clone(&self.inner))
    }

    /// Returns every metric that was defined, by name, with its value over all workers.
    pub fn metrics(&self) -> Vec<(String, MetricValue)> {
        lock(&self.inner.metrics).all()
    }

    /// Returns the sum of what all workers counted.
    pub fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        for counts in lock(&self.inner.counts).iter() {
            sum.add(&lock(counts));
        }
        sum
    }

    /// Returns the number of VMs that have been started, over all workers and configurations.
    pub fn vms(&self) -> u64 {
        self.inner.vms.load(Ordering::Relaxed)
    }

    /// Returns the settings that the plugin was loaded with.
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    fn try_configuration(&self) -> Result<()> {
        let canary = Vm::start(&self.inner, 1, Arc::default());
        let complaints = lock(&self.inner.complaints).take().unwrap_or_default();
        match canary {
            Ok(_) => Ok(()),
            Err(error) if complaints.is_empty() => Err(error),
            Err(error) => Err(error.context(complaints.join("\n"))),
        }
    }
}

impl Inner {
    /// Writes a line to the log, if it is grave enough.
    pub(super) fn log(&self, level: Level, line: &str) {
        if level >= Level::Warn
            && let Some(complaints) = lock(&self.complaints).as_mut()
        {
            complaints.push(line.to_owned());
        }
        if level >= self.settings.log_level {
            (self.settings.log)(level, line);
        }
    }

    pub(super) fn next_vm(&self) -> u64 {
        self.vms.fetch_add(1, Ordering::Relaxed)
    }

    pub(super) fn fill_random(&self, bytes: &mut [u8]) -> Result<()> {
        getrandom::fill(bytes).map_err(|error| anyhow!("the system has no randomness: {error}"))
    }
}

/// Locks a mutex that a panicking thread may have held: none of our data is ever half-written.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn compile(engine: &Engine, bytes: &[u8]) -> Result<InstancePre<State>> {
    let module = compiled::module(engine, bytes)?;
    if module.get_export(ABI).is_none() {
        bail!("the module doesn't export {ABI}: build it with a proxy-wasm SDK of ABI 0.2.1");
    }
    let mut linker = Linker::new(engine);
    imports::define(&mut linker).map_err(from_wasmtime)?;
    linker.instantiate_pre(&module).map_err(from_wasmtime).context("linking the module")
}
