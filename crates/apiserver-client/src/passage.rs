//! A way to the API server for requests that are not the hub's: those of a workload that is recorded, and those of an operator who
//! measures. They have no row in the table of calls and no part in the hub's budget; who sends them bounds them.
//!
//! A request that carries an `Authorization` keeps it, and its connection then has no client certificate: an API server would
//! believe the certificate first. All others go out with the identity of the kubeconfig.

mod lanes;

use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, Uri, header};
use http_body::Body;
use kube::config::AuthInfo;
use tower::BoxError;

use crate::config::Source;
use crate::connect::{self, ConnectError};
use crate::failure::connection_text;
use lanes::Lanes;

/// Why a request got no answer.
#[derive(Debug, thiserror::Error)]
pub enum PassageError {
    /// No connection, or one that broke.
    #[error("the API server gave no answer: {0}")]
    Connection(String),
    /// Too many requests are open.
    #[error("{0} requests are open, more than this way has room for")]
    Full(usize),
}

/// A request on its way.
pub type Sending = Pin<Box<dyn Future<Output = Result<Response<Guarded>, PassageError>> + Send>>;

/// Connections to one API server.
pub struct Passage {
    own: Lanes,
    bare: Lanes,
    server: Uri,
}

impl std::fmt::Debug for Passage {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Passage").field("server", &self.server.host()).finish_non_exhaustive()
    }
}

impl Passage {
    /// Reads the credentials and checks them against the time `wall`, since 1970. Opens no connection.
    ///
    /// # Errors
    /// [`ConnectError`].
    pub async fn open(source: &Source, wall: Duration) -> Result<Self, ConnectError> {
        let config = connect::credentials(source, wall).await?;
        let broken = |error: &kube::Error| connect::tls(source, &config, error);
        let own = Lanes::new(&config).map_err(|error| broken(&error))?;
        let mut nobody = config.clone();
        nobody.auth_info = AuthInfo::default();
        let bare = Lanes::new(&nobody).map_err(|error| broken(&error))?;
        Ok(Self { own, bare, server: config.cluster_url })
    }

    /// The same with connections of its own.
    ///
    /// # Errors
    /// [`PassageError`] when the credentials have stopped to work.
    pub fn apart(&self) -> Result<Self, PassageError> {
        Ok(Self { own: self.own.apart()?, bare: self.bare.apart()?, server: self.server.clone() })
    }

    /// Scheme, host and port of the API server.
    #[must_use]
    pub fn server(&self) -> String {
        connect::server(&self.server)
    }

    /// Sends a request, whose URI is a path with its query, and returns the head of the answer; bodies stream both ways. A request
    /// with an `Upgrade` goes over HTTP/1.1, and `hyper::upgrade::on` works on its answer.
    ///
    /// # Errors
    /// [`PassageError`]. There is no deadline: who asks has one.
    pub fn send<B>(&self, request: Request<B>) -> Sending
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BoxError>,
    {
        let lanes =
            if request.headers().contains_key(header::AUTHORIZATION) { &self.bare } else { &self.own };
        lanes.send(request)
    }
}

pub use lanes::Guarded;

fn broken(error: &BoxError) -> PassageError {
    PassageError::Connection(connection_text(error.as_ref()))
}
