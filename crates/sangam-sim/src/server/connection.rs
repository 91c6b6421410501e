//! One connection: hyper's HTTP/1.1 loop, with a way to end it in the middle.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::response::Response;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http_body_util::BodyExt;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::pipeline::{Pipeline, Sever};
use super::told_to_stop;

/// The connection is to end without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the simulator broke the connection on purpose")]
struct Broken;

type Answer = Pin<Box<dyn Future<Output = Result<http::Response<OutBody>, Broken>> + Send>>;

/// Serves one connection to its end.
pub(super) async fn serve(stream: TcpStream, pipeline: Arc<Pipeline>, mut stopped: watch::Receiver<bool>) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "could not switch off delayed sending");
    }
    let reset = Arc::new(AtomicBool::new(false));
    let service = {
        let reset = Arc::clone(&reset);
        service_fn(move |request: http::Request<Incoming>| -> Answer {
            let (pipeline, reset) = (Arc::clone(&pipeline), Arc::clone(&reset));
            Box::pin(async move {
                // A task of its own: a client that hangs up does not undo what it asked for.
                match tokio::spawn(pipeline.answer(request)).await {
                    Ok(response) => finish(response, &reset),
                    Err(error) => {
                        tracing::error!(%error, "a handler ended badly");
                        Err(Broken)
                    }
                }
            })
        })
    };
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .serve_connection(TokioIo::new(stream), service);
    let mut stopping = false;
    let ended = loop {
        tokio::select! {
            ended = poll_fn(|context| connection.poll_without_shutdown(context)) => break ended,
            () = told_to_stop(&mut stopped), if !stopping => {
                stopping = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
    let stream = connection.into_parts().io.into_inner();
    if reset.load(Ordering::SeqCst) {
        // Lingering for no time makes the close a TCP reset.
        if let Err(error) = stream.set_zero_linger() {
            tracing::warn!(%error, "could not reset a connection");
        }
    }
}

/// Acts out what the response carries.
fn finish(response: Response, reset: &AtomicBool) -> Result<http::Response<OutBody>, Broken> {
    match response.extensions().get::<Sever>() {
        None => Ok(response.map(OutBody::Whole)),
        Some(Sever::Drop) => Err(Broken),
        Some(Sever::Reset) => {
            reset.store(true, Ordering::SeqCst);
            Err(Broken)
        }
        Some(Sever::CutBody(half, length)) => {
            let (half, length) = (half.clone(), *length);
            let mut cut = response.map(|_| OutBody::Cut {
                half: Some(half),
                flushed: false,
            });
            cut.headers_mut()
                .insert(CONTENT_LENGTH, http::HeaderValue::from(length));
            Ok(cut)
        }
    }
}

/// A body as it goes out.
enum OutBody {
    Whole(axum::body::Body),
    /// Sends half, waits for it to be written, then fails.
    Cut {
        half: Option<Bytes>,
        flushed: bool,
    },
}

impl hyper::body::Body for OutBody {
    type Data = Bytes;
    type Error = Box<dyn std::error::Error + Send + Sync>;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        use std::task::Poll;
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body).poll_frame(context).map_err(Into::into),
            Self::Cut { half, flushed } => {
                if let Some(half) = half.take() {
                    return Poll::Ready(Some(Ok(Frame::data(half))));
                }
                if !*flushed {
                    // One turn without data makes hyper flush what it has.
                    *flushed = true;
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Poll::Ready(Some(Err(Broken.into())))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(body) => body.is_end_stream(),
            Self::Cut { .. } => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::Cut { .. } => SizeHint::default(),
        }
    }
}

/// The whole body of a response that is in memory anyway.
pub(super) async fn in_memory(body: axum::body::Body) -> Bytes {
    body.collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default()
}
