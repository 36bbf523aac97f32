//! A way in: one API server, by address, with one identity; every request has a deadline and says what it cost.

use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use apiserver_client::config::Source;
use apiserver_client::connect::ConnectError;
use apiserver_client::passage::Passage;
use bytes::Bytes;
use environment::Clock;
use futures::future::join_all;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use serde_json::Value;

use crate::limits::{AGAIN, ASK, BODY_BYTES_MAX, PROBE, TRIES};

/// How Plimsoll names itself here: audit logs and people look for it.
const USER_AGENT: &str = concat!("plimsoll-breakglass/", env!("CARGO_PKG_VERSION"));
/// RFC 7396.
pub const MERGE: &str = "application/merge-patch+json";
/// Server-side apply; JSON is YAML.
pub const APPLY: &str = "application/apply-patch+yaml";
const JSON: &str = "application/json";

/// All checks of `/readyz`, a line each.
const SAYS_BYTES_MAX: usize = 4 * 1024;

/// A request.
#[derive(Debug, Clone, PartialEq)]
pub struct Ask {
    /// `GET`, `PATCH`, `POST`, `DELETE`.
    pub method: Method,
    /// Path and query.
    pub path: String,
    /// What is sent, as what.
    pub body: Option<(&'static str, Value)>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Of HTTP.
    pub code: u16,
    /// The object; a string of what is none, such as a page of metrics.
    pub body: Value,
    /// From asking to the end of the answer.
    pub took: Duration,
    /// UID of the priority level that APF gave the request (`X-Kubernetes-PF-PriorityLevel-UID`).
    pub priority_level: Option<String>,
    /// UID of the flow schema (`X-Kubernetes-PF-FlowSchema-UID`).
    pub flow_schema: Option<String>,
}

/// Why there is none, or none that helps.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// Not in time.
    #[error("no answer within {} s", .0.as_secs())]
    Late(Duration),
    /// No connection, or it broke.
    #[error("{0}")]
    Connection(String),
    /// The server said no.
    #[error("answered {code}: {says}")]
    Refused {
        /// Of HTTP.
        code: u16,
        /// The `Status`' message.
        says: String,
    },
}

/// An answer that is being waited for.
pub type Asking<'a> = Pin<Box<dyn Future<Output = Result<Answer, NoAnswer>> + Send + 'a>>;

/// Whoever answers: a [`Way`], or a test.
pub trait Api: Send + Sync {
    /// Asks once.
    fn ask(&self, ask: Ask, within: Duration) -> Asking<'_>;
    /// How people call it: the context's name and the address.
    fn name(&self) -> String;
}

/// A context of a kubeconfig.
pub struct Way {
    context: String,
    passage: Passage,
    clock: Arc<dyn Clock>,
}

impl Ask {
    /// An object.
    pub fn get(path: impl Into<String>) -> Self {
        Self { method: Method::GET, path: path.into(), body: None }
    }

    /// A change of an object.
    pub fn patch(path: impl Into<String>, kind: &'static str, body: Value) -> Self {
        Self { method: Method::PATCH, path: path.into(), body: Some((kind, body)) }
    }

    /// A new object.
    pub fn post(path: impl Into<String>, body: Value) -> Self {
        Self { method: Method::POST, path: path.into(), body: Some((JSON, body)) }
    }

    /// An end of an object.
    pub fn delete(path: impl Into<String>, options: Value) -> Self {
        Self { method: Method::DELETE, path: path.into(), body: Some((JSON, options)) }
    }

    /// What it costs the API servers.
    pub fn is_write(&self) -> bool {
        self.method != Method::GET
    }
}

impl NoAnswer {
    /// The code, if the server said no.
    pub fn code(&self) -> Option<u16> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }

    /// Whether the same may work in a moment.
    fn is_transient(&self) -> bool {
        match self {
            Self::Late(_) | Self::Connection(_) => true,
            Self::Refused { code, .. } => *code == 429 || *code >= 500,
        }
    }
}

/// Asks up to [`TRIES`] times: an overloaded server may refuse the first.
///
/// # Errors
/// The last [`NoAnswer`].
pub async fn insist(api: &dyn Api, ask: Ask) -> Result<Answer, NoAnswer> {
    let mut tried = 1;
    loop {
        match api.ask(ask.clone(), ASK).await {
            Err(failed) if failed.is_transient() && tried < TRIES => {
                tokio::time::sleep(AGAIN * tried).await;
                tried += 1;
            }
            answered => return answered,
        }
    }
}

/// The time of a question through authentication, flow control, authorisation and storage.
///
/// # Errors
/// [`NoAnswer`]; also one that came too late.
pub async fn probe(api: &dyn Api) -> Result<Duration, NoAnswer> {
    api.ask(Ask::get("/readyz"), PROBE).await?;
    Ok(api.ask(Ask::get("/api/v1/namespaces/kube-system"), PROBE).await?.took)
}

/// The slowest of all of them, asked at once; `None`: one is not ready, or did not answer.
pub async fn slowest(all: &[&dyn Api]) -> Option<Duration> {
    let probes = join_all(all.iter().map(|api| probe(*api))).await;
    probes.into_iter().map(Result::ok).collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// Several ways as one: the first that answers, else the last that fails. That a server says no is an answer.
pub struct Any<'a>(pub &'a [&'a dyn Api]);

impl Api for Any<'_> {
    fn ask(&self, ask: Ask, within: Duration) -> Asking<'_> {
        Box::pin(async move {
            let mut last = NoAnswer::Connection("there is no way in".to_owned());
            for way in self.0 {
                match way.ask(ask.clone(), within).await {
                    Err(failed @ (NoAnswer::Late(_) | NoAnswer::Connection(_))) => last = failed,
                    answered => return answered,
                }
            }
            Err(last)
        })
    }

    fn name(&self) -> String {
        self.0.first().map(|way| way.name()).unwrap_or_default()
    }
}

