//! The root context: gives each stream its script, and does in the tick what a control request asked for.

use std::time::Duration;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{ContextType, LogLevel};

use crate::host;
use crate::pending;
use crate::stream::Stream;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(Root));
}}

struct Root;

impl Context for Root {}

impl RootContext for Root {
    fn on_configure(&mut self, _size: usize) -> bool {
        let configuration = self.get_plugin_configuration().unwrap_or_default();
        if configuration == b"refuse" {
            log::error!("this configuration is refused");
            return false;
        }
        self.set_tick_period(Duration::from_millis(1));
        true
    }

    fn on_tick(&mut self) {
        for told in pending::take_told().into_iter().filter(|told| told != "nothing") {
            log::info!("probe: tick {told}");
            for context in pending::streams() {
                host::set_effective_context(context);
                for action in told.split('+') {
                    act(action);
                }
            }
        }
    }

    fn create_http_context(&self, context: u32) -> Option<Box<dyn HttpContext>> {
        Some(Box::new(Stream::new(context)))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}

fn act(action: &str) {
    match action {
        "resume" => host::resume_request(),
        "resume_response" => host::resume_response(),
        "reply" => host::reply(403, "no"),
        "close" => host::close(),
        "edit" => host::edit("tick"),
        "body" => log::info!("probe: tick sees body {:?}", host::body(0)),
        "answer_body" => log::info!("probe: tick sees answer {:?}", host::body(1)),
        "replace" => host::replace_body(0, "replaced"),
        "trap" => core::arch::wasm32::unreachable(),
        _ => {}
    }
}
