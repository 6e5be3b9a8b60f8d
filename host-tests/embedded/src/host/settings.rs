//! The settings that a plugin is loaded with, named after the fields of Envoy's `PluginConfig` and `VmConfig`.

use super::personality::Personality;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The level of a log line. `proxy_log` numbers the levels from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    Trace,
    Debug,
    /// The level of what the module writes to its standard output.
    Info,
    Warn,
    /// The level of what the module writes to its standard error, such as the message of a panic.
    Error,
    Critical,
}

/// A function that takes the module's log lines, and the host's own lines about it (a trap, a reload).
pub type Log = Arc<dyn Fn(Level, &str) + Send + Sync>;

/// A function that returns the time. A test may give the module a time of its own.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// The treatment of requests after a worker's VM has trapped. Envoy's `FAIL_OPEN` doesn't exist here: nothing of ours
/// uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailurePolicy {
    /// Every later request of that worker is answered 503.
    FailClosed,
    /// The next request gets a new VM, unless the last one was loaded less than [`Settings::reload_backoff`] ago.
    FailReload,
}

/// A module with its configuration, and the settings of its host.
#[derive(Clone)]
pub struct Settings {
    /// The host that is played.
    pub personality: Personality,
    /// The module: WebAssembly, binary or text.
    pub module: Vec<u8>,
    /// The name of the space of shared data and queues.
    pub vm_id: String,
    /// The name that tells root contexts of one module apart.
    pub root_id: String,
    /// The value of the property `plugin_name`.
    pub plugin_name: String,
    /// The name of the host, which is the value of the property `xds.node.user_agent_name`.
    pub host_name: String,
    /// The configuration that `on_vm_start` reads.
    pub vm_configuration: Vec<u8>,
    /// The configuration that `on_configure` reads.
    pub configuration: Vec<u8>,
    /// The value of the property `metadata`, which filters before this one have left: `envoy.config.core.v3.Metadata`
    /// as protobuf, such as [`jwt::metadata`](promward_harness::jwt::metadata) writes.
    pub metadata: Vec<u8>,
    pub failure_policy: FailurePolicy,
    /// The least time between two loads of a worker's VM. Envoy's default is one second.
    pub reload_backoff: Duration,
    /// `true` if `Pause` from a headers callback holds back the headers only, `false` if it holds back the body too
    /// (Envoy's default).
    pub allow_on_headers_stop_iteration: bool,
    /// The most bytes of body that are held back. A paused request that is longer is answered 413.
    pub buffer_limit: usize,
    /// The lowest level that is logged.
    pub log_level: Level,
    pub log: Log,
    /// The clock that the module reads.
    pub clock: Clock,
}

impl Settings {
    /// Creates settings with Envoy's defaults for everything but the module and its configuration. Log lines are
    /// dropped, and the clock is the system's.
    pub fn new(module: Vec<u8>, configuration: impl Into<Vec<u8>>) -> Settings {
        Settings {
            personality: Personality::ENVOY,
            module,
            vm_id: String::new(),
            root_id: String::new(),
            plugin_name: String::new(),
            host_name: "promward-embedded".to_owned(),
            vm_configuration: Vec::new(),
            configuration: configuration.into(),
            metadata: Vec::new(),
            failure_policy: FailurePolicy::FailClosed,
            reload_backoff: Duration::from_secs(1),
            allow_on_headers_stop_iteration: false,
            buffer_limit: 1024 * 1024,
            log_level: Level::Info,
            log: Arc::new(|_, _| {}),
            clock: Arc::new(SystemTime::now),
        }
    }
}
