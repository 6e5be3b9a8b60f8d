//! vmauth: its users, with what they reach.

use super::draft::{AtOnce, Imported, Rule, Values};
use super::hashes::Stored;
use super::rights::{self, To};
use super::upstream::{self, Upstream};
use super::{Failed, Options, is_listed};
use crate::token;
use promward::api::Profile;
use promward::limits::MOST_AT_ONCE;
use promward::target::method::Method;
use regex::Regex;
use serde::Deserialize;
use serde_norway::{Mapping, Value};
use std::collections::BTreeMap;

#[derive(Debug, Deserialize)]
struct Config {
    #[serde(default)]
    users: Vec<User>,
    unauthorized_user: Option<User>,
    /// Everything else, which may narrow what all users reach.
    #[serde(flatten)]
    others: Mapping,
}

#[derive(Debug, Default, Deserialize)]
struct User {
    name: Option<String>,
    username: Option<String>,
    password: Option<String>,
    bearer_token: Option<String>,
    url_prefix: Option<Urls>,
    #[serde(default)]
    url_map: Vec<Map>,
    max_concurrent_requests: Option<u32>,
    max_queue_duration: Option<String>,
    /// Everything else, which may narrow what the user reaches.
    #[serde(flatten)]
    others: Mapping,
}

#[derive(Debug, Deserialize)]
struct Map {
    #[serde(default)]
    src_paths: Vec<String>,
    url_prefix: Option<Urls>,
    #[serde(flatten)]
    others: Mapping,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Urls {
    One(String),
    Several(Vec<String>),
}

/// Fields that change nothing about who reaches what.
const WITHOUT_RIGHTS: [&str; 7] = [
    "load_balancing_policy",
    "retry_status_codes",
    "discover_backend_ips",
    "metric_labels",
    "response_headers",
    "tls_insecure_skip_verify",
    "dump_request_on_errors",
];

/// A part of what a user reaches: the server with what it adds to requests, and the paths, or all others.
struct Part {
    server: Upstream,
    only: BTreeMap<String, Values>,
    paths: Vec<Regex>,
}

impl Part {
    fn covers(&self, path: &str) -> bool {
        self.paths.iter().any(|pattern| pattern.is_match(path))
    }
}

pub(super) fn import(text: &str, options: &Options) -> Result<Imported, Failed> {
    let config: Config = serde_norway::from_str(text)
        .map_err(|error| Failed::Nothing(format!("this is no -auth.config of vmauth: {error}")))?;
    if config.users.is_empty() && config.unauthorized_user.is_none() {
        return Err(Failed::Nothing("it has neither users nor an unauthorized_user".to_owned()));
    }
    narrows(&config.others)?;
    let mut import = Import { imported: Imported::default(), mounted: None, options };
    for (number, user) in config.users.iter().enumerate() {
        let what = match user.name.as_ref().or(user.username.as_ref()) {
            Some(name) => format!("user {name}"),
            None => format!("users[{number}]"),
        };
        if let Err(why) = import.user(&what, number, user) {
            import.imported.leave_out(what, why);
        }
    }
    if let Some(user) = &config.unauthorized_user {
        match import.rule("unauthorized_user", "anonymous", user) {
            Ok(rule) => import.imported.draft.access.push(rule),
            Err(why) => import.imported.leave_out("unauthorized_user", why),
        }
    }
    Ok(import.imported)
}

struct Import<'a> {
    imported: Imported,
    /// The server at the one mount, with its API.
    mounted: Option<(Upstream, &'static Profile)>,
    options: &'a Options<'a>,
}

impl Import<'_> {
    fn user(&mut self, what: &str, number: usize, user: &User) -> Result<(), String> {
        let texts = [&user.username, &user.password, &user.bearer_token];
        if texts.into_iter().flatten().any(|text| text.contains("%{")) {
            return Err(
                "its credentials stand in the environment: write them into the file, and import it again"
                    .to_owned(),
            );
        }
        match (&user.username, &user.bearer_token) {
            (Some(name), None) => {
                if self.imported.draft.callers.users.contains_key(name) {
                    return Err(format!(
                        "there is another user {name}, with another password: rename one of the two"
                    ));
                }
                let rule = self.rule(what, &format!("user:{name}"), user)?;
                let password = user.password.as_deref().unwrap_or_default();
                if self.imported.user(name, Stored::Plain(password)) {
                    self.imported.draft.access.push(rule);
                }
            }
            (None, Some(token)) => {
                let name = user.name.clone().unwrap_or_else(|| format!("token-{number}"));
                if self.imported.draft.callers.tokens.contains_key(&name) {
                    return Err(format!(
                        "there is another token {name}, with other rights: give one of the two a \"name\" of its own"
                    ));
                }
                let rule = self.rule(what, &format!("token:{name}"), user)?;
                self.imported.draft.callers.tokens.insert(name, token::digest(token));
                self.imported.draft.access.push(rule);
            }
            _ => return Err("it has no username and no bearer_token that could be carried over".to_owned()),
        }
        Ok(())
    }

    /// Returns the parts of what a user reaches, in the order in which vmauth looks at them.
    fn parts(&mut self, what: &str, user: &User) -> Result<Vec<Part>, String> {
        narrows(&user.others)?;
        let mut parts = Vec::new();
        for map in &user.url_map {
            narrows(&map.others)?;
            let paths: Result<Vec<Regex>, _> =
                map.src_paths.iter().map(|path| Regex::new(&format!("^(?:{path})$"))).collect();
            let paths = paths.map_err(|error| format!("src_paths: {error}"))?;
            if paths.is_empty() {
                return Err("a url_map without src_paths chooses by something else than the path".to_owned());
            }
            parts.push(self.part(what, map.url_prefix.as_ref(), paths)?);
        }
        if user.url_prefix.is_some() {
            let everything = Regex::new("").map_err(|error| error.to_string())?;
            parts.push(self.part(what, user.url_prefix.as_ref(), vec![everything])?);
        }
        Ok(parts)
    }

