//! A configuration that is asked about requests. The filter's own core decides them, natively, and gives an account of the
//! way that each took: no rule is read a second time here.

pub mod answer;
pub mod asked;
pub mod caller;
pub mod course;
mod credentials;
pub mod message;
mod read_queries;
pub mod selectors;
mod shared_data;
mod stand_ins;

use crate::check::{self, Written};
use promward::gateway::Gateway;
use serde_norway::Value;
use std::path::Path;

/// A configuration that the filter accepts.
pub struct Policy {
    /// The compiled configuration, which checks real credentials.
    gateway: Gateway,
    /// The same, but for the credentials of users and tokens, which are known here.
    stand_ins: Gateway,
    /// The configuration as it is written, with the order of its fields.
    document: Value,
}

impl Policy {
    /// Loads a configuration as the filter gets it.
    ///
    /// # Errors
    ///
    /// Returns the message of the filter, which names the field, if the filter refuses the configuration.
    pub fn load(text: &[u8]) -> Result<Self, String> {
        Self::of(&Written::alone(text))
    }

    fn of(written: &Written) -> Result<Self, String> {
        let gateway = written.load()?;
        let document = serde_json::from_slice(&written.text).map_err(|error| error.to_string())?;
        let stand_ins = stand_ins::gateway(&document)?;
        Ok(Self { gateway, stand_ins, document })
    }

    /// Loads the configuration in a file: JSON, or an Envoy file or objects of Kubernetes that hold one. If it holds
    /// several, `filter` says which one is meant, by the name or the path of its filter.
    ///
    /// # Errors
    ///
    /// Returns a message that begins with the file if it can't be read, if there is no such configuration in it, or if the
    /// filter refuses it.
    pub fn of_file(file: &Path, filter: Option<&str>) -> Result<Self, String> {
        let name = file.display();
        let text = check::read_named(file)?;
        let found = check::configurations(&file.to_string_lossy(), &text);
        let found = found.map_err(|error| format!("{name}: {error}"))?;
        let places: Vec<_> = found.iter().map(|(place, _)| place.clone()).collect();
        let is_meant = |place: &str| filter.is_none_or(|filter| place.contains(filter));
        let mut meant: Vec<_> = found.into_iter().filter(|(place, _)| is_meant(place)).collect();
        match (meant.pop(), meant.is_empty()) {
            (Some((place, configuration)), true) => {
                let loaded = configuration.and_then(|written| Self::of(&written));
                loaded.map_err(|error| format!("{place}: refused: {error}"))
            }
            _ => Err(format!(
                "{name}: --filter has to say which filter is meant, by a part of its name or path:\n  {}",
                places.join("\n  ")
            )),
        }
    }

    /// Returns the compiled configuration.
    #[must_use]
    pub fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// Returns the configuration as it is written.
    #[must_use]
    pub fn document(&self) -> &Value {
        &self.document
    }
}
