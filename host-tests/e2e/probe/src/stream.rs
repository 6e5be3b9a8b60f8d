//! The context of a stream: logs a line for each callback, then does what the script says.

use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::{Action, MapType};

use crate::{calls, host, pending, statuses};

/// The context of one stream.
pub(crate) struct Stream {
    context: u32,
    /// The actions of each callback; `None` for a control request.
    script: Option<Vec<(String, String)>>,
}

/// The parameters of a callback.
#[derive(Clone, Copy)]
struct Call {
    name: &'static str,
    /// The body that it is about: 0 is the request's, 1 the response's.
    buffer: u32,
    end: bool,
}

impl Stream {
    pub(crate) fn new(context: u32) -> Stream {
        Stream { context, script: Some(Vec::new()) }
    }

    /// Reads the script, or does what a control request wants.
    fn begin(&mut self) -> Option<Action> {
        // Traffic Server gives an empty value for a header that does not exist.
        let told = self.get_http_request_header("x-probe-tell").filter(|told| !told.is_empty());
        if let Some(told) = told {
            self.script = None;
            pending::tell(told);
            self.send_http_response(200, Vec::new(), Some(b"told"));
            return Some(Action::Pause);
        }
        pending::began(self.context);
        let script = self.get_http_request_header("x-probe").unwrap_or_default();
        let steps = script.split(',').filter_map(|step| step.split_once('='));
        self.script = Some(steps.map(|(callback, action)| (callback.into(), action.into())).collect());
        None
    }

    /// Does what the script says about this callback.
    fn play(&mut self, call: Call) -> Action {
        let Some(script) = &mut self.script else {
            return Action::Continue;
        };
        let actions =
            script.iter().find(|(callback, _)| callback == call.name).map(|(_, actions)| actions.clone());
        if actions.as_ref().is_some_and(|actions| actions.ends_with("+once")) {
            script.retain(|(callback, _)| callback != call.name);
        }
        let mut result = Action::Continue;
        for action in actions.unwrap_or_default().split('+') {
            result = act(action, call).unwrap_or(result);
        }
        log::info!("probe: {} returns {result:?}", call.name);
        result
    }

    fn note(&self, line: impl FnOnce() -> String) {
        if self.script.is_some() {
            log::info!("probe: {}", line());
        }
    }
}

/// Does one action. Returns what the callback is to return, if the action decides that.
fn act(action: &str, call: Call) -> Option<Action> {
    if let Some(path) = action.strip_prefix("property:") {
        log::info!("probe: {path} is {}", host::property(path));
    }
    if let Some(told) = action.strip_prefix("tell:") {
        pending::tell(told.into());
    }
    if let Some(path) = action.strip_prefix("bytes:") {
        log::info!("probe: {path} is {:02x?}", host::property_bytes(path));
    }
    calls::make(action, call.buffer);
    let at_end = |act: &dyn Fn()| {
        if call.end {
            act();
            return Action::Continue;
        }
        Action::Pause
    };
    if let Some(size) = action.strip_prefix("hold_and_cut:") {
        return Some(at_end(&|| calls::make(&format!("cut:{size}"), call.buffer)));
    }
    match action {
        "pause" => return Some(Action::Pause),
        "hold" => return Some(at_end(&|| {})),
        "hold_and_replace" => return Some(at_end(&|| host::replace_body(call.buffer, "replaced"))),
        "hold_and_reply" => {
            at_end(&|| host::reply(403, "no"));
            return Some(Action::Pause);
        }
        "reply" => {
            host::reply(403, "no");
            return Some(Action::Pause);
        }
        "reply_and_continue" => host::reply(403, "no"),
        "reply_empty" => {
            host::reply(403, "");
            return Some(Action::Pause);
        }
        "close" => {
            host::close();
            return Some(Action::Pause);
        }
        "resume_and_pause" => {
            host::resume_request();
            return Some(Action::Pause);
        }
        "resume_response_and_pause" => {
            host::resume_response();
            return Some(Action::Pause);
        }
        "edit" => host::edit("request"),
        "edit_response" => host::replace(2, "x-t-probe", "response"),
        "add_twice" => {
            host::add(0, "x-t-twice", "3");
            host::add(0, "X-T-New", "1");
        }
        "replace_twice" => host::replace(0, "X-T-Twice", "one"),
        "prepend" => host::set_body(call.buffer, 0, 0, "<"),
        "append" => host::set_body(call.buffer, usize::MAX, 0, ">"),
        "middle" => host::set_body(call.buffer, 1, 1, "?"),
        "shout" => {
            let body = host::body(call.buffer).unwrap_or_default();
            host::replace_body(call.buffer, &body.to_uppercase());
        }
        "replace" => host::replace_body(call.buffer, "replaced"),
        "trailers" => host::replace(1, "x-t-trailer", "request"),
        "trailers_response" => host::replace(3, "x-t-trailer", "response"),
        "property" => host::set_property("seen"),
        "count" => host::count("probe.counted.by=stream"),
        "properties" => properties(),
        "statuses" => statuses::of_calls(),
        "trap" => core::arch::wasm32::unreachable(),
        _ => {}
    }
    None
}

