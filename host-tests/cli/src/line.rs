//! A line that a command prints for the configuration: one member of `users` or of `tokens` that the filter has
//! accepted.

use promward::config;
use serde_json::Value;
use std::fmt;

/// The object of `callers` that a line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// Bcrypt hashes by the names of users.
    Users,
    /// SHA-256 digests by the names of tokens.
    Tokens,
}

impl Section {
    /// Returns the member `"name": "value"`, without a comma.
    ///
    /// # Errors
    ///
    /// Returns the filter's message if it refuses the member: the message names the field and what is wrong with it.
    pub fn line(self, name: &str, value: &str) -> Result<String, String> {
        let line = format!("{}: {}", Value::from(name), Value::from(value));
        let configuration = format!(
            r#"{{ "mounts": [{{ "prefix": "/" }}], "callers": {{ "{self}": {{ {line} }} }},
                  "access": [{{ "who": ["authenticated"], "may": ["everything"] }}] }}"#
        );
        config::load(configuration.as_bytes()).map_err(|error| error.to_string())?;
        Ok(line)
    }

    /// Checks that a caller can have this name.
    ///
    /// # Errors
    ///
    /// Returns the filter's message if it refuses the name: the message says which names are possible.
    pub fn name(self, name: &str) -> Result<String, String> {
        let value = match self {
            Self::Users => "$2b$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
            Self::Tokens => "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        };
        let field = format!("callers.{self}.{name}: ");
        self.line(name, value)
            .map(|_| name.to_owned())
            .map_err(|error| error.strip_prefix(&field).map(str::to_owned).unwrap_or(error))
    }
}

impl fmt::Display for Section {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Users => "users",
            Self::Tokens => "tokens",
        })
    }
}
