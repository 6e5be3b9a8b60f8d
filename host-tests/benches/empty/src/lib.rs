//! A filter that does nothing, as the SDK's first example: each callback is the SDK's own and lets everything go on.
//! The time that a host takes to call it is the least that a filter built with the SDK costs.

#[cfg(target_arch = "wasm32")]
mod filter {
    use proxy_wasm::traits::{Context, HttpContext, RootContext};
    use proxy_wasm::types::ContextType;

    struct Root;

    struct Nothing;

    impl Context for Root {}

    impl RootContext for Root {
        fn get_type(&self) -> Option<ContextType> {
            Some(ContextType::HttpContext)
        }

        fn create_http_context(&self, _context: u32) -> Option<Box<dyn HttpContext>> {
            Some(Box::new(Nothing))
        }
    }

    impl Context for Nothing {}

    impl HttpContext for Nothing {}

    proxy_wasm::main! {{
        proxy_wasm::set_root_context(|_| Box::new(Root));
    }}
}
