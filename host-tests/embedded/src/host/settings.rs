//! What a plugin is loaded with, named after the fields of Envoy's `PluginConfig` and `VmConfig`.

use std::sync::Arc;
use std::time::Duration;

/// How grave a log line of the module is, as `proxy_log` numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// 0.
    Trace,
    /// 1.
    Debug,
    /// 2; what the module writes to its standard output.
    Info,
    /// 3.
    Warn,
    /// 4; what the module writes to its standard error, a panic's message for one.
    Error,
    /// 5.
    Critical,
}

/// Takes the module's log lines, and the host's own about it (a trap, a reload).
pub type Log = Arc<dyn Fn(Level, &str) + Send + Sync>;

/// What becomes of requests once the VM of a worker has trapped. There is no `FAIL_OPEN` here: nothing of ours uses it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailurePolicy {
    /// Every request of that worker is answered 503 from then on.
    FailClosed,
    /// The next request gets a new VM, unless the last one was loaded less than [`Settings::reload_backoff`] ago.
    FailReload,
}

/// A module, its configuration, and how the host treats it.
#[derive(Clone)]
pub struct Settings {
    /// The module: WebAssembly, binary or text.
    pub module: Vec<u8>,
    /// Names the space of shared data and queues.
    pub vm_id: String,
    /// Tells root contexts of one module apart.
    pub root_id: String,
    /// Shown by the property `plugin_name`.
    pub plugin_name: String,
    /// What `on_vm_start` reads.
    pub vm_configuration: Vec<u8>,
    /// What `on_configure` reads.
    pub configuration: Vec<u8>,
    /// What filters before this one have left, shown by the property `metadata`: `envoy.config.core.v3.Metadata` as
    /// protobuf, such as [`jwt::metadata`](promward_harness::jwt::metadata) writes.
    pub metadata: Vec<u8>,
    /// What happens after a trap.
    pub failure_policy: FailurePolicy,
    /// The least time between two loads of a worker's VM. Envoy's default is one second.
    pub reload_backoff: Duration,
    /// Whether `Pause` from a headers callback holds back the headers only (`true`), or the body too (`false`, Envoy's
    /// default).
    pub allow_on_headers_stop_iteration: bool,
    /// Bytes of body that are held back at most: above it a paused request is answered 413.
    pub buffer_limit: usize,
    /// The least grave lines that are logged.
    pub log_level: Level,
    /// Where log lines go.
    pub log: Log,
}

impl Settings {
    /// Settings with Envoy's defaults for everything but the module and its configuration; log lines are dropped.
    pub fn new(module: Vec<u8>, configuration: impl Into<Vec<u8>>) -> Settings {
        Settings {
            module,
            vm_id: String::new(),
            root_id: String::new(),
            plugin_name: String::new(),
            vm_configuration: Vec::new(),
            configuration: configuration.into(),
            metadata: Vec::new(),
            failure_policy: FailurePolicy::FailClosed,
            reload_backoff: Duration::from_secs(1),
            allow_on_headers_stop_iteration: false,
            buffer_limit: 1024 * 1024,
            log_level: Level::Info,
            log: Arc::new(|_, _| {}),
        }
    }
}
