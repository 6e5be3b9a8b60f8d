//! The settings of a block: the server that its requests go to, and whom it lets in.

use super::directives::Directive;
use crate::import::is_listed;
use promward::target::method::Method;

/// The decision of a location about a request: the callers who are let in, if any are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Requests of these callers go to the server.
    Open(Callers),
    /// Nobody's request gets to the server.
    Closed,
    /// It depends on something that isn't read here: the directive.
    Unknown(String),
}

/// The callers whose requests go to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Callers {
    /// Everybody, without a password.
    Anyone,
    /// The users of a password file.
    Users(String),
}

/// The settings of a block, with those that it has from the blocks around it.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    realm: Option<String>,
    users: Option<String>,
    pub(super) proxy_pass: Option<String>,
    /// The methods that alone pass (`limit_except`).
    methods: Option<Vec<Method>>,
    is_closed: bool,
    /// A directive that may narrow who gets in, and isn't read here.
    narrowing: Option<String>,
    /// Headers that are set for the server.
    pub(super) headers: Vec<String>,
    pub(super) rates: Vec<String>,
}

/// Directives that change nothing about who reaches what; a star stands for any end.
const WITHOUT_RIGHTS: [&str; 42] = [
    "absolute_redirect",
    "access_log",
    "add_header",
    "aio*",
    "charset",
    "chunked_transfer_encoding",
    "client_*",
    "default_type",
    "directio*",
    "error_log",
    "error_page",
    "etag",
    "expires",
    "geo",
    "gzip*",
    "http2*",
    "http3*",
    "index",
    "keepalive*",
    "large_client_header_buffers",
    "limit_conn_zone",
    "limit_rate*",
    "limit_req_*",
    "listen",
    "location",
    "log_*",
    "map*",
    "merge_slashes",
    "port_in_redirect",
    "proxy_*",
    "quic*",
    "reset_timedout_connection",
    "resolver*",
    "root",
    "send*",
    "server*",
    "ssl_*",
    "sub_filter*",
    "tcp_*",
    "types*",
    "upstream",
    "variables_hash*",
];

/// Directives that one of these stars would cover, and that change what reaches the server.
const WITH_RIGHTS: [&str; 3] = ["proxy_method", "proxy_pass_request_body", "proxy_set_body"];

/// Headers for the server that promward or Envoy sets by itself, or that say nothing of rights.
const SET_ANYWAY: [&str; 9] = [
    "host",
    "x-real-ip",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-prefix",
    "connection",
    "upgrade",
];

impl Settings {
    /// Returns the settings of a block within one that has these.
    pub(super) fn within(&self, block: &[Directive]) -> Self {
        // nginx doesn't pass the server on to the locations within. Of the rest it passes some on: that all of it is
        // taken to be is the stricter reading.
        let mut settings = Self { proxy_pass: None, ..self.clone() };
        for directive in block {
            settings.read(directive);
        }
        settings
    }

    fn read(&mut self, directive: &Directive) {
        let first = directive.argument(0);
        match directive.name.as_str() {
            "auth_basic" => self.realm = Some(first.to_owned()).filter(|realm| realm != "off"),
            "auth_basic_user_file" => self.users = Some(first.to_owned()),
            "proxy_pass" => self.proxy_pass = Some(first.to_owned()),
            "deny" if first == "all" && self.narrowing.is_none() => self.is_closed = true,
            "return" => self.is_closed = true,
            "limit_except" => self.limit(directive),
            "limit_req" | "limit_conn" => self.rates.push(directive.name.clone()),
            "proxy_set_header" if !SET_ANYWAY.contains(&first.to_ascii_lowercase().as_str()) => {
                self.headers.push(first.to_owned());
            }
            "include" if first.ends_with("mime.types") => {}
            name if is_listed(&WITHOUT_RIGHTS, name) && !narrows(directive) => {}
            name => {
                self.narrowing.get_or_insert_with(|| format!("{name} (line {})", directive.line));
            }
        }
    }

    fn limit(&mut self, directive: &Directive) {
        let denies = directive.block.iter().any(|inner| inner.name == "deny" && inner.argument(0) == "all");
        let methods: Option<Vec<Method>> =
            directive.arguments.iter().map(|name| Method::parse(name.as_bytes())).collect();
        match methods {
            Some(methods) if denies && directive.block.len() == 1 => self.methods = Some(methods),
            _ => self.narrowing = Some(format!("limit_except (line {})", directive.line)),
        }
    }

    /// Returns the callers who are let in with a request of this method.
    pub(super) fn verdict(&self, method: Method) -> Verdict {
        if let Some(directive) = &self.narrowing {
            return Verdict::Unknown(directive.clone());
        }
        let is_refused = self.methods.as_ref().is_some_and(|methods| !methods.contains(&method));
        if self.is_closed || is_refused || self.proxy_pass.is_none() {
            return Verdict::Closed;
        }
        match (&self.realm, &self.users) {
            (None, _) => Verdict::Open(Callers::Anyone),
            (Some(_), Some(file)) => Verdict::Open(Callers::Users(file.clone())),
            (Some(_), None) => Verdict::Unknown("auth_basic without auth_basic_user_file".to_owned()),
        }
    }
}

/// Returns `true` for a directive that may narrow who gets in, although most that are called like it don't.
fn narrows(directive: &Directive) -> bool {
    let first = directive.argument(0);
    match directive.name.as_str() {
        "ssl_verify_client" | "ssl_reject_handshake" => first == "on",
        // Only the machine itself gets to such a server.
        "listen" => ["127.", "[::1]", "localhost", "unix:"].iter().any(|local| first.starts_with(local)),
        name => WITH_RIGHTS.contains(&name),
    }
}
