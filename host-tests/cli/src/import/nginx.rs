//! nginx with `auth_basic`: the locations of its servers become mounts, and whom they let in becomes rules.

mod directives;
mod location;
mod settings;

use super::draft::{Imported, Rule};
use super::htpasswd;
use super::rights::{self, Said, To};
use super::upstream::{self, Upstream};
use super::{Failed, Options};
use directives::Directive;
use location::{Location, Matcher, Place, is_below};
use promward::api::class::Class;
use promward::api::{self, Profile};
use settings::{Callers, Settings, Verdict};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The name of the API whose requests aren't read.
const OPAQUE: &str = "opaque";

pub(super) fn import(text: &str, directory: &Path, options: &Options) -> Result<Imported, Failed> {
    let directives = directives::parse(text, directory)
        .map_err(|error| Failed::Nothing(format!("this is no configuration of nginx: {error}")))?;
    let mut imported = Imported::default();
    let mut locations = Vec::new();
    let mut servers = 0;
    // Without the block around it, the file is a part of another one, and begins inside of that block.
    let is_part = directives.iter().all(|directive| directive.name != "http");
    let around = Settings::default();
    let around = if is_part { around.within(&directives) } else { around };
    collect(&directives, &around, None, &mut servers, &mut locations, &mut imported);
    if locations.is_empty() {
        return Err(Failed::Nothing("no location with a proxy_pass is in it".to_owned()));
    }
    let proxies = locations.iter().filter(|location| location.settings.proxy_pass.is_some());
    if proxies.map(|location| location.place.server).collect::<BTreeSet<_>>().len() > 1 {
        imported.remind(
            "the file has several servers, and promward doesn't ask for which one a request is: import each from a file of its \
             own if they differ",
        );
    }
    let mut files = Files { directory, read: BTreeMap::new() };
    for (prefix, location) in mounts(&locations, &mut imported) {
        let url = location.settings.proxy_pass.as_deref().unwrap_or_default();
        match mount(&prefix, location, &directives, options, &mut imported) {
            Ok(api) => rules(&prefix, location, api, &locations, &mut files, &mut imported),
            Err(why) => imported.leave_out(format!("location {prefix} ({url})"), why),
        }
    }
    Ok(imported)
}

/// Collects the locations of all servers. `within` is the number of the location around the block, and `servers` the
/// number of servers so far.
fn collect(
    block: &[Directive],
    around: &Settings,
    within: Option<usize>,
    servers: &mut usize,
    locations: &mut Vec<Location>,
    imported: &mut Imported,
) {
    for directive in block {
        let inner = &directive.block;
        match directive.name.as_str() {
            "http" => collect(inner, &around.within(inner), None, servers, locations, imported),
            "server" => {
                *servers += 1;
                collect(inner, &around.within(inner), None, servers, locations, imported);
            }
            "location" => {
                let location = Location::new(directive, around, Place { server: *servers, within });
                let settings = location.settings.clone();
                let number = locations.len();
                locations.push(location);
                collect(inner, &settings, Some(number), servers, locations, imported);
            }
            "ssl_certificate" => imported.remind(format!(
                "Envoy ends TLS: give it {} and its key (cargo promward render --certificates DIRECTORY)",
                directive.argument(0)
            )),
            _ => {}
        }
    }
}

/// Returns the locations that become mounts: those with a server whose prefix no other such location begins.
fn mounts<'a>(locations: &'a [Location], imported: &mut Imported) -> Vec<(String, &'a Location)> {
    let mut mounts: Vec<(String, &Location)> = Vec::new();
    for location in locations.iter().filter(|location| location.settings.proxy_pass.is_some()) {
        let Some(path) = location.prefix() else {
            if let Matcher::Regex { .. } = location.matcher {
                imported.leave_out(
                    "a location with a regular expression and a proxy_pass of its own",
                    "a mount is a prefix: write one by hand if the server is another",
                );
            }
            continue;
        };
        let prefix = path.trim_end_matches('/');
        let prefix = if prefix.is_empty() { "/" } else { prefix };
        match mounts.iter().any(|(other, _)| other == prefix) {
            true => imported.leave_out(
                format!("location {path} of another server"),
                "there is one of the same path before it, and a mount is one for all servers",
            ),
            false => mounts.push((prefix.to_owned(), location)),
        }
    }
    let outer = mounts.clone();
    // A location within another, of the same server, is an exception to it and no mount of its own.
    mounts.retain(|(prefix, location)| {
        !outer.iter().any(|(other, around)| {
            other != prefix && is_below(prefix, other) && location.is_of_server(around)
        })
    });
    mounts
}

