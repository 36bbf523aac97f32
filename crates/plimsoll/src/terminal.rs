//! What people see: results on standard output, everything else on standard error.

use std::io::Write;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// A result, on standard output. A reader that went away is not an error of ours.
pub(crate) fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Characters in a line of the terminal that standard output is, if it is one.
pub(crate) fn columns() -> Option<u16> {
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok()?;
    (size.ws_col > 0).then_some(size.ws_col)
}

/// One line on standard error.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// The steps of a start, shown as they happen: a spinner on a terminal, a line each elsewhere.
pub(crate) struct Steps {
    bar: ProgressBar,
    on_terminal: bool,
}

impl Steps {
    pub(crate) fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} ({elapsed})") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { on_terminal: !bar.is_hidden(), bar }
    }

    /// What happens now.
    pub(crate) fn now(&self, text: &str) {
        self.bar.set_message(text.to_owned());
        if !self.on_terminal {
            complain(&format!("  … {text}"));
        }
    }

    /// Progress within a step; too frequent for a log, so only a terminal shows it.
    pub(crate) fn detail(&self, text: &str) {
        self.bar.set_message(text.to_owned());
    }

    /// What has been done.
    pub(crate) fn done(&self, text: &str) {
        if self.on_terminal {
            self.bar.println(format!("  ✓ {text}"));
        } else {
            complain(&format!("  ✓ {text}"));
        }
    }

    pub(crate) fn finish(self) {
        self.bar.finish_and_clear();
    }
}
