//! One gRPC service on a Unix socket, without generated code.

use std::convert::Infallible;
use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::net::UnixListener;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::UnixListenerStream;
use tonic::body::Body;
use tonic::transport::Server;

pub(crate) type Answer = Pin<Box<dyn Future<Output = http::Response<Body>> + Send>>;

/// Answers calls by path: "/v1alpha1.Pods/WatchPods".
pub(crate) trait Methods: Clone + Send + Sync + 'static {
    const SERVICE: &'static str;
    fn call(&self, path: &str, request: http::Request<Body>) -> Answer;
}

#[derive(Clone)]
struct Adapter<M>(M);

impl<M: Methods> tower::Service<http::Request<Body>> for Adapter<M> {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let path = request.uri().path().to_owned();
        let answer = self.0.call(&path, request);
        Box::pin(async move { Ok(answer.await) })
    }
}

impl<M: Methods> tonic::server::NamedService for Adapter<M> {
    const NAME: &'static str = M::SERVICE;
}

/// Serves until the handle is aborted.
pub(crate) fn serve(socket: &Path, methods: impl Methods) -> JoinHandle<()> {
    let _ = std::fs::remove_file(socket);
    std::fs::create_dir_all(socket.parent().unwrap()).unwrap();
    let listener = UnixListener::bind(socket).unwrap();
    environment::spawn("fake grpc", async move {
        let incoming = UnixListenerStream::new(listener);
        let _ = Server::builder().add_service(Adapter(methods)).serve_with_incoming(incoming).await;
    })
}
