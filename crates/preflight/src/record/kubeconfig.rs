//! The kubeconfig that leads a workload through the proxy.

use std::net::SocketAddr;
use std::path::Path;

use super::RecordError;

/// Without any credential: the proxy adds them.
pub(super) fn text(address: SocketAddr) -> String {
    format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: plimsoll-record\nclusters:\n- name: plimsoll-record\n  cluster: {{server: \"http://{address}\"}}\n\
         users:\n- name: plimsoll-record\n  user: {{}}\ncontexts:\n- name: plimsoll-record\n  context: {{cluster: plimsoll-record, user: plimsoll-record}}\n"
    )
}

/// Writes it.
pub(super) fn write(path: &Path, address: SocketAddr) -> Result<(), RecordError> {
    let text = text(address);
    environment::files::write_atomic(path, |to| to.write_all(text.as_bytes()))
        .map_err(|error| RecordError::Kubeconfig { path: path.to_owned(), error })
}
