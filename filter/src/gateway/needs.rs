//! The state that a configuration needs of its workers.

use super::Gateway;
use super::worker_state::Tables;
use crate::caller::hints::Hints;
use crate::keyed_hash::written;
use crate::shared_data::SharedData;

impl Gateway {
    /// Returns the hints that this configuration's workers leave each other in their shared data.
    pub fn hints<'a>(&'a self, shared: &'a dyn SharedData) -> Hints<'a> {
        Hints { shared, configuration: &self.digest }
    }

    /// Returns the digest of the configuration as it is logged: `sha256:` and 64 hexadecimal digits.
    pub fn written_digest(&self) -> String {
        written(&self.digest)
    }

    /// Returns the tables in which workers have to count requests together.
    pub fn tables(&self) -> Tables {
        match self.access.has_rates() {
            _ if self.access.has_lines() => Tables::Lines,
            true => Tables::Rates,
            false => Tables::None,
        }
    }
}
