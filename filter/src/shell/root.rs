//! The root of the plugin. It logs the version, loads the configuration, hands it to each stream, and receives the
//! ticks.

use super::host;
use super::host_kind::HostKind;
use super::http_context::StreamContext;
use super::ticks::{Pace, Ticks};
use super::worker::{Unfit, Worker};
use crate::config;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;
use std::rc::Rc;

/// One plugin in one VM.
pub(crate) struct Root {
    context: u32,
    /// The host, if it is known, or that which it seems to be, whose ways are good enough to refuse requests.
    kind: Option<&'static HostKind>,
    /// The workers, one for each configuration. New streams get the last one; the others are of earlier configurations
    /// that still have streams.
    workers: Vec<Rc<Worker>>,
    ticks: Rc<Ticks>,
}

impl Root {
    pub(crate) fn new(context: u32) -> Self {
        Self { context, kind: None, workers: Vec::new(), ticks: Rc::default() }
    }

    fn load(&self, kind: &'static HostKind, size: usize) -> Result<Worker, String> {
        let bytes = host::plugin_configuration(size).map_err(|_| "the host can't provide it".to_owned())?;
        let gateway = config::load(&bytes).map_err(|error| error.to_string())?;
        Worker::new(kind, gateway, self.context, Rc::clone(&self.ticks))
            .map_err(|Unfit(why)| why.into_owned())
    }
}

impl Context for Root {}

impl RootContext for Root {
    fn on_vm_start(&mut self, _: usize) -> bool {
        log::info!("{}", crate::VERSION);
        true
    }

    fn on_configure(&mut self, size: usize) -> bool {
        let kind = host::kind();
        self.kind = kind.as_ref().map_or_else(|unknown| unknown.seems, |kind| Some(*kind));
        match kind.map_err(|unknown| unknown.to_string()).and_then(|kind| self.load(kind, size)) {
            Ok(worker) => {
                log::info!("promward: configuration taken: {}", worker.gateway.written_digest());
                worker.tell_zeros();
                self.workers.retain(|worker| Rc::strong_count(worker) > 1);
                self.workers.push(Rc::new(worker));
                true
            }
            Err(error) => {
                log::error!("promward: configuration refused: {error}");
                // A host that would serve without the filter keeps it, and every request gets a reply from it.
                self.kind.is_some_and(|kind| kind.serves_without)
            }
        }
    }

    fn on_tick(&mut self) {
        let pace = self.workers.iter().map(|worker| worker.pace()).min().unwrap_or(Pace::None);
        if self.ticks.set(pace).is_err() {
            log::warn!("promward: the host doesn't change its ticks");
        }
        if let Some(worker) = self.workers.iter().find(|worker| worker.has_checks()) {
            worker.check();
        }
        if let Some(worker) = self.workers.iter().find(|worker| worker.has_work()) {
            worker.work();
        }
        self.workers.iter().filter(|worker| worker.has_lines()).for_each(|worker| worker.tend());
    }

    fn create_http_context(&self, context: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(StreamContext::new(context, self.kind, self.workers.last().cloned())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
