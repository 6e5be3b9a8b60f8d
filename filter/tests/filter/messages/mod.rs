//! The messages of Prometheus' remote protocols, after `prompb/types.proto`, `prompb/remote.proto` and
//! `prompb/io/prometheus/write/v2/types.proto`, as far as tests need them.

#![allow(dead_code, reason = "each test uses some of them")]

pub(crate) mod read;

use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    pub(crate) timeseries: Vec<TimeSeries>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) metadata: Vec<MetricMetadata>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    pub(crate) labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) samples: Vec<Sample>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) exemplars: Vec<Exemplar>,
    #[prost(message, repeated, tag = "4")]
    pub(crate) histograms: Vec<Histogram>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Label {
    #[prost(string, tag = "1")]
    pub(crate) name: String,
    #[prost(string, tag = "2")]
    pub(crate) value: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Sample {
    #[prost(double, tag = "1")]
    pub(crate) value: f64,
    #[prost(int64, tag = "2")]
    pub(crate) timestamp: i64,
    /// Only in the second version.
    #[prost(int64, tag = "3")]
    pub(crate) start_timestamp: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Exemplar {
    #[prost(message, repeated, tag = "1")]
    pub(crate) labels: Vec<Label>,
    #[prost(double, tag = "2")]
    pub(crate) value: f64,
    #[prost(int64, tag = "3")]
    pub(crate) timestamp: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Histogram {
    #[prost(uint64, tag = "1")]
    pub(crate) count: u64,
    #[prost(double, tag = "3")]
    pub(crate) sum: f64,
    #[prost(sint32, tag = "4")]
    pub(crate) schema: i32,
    #[prost(double, tag = "5")]
    pub(crate) zero_threshold: f64,
    #[prost(message, repeated, tag = "11")]
    pub(crate) positive_spans: Vec<Span>,
    #[prost(sint64, repeated, tag = "12")]
    pub(crate) positive_deltas: Vec<i64>,
    #[prost(int64, tag = "15")]
    pub(crate) timestamp: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct Span {
    #[prost(sint32, tag = "1")]
    pub(crate) offset: i32,
    #[prost(uint32, tag = "2")]
    pub(crate) length: u32,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct MetricMetadata {
    #[prost(int32, tag = "1")]
    pub(crate) kind: i32,
    #[prost(string, tag = "2")]
    pub(crate) metric_family_name: String,
    #[prost(string, tag = "4")]
    pub(crate) help: String,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct RequestV2 {
    #[prost(string, repeated, tag = "4")]
    pub(crate) symbols: Vec<String>,
    #[prost(message, repeated, tag = "5")]
    pub(crate) timeseries: Vec<TimeSeriesV2>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct TimeSeriesV2 {
    #[prost(uint32, repeated, tag = "1")]
    pub(crate) labels_refs: Vec<u32>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) samples: Vec<Sample>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) histograms: Vec<Histogram>,
    #[prost(message, repeated, tag = "4")]
    pub(crate) exemplars: Vec<ExemplarV2>,
    #[prost(message, optional, tag = "5")]
    pub(crate) metadata: Option<MetadataV2>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ExemplarV2 {
    #[prost(uint32, repeated, tag = "1")]
    pub(crate) labels_refs: Vec<u32>,
    #[prost(double, tag = "2")]
    pub(crate) value: f64,
    #[prost(int64, tag = "3")]
    pub(crate) timestamp: i64,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct MetadataV2 {
    #[prost(int32, tag = "1")]
    pub(crate) kind: i32,
    #[prost(uint32, tag = "3")]
    pub(crate) help_ref: u32,
    #[prost(uint32, tag = "4")]
    pub(crate) unit_ref: u32,
}

/// Returns a message as it is sent.
pub(crate) fn encoded(message: &impl Message) -> Vec<u8> {
    compressed(&message.encode_to_vec())
}

/// Returns bytes as a block of snappy's.
pub(crate) fn compressed(bytes: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(bytes).unwrap()
}

/// Returns the message that was sent.
pub(crate) fn decoded<M: Message + Default>(body: &[u8]) -> M {
    M::decode(snap::raw::Decoder::new().decompress_vec(body).unwrap().as_slice()).unwrap()
}

/// Returns the labels that a text lists, like `a=1,b=2`.
pub(crate) fn labels(text: &str) -> Vec<Label> {
    let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| Label { name: name.to_owned(), value: value.to_owned() }).collect()
}

/// Returns a series with these labels and a sample.
pub(crate) fn series(text: &str) -> TimeSeries {
    let samples = vec![Sample { value: 1.5, timestamp: 1_700_000_000_000, start_timestamp: 0 }];
    TimeSeries { labels: labels(text), samples, ..TimeSeries::default() }
}

/// Returns a message of the first version with these series.
pub(crate) fn message(series: &[&str]) -> WriteRequest {
    WriteRequest { timeseries: series.iter().map(|text| self::series(text)).collect(), metadata: Vec::new() }
}

/// Returns a message of the second version with these series.
pub(crate) fn message_v2(series: &[&str]) -> RequestV2 {
    let mut request = RequestV2 { symbols: vec![String::new()], timeseries: Vec::new() };
    for text in series {
        let mut refs = Vec::new();
        for label in labels(text) {
            for symbol in [label.name, label.value] {
                let at = request.symbols.iter().position(|known| *known == symbol);
                refs.push(u32::try_from(at.unwrap_or(request.symbols.len())).unwrap());
                if at.is_none() {
                    request.symbols.push(symbol);
                }
            }
        }
        let samples = vec![Sample { value: 1.5, timestamp: 1_700_000_000_000, start_timestamp: 7 }];
        request.timeseries.push(TimeSeriesV2 { labels_refs: refs, samples, ..TimeSeriesV2::default() });
    }
    request
}

/// Returns the series of a message, each as its labels.
pub(crate) fn texts(request: &WriteRequest) -> Vec<String> {
    let text = |series: &TimeSeries| {
        let pairs = series.labels.iter().map(|label| format!("{}={}", label.name, label.value));
        pairs.collect::<Vec<_>>().join(",")
    };
    request.timeseries.iter().map(text).collect()
}

/// Returns the series of a message of the second version, each as its labels.
pub(crate) fn texts_v2(request: &RequestV2) -> Vec<String> {
    let symbol = |at: u32| request.symbols[at as usize].clone();
    let text = |series: &TimeSeriesV2| {
        let pairs =
            series.labels_refs.chunks(2).map(|pair| format!("{}={}", symbol(pair[0]), symbol(pair[1])));
        pairs.collect::<Vec<_>>().join(",")
    };
    request.timeseries.iter().map(text).collect()
}
