//! A loaded module and what its workers share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, anyhow, bail};
use wasmtime::{Config, Engine, InstancePre, Linker};

use super::counts::Counts;
use super::metrics::{MetricValue, Metrics};
use super::settings::{Level, Settings};
use super::shared::{SharedData, SharedQueues};
use super::state::State;
use super::vm::{Vm, from_wasmtime};
use super::{Worker, compiled, imports};

/// The marker that a module of our ABI exports.
const ABI: &str = "proxy_abi_version_0_2_1";

/// A compiled module with its configuration, its shared data and its metrics. A clone is the same plugin.
#[derive(Clone)]
pub struct Plugin {
    inner: Arc<Inner>,
}

/// What the VMs of a plugin share.
pub(super) struct Inner {
    pub(super) settings: Settings,
    pub(super) engine: Engine,
    pub(super) module: InstancePre<State>,
    pub(super) metrics: Arc<Mutex<Metrics>>,
    pub(super) shared_data: Arc<Mutex<SharedData>>,
    pub(super) shared_queues: Arc<Mutex<SharedQueues>>,
    /// What each worker counted.
    pub(super) counts: Arc<Mutex<Vec<Arc<Mutex<Counts>>>>>,
    /// How many VMs there have been; each takes the number as its name.
    vms: Arc<AtomicU64>,
    /// While the canary runs, what it logs at warning or above: the reason why a configuration is refused.
    complaints: Mutex<Option<Vec<String>>>,
}

impl Plugin {
    /// Compiles the module and tries the configuration in a VM that is thrown away afterwards, as Envoy does.
    ///
    /// # Errors
    ///
    /// If the module isn't one of ABI 0.2.1, imports what isn't there, traps at start, or refuses its configuration;
    /// the message then carries what it logged.
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

    /// The same module under another configuration, tried in a VM as [`load`](Plugin::load) does. Metrics, counts, shared
    /// data and queues go on; the VMs are others, where Envoy has the new configuration's root in the old VM.
    ///
    /// # Errors
    ///
    /// If the module traps or refuses the configuration.
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

    /// A VM with the module, configured, to be used by one thread.
    ///
    /// # Errors
    ///
    /// If the module traps or refuses its configuration.
    pub fn worker(&self) -> Result<Worker> {
        Worker::new(Arc::clone(&self.inner))
    }

    /// Every metric that was defined, by name, with its value over all workers.
    pub fn metrics(&self) -> Vec<(String, MetricValue)> {
        lock(&self.inner.metrics).all()
    }

    /// What all workers counted.
    pub fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        for counts in lock(&self.inner.counts).iter() {
            sum.add(&lock(counts));
        }
        sum
    }

    /// How many VMs there have been, over all workers and configurations.
    pub fn vms(&self) -> u64 {
        self.inner.vms.load(Ordering::Relaxed)
    }

    /// What it was loaded with.
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
    /// A line for the log, if it is grave enough.
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

/// Locks what a panicking thread may have left locked: none of our data is ever half-written.
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
