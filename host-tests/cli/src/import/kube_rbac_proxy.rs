//! kube-rbac-proxy: its flags, and its configuration with static rights. What it asks Kubernetes about can't be known here.

use super::draft::{Imported, Issuer, Rule};
use super::flags::{Flags, documents};
use super::rights::{self, To};
use super::upstream::{self, Upstream};
use super::{Failed, Options};
use promward::api::Profile;
use promward::target::method::Method;
use serde::Deserialize;
use serde_norway::Value;
use std::collections::BTreeSet;

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Authorization {
    resource_attributes: Option<Value>,
    #[serde(default)]
    r#static: Vec<Static>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Static {
    #[serde(default)]
    user: User,
    #[serde(default)]
    verb: String,
    #[serde(default)]
    path: String,
    #[serde(default)]
    resource_request: bool,
    namespace: Option<String>,
    #[serde(rename = "apiGroup")]
    api_group: Option<String>,
    resource: Option<String>,
    subresource: Option<String>,
    name: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct User {
    #[serde(default)]
    name: String,
    #[serde(default)]
    groups: Vec<String>,
}

/// The name of the issuer of Kubernetes' tokens in the configuration.
const ISSUER: &str = "kubernetes";

pub(super) fn import(text: &str, options: &Options) -> Result<Imported, Failed> {
    let flags = Flags::find(text, "kube-rbac-proxy").unwrap_or_default();
    let authorization = documents(text).iter().find_map(authorization).transpose()?;
    if flags == Flags::default() && authorization.is_none() {
        let message = "neither flags of kube-rbac-proxy nor \"authorization:\" is in it: give its configuration, its command \
                       line, or a manifest of Kubernetes that has one of them";
        return Err(Failed::Nothing(message.to_owned()));
    }
    let authorization = authorization.unwrap_or_default();
    let mut imported = Imported::default();
    let server = flags.get("upstream").unwrap_or("http://127.0.0.1:9090");
    let server = Upstream::parse(server)?;
    let api = upstream::mount(&mut imported, options.prefix("/"), &server, options.api)?;

    let list =
        |name| flags.all(name).flat_map(|list| list.split(',')).map(glob).collect::<Result<Vec<_>, _>>();
    let ignored = list("ignore-paths")?;
    let allowed = list("allow-paths")?;
    let is_allowed = |path: &str| allowed.is_empty() || allowed.iter().any(|glob| glob.matches(path));
    let is_ignored = |path: &str, _: Method| ignored.iter().any(|glob| glob.matches(path));
    give(&mut imported, api, vec!["anyone".to_owned()], is_ignored);

    let is_of_resources = authorization.resource_attributes.is_some();
    for (number, right) in authorization.r#static.iter().enumerate() {
        let what = format!("authorization.static[{number}]");
        match who(right, is_of_resources) {
            Ok(who) => {
                give(&mut imported, api, who, |path, method| is_allowed(path) && right.covers(path, method))
            }
            Err(why) => imported.leave_out(what, why),
        }
    }
    if authorization.r#static.is_empty() || is_of_resources {
        imported.leave_out(
            "SubjectAccessReviews",
            "Kubernetes is asked for each request, and promward doesn't ask it: write a rule for each ServiceAccount, { \
             \"who\": [\"jwt:kubernetes/system:serviceaccount:NAMESPACE:NAME\"], \"may\": [\"read\"] }",
        );
    }
    if imported.draft.access.iter().flat_map(|rule| &rule.who).any(|who| who.starts_with("jwt:")) {
        tokens(&flags, &mut imported);
    }
    Ok(imported)
}

/// Adds the issuer of ServiceAccounts' tokens.
fn tokens(flags: &Flags, imported: &mut Imported) {
    let audience = flags.all("auth-token-audiences").flat_map(|list| list.split(',')).next();
    imported.remind(
        "Envoy verifies the tokens of ServiceAccounts (cargo promward render --jwt, with the keys of the cluster in jwks.json): \
         compare \"issuer\" and \"audience\" with kubectl get --raw /.well-known/openid-configuration",
    );
    let issuer = Issuer {
        payload: "jwt",
        issuer: "https://kubernetes.default.svc.cluster.local".to_owned(),
        audience: audience.unwrap_or("https://kubernetes.default.svc.cluster.local").to_owned(),
        name: vec!["sub".to_owned()],
        groups: Vec::new(),
    };
    imported.draft.callers.jwt.insert(ISSUER, issuer);
}

