//! Who types, and what only they know.

use std::io::{BufRead as _, Read as _, Write as _};
use std::path::Path;

use emergency_access::secret::Secret;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::outcome::Failure;

/// A passphrase, or the shares of sixteen people.
const SECRET_BYTES_MAX: u64 = 16 * 1024;

/// As this machine knows them: whoever called sudo, not root.
pub(crate) fn name() -> String {
    let named = ["SUDO_USER", "USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok());
    named.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}

/// A passphrase: the first line of a file, or what is typed, without an echo.
pub(crate) fn passphrase(file: Option<&Path>, prompt: &str) -> Result<Secret, Failure> {
    let text = match file {
        Some(file) => read(file)?,
        None => typed(prompt)?,
    };
    let line = text.lines().next().unwrap_or_default();
    Ok(Secret::new(line.as_bytes().to_vec()))
}

/// A file with something secret; `-` is standard input.
pub(crate) fn read(file: &Path) -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::new());
    let read = match file.as_os_str() == "-" {
        true => std::io::stdin().take(SECRET_BYTES_MAX).read_to_string(&mut text),
        false => {
            std::fs::File::open(file).and_then(|file| file.take(SECRET_BYTES_MAX).read_to_string(&mut text))
        }
    };
    read.map_err(|error| Failure::Usage(format!("{}: {error}", file.display())))?;
    Ok(text)
}

fn typed(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    let stdin = std::io::stdin();
    let Ok(before) = tcgetattr(&stdin) else {
        let sentence = "no terminal to ask for a passphrase: give it with --passphrase-file";
        return Err(Failure::Usage(sentence.to_owned()));
    };
    let mut silent = before.clone();
    silent.local_modes.remove(LocalModes::ECHO);
    let _ = write!(std::io::stderr(), "{prompt}: ");
    tcsetattr(&stdin, OptionalActions::Flush, &silent)?;
    let mut text = Zeroizing::new(String::new());
    let read = stdin.lock().read_line(&mut text);
    tcsetattr(&stdin, OptionalActions::Flush, &before)?;
    let _ = writeln!(std::io::stderr());
    read?;
    Ok(text)
}