/// Adds the mount of a location, and returns its API.
fn mount(
    prefix: &str,
    location: &Location,
    directives: &[Directive],
    options: &Options,
    imported: &mut Imported,
) -> Result<&'static Profile, String> {
    let url = location.settings.proxy_pass.as_deref().unwrap_or_default();
    if url.contains('$') {
        return Err("the server depends on a variable".to_owned());
    }
    if let Some((from, to)) = location.glued() {
        return Err(format!(
            "nginx puts {to} in the place of {from}, so that {from}api goes to {to}api, and a mount's path ends with a \
             segment: end both with a slash, or neither, if that is meant"
        ));
    }
    let server = Upstream::parse(url)?;
    let path = match location::path_of(url) {
        Some(_) => server.path.clone(),
        None => prefix.trim_end_matches('/').to_owned(),
    };
    let authority = named_upstream(directives, &server.authority).unwrap_or(server.authority.clone());
    let server = Upstream { authority, path, ..server };
    let api = options.api.or_else(|| server.api()).or_else(|| api::named(OPAQUE));
    let profile = upstream::mount(imported, prefix, &server, api)?;
    if profile.name == OPAQUE {
        imported.remind(format!(
            "{prefix} is taken for a web application, whose requests aren't read (\"api\": \"{OPAQUE}\")"
        ));
    }
    for header in &location.settings.headers {
        imported.leave_out(
            format!("header {header} at {prefix}"),
            "promward sets it not: let Envoy's route add it, or see \"headers\"",
        );
    }
    for rate in &location.settings.rates {
        imported.leave_out(
            format!("{rate} at {prefix}"),
            "write \"limits\": { \"rate\": … } into a rule: it counts each caller's requests",
        );
    }
    Ok(profile)
}

/// Returns the first server of an `upstream` block with this name.
fn named_upstream(directives: &[Directive], name: &str) -> Option<String> {
    directives.iter().find_map(|directive| match directive.name.as_str() {
        "http" => named_upstream(&directive.block, name),
        "upstream" if directive.argument(0) == name => {
            let server = directive.block.iter().find(|inner| inner.name == "server")?;
            Some(server.argument(0).to_owned())
        }
        _ => None,
    })
}

/// Adds the rules of a mount: for each kind of caller the classes that nginx lets it have as a whole.
fn rules(
    prefix: &str,
    mount: &Location,
    api: &'static Profile,
    locations: &[Location],
    files: &mut Files<'_>,
    imported: &mut Imported,
) {
    let root = prefix.trim_end_matches('/');
    let named = rights::named(locations.iter().map(Location::text));
    let mut said = rights::by_class(api, To::All, &named, |path, method| {
        location::verdict(locations, mount, &format!("{root}{path}"), method)
    });
    if locations.iter().any(|location| location.divides(prefix)) {
        said.retain(|(class, _)| *class != Class::Unknown);
        let why = "it has every path that promward doesn't know, and the original has locations among these";
        imported.leave_out(format!("class unknown at {prefix}"), why);
    }
    imported.leave_out_parts(&said, &format!(" at {prefix}"));
    let mut verdicts: Vec<&Verdict> = Vec::new();
    for (_, said) in &said {
        if let Said::Alike(verdict) = said
            && !verdicts.contains(&verdict)
        {
            verdicts.push(verdict);
        }
    }
    for verdict in verdicts {
        let given = rights::given(&said, |other| other == verdict);
        let callers = match verdict {
            Verdict::Closed => continue,
            Verdict::Unknown(directive) => {
                let classes = rights::words(given, api).join(" ");
                let why = format!(
                    "{directive} may narrow who gets in, and isn't read here: write the rule by hand"
                );
                imported.leave_out(format!("{classes} at {prefix}"), why);
                continue;
            }
            Verdict::Open(callers) => callers,
        };
        let who = match callers {
            Callers::Anyone => vec!["anyone".to_owned()],
            Callers::Users(file) => match files.users(file, imported) {
                Ok(names) if names.is_empty() => continue,
                Ok(names) => names.into_iter().map(|name| format!("user:{name}")).collect(),
                Err(why) => {
                    imported.leave_out(format!("the users of {file} at {prefix}"), why);
                    continue;
                }
            },
        };
        let may = rights::words(given, api);
        imported.draft.access.push(Rule { who, may, at: vec![prefix.to_owned()], ..Rule::default() });
    }
}

/// The password files, each read once.
struct Files<'a> {
    directory: &'a Path,
    read: BTreeMap<String, BTreeSet<String>>,
}

impl Files<'_> {
    /// Returns the users of a password file, which it adds to the callers.
    fn users(&mut self, file: &str, imported: &mut Imported) -> Result<BTreeSet<String>, String> {
        if let Some(users) = self.read.get(file) {
            return Ok(users.clone());
        }
        let text = fs::read_to_string(self.directory.join(file))
            .map_err(|error| format!("it can't be read ({error}): copy it beside the configuration"))?;
        let users = htpasswd::users(&text, imported);
        self.read.insert(file.to_owned(), users.clone());
        Ok(users)
    }
}
