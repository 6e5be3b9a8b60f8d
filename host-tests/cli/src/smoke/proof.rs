//! The proof of an example: the requests that its README shows, sent by a shell as a reader would send them, each as
//! one line with the expected and the actual status.

use anyhow::{Context, Result, ensure};
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

/// The words of a README after which its proof begins.
const PROOF: &str = "The proof.**";

/// The alias that begins requests in some READMEs.
const ASK: &str = "ask";

/// The time for which a request is repeated that gets 429: after wrong passwords their source has to wait.
const PATIENCE: Duration = Duration::from_secs(60);

/// The pause between two repetitions.
const PAUSE: Duration = Duration::from_secs(1);

/// An example that runs, and the requests to send.
pub struct Proof {
    /// The folder of the example.
    pub folder: PathBuf,
    /// The directory that the demo writes to.
    pub directory: PathBuf,
    /// The port of https.
    pub https: u16,
    /// The commands that the demo has printed, which have to get 200.
    pub printed: Vec<String>,
}

/// One request, and its expected answer.
#[derive(Debug)]
struct Step {
    typed: String,
    /// The lines to type before it.
    before: String,
    status: String,
    /// The whole answer, if the README shows it.
    answer: Option<String>,
}

impl Proof {
    /// Sends all requests, prints a line for each, and returns whether all were answered as they should be.
    ///
    /// # Errors
    ///
    /// Returns an error if `output` can't be written to.
    pub fn walk(&self, output: &mut dyn Write) -> io::Result<bool> {
        let steps = match self.steps() {
            Ok(steps) => steps,
            Err(error) => {
                writeln!(output, "FAILED  {error:#}")?;
                return Ok(false);
            }
        };
        let mut failed: usize = 0;
        for step in &steps {
            let got = self.take(step).unwrap_or_else(|error| format!("{error:#}"));
            let is_ok = got == step.status;
            failed += usize::from(!is_ok);
            let typed = &step.typed;
            match is_ok {
                true => writeln!(output, "ok      {got}  {typed}")?,
                false => writeln!(output, "FAILED  expected {}, got {got}: {typed}", step.status)?,
            }
        }
        let all = steps.len();
        match failed {
            0 => writeln!(output, "The README holds: {all} of {all} requests were answered as it says.")?,
            _ => writeln!(output, "The README doesn't hold: {failed} of {all} requests FAILED.")?,
        }
        Ok(failed == 0)
    }

    /// Returns the requests that were printed, and those of the README. Commands get 200, and the answer in the line
    /// below, if there is one; the README's table lists the statuses of refused requests.
    fn steps(&self) -> Result<Vec<Step>> {
        let file = self.folder.join("README.md");
        let readme = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let printed = self.printed.iter().map(|command| Step {
            typed: command.clone(),
            before: String::new(),
            status: "200".to_owned(),
            answer: None,
        });
        let (_, proof) = readme.split_once(PROOF).unwrap_or_default();
        let typed = |line: &str| line.strip_prefix("$ ").map(str::to_owned);
        let is_asked = |command: &str| command.starts_with(ASK);
        let before: Vec<_> = proof.lines().filter_map(typed).filter(|command| !is_asked(command)).collect();
        let before = before.join("\n");
        let step = |typed: &str, status: &str, answer: Option<&str>| Step {
            typed: typed.to_owned(),
            before: before.clone(),
            status: status.to_owned(),
            answer: answer.map(str::to_owned),
        };
        let below = proof.lines().skip(1).map(|line| Some(line).filter(|line| line.starts_with('{')));
        let allowed = proof
            .lines()
            .zip(below)
            .filter_map(|(line, below)| Some(step(line.strip_prefix("$ ")?, "200", below)));
        let refused = proof.lines().filter_map(|line| {
            let (typed, answer) = line.strip_prefix("| `")?.split_once("` | ")?;
            Some(step(typed, answer.get(..3)?, None))
        });
        Ok(printed.chain(allowed.chain(refused).filter(|step| is_asked(&step.typed))).collect())
    }

