//! Classes: the kinds of request that a rule can allow or refuse by name, and sets of them. Every endpoint of a server
//! has one class.

use std::fmt;

/// The class of a request: the kind of thing that it does at the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Checks of liveness and readiness.
    Health,
    /// Versions and features of the server.
    Info,
    /// PromQL queries, and their formatting and parsing.
    Query,
    /// Series, and the names and values of their labels.
    Series,
    /// Recording and alerting rules, and alerts.
    Rules,
    /// The help, type and unit of metrics.
    Metadata,
    /// Scraping by another Prometheus.
    Federate,
    /// Prometheus' remote read protocol.
    RemoteRead,
    /// Targets and the state of the server.
    Status,
    /// Configuration and flags, which may hold secrets.
    Config,
    /// The metrics of the server itself.
    Metrics,
    /// Remote write and OTLP, which store samples.
    Write,
    /// Deletion of data, and snapshots of it.
    Admin,
    /// Reading the server's configuration again.
    Reload,
    /// Requests that stop the server.
    Quit,
    /// Profiles and other debugging endpoints.
    Debug,
    /// Console templates, which run PromQL on the server.
    Consoles,
    /// Pages without data, and static files.
    Ui,
    /// Every path that the API's table does not list.
    Unknown,
    /// Alertmanager's alerts and their groups, and silences as they are read.
    Alerts,
    /// New silences, changes of them, and their end.
    Silences,
}

const NAMES: [(Class, &str); 21] = [
    (Class::Health, "health"),
    (Class::Info, "info"),
    (Class::Query, "query"),
    (Class::Series, "series"),
    (Class::Rules, "rules"),
    (Class::Alerts, "alerts"),
    (Class::Silences, "silences"),
    (Class::Metadata, "metadata"),
    (Class::Federate, "federate"),
    (Class::RemoteRead, "remote_read"),
    (Class::Status, "status"),
    (Class::Config, "config"),
    (Class::Metrics, "metrics"),
    (Class::Write, "write"),
    (Class::Admin, "admin"),
    (Class::Reload, "reload"),
    (Class::Quit, "quit"),
    (Class::Debug, "debug"),
    (Class::Consoles, "consoles"),
    (Class::Ui, "ui"),
    (Class::Unknown, "unknown"),
];

/// Words of a configuration that stand for several classes at once.
const SHORTHANDS: [(&str, Classes); 3] = [
    (
        "read",
        Classes::of(&[
            Class::Info,
            Class::Query,
            Class::Series,
            Class::Rules,
            Class::Alerts,
            Class::Metadata,
        ]),
    ),
    ("lifecycle", Classes::of(&[Class::Reload, Class::Quit])),
    ("everything", Classes::ALL),
];

impl Class {
    /// Returns the name of the class in configurations.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(class, _)| *class == self).map_or("unknown", |&(_, name)| name)
    }

    /// Returns the bit of the class in a set.
    const fn bit(self) -> u32 {
        1_u32.unbounded_shl(self as u32)
    }

    /// Returns every class, in the order of the documentation.
    pub fn all() -> impl Iterator<Item = Self> {
        NAMES.iter().map(|&(class, _)| class)
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of classes. `Display` writes their names in order, separated by spaces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Classes(u32);

impl Classes {
    /// The set that contains every class.
    pub const ALL: Self = Self((1 << 21) - 1);

    /// The classes of Prometheus' API, and of those that are like it: all but what only Alertmanager has.
    pub const OF_PROMETHEUS: Self = Self::ALL.without(Self::of(&[Class::Alerts, Class::Silences]));

    /// The classes that show no data. They stay open to restricted callers.
    pub const OPEN: Self = Self::of(&[Class::Health, Class::Info, Class::Ui]);

    /// The classes that guards apply to. A limited caller stays limited in them.
    pub const GUARDED: Self =
        Self::of(&[Class::Query, Class::Series, Class::RemoteRead, Class::Consoles, Class::Unknown]);

    /// The classes whose requests may hold queries or selectors.
    pub const WITH_SELECTORS: Self = Self::of(&[Class::Query, Class::Series, Class::Rules, Class::Federate]);

    /// The guarded classes whose requests guards can't read, unless they can be restricted at the mount. A limited caller
    /// never gets them.
    pub const UNGUARDABLE: Self = Self::of(&[Class::RemoteRead, Class::Consoles, Class::Unknown]);

    /// Returns the set of the given classes.
    pub const fn of(classes: &[Class]) -> Self {
        let mut bits = 0;
        let mut rest = classes;
        while let [class, others @ ..] = rest {
            bits |= class.bit();
            rest = others;
        }
        Self(bits)
    }

    /// Returns the class, or the classes of the shorthand, with this name.
    pub fn named(name: &str) -> Option<Self> {
        let class = NAMES.iter().find(|(_, known)| *known == name).map(|&(class, _)| Self::of(&[class]));
        class.or_else(|| SHORTHANDS.iter().find(|(known, _)| *known == name).map(|&(_, classes)| classes))
    }

    /// Returns every name that [`Classes::named`] accepts.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|&(_, name)| name).chain(SHORTHANDS.iter().map(|&(name, _)| name))
    }

    /// Returns `true` if the set contains the class.
    pub fn contains(self, class: Class) -> bool {
        self.0 & class.bit() != 0
    }

    /// Returns `true` if the set contains no class.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns the classes that are in either set.
    #[must_use]
    pub const fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Returns the classes of this set that are not in the other one.
    #[must_use]
    pub const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    /// Returns the classes that are in both sets.
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
        assert_eq!(Classes::named("read").unwrap().to_string(), "info query series rules alerts metadata");
        assert_eq!(Classes::named("lifecycle").unwrap().to_string(), "reload quit");
        assert_eq!(
            Classes::named("everything"),
            Some(Class::all().fold(Classes::default(), |all, class| all.with(Classes::of(&[class]))))
        );
        assert_eq!(Classes::named("Read"), None);
    }
}