    /// Returns a part. If it leads to a server that isn't mounted, that is noted.
    fn part(&mut self, what: &str, urls: Option<&Urls>, paths: Vec<Regex>) -> Result<Part, String> {
        let url = match urls {
            Some(Urls::One(url)) => url,
            Some(Urls::Several(urls)) => {
                let rest = |url: &String| {
                    url.split_once("://").and_then(|(_, rest)| {
                        rest.find(['/', '?']).and_then(|end| rest.get(end..)).map(str::to_owned)
                    })
                };
                if urls.iter().any(|url| urls.first().is_some_and(|first| rest(first) != rest(url))) {
                    return Err("the URLs of one url_prefix have different paths or labels".to_owned());
                }
                urls.first().ok_or("url_prefix is empty")?
            }
            None => return Err("url_prefix is missing".to_owned()),
        };
        if let Some(Urls::Several(urls)) = urls
            && urls.len() > 1
        {
            self.imported.remind(format!(
                "{} and {} more are one cluster in Envoy's file",
                urls[0],
                urls.len() - 1
            ));
        }
        let server = Upstream::parse(url)?;
        let only = only(&server.query)?;
        let (mounted, _) = match &self.mounted {
            Some(mounted) => mounted,
            None => {
                let prefix = self.options.prefix("/");
                let without_query = Upstream { query: String::new(), ..server.clone() };
                let api = upstream::mount(&mut self.imported, prefix, &without_query, self.options.api)?;
                self.mounted.insert((server.clone(), api))
            }
        };
        if (&mounted.authority, &mounted.path) != (&server.authority, &server.path) {
            let why = "this is another server, or another path of it: write a mount for it, with a prefix of its own";
            self.imported.leave_out(format!("{url} for {what}"), why);
        }
        Ok(Part { server, only, paths })
    }

    /// Returns the rule of a user, who is called `who` in it.
    fn rule(&mut self, what: &str, who: &str, user: &User) -> Result<Rule, String> {
        let parts = self.parts(what, user)?;
        let Some((mounted, api)) = &self.mounted else { return Err("it leads to no server".to_owned()) };
        let (mounted, api) = (mounted.clone(), *api);
        let is_here =
            |part: &Part| (&part.server.authority, &part.server.path) == (&mounted.authority, &mounted.path);
        let only_of = |path: &str, _: Method| {
            parts.iter().find(|part| part.covers(path)).filter(|part| is_here(part)).map(|part| &part.only)
        };
        // A rule holds a caller to the same values in all that it gives.
        let mut onlys: Vec<_> = parts.iter().filter(|part| is_here(part)).map(|part| &part.only).collect();
        onlys.dedup();
        let [only] = onlys.as_slice() else {
            return Err("its paths lead to the server with different labels, or to none that is mounted: write the rules by hand".to_owned());
        };
        let to = if only.is_empty() { To::All } else { To::Restricted };
        let patterns = user.url_map.iter().flat_map(|map| &map.src_paths);
        let named = rights::named(patterns.map(String::as_str));
        let said = rights::by_class(api, to, &named, only_of);
        self.imported.leave_out_parts(&said, &format!(" for {what}"));
        let given = rights::given(&said, |said| *said == Some(*only));
        if given.is_empty() {
            return Err("no class of requests is covered by its src_paths as a whole".to_owned());
        }
        let (only, may) = ((*only).clone(), rights::words(given, api));
        let limits = self.at_once(what, user);
        Ok(Rule { who: vec![who.to_owned()], may, only, limits, ..Rule::default() })
    }

    /// Returns the number of requests that a user may have open at once, with vmauth's own time of waiting.
    fn at_once(&mut self, what: &str, user: &User) -> Option<AtOnce> {
        const BY_DEFAULT: &str = "10s";
        let concurrent = user.max_concurrent_requests.filter(|most| *most > 0)?;
        if concurrent > MOST_AT_ONCE {
            let what = format!("max_concurrent_requests for {what}");
            self.imported.leave_out(what, format!("it is more than {MOST_AT_ONCE}, which is the most here"));
            return None;
        }
        let wait = user.max_queue_duration.clone().unwrap_or_else(|| BY_DEFAULT.to_owned());
        Some(AtOnce { concurrent, wait })
    }
}

/// Checks that no field narrows what somebody reaches in a way that can't be carried over.
fn narrows(others: &Mapping) -> Result<(), String> {
    let mut names = others.keys().filter_map(Value::as_str);
    match names.find(|name| !is_listed(&WITHOUT_RIGHTS, name)) {
        Some(name) => Err(format!(
            "{name} says more about who reaches what, and can't be carried over: write its rules by hand"
        )),
        None => Ok(()),
    }
}

/// Returns the labels that a query string of a `url_prefix` holds every query to.
fn only(query: &str) -> Result<BTreeMap<String, Values>, String> {
    let mut only = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name != "extra_label" {
            return Err(format!(
                "the parameter {name} in url_prefix can't be carried over: write \"only\" by hand"
            ));
        }
        let (label, value) = value.split_once('=').ok_or("extra_label isn't label=value")?;
        if only.insert(label.to_owned(), Values::Listed(vec![value.to_owned()])).is_some() {
            return Err(format!("extra_label names {label} twice"));
        }
    }
    Ok(only)
}
