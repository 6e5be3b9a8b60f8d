//! The messages of remote read, after `prompb/remote.proto` and `prompb/types.proto`.

use super::{Label, TimeSeries};
use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ReadRequest {
    #[prost(message, repeated, tag = "1")]
    pub(crate) queries: Vec<Query>,
    /// The types of answers: 0 is samples, and 1 is chunks that are streamed.
    #[prost(int32, repeated, tag = "2")]
    pub(crate) accepted_response_types: Vec<i32>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Query {
    #[prost(int64, tag = "1")]
    pub(crate) start_timestamp_ms: i64,
    #[prost(int64, tag = "2")]
    pub(crate) end_timestamp_ms: i64,
    #[prost(message, repeated, tag = "3")]
    pub(crate) matchers: Vec<LabelMatcher>,
    #[prost(message, optional, tag = "4")]
    pub(crate) hints: Option<ReadHints>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct LabelMatcher {
    #[prost(int32, tag = "1")]
    pub(crate) kind: i32,
    #[prost(string, tag = "2")]
    pub(crate) name: String,
    #[prost(string, tag = "3")]
    pub(crate) value: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ReadHints {
    #[prost(int64, tag = "1")]
    pub(crate) step_ms: i64,
    #[prost(string, tag = "2")]
    pub(crate) func: String,
    #[prost(int64, tag = "3")]
    pub(crate) start_ms: i64,
    #[prost(int64, tag = "4")]
    pub(crate) end_ms: i64,
    #[prost(string, repeated, tag = "5")]
    pub(crate) grouping: Vec<String>,
    #[prost(bool, tag = "6")]
    pub(crate) by: bool,
    #[prost(int64, tag = "7")]
    pub(crate) range_ms: i64,
}

/// The answer as samples.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ReadResponse {
    #[prost(message, repeated, tag = "1")]
    pub(crate) results: Vec<QueryResult>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct QueryResult {
    #[prost(message, repeated, tag = "1")]
    pub(crate) timeseries: Vec<TimeSeries>,
}

/// A frame of the answer as chunks.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ChunkedReadResponse {
    #[prost(message, repeated, tag = "1")]
    pub(crate) chunked_series: Vec<ChunkedSeries>,
    #[prost(int64, tag = "2")]
    pub(crate) query_index: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ChunkedSeries {
    #[prost(message, repeated, tag = "1")]
    pub(crate) labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) chunks: Vec<Chunk>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Chunk {
    #[prost(int64, tag = "1")]
    pub(crate) min_time_ms: i64,
    #[prost(int64, tag = "2")]
    pub(crate) max_time_ms: i64,
    #[prost(int32, tag = "3")]
    pub(crate) kind: i32,
    #[prost(bytes = "vec", tag = "4")]
    pub(crate) data: Vec<u8>,
}

/// The types of matchers, by the number of each.
const KINDS: [&str; 4] = ["=", "!=", "=~", "!~"];

/// Returns a message with these queries, each as its matchers, whose answer streams.
pub(crate) fn asking(queries: &[&str]) -> ReadRequest {
    let queries = queries.iter().map(|text| query(text)).collect();
    ReadRequest { queries, accepted_response_types: vec![1, 0] }
}

/// Returns a query with the matchers that a text lists, like `a=1,b!~2`.
pub(crate) fn query(text: &str) -> Query {
    let matchers = text.split(',').filter(|text| !text.is_empty()).map(matcher).collect();
    Query { matchers, ..Query::default() }
}

fn matcher(text: &str) -> LabelMatcher {
    let at = text.find(['=', '!']).unwrap();
    let (name, rest) = text.split_at(at);
    let longest_first = [2, 3, 1, 0];
    let kind = longest_first.into_iter().find(|&kind| rest.starts_with(KINDS[kind])).unwrap();
    let value = &rest[KINDS[kind].len()..];
    LabelMatcher { kind: i32::try_from(kind).unwrap(), name: name.to_owned(), value: value.to_owned() }
}

/// Returns the queries of a message, each as its matchers.
pub(crate) fn asked(request: &ReadRequest) -> Vec<String> {
    let text = |matcher: &LabelMatcher| {
        let kind = usize::try_from(matcher.kind).unwrap();
        format!("{}{}{}", matcher.name, KINDS[kind], matcher.value)
    };
    let matchers = |query: &Query| query.matchers.iter().map(text).collect::<Vec<_>>().join(",");
    request.queries.iter().map(matchers).collect()
}
