//! oauth2-proxy: its configuration file (TOML), or its flags. People log in by the same provider, in Envoy.

use super::draft::{Imported, Issuer, Rule};
use super::flags::Flags;
use super::rights::{self, To};
use super::upstream::{self, Upstream};
use super::{Failed, Options, is_listed};
use promward::target::method::Method;
use regex::Regex;
use toml::{Table, Value};

/// The name of the provider in the configuration.
const ISSUER: &str = "provider";

/// Settings that let in no fewer people than all whom the provider knows, or that are carried over; a star stands for any
/// end.
const WITHOUT_RIGHTS: [&str; 80] = [
    "acr_values",
    "allow_query_semicolons",
    "allowed_group",
    "allowed_groups",
    "api_route",
    "api_routes",
    "approval_prompt",
    "auth_logging*",
    "backend_logout_url",
    "banner",
    "basic_auth_password",
    "client_*",
    "code_challenge_method",
    "cookie_*",
    "custom_*",
    "disable_keep_alives",
    "display_htpasswd_form",
    "email_domain",
    "email_domains",
    "encode_state",
    "errors_to_info_log",
    "exclude_logging_path*",
    "extra_jwt_issuer*",
    "flush_interval",
    "footer",
    "force_code_challenge_method",
    "force_https",
    "force_json_errors",
    "gcp_healthchecks",
    "http_address",
    "htpasswd_*",
    "https_address",
    "insecure_*",
    "jwt_key*",
    "logging_*",
    "login_url",
    "metrics_*",
    "oidc_*",
    "pass_*",
    "ping_*",
    "prefer_email_to_user",
    "profile_url",
    "prompt",
    "provider",
    "provider_ca_file",
    "provider_ca_files",
    "provider_display_name",
    "proxy_prefix",
    "proxy_websockets",
    "pubjwk_url",
    "ready_path",
    "real_client_ip_header",
    "redeem_url",
    "redirect_url",
    "redis_*",
    "relative_redirect_url",
    "request_id_header",
    "request_logging*",
    "resource",
    "reverse_proxy",
    "scope",
    "session_*",
    "set_*",
    "show_debug_on_error",
    "signature_key",
    "silence_ping_logging",
    "skip_*",
    "ssl_*",
    "standard_logging*",
    "tls_*",
    "trusted_ip",
    "trusted_ips",
    "upstream",
    "upstreams",
    "upstream_timeout",
    "use_system_trust_store",
    "user_id_claim",
    "validate_url",
    "whitelist_domain",
    "whitelist_domains",
];

/// Settings from a file or from flags, whose names differ in dashes and in a plural.
enum Settings {
    File(Table),
    /// Flags, and the names of what the environment sets.
    Flags(Flags, Vec<String>),
}

impl Settings {
    fn find(text: &str) -> Result<Self, Failed> {
        if let Ok(flags) = Flags::find(text, "oauth2-proxy").or_else(|_| Flags::find(text, "oauth2_proxy")) {
            return Ok(Self::Flags(flags, in_environment(text)));
        }
        let table: Table = text.parse().map_err(|error| {
            Failed::Nothing(format!(
                "this is neither a configuration of oauth2-proxy (TOML) nor its command line: {error}"
            ))
        })?;
        Ok(Self::File(table))
    }

    /// Returns the values of a setting, by its name in the file.
    fn all(&self, name: &str) -> Vec<String> {
        match self {
            Self::File(table) => match table.get(name) {
                Some(Value::Array(items)) => {
                    items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
                }
                Some(Value::String(text)) => vec![text.clone()],
                Some(other) => vec![other.to_string()],
                None => Vec::new(),
            },
            Self::Flags(flags, _) => {
                let flag = name.replace('_', "-");
                let singular = flag.strip_suffix('s').unwrap_or(&flag).to_owned();
                let values = flags.all(&flag).chain(flags.all(&singular).filter(|_| singular != flag));
                values.flat_map(|list| list.split(',')).map(str::to_owned).collect()
            }
        }
    }

    /// Returns the names of all settings, as the file has them.
    fn names(&self) -> Vec<String> {
        match self {
            Self::File(table) => table.keys().cloned().collect(),
            Self::Flags(flags, others) => {
                let flags = flags.beside(&[]).map(|(name, _)| name.replace('-', "_"));
                flags.chain(others.iter().cloned()).collect()
            }
        }
    }

    fn get(&self, name: &str) -> Option<String> {
        self.all(name).pop().filter(|value| !value.is_empty())
    }
}

/// Returns the names of settings that a manifest gives by the environment, which isn't read here, but for secrets.
fn in_environment(text: &str) -> Vec<String> {
    let named = text.split("OAUTH2_PROXY_").skip(1).map(|rest| {
        let end = rest.find(|next: char| !next.is_ascii_alphanumeric() && next != '_').unwrap_or(rest.len());
        format!("OAUTH2_PROXY_{}", rest.get(..end).unwrap_or_default())
    });
    let secrets = ["CLIENT_", "COOKIE_", "REDIS_"].map(|begin| format!("OAUTH2_PROXY_{begin}"));
    let is_secret = |name: &String| secrets.iter().any(|begin| name.starts_with(begin.as_str()));
    let hidden = text.contains("envFrom").then(|| "envFrom".to_owned());
    named.filter(|name| !is_secret(name)).chain(hidden).collect()
}

