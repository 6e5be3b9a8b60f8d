//! oauth2-proxy: its configuration file (TOML), or its flags. People log in by the same provider, in Envoy.

use super::draft::{Imported, Issuer, Rule};
use super::flags::Flags;
use super::rights::{self, To};
use super::upstream::{self, Upstream};
use super::{Failed, Options};
use promward::target::method::Method;
use regex::Regex;
use toml::{Table, Value};

/// The name of the provider in the configuration.
const ISSUER: &str = "provider";

/// Settings that let in fewer people than all whom the provider knows, and that no rule can say.
const NARROWING: [&str; 9] = [
    "authenticated_emails_file",
    "google_groups",
    "github_org",
    "github_team",
    "github_repo",
    "github_users",
    "gitlab_group",
    "gitlab_projects",
    "bitbucket_team",
];

/// Settings from a file or from flags, whose names differ in dashes and in a plural.
enum Settings {
    File(Table),
    Flags(Flags),
}

impl Settings {
    fn find(text: &str) -> Result<Self, Failed> {
        if let Ok(flags) = Flags::find(text, "oauth2-proxy").or_else(|_| Flags::find(text, "oauth2_proxy")) {
            return Ok(Self::Flags(flags));
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
            Self::Flags(flags) => {
                let flag = name.replace('_', "-");
                let singular = flag.strip_suffix('s').unwrap_or(&flag).to_owned();
                let values = flags.all(&flag).chain(flags.all(&singular).filter(|_| singular != flag));
                values.flat_map(|list| list.split(',')).map(str::to_owned).collect()
            }
        }
    }

    fn get(&self, name: &str) -> Option<String> {
        self.all(name).pop().filter(|value| !value.is_empty())
    }
}

pub(super) fn import(text: &str, options: &Options) -> Result<Imported, Failed> {
    let settings = Settings::find(text)?;
    let mut imported = Imported::default();
    let servers = settings.all("upstreams");
    let server = servers.first().ok_or_else(|| Failed::Nothing("it names no upstream".to_owned()))?;
    let server = Upstream::parse(server).map_err(Failed::Nothing)?;
    let api =
        upstream::mount(&mut imported, options.prefix("/"), &server, options.api).map_err(Failed::Nothing)?;
    for other in servers.iter().skip(1) {
        imported.leave_out(format!("upstream {other}"), "write a mount for it, with a prefix of its own");
    }

    let open = skipped(&settings, &mut imported);
    let is_open = |path: &str, method: Method| open.iter().any(|route| route.matches(path, method));
    let said = rights::by_class(api, To::All, is_open);
    for (class, part) in rights::in_part(&said) {
        imported.leave_out(format!("class {class} without a login"), part);
    }
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
    if imported.draft.access.is_empty() {
        return Err(Failed::Left(imported.notes, "no right could be carried over".to_owned()));
    }
    Ok(imported)
}

/// Returns the callers for the people whom the original lets in, or the setting that can't be said, and why.
fn people(settings: &Settings) -> Result<Vec<String>, (String, String)> {
    if let Some(name) = NARROWING.into_iter().find(|name| settings.get(name).is_some()) {
        let why = "it lets in some of the people whom the provider knows: give them a group there, and name it in a rule, { \
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
    imported.to_do(format!(
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
