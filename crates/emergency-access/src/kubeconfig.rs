//! Kubeconfigs for an emergency: addresses instead of names, no plugins, everything in one file, one context per API server.

use std::net::IpAddr;
use std::path::Path;

use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};

use crate::authority::{AuthorityError, Issued, write};
use crate::way::is_lifeboat;

/// An API server or a lifeboat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// The context's name; lifeboats begin with "lifeboat", and are tried first.
    pub name: String,
    /// `https://ADDRESS:PORT`.
    pub url: String,
}

/// `NAME=https://ADDRESS:PORT`.
impl std::str::FromStr for Server {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, url) = text.split_once('=').ok_or("write NAME=https://ADDRESS:PORT")?;
        let uri: http::Uri = url.parse().map_err(|_| format!("{url:?} is no URL"))?;
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        if uri.scheme_str() != Some("https") || name.is_empty() {
            return Err("write NAME=https://ADDRESS:PORT".to_owned());
        }
        if host.parse::<IpAddr>().is_err() {
            return Err(format!(
                "{host:?} is a name: DNS may be what is down, write an address (its certificate is checked against --tls-server-name)"
            ));
        }
        Ok(Self { name: name.to_owned(), url: url.trim_end_matches('/').to_owned() })
    }
}

/// The text of a kubeconfig. `trusted` are the authorities of the servers' certificates, `named` is what these are to say.
pub fn text(servers: &[Server], issued: &Issued, trusted: &str, named: &str) -> String {
    let mut servers: Vec<&Server> = servers.iter().collect();
    servers.sort_by_key(|server| !is_lifeboat(&server.name));
    let each = |of: &dyn Fn(&Server) -> Value| Value::from_iter(servers.iter().map(|server| of(server)));
    let clusters = each(&|server| {
        json!({"name": server.name, "cluster": {
            "server": server.url,
            "tls-server-name": named,
            "certificate-authority-data": base64(trusted.as_bytes()),
        }})
    });
    let contexts = each(
        &|server| json!({"name": server.name, "context": {"cluster": server.name, "user": "breakglass"}}),
    );
    let user = json!({"name": "breakglass", "user": {
        "client-certificate-data": base64(issued.certificate.as_bytes()),
        "client-key-data": base64(issued.key.as_bytes()),
    }});
    let document = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": clusters,
        "contexts": contexts,
        "users": [user],
        "current-context": servers.first().map(|server| &server.name),
    });
    // JSON is YAML, and kubectl takes both.
    format!("{document:#}\n")
}

/// Writes it where nobody else can read it.
///
/// # Errors
/// There is a file already, or the disk.
pub fn save(path: &Path, text: &str) -> Result<(), AuthorityError> {
    write(path, text, 0o600)
}

/// In constant time: one of them is a key.
fn base64(bytes: &[u8]) -> String {
    Base64::encode_string(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_refused_where_addresses_are_needed() {
        let check = |text: &str, is_one: bool| assert_eq!(text.parse::<Server>().is_ok(), is_one, "{text}");
        check("a=https://10.0.0.1:6443", true);
        check("lifeboat-a=https://[fd00::1]:7443", true);
        check("a=https://api.example.com:6443", false);
        check("a=http://10.0.0.1:6443", false);
        check("https://10.0.0.1:6443", false);
        check("=https://10.0.0.1:6443", false);
        check("a=nonsense", false);
    }
}
