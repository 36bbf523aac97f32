//! Credentials: a kubeconfig file or the pod's service account, checked before anything starts.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use budget::LimitsError;
use kube::Config;
use kube::client::ConfigExt;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use rustls::SignatureScheme;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::config::Source;

#[cfg(test)]
mod tests;

/// A kubeconfig with the certificates of a hundred clusters is below 1 MiB.
const KUBECONFIG_BYTES_MAX: u64 = 4 << 20;

/// Why there is no door. Every text is one sentence that says what, where, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// There is no such file.
    #[error("kubeconfig {} does not exist: give an existing file with --kubeconfig", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("kubeconfig {} cannot be read ({source}): check its type and permissions", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file is no kubeconfig, or something in it does not fit.
    #[error("kubeconfig {place}: {what}")]
    Broken {
        /// File, and line where known.
        place: String,
        /// What is wrong and what to do.
        what: String,
    },
    /// The client certificate has expired or is not valid yet.
    #[error("the client certificate in {place} {what}: get a new one, or set this machine's clock")]
    Certificate {
        /// File.
        place: String,
        /// "expired on …" or "is not valid before …".
        what: String,
    },
    /// No kubeconfig was given, and this is no pod with a service account.
    #[error("not running in a pod with a service account ({0}): give a kubeconfig file with --kubeconfig")]
    NotInCluster(String),
    /// Certificates, keys or a credential plugin do not work.
    #[error("the credentials in {place} cannot be used: {what}")]
    Credentials {
        /// File.
        place: String,
        /// Why.
        what: String,
        /// A credential plugin or a token file: may work the next time.
        transient: bool,
    },
    /// A limit cannot work.
    #[error("the API budget cannot work: {0}")]
    Limits(#[from] LimitsError),
}

impl ConnectError {
    /// Whether somebody has to change something (exit code 64) before it can work; else trying again may help.
    pub fn is_operators(&self) -> bool {
        !matches!(self, Self::Credentials { transient: true, .. })
    }
}

/// The configuration of `source`, with kube's own retries switched off and its client certificate checked against `wall`.
pub(crate) async fn credentials(source: &Source, wall: Duration) -> Result<Config, ConnectError> {
    let mut config = match source {
        Source::InCluster => {
            Config::incluster().map_err(|error| ConnectError::NotInCluster(error.to_string()))?
        }
        Source::Kubeconfig { path, context } => from_file(path, context.clone()).await?,
    };
    config.default_retry = false;
    if config.proxy_url.is_some() {
        let what = "proxy-url is not supported: reach the API server directly".to_owned();
        return Err(ConnectError::Broken { place: place(source), what });
    }
    check_certificate(source, &config, wall)?;
    Ok(config)
}

/// Scheme, host and port, without user and password.
pub(crate) fn server(url: &http::Uri) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}", url.scheme_str().unwrap_or("https"), url.host().unwrap_or_default())
}

/// What kube says about certificates, keys and credential plugins.
pub(crate) fn tls(source: &Source, error: &kube::Error) -> ConnectError {
    let transient = matches!(error, kube::Error::Auth(_));
    let what = match transient {
        // kube's text has what a plugin printed: it may be a token.
        true => "a credential plugin or token file does not work".to_owned(),
        false => crate::failure::connection_text(error),
    };
    ConnectError::Credentials { place: place(source), what, transient }
}

async fn from_file(path: &Path, context: Option<String>) -> Result<Config, ConnectError> {
    let unreadable = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound => ConnectError::Missing { path: path.to_owned() },
        _ => ConnectError::Unreadable { path: path.to_owned(), source },
    };
    let bytes = std::fs::metadata(path).map_err(unreadable)?.len();
    if bytes > KUBECONFIG_BYTES_MAX {
        return Err(unreadable(io::ErrorKind::FileTooLarge.into()));
    }
    let kubeconfig = Kubeconfig::read_from(path).map_err(|error| match error {
        KubeconfigError::ReadConfig(source, _) => unreadable(source),
        error => broken(path, &error),
    })?;
    let options = KubeConfigOptions { context, cluster: None, user: None };
    Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(|error| broken(path, &error))
}

fn broken(path: &Path, error: &KubeconfigError) -> ConnectError {
    let mut place = path.display().to_string();
    let what = match error {
        KubeconfigError::Parse(error) => {
            if let Some(location) = error.location() {
                place = format!("{place}:{}", location.line());
            }
            // The parser's own text quotes the file, which holds keys and tokens.
            "not a kubeconfig in YAML or JSON, look at this line".to_owned()
        }
        KubeconfigError::CurrentContextNotSet => {
            "has no current-context: choose one with kubectl config".to_owned()
        }
        KubeconfigError::LoadContext(name) => {
            format!("has no context {name:?}: see kubectl config get-contexts")
        }
        KubeconfigError::LoadClusterOfContext(name) => {
            format!("has no cluster {name:?}, which the context names")
        }
        KubeconfigError::MissingClusterUrl => "the cluster has no server URL".to_owned(),
        // Errors of base64, PEM, URLs and of the files that it names; they quote offsets and paths, no contents.
        error => error.to_string(),
    };
    ConnectError::Broken { place, what }
}

fn place(source: &Source) -> String {
    match source {
        Source::InCluster => "the pod's service account".to_owned(),
        Source::Kubeconfig { path, .. } => format!("kubeconfig {}", path.display()),
    }
}

fn check_certificate(source: &Source, config: &Config, wall: Duration) -> Result<(), ConnectError> {
    let client = config.rustls_client_config().map_err(|error| tls(source, &error))?;
    // kube keeps the chain to itself; the resolver shows what it would send to a server that takes these schemes.
    let schemes = [
        SignatureScheme::RSA_PSS_SHA256,
        SignatureScheme::RSA_PKCS1_SHA256,
        SignatureScheme::ECDSA_NISTP256_SHA256,
        SignatureScheme::ECDSA_NISTP384_SHA384,
        SignatureScheme::ED25519,
    ];
    let Some(identity) = client.client_auth_cert_resolver.resolve(&[], &schemes) else { return Ok(()) };
    let Some(leaf) = identity.cert.first() else { return Ok(()) };
    let Ok((_, certificate)) = X509Certificate::from_der(leaf) else {
        let what = "the client certificate is not X.509".to_owned();
        return Err(ConnectError::Credentials { place: place(source), what, transient: false });
    };
    let validity = certificate.validity();
    let now = i64::try_from(wall.as_secs()).unwrap_or(i64::MAX);
    let what = if now > validity.not_after.timestamp() {
        format!("expired on {}", validity.not_after)
    } else if now < validity.not_before.timestamp() {
        format!("is not valid before {}", validity.not_before)
    } else {
        return Ok(());
    };
    Err(ConnectError::Certificate { place: place(source), what })
}
