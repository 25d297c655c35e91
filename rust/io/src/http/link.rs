// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! A connection that speaks HTTP, and the lease that one exchange has of it.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use http::header::HOST;
use http::{HeaderValue, Request, Response, Uri, Version};
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};
use hyper_util::rt::TokioIo;
use tokio::task::AbortHandle;
use tokio::time::Instant;

use super::failure::{Failure, FailureKind, chain};
use super::stream::{Received, Stream};
use super::upload::Upload;
use super::{MAX_HEAD_BYTES, connect::Refusal};

/// How much of a response may be on its way to a slow reader over HTTP/2: of one, and of all on a connection. The second
/// is so much larger that some readers who do not read at all leave room for others.
const STREAM_WINDOW: u32 = 512 * 1024;
const CONNECTION_WINDOW: u32 = 32 * 1024 * 1024;

/// As many streams as a server allows before it has said how many: no server says this number.
const UNKNOWN: usize = usize::MAX - 1;

/// How long a server may take to say how many streams it allows, if nothing else limits it.
const SETTINGS_PATIENCE: Duration = Duration::from_secs(30);

/// A new connection.
pub(crate) enum Opened {
    Http1(Http1Link),
    Http2(Http2Link),
}

/// The use of a connection for one exchange. Its drop ends the exchange: over HTTP/1.1 by closing the connection, over
/// HTTP/2 by resetting the stream, unless the exchange is complete.
pub(crate) enum Lease {
    Http1(Http1Link),
    Http2(Http2Lease),
}

/// Why a request was not answered.
pub(crate) enum Unanswered {
    /// Nothing of it was written.
    Unsent(Box<Request<Upload>>),
    /// It may have been processed.
    Failed(Failure),
}

impl Lease {
    /// Whether other exchanges had the connection before.
    pub(crate) fn is_reused(&self) -> bool {
        match self {
            Self::Http1(link) => link.reused,
            Self::Http2(lease) => lease.reused,
        }
    }

    pub(crate) fn session(&self) -> Option<&[u8]> {
        match self {
            Self::Http1(link) => link.session.as_deref(),
            Self::Http2(lease) => lease.link.session.as_deref(),
        }
    }

    /// Sends a request for `target`, and waits for the head of the response.
    pub(crate) async fn send(
        &mut self,
        request: Box<Request<Upload>>,
        target: &Uri,
    ) -> Result<Response<Incoming>, Unanswered> {
        match self {
            Self::Http1(link) => link.send(request, target).await,
            Self::Http2(lease) => lease.send(request, target).await,
        }
    }
}

/// Ends a task when it is dropped.
struct Serving(AbortHandle);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// A connection that speaks HTTP/1.1. Its drop closes it.
pub(crate) struct Http1Link {
    sender: http1::SendRequest<Upload>,
    received: Rc<Received>,
    session: Option<Rc<[u8]>>,
    reused: bool,
    /// Where it waits in the pool, if it does.
    seat: Rc<Cell<Option<u64>>>,
    _serving: Serving,
}

impl Http1Link {
    /// `closed` hears the seat of the link when the server closes it in the pool.
    pub(crate) async fn open(
        stream: Stream,
        closed: impl FnOnce(u64) + 'static,
    ) -> Result<Self, Refusal> {
        let received = stream.received();
        let session = stream.session();
        let (sender, connection) = http1::Builder::new()
            .title_case_headers(true)
            .max_buf_size(MAX_HEAD_BYTES)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| no_handshake(&error))?;
        let seat = Rc::new(Cell::new(None));
        let seat_at_end = Rc::clone(&seat);
        let task = tokio::task::spawn_local(async move {
            if let Err(error) = connection.await {
                tracing::debug!("a connection ended: {}", chain(&error));
            }
            if let Some(seat) = seat_at_end.get() {
                closed(seat);
            }
        });
        Ok(Self {
            sender,
            received,
            session,
            reused: false,
            seat,
            _serving: Serving(task.abort_handle()),
        })
    }

    async fn send(
        &mut self,
        mut request: Box<Request<Upload>>,
        target: &Uri,
    ) -> Result<Response<Incoming>, Unanswered> {
        *request.version_mut() = Version::HTTP_11;
        if let Some(authority) = target.authority()
            && !request.headers().contains_key(HOST)
            && let Ok(host) = HeaderValue::from_str(authority.as_str())
        {
            request.headers_mut().insert(HOST, host);
        }
        *request.uri_mut() = match (&self.session, target.path_and_query()) {
            (Some(_), Some(path)) => Uri::from(path.clone()),
            _ => target.clone(),
        };
        let before = self.received.bytes();
        let answer = self.sender.try_send_request(*request).await;
        answer.map_err(|error| {
            let silent = self.received.bytes() == before;
            unanswered(error, |error| {
                Failure::before_response(error, silent, self.reused)
            })
        })
    }

    /// Waits until the connection can serve another exchange; false if it will not, or not soon. To be called when the
    /// response is complete: what is left to do then is done when the connection's task is next run.
    pub(crate) async fn is_done(&mut self) -> bool {
        let mut patience = 1;
        poll_fn(|context| match self.sender.poll_ready(context) {
            Poll::Pending if patience > 0 => {
                patience -= 1;
                context.waker().wake_by_ref();
                Poll::Pending
            }
            ready => Poll::Ready(matches!(ready, Poll::Ready(Ok(())))),
        })
        .await
    }

    /// Goes to the pool; `None` if it is closed.
    pub(crate) fn take_seat(self, seat: u64) -> Option<Self> {
        self.seat.set(Some(seat));
        (!self.sender.is_closed()).then_some(self)
    }

    /// Comes back from the pool; `None` if it is closed.
    pub(crate) fn take_seat_back(mut self) -> Option<Self> {
        self.seat.set(None);
        self.reused = true;
        (!self.sender.is_closed()).then_some(self)
    }
}

