//! A worker without a host: a configuration, the state that the worker keeps, and the data that it would share with
//! others.

pub(crate) mod posted;

use promward::api::endpoint::{Endpoint, ToRestricted};
use promward::caller::logins::StreamId;
use promward::config;
use promward::decision::refusal::Refusal;
use promward::decision::{Decision, HostFacts, Request, TriedBody};
use promward::enforce::announced::BodyError;
use promward::enforce::body::AwaitedBody;
use promward::enforce::rewrite_cache::RewriteCache;
use promward::gateway::Gateway;
use promward::gateway::worker_state::{Resources, WorkerState};
use promward::report::Record;
use promward::shared_data::{SharedData, Unreachable, Written};
use promward::target::body::Body;
use promward::target::headers::Headers;
use promward::target::origin::UrlScheme;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Shared data that one thread keeps.
#[derive(Default)]
pub(crate) struct Memory(RefCell<BTreeMap<String, (Vec<u8>, u32)>>);

impl SharedData for Memory {
    fn get(&self, key: &str) -> Result<Option<(Vec<u8>, u32)>, Unreachable> {
        Ok(self.0.borrow().get(key).cloned())
    }

    fn set(&self, key: &str, value: &[u8], based_on: u32) -> Result<Written, Unreachable> {
        let mut entries = self.0.borrow_mut();
        let number = entries.get(key).map_or(0, |&(_, number)| number);
        if number != 0 && number != based_on {
            return Ok(Written::Outrun);
        }
        entries.insert(key.to_owned(), (value.to_vec(), number.saturating_add(1)));
        Ok(Written::Done)
    }
}

pub(crate) struct Desk {
    pub(crate) gateway: Gateway,
    pub(crate) state: WorkerState,
    pub(crate) shared: Rc<Memory>,
}

impl Desk {
    pub(crate) fn new(configuration: &str) -> Self {
        Self::beside(configuration, &Rc::default(), 0)
    }

    /// Creates a worker that has these data in common with others. Its number is that of no other one.
    pub(crate) fn beside(configuration: &str, shared: &Rc<Memory>, number: u8) -> Self {
        let gateway = config::load(configuration.as_bytes()).unwrap();
        let random = [[1; 32], [2; 32], [3; 32]].map(|bytes| bytes.map(|byte: u8| byte.wrapping_add(number)));
        let state = WorkerState::new(random, gateway.tables(), &**shared).unwrap();
        Self { gateway, state, shared: Rc::clone(shared) }
    }

    pub(crate) fn decide(
        &mut self,
        headers: &Headers,
        body: Body,
        facts: &dyn HostFacts,
        stream: u32,
    ) -> (Decision, Record) {
        let request = Request { stream: StreamId(stream), headers, body, scheme: UrlScheme::Https, facts };
        self.gateway.decide(&request, &mut Resources { state: &mut self.state, shared: &*self.shared })
    }

    /// Completes a body that has come whole.
    pub(crate) fn complete(
        &mut self,
        awaited: &AwaitedBody,
        trial: Option<&TriedBody>,
        body: &[u8],
        facts: &dyn HostFacts,
        record: &mut Record,
    ) -> Result<Vec<u8>, Refusal> {
        let resources = &mut Resources { state: &mut self.state, shared: &*self.shared };
        self.gateway.complete(awaited, trial, body, facts, resources, record)
    }
}

/// A form that was awaited, and that needs no worker to be completed.
pub(crate) trait Form {
    /// Reads the whole form and returns the one that goes upstream in its place.
    fn complete(&self, form: &[u8], rewrites: &mut RewriteCache) -> Result<Vec<u8>, BodyError>;
}

impl Form for AwaitedBody {
    fn complete(&self, form: &[u8], rewrites: &mut RewriteCache) -> Result<Vec<u8>, BodyError> {
        match self {
            Self::Form(awaited) => awaited.complete(form, rewrites).map(String::into_bytes),
            other => panic!("{other:?} is no form"),
        }
    }
}

/// Checks that a row of an API's table says what a case does: the class, the parameters, and what a restricted caller gets.
pub(crate) fn check_row(endpoint: &Endpoint, path: &str, (class, parameters, gets): (&str, &str, &str)) {
    let answer = match endpoint.treatment.to_restricted {
        ToRestricted::Restrict(_) | ToRestricted::Message(_) => "own",
        ToRestricted::OwnSilence | ToRestricted::NewSilence => "own",
        ToRestricted::Filter(..) => "cut",
        ToRestricted::Empty(_) => "empty",
        ToRestricted::Pass | ToRestricted::Read(_) => "all",
        ToRestricted::Page => "page",
        ToRestricted::Refuse => "none",
    };
    let names: Vec<_> = parameters.split_whitespace().collect();
    assert_eq!(
        (endpoint.class.name(), endpoint.treatment.parameters, answer),
        (class, &names[..], gets),
        "{path}"
    );
}
