//! The facts and the state that a configuration needs, beside the headers of a request.

use super::Gateway;
use super::worker_state::Rates;
use crate::access::Access;
use crate::caller::hints::Hints;
use crate::decision::{Clock, Needs};
use crate::keyed_hash::written;
use crate::shared_data::SharedData;

impl Gateway {
    /// Returns the hints that this configuration's workers leave each other in their shared data.
    pub fn hints<'a>(&'a self, shared: &'a dyn SharedData) -> Hints<'a> {
        Hints { shared, configuration: &self.digest }
    }

    /// Returns the facts that are needed of a request beside its headers.
    pub fn needs(&self) -> Needs {
        let passwords = self.callers.passwords.is_some();
        let rates = self.access.has_rates();
        let metadata = !self.callers.issuers.is_empty();
        // Some servers take times that are relative to now.
        let is_relative = self.mounts.iter().any(|(_, mount)| mount.api.dialect.is_spelled_out());
        let reads = |rules: &Access| rules.has_guards() || is_relative && rules.has_restrictions();
        let now = if passwords || rates || metadata || reads(&self.access) {
            Clock::Needed
        } else if self.trial.as_ref().is_some_and(|trial| reads(&trial.rules)) {
            Clock::Useful
        } else {
            Clock::Unused
        };
        Needs {
            source: passwords || rates,
            certificate: !self.callers.certificates.is_empty(),
            metadata,
            now,
        }
    }

    /// Returns the digest of the configuration as it is logged: `sha256:` and 64 hexadecimal digits.
    pub fn written_digest(&self) -> String {
        written(&self.digest)
    }

    /// Returns [`Rates::Some`] if workers have to count requests together.
    pub fn rates(&self) -> Rates {
        if self.access.has_rates() { Rates::Some } else { Rates::None }
    }
}
