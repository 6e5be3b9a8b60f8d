//! A configuration as the filter gets it, with the field of the file that it is in.

use promward::config;
use promward::gateway::Gateway;

/// A configuration as the filter gets it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The JSON, to the byte.
    pub text: Vec<u8>,
    /// The field whose content it is, if its fields are written as fields of the file: errors begin with its path.
    pub field: Option<String>,
}

impl Written {
    /// Returns a configuration that is a text of its own.
    #[must_use]
    pub fn alone(text: &[u8]) -> Self {
        Self { text: text.to_vec(), field: None }
    }

    /// Loads it as the filter does.
    ///
    /// # Errors
    ///
    /// Returns the message of the filter, with the path of the field in the file.
    pub fn load(&self) -> Result<Gateway, String> {
        config::load(&self.text).map_err(|error| match &self.field {
            Some(field) => error.within(field).to_string(),
            None => error.to_string(),
        })
    }
}
