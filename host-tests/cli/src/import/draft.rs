//! A configuration while it is put together from another program's, and the notes about what it can't say.

use super::Failed;
use super::hashes;
use super::rights::Said;
use promward::api::class::Class;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;

/// A configuration of promward, with the fields that other programs' configurations lead to.
#[derive(Debug, Default, Serialize)]
pub(super) struct Draft {
    pub(super) mounts: Vec<Mount>,
    #[serde(skip_serializing_if = "Callers::is_empty")]
    pub(super) callers: Callers,
    pub(super) access: Vec<Rule>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) headers: BTreeMap<&'static str, String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Mount {
    pub(super) prefix: String,
    #[serde(skip_serializing_if = "is_default_api")]
    pub(super) api: &'static str,
    #[serde(skip_serializing_if = "is_root")]
    pub(super) upstream_prefix: String,
    pub(super) cluster: String,
}

fn is_default_api(api: &str) -> bool {
    api == "prometheus"
}

fn is_root(path: &str) -> bool {
    path == "/"
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Callers {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) users: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) tokens: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) jwt: BTreeMap<&'static str, Issuer>,
}

impl Callers {
    fn is_empty(&self) -> bool {
        self.users.is_empty() && self.tokens.is_empty() && self.jwt.is_empty()
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Issuer {
    pub(super) payload: &'static str,
    pub(super) issuer: String,
    pub(super) audience: String,
    pub(super) name: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) groups: Vec<String>,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Rule {
    pub(super) who: Vec<String>,
    pub(super) may: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) at: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) only: BTreeMap<String, Values>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) limits: Option<AtOnce>,
}

/// The number of requests that a caller may have open at once, and the time for which others wait.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct AtOnce {
    pub(super) concurrent: u32,
    pub(super) wait: String,
}

/// The values that a label may have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub(super) enum Values {
    Listed(Vec<String>),
    Matching { regex: String },
}

/// A note for the person who imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Note {
    /// A part of the original that is not in the configuration, with the reason and what to do.
    LeftOut { what: String, why: String },
    /// Something that the configuration depends on, and that is said elsewhere.
    ToDo(String),
}

impl fmt::Display for Note {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeftOut { what, why } => write!(formatter, "left out: {what}: {why}"),
            Self::ToDo(text) => write!(formatter, "to do: {text}"),
        }
    }
}

/// A draft with the notes about it.
#[derive(Debug, Default)]
pub(super) struct Imported {
    pub(super) draft: Draft,
    pub(super) notes: Vec<Note>,
}

impl Imported {
    pub(super) fn leave_out(&mut self, what: impl Into<String>, why: impl Into<String>) {
        let note = Note::LeftOut { what: what.into(), why: why.into() };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    pub(super) fn remind(&mut self, text: impl Into<String>) {
        let note = Note::ToDo(text.into());
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Notes each class that the original gives in part, and so is left out. `of` says of what: a mount, a caller.
    pub(super) fn leave_out_parts<V>(&mut self, said: &[(Class, Said<V>)], of: &str) {
        for (class, said) in said {
            if let Said::Differently(one, other) = said {
                self.leave_out(
                    format!("class {class}{of}"),
                    format!(
                        "{one} and {other} are both of it, and the original treats them differently; add it to \"may\" if they may \
                         be treated alike"
                    ),
                );
            }
        }
    }

    /// Returns the draft, if it gives anybody anything.
    pub(super) fn with_rights(self) -> Result<Self, Failed> {
        match self.draft.access.is_empty() {
            true => Err(Failed::Left(self.notes, "no right could be carried over".to_owned())),
            false => Ok(self),
        }
    }

    /// Adds a user, whose hash or plain password stands in the original. Returns `false` if the user is left out.
    pub(super) fn user(&mut self, name: &str, stored: hashes::Stored<'_>) -> bool {
        match hashes::carried(name, stored) {
            Ok(hash) => {
                self.draft.callers.users.insert(name.to_owned(), hash);
                true
            }
            Err(why) => {
                self.leave_out(format!("user {name}"), why);
                false
            }
        }
    }
}
