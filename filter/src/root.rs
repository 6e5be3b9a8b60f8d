//! The plugin's root: says what runs, loads the configuration and hands it to each stream.

use crate::config;
use crate::gateway::Gateway;
use crate::host;
use crate::stream::Stream;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::ContextType;
use std::rc::Rc;

/// One plugin in one VM.
#[derive(Default)]
pub(crate) struct Root {
    gateway: Option<Rc<Gateway>>,
}

impl Context for Root {}

impl RootContext for Root {
    fn on_vm_start(&mut self, _: usize) -> bool {
        log::info!("{}", crate::VERSION);
        true
    }

    fn on_configure(&mut self, size: usize) -> bool {
        let Ok(bytes) = host::plugin_configuration(size) else {
            log::error!("promward: configuration refused: the host doesn't hand it out");
            return false;
        };
        match config::load(&bytes) {
            Ok(gateway) => {
                self.gateway = Some(Rc::new(gateway));
                true
            }
            Err(error) => {
                log::error!("promward: configuration refused: {error}");
                false
            }
        }
    }

    fn create_http_context(&self, _: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream::new(self.gateway.clone())))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
