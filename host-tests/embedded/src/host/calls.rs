//! Calls of the module to servers of a cluster. The front makes them, and answers each of them once.

use super::message::Headers;
use std::collections::BTreeMap;
use std::time::Duration;

/// A call that the module has made, and that the front has still to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub id: CallId,
    /// The name of the cluster.
    pub cluster: String,
    /// The head of the request, with its pseudo headers.
    pub headers: Headers,
    /// The time that the answer has.
    pub timeout: Duration,
}

/// The number of a call in its VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallId {
    pub(super) vm: u64,
    pub(super) token: u32,
}

/// The calls of a VM.
#[derive(Default)]
pub(super) struct Calls {
    last: u32,
    /// Those that the front hasn't taken yet.
    pub(super) made: Vec<Call>,
    /// The context of each call that has no answer yet.
    waiting: BTreeMap<u32, u32>,
    /// The answer that the module may read now, and the context that it is shown to.
    pub(super) answer: Option<(u32, Answer)>,
}

/// The answer to a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The head, which is empty if there was no answer.
    pub headers: Headers,
    pub body: Vec<u8>,
}

impl Calls {
    /// Notes a call of a context, and returns its token.
    pub(super) fn make(&mut self, vm: u64, context: u32, call: (String, Headers, Duration)) -> u32 {
        let (cluster, headers, timeout) = call;
        self.last += 1;
        let id = CallId { vm, token: self.last };
        self.waiting.insert(id.token, context);
        self.made.push(Call { id, cluster, headers, timeout });
        id.token
    }

    /// Takes the context that waits for the answer to a call.
    pub(super) fn take_context(&mut self, token: u32) -> Option<u32> {
        self.waiting.remove(&token)
    }

    /// Forgets the calls of a context that has ended, as Envoy cancels them.
    pub(super) fn forget(&mut self, context: u32) {
        self.waiting.retain(|_, waits| *waits != context);
    }
}
