//! How a command ends: what the user reads, and the exit code.

use std::fmt;
use std::process::ExitCode;

use crate::terminal;

/// EX_USAGE of sysexits.h: the command line, a file it names or an address it names is wrong. Trying again will not help.
const EXIT_USAGE: u8 = 64;
/// The environment failed: trying again may help.
const EXIT_ENVIRONMENT: u8 = 1;

pub(crate) type Outcome = Result<(), Failure>;

/// Why a command ended early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// What the user asked for cannot be: one sentence with what, where, and what to do.
    Usage(String),
    /// It did what it was asked for and the answer is no: it has been printed, and programs read the exit code.
    Verdict(u8),
    /// Something around us failed.
    Environment(anyhow::Error),
}

impl Failure {
    /// A usage failure from any error whose text is for people.
    pub(crate) fn usage(error: impl fmt::Display) -> Self {
        Self::Usage(error.to_string())
    }

    /// Why a hub did not start: mostly something to put right; a credential plugin may work the next time.
    pub(crate) fn hub(error: hub::StartError) -> Self {
        if error.is_operators() { Self::usage(error) } else { Self::Environment(error.into()) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(sentence) => f.write_str(sentence),
            Self::Verdict(code) => write!(f, "exit code {code}"),
            Self::Environment(error) => write!(f, "{error:#}"),
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Environment(error.into())
    }
}

/// What clap refused, or the help that it was asked for.
pub(crate) fn usage(refused: &clap::Error) -> ExitCode {
    // A closed pipe (`plimsoll --help | head`) is no reason to complain.
    let _ = refused.print();
    if refused.use_stderr() { ExitCode::from(EXIT_USAGE) } else { ExitCode::SUCCESS }
}

/// Prints why a command failed and chooses the exit code.
pub(crate) fn report(outcome: Outcome) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(sentence)) => {
            terminal::complain(&format!("plimsoll: {sentence}"));
            ExitCode::from(EXIT_USAGE)
        }
        Err(Failure::Verdict(code)) => ExitCode::from(code),
        Err(Failure::Environment(error)) => {
            terminal::complain(&format!("plimsoll: {error:#}"));
            ExitCode::from(EXIT_ENVIRONMENT)
        }
    }
}
