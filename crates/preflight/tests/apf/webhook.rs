//! An admission webhook that answers when it is told to: it holds a request in the API server for as long as a test likes.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// Requests that are held, by the name of their object.
#[derive(Debug, Clone, Default)]
pub(crate) struct Held(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    waiting: BTreeMap<String, oneshot::Sender<()>>,
    /// Let go before they came.
    free: BTreeSet<String>,
}

impl Held {
    /// Whether the API server asks about it.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.lock().waiting.contains_key(name)
    }

    /// Answers for it.
    pub(crate) fn release(&self, name: &str) {
        let mut inner = self.0.lock();
        match inner.waiting.remove(name) {
            Some(sender) => drop(sender.send(())),
            None => drop(inner.free.insert(name.to_owned())),
        }
    }

    fn hold(&self, name: &str) -> Option<oneshot::Receiver<()>> {
        let mut inner = self.0.lock();
        if inner.free.remove(name) {
            return None;
        }
        let (sender, receiver) = oneshot::channel();
        inner.waiting.insert(name.to_owned(), sender);
        Some(receiver)
    }
}

/// Serves on loopback; the certificate is for the API server to trust.
pub(crate) async fn serve(held: Held) -> (SocketAddr, String) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let mut config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .expect("its own key");
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("loopback");
    let address = listener.local_addr().expect("bound");
    environment::spawn("webhook", async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, held) = (acceptor.clone(), held.clone());
            environment::spawn("webhook connection", async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let service = service_fn(move |request| answer(request, held.clone()));
                let _ended =
                    Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
    (address, made.cert.pem())
}

async fn answer(request: Request<Incoming>, held: Held) -> Result<Response<Full<Bytes>>, Infallible> {
    let body =
        request.into_body().collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let review: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let name = review["request"]["object"]["metadata"]["name"].as_str().unwrap_or_default();
    if let Some(wait) = held.hold(name) {
        let _answered = wait.await;
    }
    let answer = serde_json::json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "response": {"uid": review["request"]["uid"], "allowed": true},
    });
    let mut response = Response::new(Full::new(Bytes::from(answer.to_string())));
    response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/json"));
    Ok(response)
}
