//! A loaded module: compiles it, tries its configuration, and starts workers.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result, bail};
use wasmtime::{Config, Engine, InstancePre, Linker};

use super::counts::Counts;
use super::error::from_wasmtime;
use super::metrics::MetricValue;
use super::settings::Settings;
use super::state::{PluginState, State, lock};
use super::vm::Vm;
use super::worker::Worker;
use super::{compiled, imports};

/// The export by which a module says that it is of this ABI.
const ABI: &str = "proxy_abi_version_0_2_1";

/// A compiled module with its configuration, its shared data and its metrics. A clone is the same plugin.
#[derive(Clone)]
pub struct Plugin {
    state: Arc<PluginState>,
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
        let state = PluginState {
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
        Plugin::tried(state)
    }

    /// Creates the same module under another configuration, which is tried as [`load`](Plugin::load) does. Metrics,
    /// counts, shared data and queues go on. The VMs are new ones, while Envoy puts the new configuration's root into
    /// the old VM.
    ///
    /// # Errors
    ///
    /// Returns an error if the module traps or refuses the configuration.
    pub fn reconfigured(&self, configuration: impl Into<Vec<u8>>) -> Result<Plugin> {
        let PluginState {
            settings, engine, module, metrics, shared_data, shared_queues, counts, vms, ..
        } = &*self.state;
        Plugin::tried(PluginState {
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

    fn tried(state: PluginState) -> Result<Plugin> {
        let plugin = Plugin { state: Arc::new(state) };
        plugin.try_configuration()?;
        Ok(plugin)
    }

    /// Starts a VM with the module and its configuration, to be used by one thread.
    ///
    /// # Errors
    ///
    /// Returns an error if the module traps or refuses its configuration.
    pub fn worker(&self) -> Result<Worker> {
        Worker::new(Arc::clone(&self.state))
    }

    /// Returns every metric that was defined, by name, with its value over all workers.
    pub fn metrics(&self) -> Vec<(String, MetricValue)> {
        lock(&self.state.metrics).all()
    }

    /// Returns the sum of what all workers counted.
    pub fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        for counts in lock(&self.state.counts).iter() {
            sum.add(&lock(counts));
        }
        sum
    }

    /// Returns the number of VMs that have been started, over all workers and configurations.
    pub fn vms(&self) -> u64 {
        self.state.vms.load(Ordering::Relaxed)
    }

    /// Returns the settings that the plugin was loaded with.
    pub fn settings(&self) -> &Settings {
        &self.state.settings
    }

    fn try_configuration(&self) -> Result<()> {
        let canary = Vm::start(&self.state, 1, Arc::default());
        let complaints = lock(&self.state.complaints).take().unwrap_or_default();
        match canary {
            Ok(_) => Ok(()),
            Err(error) if complaints.is_empty() => Err(error),
            Err(error) => Err(error.context(complaints.join("\n"))),
        }
    }
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
