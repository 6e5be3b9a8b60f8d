//! The root context: gives each stream its script, and does in the tick what a control request asked for.

use std::cell::RefCell;
use std::time::Duration;

use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{ContextType, LogLevel};

use crate::host;
use crate::stream::Stream;

proxy_wasm::main! {{
    proxy_wasm::set_log_level(LogLevel::Info);
    proxy_wasm::set_root_context(|_| Box::new(Root));
}}

thread_local! {
    /// The contexts of scripted streams that haven't ended.
    static STREAMS: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
    /// The actions of the next tick.
    static TOLD: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Notes that a scripted stream began.
pub(crate) fn began(context: u32) {
    STREAMS.with_borrow_mut(|streams| streams.push(context));
}

/// Notes that a scripted stream ended.
pub(crate) fn ended(context: u32) {
    STREAMS.with_borrow_mut(|streams| streams.retain(|other| *other != context));
}

/// Notes what a control request asked for.
pub(crate) fn tell(what: String) {
    TOLD.with_borrow_mut(|told| told.push(what));
}

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
        for told in TOLD.take().into_iter().filter(|told| told != "nothing") {
            log::info!("probe: tick {told}");
            for context in STREAMS.with_borrow(Clone::clone) {
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
