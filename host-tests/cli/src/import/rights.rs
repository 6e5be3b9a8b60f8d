//! Turns rights that are written as paths into rights by class.
//!
//! A class is given where the original gives every request of it, so that the configuration opens nothing more. Requests
//! whose answers hold only what the caller sent, or what other requests of the same class show, don't count.

use promward::api::Profile;
use promward::api::class::{Class, Classes};
use promward::api::endpoint::{Endpoint, ToRestricted};
use promward::target::method::{Method, Methods};
use std::collections::BTreeSet;
use std::fmt;

/// The methods that original programs tell apart. `HEAD` goes with `GET`.
const METHODS: [Method; 5] = [Method::Get, Method::Post, Method::Put, Method::Delete, Method::Patch];

/// The paths that stand for those that no row of a table lists.
const UNLISTED: [&str; 3] = ["/Zq9x", "/api/v1/Zq9x/y", "/static/Zq9x.js"];

/// The words that stand for a segment that may be anything: an author who lists values doesn't list all of these.
const ANY_SEGMENT: [&str; 3] = ["job", "__name__", "Zq9x"];

/// The ends that stand for everything that begins in one way.
const ANY_END: [&str; 3] = ["", "Zq9x", "a/Zq9x.js"];

/// The callers that rights are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum To {
    /// Callers who see everything.
    All,
    /// Callers of a rule with `only`. They are refused what can't be restricted, whatever class it has.
    Restricted,
}

/// The original's word about a class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said<V> {
    /// It says the same of every request of the class.
    Alike(V),
    /// It says different things of two requests of the class, which are named.
    Differently(String, String),
}

/// Returns the words and the ends of paths that patterns of an original name, which may treat them as exceptions.
pub(super) fn named<'a>(patterns: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_./:".contains(character);
    let mut named = BTreeSet::new();
    let texts = patterns.into_iter().map(|pattern| pattern.replace("\\.", "."));
    let pieces =
        texts.flat_map(|text| text.split(|next| !is_plain(next)).map(str::to_owned).collect::<Vec<_>>());
    for piece in pieces {
        let segments: Vec<&str> = piece.split('/').filter(|segment| !segment.is_empty()).collect();
        named.extend(segments.iter().map(|segment| (*segment).to_owned()));
        named.extend((0..segments.len()).filter_map(|start| Some(segments.get(start..)?.join("/"))));
    }
    named
}

/// Returns what the original says about each class of an API, where `verdict` says it of a path below the mount and a
/// method. `named` is what its patterns name.
pub(super) fn by_class<V: PartialEq>(
    profile: &Profile,
    to: To,
    named: &BTreeSet<String>,
    verdict: impl Fn(&str, Method) -> V,
) -> Vec<(Class, Said<V>)> {
    let mut classes = Vec::new();
    for class in Class::all() {
        let requests = requests(profile, class, to, named);
        let Some((first, rest)) = requests.split_first() else { continue };
        let said = verdict(&first.path, first.method);
        let other = rest.iter().find(|other| verdict(&other.path, other.method) != said);
        let said = match other {
            Some(other) => Said::Differently(first.to_string(), other.to_string()),
            None => Said::Alike(said),
        };
        classes.push((class, said));
    }
    classes
}

/// Returns the words of `may` for a set of classes. All that an API has requests of are `everything`.
pub(super) fn words(given: Classes, profile: &Profile) -> Vec<&'static str> {
    let has = |class: &Class| !requests(profile, *class, To::All, &BTreeSet::new()).is_empty();
    let all = Class::all().filter(has).fold(Classes::default(), |all, class| all.with(Classes::of(&[class])));
    if given == all {
        return vec!["everything"];
    }
    let read = Classes::named("read").unwrap_or_default().both(all);
    let (mut words, rest) = match given.both(read) == read {
        true => (vec!["read"], given.without(read)),
        false => (Vec::new(), given),
    };
    words.extend(Class::all().filter(|&class| rest.contains(class)).map(Class::name));
    words
}

/// Returns the classes of which the original says throughout what is wanted.
pub(super) fn given<V>(said: &[(Class, Said<V>)], is_wanted: impl Fn(&V) -> bool) -> Classes {
    let wanted = said.iter().filter(|(_, said)| matches!(said, Said::Alike(said) if is_wanted(said)));
    wanted.fold(Classes::default(), |all, (class, _)| all.with(Classes::of(&[*class])))
}

/// A request that stands for others of its class.
struct Sample {
    method: Method,
    path: String,
}

impl fmt::Display for Sample {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", Methods::of(&[self.method]), self.path)
    }
}

/// Returns requests that stand for all of a class.
fn requests(profile: &Profile, class: Class, to: To, named: &BTreeSet<String>) -> Vec<Sample> {
    let mut requests = Vec::new();
    if !profile.classes.contains(class) {
        return requests;
    }
    if class == Class::Unknown && to == To::All {
        requests.extend(UNLISTED.iter().flat_map(|path| samples(path, |_| true)));
    }
    for section in profile.sections {
        for row in
            section.rows.iter().filter(|row| row.class == class && !adds_nothing(row) && is_reached(row, to))
        {
            let paths = paths(&format!("{}{}", section.below, row.path), named);
            requests
                .extend(paths.iter().flat_map(|path| samples(path, |method| row.methods.contains(method))));
        }
    }
    requests
}

fn samples(path: &str, takes: impl Fn(Method) -> bool) -> Vec<Sample> {
    let methods = METHODS.into_iter().filter(|&method| takes(method));
    methods.map(|method| Sample { method, path: path.to_owned() }).collect()
}

/// Returns `true` for an endpoint whose answers hold nothing that its class doesn't show anyway: they are made of the
/// request's own text, search the names that other endpoints of the class list, or are pages of its data.
fn adds_nothing(row: &Endpoint) -> bool {
    let is_page = row.class == Class::Rules && !row.path.starts_with("/api/") && !row.path.ends_with('*');
    is_page
        || matches!(row.treatment.to_restricted, ToRestricted::Read(_))
        || row.path.starts_with("/api/v1/search/")
}

fn is_reached(row: &Endpoint, to: To) -> bool {
    to == To::All || row.treatment.to_restricted != ToRestricted::Refuse
}

/// Returns paths that stand for all that a row of a table covers.
fn paths(row: &str, named: &BTreeSet<String>) -> Vec<String> {
    let words = || named.iter().filter(|name| !name.contains('/')).cloned();
    let mut paths = vec![String::new()];
    for segment in row.split('/').skip(1) {
        let choices: Vec<String> = match segment.strip_suffix('*') {
            Some(begin) => {
                let ends = ANY_END.map(str::to_owned).into_iter().chain(named.iter().cloned());
                ends.map(|end| format!("{begin}{end}")).collect()
            }
            None if segment.starts_with(':') => {
                ANY_SEGMENT.map(str::to_owned).into_iter().chain(words()).collect()
            }
            None => vec![segment.to_owned()],
        };
        paths = paths
            .iter()
            .flat_map(|path| choices.iter().map(move |choice| format!("{path}/{choice}")))
            .collect();
    }
    paths
}
