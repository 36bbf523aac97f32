//! Credentials: a kubeconfig file or the pod's service account, checked before anything starts.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use budget::LimitsError;
use kube::Config;
use kube::client::{AuthError, ConfigExt};
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};
use rustls::SignatureScheme;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::config::Source;
use crate::times;
use crate::transport::Transport;

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

/// Credentials and the connections made with them, checked. A credential plugin of the kubeconfig is a program that blocks, may
/// ask the user something, and may hang: it gets a thread of its own and [`times::CREDENTIALS`].
pub(crate) async fn open(source: &Source, wall: Duration) -> Result<(Config, Transport), ConnectError> {
    let runtime = tokio::runtime::Handle::current();
    let owned = source.clone();
    let opening = tokio::task::spawn_blocking(move || {
        let config = runtime.block_on(credentials(&owned, wall))?;
        let transport = {
            let _inside = runtime.enter();
            Transport::new(&config).map_err(|error| tls(&owned, &config, &error))?
        };
        Ok((config, transport))
    });
    let failed =
        |what: String, transient| ConnectError::Credentials { place: place(source), what, transient };
    match tokio::time::timeout(times::CREDENTIALS, opening).await {
        Ok(Ok(opened)) => opened,
        // kube panics on some input that it should refuse, such as a token with a line break from a plugin.
        Ok(Err(_)) => Err(failed("kube cannot make an HTTP client of them".to_owned(), false)),
        Err(_) => {
            let seconds = times::CREDENTIALS.as_secs();
            Err(failed(format!("the credential plugin has not answered within {seconds} s"), true))
        }
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
    if let Some(what) = unusable(&config) {
        return Err(ConnectError::Broken { place: file(source), what: what.to_owned() });
    }
    check_certificate(source, &config, wall)?;
    Ok(config)
}

/// Scheme, host and port, without user and password.
pub(crate) fn server(url: &http::Uri) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}", url.scheme_str().unwrap_or("https"), url.host().unwrap_or_default())
}

/// What kube accepts and then cannot use, some of it with a panic at the first request.
fn unusable(config: &Config) -> Option<&'static str> {
    let url = &config.cluster_url;
    if !matches!(url.scheme_str(), Some("https" | "http")) || url.host().is_none() {
        return Some("the cluster's server is no URL such as https://host:6443");
    }
    if config.proxy_url.is_some() {
        return Some("proxy-url is not supported: reach the API server directly");
    }
    if config.root_cert.as_ref().is_some_and(Vec::is_empty) {
        return Some(
            "certificate-authority holds no certificate in PEM: take it from the cluster's administrator",
        );
    }
    // The secret shows itself to serde only, which writes kubeconfig files.
    let user = serde_json::to_value(&config.auth_info).unwrap_or_default();
    let token = user["token"].as_str().unwrap_or_default();
    if http::HeaderValue::from_str(token).is_err() {
        return Some("the token has line breaks or other characters that no HTTP header can have");
    }
    None
}

/// What kube says about certificates, keys and credential plugins.
pub(crate) fn tls(source: &Source, config: &Config, error: &kube::Error) -> ConnectError {
    let (what, transient) = match error {
        kube::Error::Auth(error) => plugin(config, error),
        error => (crate::failure::connection_text(error), false),
    };
    ConnectError::Credentials { place: place(source), what, transient }
}

/// What is wrong with a credential plugin or token file, and whether it may work the next time. kube's own text has what the
/// plugin printed, which may be a token.
fn plugin(config: &Config, error: &AuthError) -> (String, bool) {
    let command = config.auth_info.exec.as_ref().and_then(|exec| exec.command.as_deref()).unwrap_or("?");
    let says = format!("run {command} by hand to see what it says");
    match error {
        AuthError::AuthExecStart(error) => {
            (format!("the credential plugin {command} cannot be started ({error}): install it"), false)
        }
        AuthError::AuthExecRun { out, .. } => {
            (format!("the credential plugin {command} failed ({}): {says}", out.status), true)
        }
        AuthError::AuthExecParse(_) | AuthError::ExecPluginFailed => {
            (format!("the credential plugin {command} printed no ExecCredential: {says}"), true)
        }
        AuthError::ReadTokenFile(error, path) => {
            (format!("the token file {} cannot be read ({error})", path.display()), false)
        }
        AuthError::MissingCommand => ("exec names no command".to_owned(), false),
        _ => ("a credential plugin or token file does not work".to_owned(), true),
    }
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
    // kube reads UTF-16, as PowerShell writes it, by pairs of bytes, and panics where one is missing.
    let bytes = std::fs::read(path).map_err(unreadable)?;
    if matches!(bytes.as_slice(), [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..]) && bytes.len() % 2 == 1 {
        return Err(unreadable(io::ErrorKind::InvalidData.into()));
    }
    let kubeconfig = Kubeconfig::read_from(path).map_err(|error| match error {
        KubeconfigError::ReadConfig(source, _) => unreadable(source),
        error => broken(path, &error),
    })?;
    if let Some(user) = missing_user(&kubeconfig, context.as_deref()) {
        let what = format!("has no user {user:?}, which the context names: see kubectl config view");
        return Err(ConnectError::Broken { place: path.display().to_string(), what });
    }
    let options = KubeConfigOptions { context, cluster: None, user: None };
    Config::from_custom_kubeconfig(kubeconfig, &options).await.map_err(|error| broken(path, &error))
}

/// The user that the context names and the file does not have. kube would be nobody then.
fn missing_user(kubeconfig: &Kubeconfig, context: Option<&str>) -> Option<String> {
    let context = context.or(kubeconfig.current_context.as_deref())?;
    let named = kubeconfig.contexts.iter().find(|named| named.name == context)?;
    let user = named.context.as_ref()?.user.as_ref().filter(|user| !user.is_empty())?;
    let known = kubeconfig.auth_infos.iter().any(|known| known.name == *user);
    (!known).then(|| user.clone())
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
        Source::Kubeconfig { .. } => format!("kubeconfig {}", file(source)),
    }
}

/// The file alone, for texts that say "kubeconfig" themselves.
fn file(source: &Source) -> String {
    match source {
        Source::InCluster => "of the pod's service account".to_owned(),
        Source::Kubeconfig { path, .. } => path.display().to_string(),
    }
}

fn check_certificate(source: &Source, config: &Config, wall: Duration) -> Result<(), ConnectError> {
    let client = config.rustls_client_config().map_err(|error| tls(source, config, &error))?;
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