pub(super) fn import(text: &str, options: &Options) -> Result<Imported, Failed> {
    let settings = Settings::find(text)?;
    let mut imported = Imported::default();
    let servers = settings.all("upstreams");
    let server = servers.first().ok_or_else(|| Failed::Nothing("it names no upstream".to_owned()))?;
    let server = Upstream::parse(server)?;
    // The path of the upstream is that of the requests that get to it.
    let root = server.path.as_str();
    let prefix = options.prefix(if root.is_empty() { "/" } else { root });
    let api = upstream::mount(&mut imported, prefix, &server, options.api)?;
    for other in servers.iter().skip(1) {
        imported.leave_out(format!("upstream {other}"), "write a mount for it, with a prefix of its own");
    }

    let open = skipped(&settings, &mut imported);
    let is_open = |path: &str, method: Method| {
        let path = format!("{root}{path}");
        open.iter().any(|route| route.matches(&path, method))
    };
    let named = rights::named(open.iter().map(|route| route.path.as_str()));
    let said = rights::by_class(api, To::All, &named, is_open);
    imported.leave_out_parts(&said, " without a login");
    let given = rights::given(&said, |open| *open);
    if !given.is_empty() {
        let who = vec!["anyone".to_owned()];
        imported.draft.access.push(Rule { who, may: rights::words(given, api), ..Rule::default() });
    }
    match people(&settings) {
        Ok(who) => {
            let issuer = issuer(&settings, &mut imported)?;
            imported.draft.callers.jwt.insert(ISSUER, issuer);
            imported.draft.access.push(Rule { who, may: vec!["everything"], ..Rule::default() });
        }
        Err((what, why)) => imported.leave_out(what, why),
    }
    Ok(imported)
}

/// Returns the callers for the people whom the original lets in, or the setting that can't be said, and why.
fn people(settings: &Settings) -> Result<Vec<String>, (String, String)> {
    if let Some(name) = settings.names().into_iter().find(|name| !is_listed(&WITHOUT_RIGHTS, name)) {
        let why = "it may let in some of the people whom the provider knows: give them a group there, and name it in a rule, { \
                   \"who\": [\"group:provider/NAME\"], \"may\": [\"everything\"] }";
        return Err((format!("{name}, and with it all who log in"), why.to_owned()));
    }
    let domains = settings.all("email_domains");
    let groups = settings.all("allowed_groups");
    if !domains.iter().any(|domain| domain == "*") {
        let why = "people are let in by the domain of their address, which no rule can name: give them a group at the provider";
        return Err(("email_domains, and with it all who log in".to_owned(), why.to_owned()));
    }
    Ok(match groups.is_empty() {
        true => vec!["authenticated".to_owned()],
        false => groups.iter().map(|group| format!("group:{ISSUER}/{group}")).collect(),
    })
}

/// Returns the provider as an issuer of tokens, with notes about Envoy's part.
fn issuer(settings: &Settings, imported: &mut Imported) -> Result<Issuer, Failed> {
    let url = settings.get("oidc_issuer_url");
    let client = settings.get("client_id");
    let (Some(issuer), Some(audience)) = (url, client) else {
        imported.leave_out(
            "all who log in",
            "it has no oidc_issuer_url or no client_id, which tokens are compared with",
        );
        return Err(Failed::Left(std::mem::take(&mut imported.notes), "tokens can't be compared".to_owned()));
    };
    imported.remind(format!(
        "Envoy leads people to the provider (its filter oauth2) and verifies the token (cargo promward render --jwt) of \
         {issuer}, before promward; the client's secret belongs there"
    ));
    let claim = |name: &str, default: &str| vec![settings.get(name).unwrap_or_else(|| default.to_owned())];
    Ok(Issuer {
        payload: "jwt",
        issuer,
        audience,
        name: claim("oidc_email_claim", "email"),
        groups: claim("oidc_groups_claim", "groups"),
    })
}

/// A route that needs no login.
struct Route {
    method: Option<Method>,
    path: Regex,
}

impl Route {
    fn matches(&self, path: &str, method: Method) -> bool {
        self.method.is_none_or(|only| only == method) && self.path.is_match(path)
    }
}

/// Returns the routes that need no login: `METHOD=REGEX`, or a regular expression for all methods.
fn skipped(settings: &Settings, imported: &mut Imported) -> Vec<Route> {
    let mut routes = Vec::new();
    for route in ["skip_auth_routes", "skip_auth_regex"].into_iter().flat_map(|name| settings.all(name)) {
        let (name, path) = match route.split_once('=') {
            Some((name, path)) if name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'!') => {
                (name, path)
            }
            _ => ("", route.as_str()),
        };
        let method = Method::parse(name.as_bytes());
        match Regex::new(path) {
            Ok(path) if name.is_empty() || method.is_some() => routes.push(Route { method, path }),
            Ok(_) => {
                imported.leave_out(format!("route {route}"), format!("{name} is no method that is read here"))
            }
            Err(_) => {
                imported.leave_out(format!("route {route}"), "this regular expression can't be read here")
            }
        }
    }
    routes
}
