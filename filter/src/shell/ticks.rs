//! The ticks of a plugin. Configurations whose requests wait, or whose open requests are counted, share them: they come
//! as often as one of these needs them, and not at all if none does.

use super::host::{self, HostError};
use std::cell::Cell;

/// The ticks that the host was asked for.
#[derive(Debug, Default)]
pub(crate) struct Ticks {
    /// The time between two of them in milliseconds; 0 if there are none.
    period: Cell<u32>,
}

/// The need for ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pace {
    /// A request waits. Hosts tick less often than they are asked to.
    Fast,
    /// Open requests are counted, and have to be told of to other workers.
    Slow,
    /// There is nothing to do.
    None,
}

impl Pace {
    /// Returns the time between two ticks in milliseconds.
    fn period(self) -> u32 {
        match self {
            Self::Fast => 1,
            Self::Slow => 500,
            Self::None => 0,
        }
    }
}

impl Ticks {
    /// Asks for ticks at a pace, unless they come as fast already.
    pub(crate) fn at_least(&self, pace: Pace) -> Result<(), HostError> {
        match (self.period.get(), pace.period()) {
            (_, 0) => Ok(()),
            (1.., period) if self.period.get() <= period => Ok(()),
            _ => self.set(pace),
        }
    }

    /// Asks for ticks at a pace, unless they come at it already.
    pub(crate) fn set(&self, pace: Pace) -> Result<(), HostError> {
        let period = pace.period();
        if period != self.period.get() {
            host::tick_every(period)?;
            self.period.set(period);
        }
        Ok(())
    }
}
