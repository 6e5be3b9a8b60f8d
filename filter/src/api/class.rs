//! Classes: what a request does, in words that a rule can name.

use std::fmt;

/// What a request to an endpoint does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Class {
    /// Liveness and readiness.
    Health = 1,
    /// Versions and features.
    Info = 1 << 1,
    /// PromQL.
    Query = 1 << 2,
    /// Names and values of labels, and series.
    Series = 1 << 3,
    /// Recording and alerting rules, and alerts.
    Rules = 1 << 4,
    /// Help, type and unit of metrics.
    Metadata = 1 << 5,
    /// Scraping by another Prometheus.
    Federate = 1 << 6,
    /// Remote read.
    RemoteRead = 1 << 7,
    /// Targets and the server's state.
    Status = 1 << 8,
    /// Configuration and flags, which may hold secrets.
    Config = 1 << 9,
    /// The server's own metrics.
    Metrics = 1 << 10,
    /// Remote write and OTLP.
    Write = 1 << 11,
    /// Deleting and copying data.
    Admin = 1 << 12,
    /// Reload and quit.
    Lifecycle = 1 << 13,
    /// Profiles.
    Debug = 1 << 14,
    /// Console templates, which run PromQL on the server.
    Consoles = 1 << 15,
    /// Pages without data, and static files.
    Ui = 1 << 16,
    /// Everything that the table doesn't know.
    Unknown = 1 << 17,
}

const NAMES: [(Class, &str); 18] = [
    (Class::Health, "health"),
    (Class::Info, "info"),
    (Class::Query, "query"),
    (Class::Series, "series"),
    (Class::Rules, "rules"),
    (Class::Metadata, "metadata"),
    (Class::Federate, "federate"),
    (Class::RemoteRead, "remote_read"),
    (Class::Status, "status"),
    (Class::Config, "config"),
    (Class::Metrics, "metrics"),
    (Class::Write, "write"),
    (Class::Admin, "admin"),
    (Class::Lifecycle, "lifecycle"),
    (Class::Debug, "debug"),
    (Class::Consoles, "consoles"),
    (Class::Ui, "ui"),
    (Class::Unknown, "unknown"),
];

/// Words of a configuration that stand for several classes.
const SHORTHANDS: [(&str, Classes); 2] = [
    ("read", Classes::of(&[Class::Info, Class::Query, Class::Series, Class::Rules, Class::Metadata])),
    ("everything", Classes::ALL),
];

impl Class {
    /// Returns the name of the scheme in configurations.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(class, _)| *class == self).map_or("unknown", |&(_, name)| name)
    }

    /// Every class, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|&(class, _)| class)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of classes. Prints as their names, in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Classes(u32);

impl Classes {
    /// Every class.
    pub const ALL: Self = Self((1 << 18) - 1);

    /// What shows no data, and stays open to whoever is restricted.
    pub const OPEN: Self = Self::of(&[Class::Health, Class::Info, Class::Ui]);

    /// What guards are about: whoever is limited stays so here.
    pub const GUARDED: Self =
        Self::of(&[Class::Query, Class::Series, Class::RemoteRead, Class::Consoles, Class::Unknown]);

    /// What of it guards can't read, and a limited caller never gets.
    pub const UNGUARDABLE: Self = Self::of(&[Class::RemoteRead, Class::Consoles, Class::Unknown]);

    /// The set of these.
    pub const fn of(classes: &[Class]) -> Self {
        let mut bits = 0;
        let mut rest = classes;
        while let [class, others @ ..] = rest {
            bits |= *class as u32;
            rest = others;
        }
        Self(bits)
    }

    /// The class or shorthand of that name.
    pub fn named(name: &str) -> Option<Self> {
        let class = NAMES.iter().find(|(_, known)| *known == name).map(|&(class, _)| Self::of(&[class]));
        class.or_else(|| SHORTHANDS.iter().find(|(known, _)| *known == name).map(|&(_, classes)| classes))
    }

    /// Every name that [`Classes::named`] knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|&(_, name)| name).chain(SHORTHANDS.iter().map(|&(name, _)| name))
    }

    /// Whether the set has it.
    pub fn contains(self, class: Class) -> bool {
        self.0 & class as u32 != 0
    }

    /// Whether there is none in it.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in either.
    #[must_use]
    pub const fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// What is here and not there.
    #[must_use]
    pub fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// What is in both.
    #[must_use]
    pub fn both(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }
}

impl fmt::Display for Classes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for class in Class::all().filter(|&class| self.contains(class)) {
            write!(f, "{separator}{class}")?;
            separator = " ";
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shorthands_stand_for_their_classes() {
        assert_eq!(Classes::named("read").unwrap().to_string(), "info query series rules metadata");
        assert_eq!(
            Classes::named("everything"),
            Some(Class::all().fold(Classes::default(), |all, class| all.with(Classes::of(&[class]))))
        );
        assert_eq!(Classes::named("Read"), None);
    }
}
