//! The parameters that an endpoint of a mount accepts. Query strings and forms are parsed here, and what the mount
//! ignores is removed before anything else reads them.

use super::{ParameterError, ParameterNames, Parameters, Part};
use crate::target::query::QueryString;
use std::rc::Rc;

/// The names of parameters that a mount ignores: clients add them, and they go no further.
pub type IgnoredNames = Rc<[String]>;

/// The parameters that an endpoint of a mount accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The names that the endpoint lists.
    pub names: ParameterNames,
    /// The names that the mount ignores.
    pub ignored: IgnoredNames,
}

impl Accepted {
    /// Reads the parameters of a target's query string. Without a query string there are none.
    ///
    /// # Errors
    ///
    /// Returns an error for what P2 calls ambiguous.
    pub fn query(&self, query: Option<QueryString<'_>>) -> Result<Parameters, ParameterError> {
        self.settled(Parameters::of_query(query)?, &Parameters::default())
    }

    /// Reads the parameters of a form. `query` are those of the query string, after [`Accepted::query`].
    ///
    /// # Errors
    ///
    /// Returns an error for what P2 calls ambiguous, by itself or together with the query string.
    pub fn form(&self, raw: &[u8], query: &Parameters) -> Result<Parameters, ParameterError> {
        self.settled(Parameters::parse(raw, Part::Form)?, query)
    }

    fn settled(&self, mut read: Parameters, earlier: &Parameters) -> Result<Parameters, ParameterError> {
        if !self.ignored.is_empty() {
            read.remove(|given| self.ignored.iter().any(|ignored| given.is(ignored)));
        }
        read.settle(self.names, earlier)?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted() -> Accepted {
        Accepted { names: &["query", "time"], ignored: Rc::new(["namespace".to_owned()]) }
    }

    fn query(text: &str) -> Result<Parameters, ParameterError> {
        accepted().query(Some(QueryString::parse(text.as_bytes(), 0).unwrap()))
    }

    #[test]
    fn what_the_mount_ignores_goes_before_anything_is_compared() {
        let read = query("namespace=a&query=up&n%61mespace=b&Namespace=c&namespace[]=d").unwrap();
        assert_eq!(read.as_str(), "query=up&Namespace=c&namespace%5B%5D=d");
        let form = accepted().form(b"query=up&namespace=b&time=1", &read).unwrap();
        assert_eq!(form.as_str(), "time=1");
    }

    #[test]
    fn what_is_ignored_is_still_read_in_only_one_way() {
        assert!(query("namespace=%zz").is_err());
        assert!(query("namespace=a;query=b").is_err());
        assert_eq!(query(&"namespace=a&".repeat(1_001)), Err(ParameterError::TooMany));
    }
}
