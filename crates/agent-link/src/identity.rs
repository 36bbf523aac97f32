//! For whom a certificate speaks.

use fanout::Peer;
use rustls_pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// Prefix of an agent's name: a URI among the subject's alternative names, or the common name.
pub(crate) const AGENT_PREFIX: &str = "plimsoll:agent:";
/// In place of a node name: any node.
pub(crate) const ANY_NODE: &str = "*";

/// The node of an agent's certificate; `None` when it is not for an agent.
pub(crate) fn agent(certificate: &CertificateDer<'_>) -> Option<Peer> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let alternative = certificate.subject_alternative_name().ok().flatten();
    let uris = alternative
        .into_iter()
        .flat_map(|names| &names.value.general_names)
        .filter_map(|name| if let GeneralName::URI(uri) = name { Some(*uri) } else { None });
    let common = certificate.subject().iter_common_name().filter_map(|name| name.as_str().ok());
    uris.chain(common).find_map(node)
}

fn node(name: &str) -> Option<Peer> {
    match name.strip_prefix(AGENT_PREFIX)? {
        "" => None,
        ANY_NODE => Some(Peer::AnyNode),
        node => Some(Peer::Node(node.to_owned())),
    }
}