/// A connection that speaks HTTP/2. Its drop closes it once no stream is left.
pub(crate) struct Http2Link {
    sender: http2::SendRequest<Upload>,
    session: Option<Rc<[u8]>>,
    /// Knows how many streams the server allows.
    connection: Rc<RefCell<Http2Connection>>,
    streams: Cell<usize>,
    used: Cell<bool>,
    idle_since: Cell<Instant>,
}

type Http2Connection = http2::Connection<TokioIo<Stream>, Upload, LocalTasks>;

impl Http2Link {
    pub(crate) async fn open(stream: Stream) -> Result<Self, Refusal> {
        let received = stream.received();
        let session = stream.session();
        let (sender, connection) = http2::Builder::new(LocalTasks)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .initial_max_send_streams(UNKNOWN)
            .max_header_list_size(MAX_HEAD_BYTES as u32)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| no_handshake(&error))?;
        let connection = Rc::new(RefCell::new(connection));
        let served = Rc::clone(&connection);
        tokio::task::spawn_local(async move {
            let served = poll_fn(|context| Pin::new(&mut *served.borrow_mut()).poll(context)).await;
            if let Err(error) = served {
                tracing::debug!("a connection ended: {}", chain(&error));
            }
        });
        let link = Self {
            sender,
            session,
            connection,
            streams: Cell::new(0),
            used: Cell::new(false),
            idle_since: Cell::new(Instant::now()),
        };
        // A server that tells nothing in time is not asked for much.
        let _ = tokio::time::timeout(SETTINGS_PATIENCE, link.settle(&received)).await;
        Ok(link)
    }

    /// Waits until the server has said how many streams it allows: the first thing it says.
    async fn settle(&self, received: &Received) {
        loop {
            let more = received.more();
            if self.limit() != UNKNOWN || self.is_closed() {
                return;
            }
            more.await;
        }
    }

    fn limit(&self) -> usize {
        self.connection.borrow().current_max_send_streams()
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    pub(crate) fn has_room(&self) -> bool {
        self.streams.get() < self.limit()
    }

    /// Since when it has had no stream, if it has none.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        (self.streams.get() == 0).then(|| self.idle_since.get())
    }

    pub(crate) fn lease(self: &Rc<Self>) -> Http2Lease {
        self.streams.set(self.streams.get() + 1);
        Http2Lease {
            reused: self.used.replace(true),
            link: Rc::clone(self),
        }
    }
}

/// One stream of a connection that speaks HTTP/2.
pub(crate) struct Http2Lease {
    link: Rc<Http2Link>,
    reused: bool,
}

impl Http2Lease {
    async fn send(
        &self,
        mut request: Box<Request<Upload>>,
        target: &Uri,
    ) -> Result<Response<Incoming>, Unanswered> {
        *request.version_mut() = Version::HTTP_2;
        *request.uri_mut() = target.clone();
        request.headers_mut().remove(HOST);
        let answer = self.link.sender.clone().try_send_request(*request).await;
        answer.map_err(|error| {
            unanswered(error, |error| {
                Failure::before_response(error, false, self.reused)
            })
        })
    }
}

impl Drop for Http2Lease {
    fn drop(&mut self) {
        let streams = self.link.streams.get() - 1;
        self.link.streams.set(streams);
        if streams == 0 {
            self.link.idle_since.set(Instant::now());
        }
    }
}

fn unanswered(
    mut error: TrySendError<Request<Upload>>,
    failure: impl FnOnce(&hyper::Error) -> Failure,
) -> Unanswered {
    match error.take_message() {
        Some(request) => Unanswered::Unsent(Box::new(request)),
        None => Unanswered::Failed(failure(error.error())),
    }
}

fn no_handshake(error: &hyper::Error) -> Refusal {
    Refusal::Failed(Failure::new(FailureKind::Connect, chain(error)))
}

/// Runs the tasks of HTTP/2 on the I/O thread.
#[derive(Clone)]
struct LocalTasks;

impl<F: Future + 'static> hyper::rt::Executor<F> for LocalTasks {
    fn execute(&self, future: F) {
        tokio::task::spawn_local(async move {
            future.await;
        });
    }
}
