//! The answers that list things with labels. They are filtered for restricted callers.

/// A kind of answer that lists things with labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listing {
    /// The rules of `/api/v1/rules`.
    Rules,
    /// The alerts of `/api/v1/alerts`.
    Alerts,
    /// The targets of `/api/v1/targets`.
    Targets,
    /// The alerts of Alertmanager's `/api/v2/alerts`.
    ReceivedAlerts,
    /// The groups of `/api/v2/alerts/groups`.
    AlertGroups,
    /// The silences of `/api/v2/silences`.
    Silences,
}

impl Listing {
    /// Returns the name of the field of `data` that an answer of this kind must have. Alertmanager's are lists without
    /// anything around them, so one that has `data` is another server's, and must have something that isn't there.
    pub fn field(self) -> &'static str {
        match self {
            Self::Rules => "groups",
            Self::Alerts => "alerts",
            Self::Targets => "activeTargets",
            Self::ReceivedAlerts | Self::AlertGroups | Self::Silences => "",
        }
    }
}
