//! Whose request it is.

use workload_profile::Observation;

/// A name longer than this is cut: users and agents choose theirs.
const LETTERS_MAX: usize = 120;

/// A service account by its namespace and name, all kubelets together, anybody else by name and program: people share a name
/// (`kubernetes-admin`), programs do not.
#[must_use]
pub fn who(seen: &Observation) -> String {
    let user = seen.user.as_deref().unwrap_or("unknown");
    if let Some(account) = user.strip_prefix("system:serviceaccount:") {
        return cut(&account.replacen(':', "/", 1));
    }
    if user.starts_with("system:node:") {
        return "kubelets".to_owned();
    }
    let program = seen.user_agent.as_deref().unwrap_or_default();
    let program = program.split(['/', ' ']).next().unwrap_or_default();
    match program.is_empty() || user.starts_with("system:") {
        true => cut(user),
        false => cut(&format!("{user} ({program})")),
    }
}

fn cut(text: &str) -> String {
    text.chars().take(LETTERS_MAX).collect()
}
