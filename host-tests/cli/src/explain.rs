//! `promward explain`: what becomes of one request, room by room, and who may do what.

mod arguments;
pub(crate) mod curl;
mod diff;
mod json;
pub(crate) mod matrix;
mod paint;
pub(crate) mod request;
pub(crate) mod rules;
mod text;

pub use arguments::{Arguments, HELP};
pub use json::json;
pub(crate) use request::now;

use crate::check;
use crate::policy::Policy;
use crate::policy::answer::{Given, of_body};
use crate::policy::course::{Course, Remembered};
use paint::Paint;
use std::io::{self, Write};

/// The result of an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The request is allowed, or the matrix was printed.
    Allowed,
    /// The request is refused.
    Refused,
    /// There is no such request, or no valid configuration.
    Unusable,
}

impl Verdict {
    /// Returns the exit code: 0, 1 or 2.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Allowed => 0,
            Self::Refused => 1,
            Self::Unusable => 2,
        }
    }

    fn of(course: &Course<'_>) -> Self {
        if course.is_allowed() { Self::Allowed } else { Self::Refused }
    }
}

/// Returns a table of what each `who` of the rules may do at each mount.
#[must_use]
pub fn matrix(policy: &Policy) -> String {
    matrix::of(policy.gateway())
}

/// Returns the last line of an explanation, without colours.
pub(crate) fn verdict(course: &Course<'_>, given: Option<&Given>) -> String {
    text::verdict(course, given, Paint::new(false))
}

/// Explains what the arguments ask for. The explanation goes to `output`, and the reason why there is none to `errors`.
///
/// # Errors
///
/// Returns an error if `output` or `errors` can't be written to.
pub fn run(
    arguments: &Arguments,
    is_terminal: bool,
    output: &mut dyn Write,
    errors: &mut dyn Write,
) -> io::Result<Verdict> {
    match explained(arguments, Paint::new(is_terminal)) {
        Ok((text, verdict)) => {
            output.write_all(text.as_bytes())?;
            Ok(verdict)
        }
        Err(error) => {
            writeln!(errors, "promward: {error}")?;
            Ok(Verdict::Unusable)
        }
    }
}

fn explained(arguments: &Arguments, paint: Paint) -> Result<(String, Verdict), String> {
    let policy = Policy::of_file(&arguments.file, arguments.filter.as_deref())?;
    if arguments.matrix {
        return Ok((matrix(&policy), Verdict::Allowed));
    }
    let asked = arguments.asked()?;
    let answer = match &arguments.answer {
        Some(file) => Some(of_body(200, check::read_named(file)?)),
        None => None,
    };
    let course = policy.ask(&asked, &mut Remembered::default())?;
    let given = answer.and_then(|answer| policy.answer(&course, &answer));
    let verdict = match given {
        Some(Given::Refused(..) | Given::BrokenOff(_)) => Verdict::Refused,
        Some(Given::Answer(_)) | None => Verdict::of(&course),
    };
    let text = if arguments.quiet {
        String::new()
    } else if arguments.json {
        format!("{:#}\n", json(&policy, &asked, &course, given.as_ref()))
    } else {
        text::of(&policy, &asked, &course, given.as_ref(), paint)
    };
    Ok((text, verdict))
}
