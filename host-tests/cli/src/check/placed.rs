//! A configuration where it stands in a file.

use super::Written;
use super::chain::{IN_NO_CHAIN, Validation};
use super::find::Filter;
use super::structure;
use promward::gateway::Gateway;

/// Returns warnings about what stands around a configuration and doesn't fit it.
pub(super) type Warnings = Box<dyn Fn(&Gateway) -> Vec<String>>;

/// A configuration in a file, before it is loaded, and what the file says about its surroundings.
pub(super) struct Placed {
    pub(super) place: String,
    /// The configuration that the filter gets, or the reason why it gets none.
    pub(super) configuration: Result<Written, String>,
    pub(super) validation: Validation,
    pub(super) surroundings: Warnings,
}

impl Placed {
    /// Returns a configuration whose surroundings are unknown.
    pub(super) fn by_itself(place: &str, configuration: Result<Written, String>) -> Self {
        Self {
            place: place.to_owned(),
            configuration,
            validation: Validation::Elsewhere(IN_NO_CHAIN.to_owned()),
            surroundings: Box::new(|_| Vec::new()),
        }
    }

    /// Adds a warning for each text that the proxy's reader of the file takes for true or false.
    pub(super) fn read_by_another(mut self, file: &str) -> Self {
        let words = match &self.configuration {
            Ok(Written { text, field: Some(_) }) => structure::read_otherwise(text, file),
            _ => Vec::new(),
        };
        let warning = |word: &String| {
            format!(
                "{word} stands without quotes, and Envoy and Kubernetes read it as true or false, which the filter refuses: \
                 write \"{word}\""
            )
        };
        let warnings: Vec<_> = words.iter().map(warning).collect();
        let others = self.surroundings;
        self.surroundings = Box::new(move |gateway| [warnings.clone(), others(gateway)].concat());
        self
    }

    pub(super) fn in_envoys(name: &str, filter: Filter) -> Self {
        let place = format!("{name}: {filter}");
        let Filter { configuration, validation, routing, surroundings, .. } = filter;
        let warnings = move |gateway: &Gateway| {
            [routing.warnings(&gateway.mounts), surroundings.warnings(gateway)].concat()
        };
        Self { place, configuration, validation, surroundings: Box::new(warnings) }
    }
}
