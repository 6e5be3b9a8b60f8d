//! Reads `report`: what the access log shows beside the decision.

use super::error::ConfigError;
use super::field::Field;
use super::object::object;
#[cfg(feature = "schema")]
use super::schema::QueryReportConfig;

object! {
    /// The details of a request that the access log shows beside the decision about it.
    pub(super) ReportConfig, read as ReportObject {
        /// The text of queries in the access log: `off` (the default) leaves them out, `text` shows each as it was asked and
        /// as it was sent.
        query: Option<QueryReportConfig>,
        /// The longest text of a query, in bytes: 64 to 8192, 512 if not given.
        bytes: Option<u32>,
    }
}

/// The longest text of a query if the configuration says nothing, and the longest that it may say, in bytes.
const USUAL: u32 = 512;
const MOST: u32 = 8_192;

/// The shortest text by which a query can be known again, in bytes.
const LEAST: u32 = 64;

/// Returns the longest text of a query in the access log, in bytes, or `None` if queries stay out of it.
pub(super) fn compile(field: &Field<'_>) -> Result<Option<usize>, ConfigError> {
    if !field.is_given() {
        return Ok(None);
    }
    let report = ReportObject::read(field)?;
    let bytes = report.bytes();
    let most = bytes.number(MOST)?;
    if most.is_some_and(|most| most < LEAST) {
        return Err(bytes.refuse("this must be a whole number, 64 to 8192"));
    }
    match report.query().choice(&["off", "text"])? {
        "text" => Ok(usize::try_from(most.unwrap_or(USUAL)).ok()),
        _ if bytes.is_given() => Err(bytes.refuse("there is nothing to cut: write \"query\": \"text\" too")),
        _ => Ok(None),
    }
}
