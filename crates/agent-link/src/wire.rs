//! The one gRPC method, by hand: a stream of messages in both directions.

use std::future::{Ready, ready};
use std::task::{Context, Poll};

use fanout::message::STREAM_PATH;
use fanout::{AgentMessage, HubMessage, limits};
use futures::future::BoxFuture;
use http::uri::PathAndQuery;
use http::{Request, Response, Uri};
use hyper::body::Incoming;
use hyper::client::conn::http2::SendRequest;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::body::Body;
use tonic::{Status, Streaming};
use tonic_prost::ProstCodec;

/// Messages to the other end that wait for HTTP/2 to take them: the window of chunks, and what else may be due meanwhile
/// (an answer, heartbeats until the stream counts as stalled). A full queue ends the stream.
pub(crate) const OUTBOUND_MESSAGES_MAX: usize = 16;

const _: () = assert!(OUTBOUND_MESSAGES_MAX > limits::WINDOW_CHUNKS as usize + 8);

/// What the hub sends to one agent.
pub(crate) type Outbound = mpsc::Sender<Result<HubMessage, Status>>;

/// What is to be sent to one agent.
pub(crate) type Receiver = mpsc::Receiver<Result<HubMessage, Status>>;

/// Answers one request of an agent: `open` is called with its stream, and returns what is to be sent.
pub(crate) async fn serve<O>(request: Request<Incoming>, open: O) -> Response<Body>
where
    O: FnMut(Streaming<AgentMessage>) -> Result<Receiver, Status> + Send,
{
    if request.uri().path() != STREAM_PATH {
        return Status::unimplemented("this endpoint serves Plimsoll's fan-out only").into_http();
    }
    tonic::server::Grpc::new(ProstCodec::<HubMessage, AgentMessage>::default())
        .max_decoding_message_size(limits::AGENT_MESSAGE_BYTES_MAX)
        .max_encoding_message_size(limits::MESSAGE_BYTES_MAX)
        .streaming(Opening(open), request)
        .await
}

struct Opening<O>(O);

impl<O> tonic::server::StreamingService<AgentMessage> for Opening<O>
where
    O: FnMut(Streaming<AgentMessage>) -> Result<Receiver, Status> + Send,
{
    type Response = HubMessage;
    type ResponseStream = ReceiverStream<Result<HubMessage, Status>>;
    type Future = Ready<Result<tonic::Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: tonic::Request<Streaming<AgentMessage>>) -> Self::Future {
        ready(
            (self.0)(request.into_inner())
                .map(|outbound| tonic::Response::new(ReceiverStream::new(outbound))),
        )
    }
}

/// Opens the stream on an HTTP/2 connection.
pub(crate) async fn open(
    connection: SendRequest<Body>,
    origin: Uri,
    outbound: mpsc::Receiver<AgentMessage>,
) -> Result<Streaming<HubMessage>, Status> {
    let mut client = tonic::client::Grpc::with_origin(Http2(connection), origin)
        .max_decoding_message_size(limits::MESSAGE_BYTES_MAX)
        .max_encoding_message_size(limits::AGENT_MESSAGE_BYTES_MAX);
    client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let request = tonic::Request::new(ReceiverStream::new(outbound));
    let codec = ProstCodec::<AgentMessage, HubMessage>::default();
    let response = client.streaming(request, PathAndQuery::from_static(STREAM_PATH), codec).await?;
    Ok(response.into_inner())
}

/// One HTTP/2 connection as tonic wants it. It is not reconnected: that is the subscriber's decision.
struct Http2(SendRequest<Body>);

impl tower::Service<Request<Body>> for Http2 {
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.0.send_request(request))
    }
}