    /// Sends a request, and repeats it while the answer is an unexpected 429. Returns the status, or the answer if it
    /// isn't the one in the README.
    fn take(&self, step: &Step) -> Result<String> {
        let begin = Instant::now();
        loop {
            let (status, answer) = self.ask(step)?;
            let has_to_wait = status == "429" && step.status != "429" && begin.elapsed() < PATIENCE;
            if !has_to_wait {
                let is_shown = step.answer.as_ref().is_none_or(|shown| *shown == answer);
                return Ok(if is_shown { status } else { format!("{status} with {answer}") });
            }
            thread::sleep(PAUSE);
        }
    }

    /// Sends a request by a shell, and returns its status and answer.
    fn ask(&self, step: &Step) -> Result<(String, String)> {
        let quiet = step.typed.replacen(' ', " --silent --show-error --write-out '\\n%{http_code}' ", 1);
        let script = match step.before.as_str() {
            "" => quiet,
            before => self.here(&["shopt -s expand_aliases", before, &quiet].join("\n")),
        };
        let mut shell = Command::new("bash");
        shell.args(["-c", &script]).env("DIRECTORY", &self.directory);
        // The server is on this machine, so no proxy is used.
        shell.env("no_proxy", "*").env("NO_PROXY", "*");
        let output = shell.output().context("cannot run bash")?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "{}: {}", output.status, complaint.trim());
        let text = String::from_utf8_lossy(&output.stdout);
        let (answer, status) = text.rsplit_once('\n').context("curl printed no status")?;
        Ok((status.to_owned(), answer.to_owned()))
    }

    /// Adapts a command of the README to this port, this directory and this folder.
    fn here(&self, command: &str) -> String {
        let name = self.folder.file_name().unwrap_or_default().to_string_lossy();
        let quoted = |path: &PathBuf| format!("'{}'", path.display().to_string().replace('\'', r"'\''"));
        // "cd target/NAME/certificates" goes on after the quoted path, which a shell takes as one word.
        let places = [
            (format!("../../target/{name}"), self.directory.display().to_string()),
            (format!("cd target/{name}"), format!("cd {}", quoted(&self.directory))),
            (format!("cd examples/{name}"), format!("cd {}", quoted(&self.folder))),
            ("…".to_owned(), "https://example.com:8443".to_owned()),
            (":8443".to_owned(), format!(":{}", self.https)),
        ];
        places.into_iter().fold(command.to_owned(), |command, (old, new)| command.replace(&old, &new))
    }
}

#[cfg(test)]
mod tests {
    use super::Proof;
    use std::fs;

    #[test]
    fn a_request_that_is_not_answered_as_it_should_be_fails_the_proof() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("README.md"), "nothing").unwrap();
        let directory = folder.path().to_owned();
        let proof =
            Proof { folder: directory.clone(), directory, https: 1, printed: vec!["false 1".to_owned()] };
        let mut output = Vec::new();
        assert!(!proof.walk(&mut output).unwrap());
        let output = String::from_utf8(output).unwrap();
        assert!(output.starts_with("FAILED  expected 200, got exit status: 1"), "{output}");
        assert!(output.ends_with("The README doesn't hold: 1 of 1 requests FAILED.\n"), "{output}");
    }

    #[test]
    fn the_requests_of_a_readme_are_found_with_what_they_are_answered() {
        let folder = tempfile::tempdir().unwrap();
        let readme = "\
$ ask before
**2. The proof.** What is allowed:

```console
$ cd target/x
$ alias ask='curl'
$ ask /a
{\"a\":1}
$ ask-as-b /b
```

| request | answer |
| --- | --- |
| `ask /c` | 403: no |
| the same again | 401 |
";
        fs::write(folder.path().join("README.md"), readme).unwrap();
        let directory = folder.path().to_owned();
        let proof =
            Proof { folder: directory.clone(), directory, https: 1, printed: vec!["curl /p".to_owned()] };
        let steps = proof.steps().unwrap();
        let found: Vec<_> = steps.iter().map(|step| (step.typed.as_str(), step.status.as_str())).collect();
        assert_eq!(found, [("curl /p", "200"), ("ask /a", "200"), ("ask-as-b /b", "200"), ("ask /c", "403")]);
        assert_eq!(steps[1].answer.as_deref(), Some("{\"a\":1}"));
        assert_eq!(steps[1].before, "cd target/x\nalias ask='curl'");
        assert!(steps[2].answer.is_none());
    }
}