fn properties() {
    for path in [
        "probe",
        "request.path",
        "request.url_path",
        "request.query",
        "request.method",
        "request.host",
        "request.scheme",
        "request.headers.x-t-twice",
        "request.headers.x-t-none",
        "request.useragent",
        "request.referer",
        "response.code",
        "connection.mtls",
        "connection.requested_server_name",
        "connection.tls_version",
        "connection.uri_san_peer_certificate",
        "connection.sha256_peer_certificate_digest",
        "plugin_name",
        "plugin_root_id",
        "plugin_vm_id",
        "metadata",
        "nothing",
        "request.nothing",
        "nothing.nothing",
    ] {
        log::info!("probe: {path} is {}", host::property(path));
    }
}

impl Context for Stream {
    fn on_done(&mut self) -> bool {
        self.note(|| "done".into());
        true
    }
}

impl HttpContext for Stream {
    fn on_http_request_headers(&mut self, _count: usize, end: bool) -> Action {
        if let Some(action) = self.begin() {
            return action;
        }
        self.note(|| format!("request_headers end={end} {}", host::map(MapType::HttpRequestHeaders)));
        self.play(Call { name: "request_headers", buffer: 0, end })
    }

    fn on_http_request_body(&mut self, size: usize, end: bool) -> Action {
        self.note(|| format!("request_body size={size} end={end} {:?}", host::body(0)));
        self.play(Call { name: "request_body", buffer: 0, end })
    }

    fn on_http_request_trailers(&mut self, count: usize) -> Action {
        self.note(|| {
            format!(
                "request_trailers count={count} {} body={:?}",
                host::map(MapType::HttpRequestTrailers),
                host::body(0)
            )
        });
        self.play(Call { name: "request_trailers", buffer: 0, end: true })
    }

    fn on_http_response_headers(&mut self, _count: usize, end: bool) -> Action {
        self.note(|| format!("response_headers end={end} {}", host::map(MapType::HttpResponseHeaders)));
        self.play(Call { name: "response_headers", buffer: 1, end })
    }

    fn on_http_response_body(&mut self, size: usize, end: bool) -> Action {
        self.note(|| format!("response_body size={size} end={end} {:?}", host::body(1)));
        self.play(Call { name: "response_body", buffer: 1, end })
    }

    fn on_http_response_trailers(&mut self, count: usize) -> Action {
        self.note(|| {
            format!(
                "response_trailers count={count} {} body={:?}",
                host::map(MapType::HttpResponseTrailers),
                host::body(1)
            )
        });
        self.play(Call { name: "response_trailers", buffer: 1, end: true })
    }

    fn on_log(&mut self) {
        self.note(|| {
            format!(
                "log path={} status={} property={}",
                host::header(0, ":path"),
                host::header(2, ":status"),
                host::property("probe")
            )
        });
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.script.is_some() {
            pending::ended(self.context);
            log::info!("probe: delete");
        }
    }
}
