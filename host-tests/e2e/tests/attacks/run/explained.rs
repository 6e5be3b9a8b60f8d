//! Sends cases to Envoy of which `promward explain` has to say what becomes of them.

use super::Runner;
use crate::attacks::difference::seen::Answered;
use crate::attacks::format::Case;
use crate::attacks::send::{http1, method};
use anyhow::{Context, Result};

impl Runner {
    /// Sends a case of which no result is expected but the one that the command says.
    pub(crate) fn explain(&mut self, case: &Case) -> Result<()> {
        self.begin(case);
        let answered = match case.http2 {
            true => self.answer_by_http2(case).map(drop),
            false => self.answer(case),
        };
        if answered.is_err() {
            self.sent.answers.push(Answered::None);
        }
        let arrived = self.arrived().context("the marker after it")?;
        let explained = self.explained.as_mut().context("the host is Envoy")?;
        explained.add(case, &self.sent, &arrived);
        Ok(())
    }

    /// Checks that the command said what Envoy did with each request so far.
    pub(crate) fn check_explained(&mut self) -> Result<()> {
        match (self.explained.take(), self.running.deployment.envoy()) {
            (Some(explained), Some(envoy)) => explained.check(envoy),
            _ => Ok(()),
        }
    }

    /// Sends a case, and reads one answer.
    fn answer(&mut self, case: &Case) -> Result<()> {
        let mut connection = self.client(case)?.connect()?;
        connection.write_raw(&http1(case))?;
        let answer = connection.read_answer(&method(&case.request.first))?;
        self.sent.answers.push(Answered::Whole(answer));
        Ok(())
    }
}
