//! Bodies that were awaited. Each is read when it is complete, and what is found out about it is recorded. Messages of
//! remote write are counted against the rate of their samples.

use super::{Gateway, query};
use crate::caller::facts::HostFacts;
use crate::decision::TriedBody;
use crate::decision::refusal::Refusal;
use crate::enforce::announced::BodyError;
#[cfg(not(target_arch = "wasm32"))]
use crate::enforce::body::AwaitedBody;
use crate::enforce::form::AwaitedForm;
use crate::enforce::remote_read::AwaitedRead;
use crate::enforce::remote_write::error::WriteError;
use crate::enforce::remote_write::{AwaitedWrite, Completed, SampleRate};
use crate::gateway::worker_state::{Resources, WorkerState};
use crate::report::Record;
use crate::time::rate::Amount;

/// The number by which the table of rates knows the samples of the first rule. No configuration has as many rules.
const SAMPLES: usize = 1 << 24;

impl Gateway {
    /// Completes a body that has come whole, as [`Gateway::complete_form`], [`Gateway::complete_read`] and
    /// [`Gateway::written`] do.
    ///
    /// # Errors
    ///
    /// Returns the reason why the enforced rules refuse the body.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn complete(
        &self,
        awaited: &AwaitedBody,
        trial: Option<&TriedBody>,
        body: &[u8],
        facts: &dyn HostFacts,
        resources: &mut Resources<'_>,
        record: &mut Record,
    ) -> Result<Vec<u8>, Refusal> {
        match awaited {
            AwaitedBody::Form(form) => {
                Ok(self.complete_form(form, trial, body, resources.state, record)?.into_bytes())
            }
            AwaitedBody::Write(write) => {
                self.written(write, write.complete(body.to_vec())?, facts, resources, record)
            }
            AwaitedBody::Read(read) => Ok(self.complete_read(read, trial, body, resources.state, record)?),
            AwaitedBody::Silence(silence) => Ok(silence.complete(body)?.into_bytes()),
        }
    }

    /// Completes a form whose whole body has come, and records its query, and what the rules on trial would have made of
    /// it if that differs.
    ///
    /// # Errors
    ///
    /// Returns the reason why the enforced rules refuse the form.
    pub fn complete_form(
        &self,
        form: &AwaitedForm,
        trial: Option<&TriedBody>,
        body: &[u8],
        state: &mut WorkerState,
        record: &mut Record,
    ) -> Result<String, BodyError> {
        let completed = form.complete(body, &mut state.rewrites);
        query::record_form(record, body, completed.as_deref().ok());
        if let Some(trial) = trial {
            self.try_body(trial, body, completed.as_ref().ok().map(String::as_bytes), state, record);
        }
        completed
    }

    /// Completes a message of remote read that has come whole, and records what the rules on trial would have made of it if
    /// that differs.
    ///
    /// # Errors
    ///
    /// Returns the reason why the enforced rules refuse the message.
    pub fn complete_read(
        &self,
        read: &AwaitedRead,
        trial: Option<&TriedBody>,
        body: &[u8],
        state: &mut WorkerState,
        record: &mut Record,
    ) -> Result<Vec<u8>, BodyError> {
        let completed = read.complete(body);
        if let Some(trial) = trial {
            self.try_body(trial, body, completed.as_deref().ok(), state, record);
        }
        completed
    }

    /// Counts the samples of a message on which all work is done, and returns the body that goes upstream.
    ///
    /// # Errors
    ///
    /// Returns an error if the rule has a rate of samples, and this exceeds it.
    pub fn written(
        &self,
        write: &AwaitedWrite,
        completed: Completed,
        facts: &dyn HostFacts,
        resources: &mut Resources<'_>,
        record: &Record,
    ) -> Result<Vec<u8>, Refusal> {
        let Completed { body, samples } = completed;
        let Some(SampleRate { rule, rate }) = write.samples() else { return Ok(body) };
        let amount = u32::try_from(samples).ok().filter(|amount| *amount <= rate.burst);
        let Some(amount) = amount else {
            return Err(BodyError::from(WriteError::TooMany { rule, samples, most: rate.burst }).into());
        };
        let counted = (rule.position.saturating_add(SAMPLES), Amount::Samples, amount);
        self.count(rule, counted, rate, &record.caller, facts, resources)?;
        Ok(body)
    }
}