/// Adds a rule for the classes of which every request is covered, and notes about the others of which one is.
fn give(
    imported: &mut Imported,
    api: &'static Profile,
    who: Vec<String>,
    covers: impl Fn(&str, Method) -> bool,
) {
    let said = rights::by_class(api, To::All, &BTreeSet::new(), covers);
    let given = rights::given(&said, |covered| *covered);
    imported.leave_out_parts(&said, &format!(" for {}", who.join(", ")));
    if !given.is_empty() {
        imported.draft.access.push(Rule { who, may: rights::words(given, api), ..Rule::default() });
    }
}

/// Returns the callers of a static right, or the reason why it isn't carried over.
fn who(right: &Static, is_of_resources: bool) -> Result<Vec<String>, String> {
    let of_resource = [&right.namespace, &right.api_group, &right.resource, &right.subresource, &right.name];
    if is_of_resources || right.resource_request || of_resource.iter().any(|field| field.is_some()) {
        return Err("it is about a resource of Kubernetes, and not about a path: write a rule for the classes that it stands for".to_owned());
    }
    if right.path.is_empty() {
        return Err("it names no path".to_owned());
    }
    if !right.user.groups.is_empty() {
        return Err("it is for a group, which tokens of ServiceAccounts don't name: write \"jwt:kubernetes/NAME\" for each member".to_owned());
    }
    match right.user.name.as_str() {
        "" => Err("it is for everybody whom Kubernetes knows: name them in \"who\"".to_owned()),
        name if name.starts_with("system:serviceaccount:") => Ok(vec![format!("jwt:{ISSUER}/{name}")]),
        name => Err(format!(
            "{name} is no ServiceAccount: if it has a certificate, name that in \"certificates\" of \"callers\""
        )),
    }
}

impl Static {
    fn covers(&self, path: &str, method: Method) -> bool {
        let verb = match method {
            Method::Get => "get",
            Method::Post => "create",
            Method::Put => "update",
            Method::Patch => "patch",
            Method::Delete => "delete",
            Method::Head | Method::Options => return false,
        };
        self.path == path && (self.verb.is_empty() || self.verb == verb)
    }
}

/// Finds `authorization` in a document, or in a text that it holds.
fn authorization(document: &Value) -> Option<Result<Authorization, String>> {
    if let Some(found) = document.get("authorization") {
        let read = Authorization::deserialize(found.clone());
        return Some(read.map_err(|error| format!("authorization: {error}")));
    }
    match document {
        Value::Mapping(fields) => fields.values().find_map(authorization),
        Value::Sequence(items) => items.iter().find_map(authorization),
        Value::String(text) if text.contains("authorization:") => {
            documents(text).iter().find_map(authorization)
        }
        _ => None,
    }
}

/// A pattern of paths: `*` and `?` stand for characters of one segment.
struct Glob(regex::Regex);

fn glob(pattern: &str) -> Result<Glob, String> {
    let mut text = String::from("^");
    let mut characters = pattern.trim().chars();
    while let Some(character) = characters.next() {
        match character {
            '*' => text.push_str("[^/]*"),
            '?' => text.push_str("[^/]"),
            '[' => return Err(format!("the path {pattern} has a set of characters, which isn't read here")),
            '\\' => text.push_str(&regex::escape(&characters.next().unwrap_or('\\').to_string())),
            other => text.push_str(&regex::escape(&other.to_string())),
        }
    }
    text.push('$');
    regex::Regex::new(&text).map(Glob).map_err(|error| format!("the path {pattern}: {error}"))
}

impl Glob {
    fn matches(&self, path: &str) -> bool {
        self.0.is_match(path)
    }
}