impl Way {
    /// Reads one context of a kubeconfig (the current one without a name). Opens no connection.
    ///
    /// # Errors
    /// [`ConnectError`]: what has to be put right.
    pub async fn open(
        kubeconfig: &Path,
        context: Option<&str>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, ConnectError> {
        let source = Source::Kubeconfig { path: kubeconfig.to_owned(), context: context.map(str::to_owned) };
        let passage = Passage::open(&source, clock.wall()).await?;
        Ok(Self { context: context.unwrap_or("current context").to_owned(), passage, clock })
    }

    /// The same API server over connections that do not exist yet.
    ///
    /// # Errors
    /// The credentials do not work any more.
    pub fn fresh(&self) -> Result<Self, NoAnswer> {
        let passage = self.passage.apart().map_err(|error| NoAnswer::Connection(error.to_string()))?;
        Ok(Self { context: self.context.clone(), passage, clock: self.clock.clone() })
    }

    async fn converse(&self, ask: Ask) -> Result<Answer, NoAnswer> {
        let failed = |error: &dyn std::fmt::Display| NoAnswer::Connection(error.to_string());
        let mut request = Request::builder()
            .method(ask.method)
            .uri(&ask.path)
            .header(header::ACCEPT, JSON)
            .header(header::USER_AGENT, USER_AGENT);
        let mut body = Bytes::new();
        if let Some((kind, value)) = ask.body {
            request = request.header(header::CONTENT_TYPE, kind);
            body = value.to_string().into();
        }
        let request = request.body(Full::new(body)).map_err(|error| failed(&error))?;
        let begun = self.clock.monotonic();
        let response = self.passage.send(request).await.map_err(|error| failed(&error))?;
        let status = response.status();
        let of = |name: &str| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
        let priority_level = of("x-kubernetes-pf-prioritylevel-uid");
        let flow_schema = of("x-kubernetes-pf-flowschema-uid");
        let body = Limited::new(response.into_body(), BODY_BYTES_MAX).collect().await;
        let body = body.map_err(|error| failed(&error))?.to_bytes();
        let took = self.clock.monotonic().saturating_sub(begun);
        refuse(status, &body)?;
        let text = || Value::String(String::from_utf8_lossy(&body).into_owned());
        let body: Value = serde_json::from_slice(&body).unwrap_or_else(|_| text());
        Ok(Answer { code: status.as_u16(), body, took, priority_level, flow_schema })
    }
}

fn refuse(status: StatusCode, body: &[u8]) -> Result<(), NoAnswer> {
    if status.is_success() {
        return Ok(());
    }
    let object: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    let says = match object["message"].as_str() {
        Some(message) => message.to_owned(),
        // `/readyz` says in plain text what it misses.
        None => String::from_utf8_lossy(&body[..body.len().min(SAYS_BYTES_MAX)]).into_owned(),
    };
    Err(NoAnswer::Refused { code: status.as_u16(), says })
}

impl Api for Way {
    fn ask(&self, ask: Ask, within: Duration) -> Asking<'_> {
        Box::pin(async move {
            tokio::time::timeout(within, self.converse(ask)).await.unwrap_or(Err(NoAnswer::Late(within)))
        })
    }

    fn name(&self) -> String {
        format!("{} ({})", self.context, self.passage.server())
    }
}

/// The contexts of a kubeconfig: lifeboats first, which are made for this.
///
/// # Errors
/// A sentence: the file cannot be read, or has none.
pub fn contexts(kubeconfig: &Path) -> Result<Vec<String>, String> {
    let at = |what: &dyn std::fmt::Display| format!("{}: {what}", kubeconfig.display());
    let mut text = Vec::new();
    environment::files::read_into(kubeconfig, &mut text, BODY_BYTES_MAX).map_err(|error| at(&error))?;
    let parsed: Value =
        serde_saphyr::from_slice(&text).map_err(|_| at(&"not a kubeconfig in YAML or JSON"))?;
    let names = parsed["contexts"].as_array().into_iter().flatten();
    let mut names: Vec<String> =
        names.filter_map(|context| context["name"].as_str().map(str::to_owned)).collect();
    names.sort_by_key(|name| !is_lifeboat(name));
    if names.is_empty() { Err(at(&"no contexts in it")) } else { Ok(names) }
}

/// By the name that [`crate::kubeconfig`] gives it.
pub fn is_lifeboat(context: &str) -> bool {
    context.starts_with("lifeboat")
}

/// All contexts of a kubeconfig, or the one that is named.
///
/// # Errors
/// A sentence.
pub async fn open_all(
    kubeconfig: &Path,
    context: Option<&str>,
    clock: Arc<dyn Clock>,
) -> Result<Vec<(String, Way)>, String> {
    let names = match context {
        Some(one) => vec![one.to_owned()],
        None => contexts(kubeconfig)?,
    };
    let mut ways = Vec::new();
    for name in names {
        let way =
            Way::open(kubeconfig, Some(&name), clock.clone()).await.map_err(|error| error.to_string())?;
        ways.push((name, way));
    }
    Ok(ways)
}
