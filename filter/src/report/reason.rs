//! The reasons why requests are refused, in the words of metrics. There is a fixed number of them, whatever clients send.

/// The reason why a request or its answer was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The path or the query string can be read in two ways.
    Target,
    /// The path is below no mount.
    NoMount,
    /// The endpoint doesn't support the method.
    Method,
    /// A page of another site asks.
    CrossSite,
    /// The credentials are wrong, or can't be read.
    Credentials,
    /// Too many passwords are to be checked.
    Logins,
    /// No rule allows the class to the caller.
    NoRule,
    /// The `only` or the `tenant` of the rule has no value for the caller that could be used.
    NoValue,
    /// The endpoint can't be restricted.
    NotRestrictable,
    /// A parameter that callers who are restricted or limited can't give.
    Parameter,
    /// A time or a duration that can't be read.
    Time,
    /// A query or a selector that can't be read.
    Query,
    /// A body that is no form, or that there must not be.
    Form,
    /// A message that can't be read, or a series in it that the caller may not write.
    Message,
    /// The answer of the server can't be passed on.
    Answer,
    /// The proxy didn't provide what the decision needs.
    Host,
    /// More requests than `rate` allows.
    Rate,
    /// More requests at once than `concurrent` allows.
    Concurrent,
    /// A longer time from start to end than `range` allows.
    Range,
    /// A query that looks further back than `lookback` allows.
    Lookback,
    /// Older data than `oldest` allows.
    Oldest,
    /// More points than `points` allows.
    Points,
    /// A query that is more work for the server than `work` allows.
    Work,
    /// A text or a form with more bytes than the mount or the filter allows.
    Length,
    /// Expressions that are nested too deeply.
    Depth,
    /// More operators in a query than its bounds allow.
    Operators,
    /// More selectors in a query than its bounds allow.
    Selectors,
    /// Too many selectors that don't name one metric outright.
    Unnamed,
    /// More calls in a query than its bounds allow.
    Calls,
    /// More matchers in a query than its bounds allow.
    Matchers,
    /// Regular expressions that are too heavy, or groups in them that are nested too deeply.
    Repetitions,
    /// Too many bytes that functions write into labels.
    WrittenBytes,
}

const NAMES: [(Reason, &str); 32] = [
    (Reason::Target, "target"),
    (Reason::NoMount, "no_mount"),
    (Reason::Method, "method"),
    (Reason::CrossSite, "cross_site"),
    (Reason::Credentials, "credentials"),
    (Reason::Logins, "logins"),
    (Reason::NoRule, "no_rule"),
    (Reason::NoValue, "no_value"),
    (Reason::NotRestrictable, "not_restrictable"),
    (Reason::Parameter, "parameter"),
    (Reason::Time, "time"),
    (Reason::Query, "query"),
    (Reason::Form, "form"),
    (Reason::Message, "message"),
    (Reason::Answer, "answer"),
    (Reason::Host, "host"),
    (Reason::Rate, "rate"),
    (Reason::Concurrent, "concurrent"),
    (Reason::Range, "range"),
    (Reason::Lookback, "lookback"),
    (Reason::Oldest, "oldest"),
    (Reason::Points, "points"),
    (Reason::Work, "work"),
    (Reason::Length, "length"),
    (Reason::Depth, "depth"),
    (Reason::Operators, "operators"),
    (Reason::Selectors, "selectors"),
    (Reason::Unnamed, "unnamed"),
    (Reason::Calls, "calls"),
    (Reason::Matchers, "matchers"),
    (Reason::Repetitions, "repetitions"),
    (Reason::WrittenBytes, "written_bytes"),
];

impl Reason {
    /// Returns the name of the reason in metrics.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(reason, _)| *reason == self).map_or("host", |&(_, name)| name)
    }

    /// Returns every reason, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|&(reason, _)| reason)
    }

    /// Returns `true` if the request is more than something allows, and `false` if there is something wrong with it.
    pub fn is_limit(self) -> bool {
        self >= Self::Rate
    }
}
