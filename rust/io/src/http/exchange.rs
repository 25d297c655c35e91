// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! One request and its response, from its start to its last event.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, Uri, Version};
use http_body::Body;
use hyper::body::Incoming;
use tokio::task::AbortHandle;

use super::connect::Refusal;
use super::credits::Credits;
use super::failure::{Failure, FailureKind};
use super::link::{Lease, Unanswered};
use super::pool::Pool;
use super::request::{Origin, Outgoing, RequestBody, flatten};
use super::stream::Counted;
use super::trust::Roots;
use super::upload::{Consent, Upload, UploadQueue};
use super::{Events, ResponseHead, Tag};

/// All exchanges of a transport, on its thread.
pub(crate) struct Exchanges {
    pool: Rc<Pool>,
    events: Arc<dyn Events>,
    running: RefCell<HashMap<Tag, Rc<Exchange>>>,
    in_flight: Arc<AtomicUsize>,
    /// What becomes of those whose tasks are dropped.
    ending: RefCell<Option<Failure>>,
}

/// What commands can do to an exchange.
struct Exchange {
    demand: Credits,
    upload: Option<Rc<UploadQueue>>,
    cancelled: Cell<bool>,
    task: RefCell<Option<AbortHandle>>,
}

impl Exchanges {
    /// `in_flight` counts them.
    pub(crate) fn new(
        pool: Rc<Pool>,
        events: Arc<dyn Events>,
        in_flight: Arc<AtomicUsize>,
    ) -> Rc<Self> {
        Rc::new(Self {
            pool,
            events,
            running: RefCell::default(),
            in_flight,
            ending: RefCell::default(),
        })
    }

    /// New connections trust these roots alone.
    pub(crate) fn trust(&self, roots: Roots) {
        self.pool.trust(roots);
    }

    /// Starts an exchange, as a task of the current local set.
    pub(crate) fn start(self: &Rc<Self>, tag: Tag, outgoing: Box<Outgoing>) {
        let upload = match &outgoing.body {
            RequestBody::Streamed(_) => {
                let events = Arc::clone(&self.events);
                Some(Rc::new(UploadQueue::new(Box::new(move |chunks| {
                    events.want_body(tag, chunks);
                }))))
            }
            RequestBody::Empty | RequestBody::Whole(_) => None,
        };
        let exchange = Rc::new(Exchange {
            demand: Credits::default(),
            upload,
            cancelled: Cell::new(false),
            task: RefCell::default(),
        });
        let unfinished = Unfinished {
            exchanges: Rc::clone(self),
            exchange: Rc::clone(&exchange),
            tag,
            in_flight: Some(Counted::one_of(&self.in_flight)),
        };
        self.running.borrow_mut().insert(tag, Rc::clone(&exchange));
        let task = tokio::task::spawn_local(unfinished.run(outgoing));
        exchange.task.replace(Some(task.abort_handle()));
    }

    /// Grants credits for so many chunks of the response.
    pub(crate) fn demand(&self, tag: Tag, chunks: u64) {
        if let Some(exchange) = self.find(tag) {
            exchange.demand.grant(chunks);
        }
    }

    /// The next chunk of the request's body, or its end.
    pub(crate) fn upload(&self, tag: Tag, chunk: Option<Bytes>) {
        if let Some(upload) = self.find(tag).and_then(|exchange| exchange.upload.clone()) {
            upload.push(chunk);
        }
    }

    /// Ends an exchange without another event.
    pub(crate) fn cancel(&self, tag: Tag) {
        let cancelled = self.running.borrow_mut().remove(&tag);
        if let Some(exchange) = cancelled {
            exchange.cancelled.set(true);
            if let Some(task) = exchange.task.take() {
                task.abort();
            }
        }
    }

    /// Whoever is dropped from now on fails for this reason.
    pub(crate) fn begin_end(&self, reason: Failure) {
        self.ending.replace(Some(reason));
    }

    fn find(&self, tag: Tag) -> Option<Rc<Exchange>> {
        self.running.borrow().get(&tag).cloned()
    }
}

/// An exchange whose last event has not been sent. Should its task be dropped, because the transport closes or because
/// something panicked, this sends the event.
struct Unfinished {
    exchanges: Rc<Exchanges>,
    exchange: Rc<Exchange>,
    tag: Tag,
    /// Until the last event.
    in_flight: Option<Counted>,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if self.in_flight.is_none() || self.exchange.cancelled.get() {
            return;
        }
        let ending = self.exchanges.ending.borrow().clone();
        let failure = ending.unwrap_or_else(|| {
            Failure::new(
                FailureKind::Io,
                "the exchange panicked, which is a defect of Fermata (the place is in the log)",
            )
        });
        self.fail(&failure);
    }
}

impl Unfinished {
    async fn run(mut self, outgoing: Box<Outgoing>) {
        if let Err(failure) = self.exchange(outgoing).await {
            self.fail(&failure);
        }
    }

    fn fail(&mut self, failure: &Failure) {
        self.finish();
        self.exchanges.events.failed(self.tag, failure);
    }

    fn finish(&mut self) {
        self.in_flight = None;
        self.exchanges.running.borrow_mut().remove(&self.tag);
    }

    async fn exchange(&mut self, outgoing: Box<Outgoing>) -> Result<(), Failure> {
        let origin = Rc::new(outgoing.origin.clone());
        let answered = self.answer_in_time(&origin, outgoing).await;
        let (mut lease, response) = match answered {
            Ok(answered) => answered,
            Err(Refusal::Failed(failure)) => return Err(failure),
            Err(Refusal::ByProxy(status, headers)) => {
                return self.refused_by_proxy(status, &headers);
            }
        };
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Err(Failure::new(
                FailureKind::Protocol,
                "the server switched protocols though it was not asked to",
            ));
        }
        self.head(&lease, &response)?;
        self.body(response.into_body()).await?;
        if let Lease::Http1(link) = &mut lease
            && link.is_done().await
            && let Lease::Http1(link) = lease
        {
            // Before the end is told: who sends the next request then finds the connection.
            self.exchanges.pool.put(&origin, link);
        }
        self.end()
    }

    async fn answer_in_time(
        &self,
        origin: &Rc<Origin>,
        outgoing: Box<Outgoing>,
    ) -> Result<(Lease, Response<Incoming>), Refusal> {
        let Some(timeout) = outgoing.timeout else {
            return self.answer(origin, outgoing, &Cell::new(false)).await;
        };
        let connected = Cell::new(false);
        let answer = self.answer(origin, outgoing, &connected);
        tokio::time::timeout(timeout, answer)
            .await
            .unwrap_or_else(|_| {
                let (kind, what) = if connected.get() {
                    (FailureKind::TimedOut, "response")
                } else {
                    (FailureKind::ConnectTimeout, "connection")
                };
                let message = format!("no {what} within {timeout:?}");
                Err(Refusal::Failed(Failure::new(kind, message)))
            })
    }

    /// Sends the request, again on another connection if nothing of it was written to the first, and waits for the head of
    /// the response.
    async fn answer(
        &self,
        origin: &Rc<Origin>,
        outgoing: Box<Outgoing>,
        connected: &Cell<bool>,
    ) -> Result<(Lease, Response<Incoming>), Refusal> {
        let (request, target, proxy_headers) = self.request(*outgoing);
        // Boxed: an exchange would keep room for each of its moves until its end.
        let mut request = Box::new(request);
        loop {
            let mut lease = self.exchanges.pool.lease(origin, &proxy_headers).await?;
            connected.set(true);
            match lease.send(request, &target).await {
                Ok(response) => return Ok((lease, response)),
                Err(Unanswered::Unsent(unsent)) if lease.is_reused() => request = unsent,
                Err(Unanswered::Unsent(_)) => {
                    return Err(Refusal::Failed(Failure::new(
                        FailureKind::ClosedEarly,
                        "the server closed the connection before the request was sent",
                    )));
                }
                Err(Unanswered::Failed(failure)) => return Err(Refusal::Failed(failure)),
            }
        }
    }

    fn request(&self, outgoing: Outgoing) -> (Request<Upload>, Uri, HeaderMap) {
        let mut headers = outgoing.headers;
        let mut upload = match (outgoing.body, &self.exchange.upload) {
            (RequestBody::Streamed(length), Some(queue)) => {
                Upload::streamed(Rc::clone(queue), length)
            }
            (RequestBody::Whole(body), _) => {
                if body.is_empty() {
                    headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
                }
                Upload::whole(body)
            }
            _ => Upload::whole(Bytes::new()),
        };
        let consent = outgoing
            .expect_continue
            .then(|| Arc::new(Consent::default()));
        if let (Some(consent), true) = (&consent, !upload.is_end_stream()) {
            upload.wait_for(Arc::clone(consent));
        }
        let mut request = Request::new(upload);
        *request.method_mut() = outgoing.method;
        *request.headers_mut() = headers;
        if let Some(consent) = consent {
            hyper::ext::on_informational(&mut request, move |response| {
                if response.status() == StatusCode::CONTINUE {
                    consent.give();
                }
            });
        }
        (request, outgoing.target, outgoing.proxy_headers)
    }

    fn head(&self, lease: &Lease, response: &Response<Incoming>) -> Result<(), Failure> {
        let head = ResponseHead {
            status: response.status().as_u16(),
            http2: response.version() == Version::HTTP_2,
            headers: &flatten(response.headers()),
            session: lease.session(),
        };
        self.exchanges
            .events
            .response(self.tag, head)
            .map_err(|error| Failure::undelivered(&error))
    }

    /// Hands over the body, chunk by chunk as they are wanted. The next chunk is fetched before it is wanted, so that the
    /// end of the body needs no demand.
    async fn body(&self, mut body: Incoming) -> Result<(), Failure> {
        loop {
            if body.is_end_stream() {
                return Ok(());
            }
            let next = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await;
            let frame = match next {
                None => return Ok(()),
                Some(frame) => frame.map_err(|error| Failure::in_body(&error))?,
            };
            // Trailers are not delivered.
            if let Ok(chunk) = frame.into_data()
                && !chunk.is_empty()
            {
                self.exchange.demand.take().await;
                self.exchanges
                    .events
                    .body(self.tag, &chunk)
                    .map_err(|error| Failure::undelivered(&error))?;
            }
        }
    }

    /// A refused tunnel is answered as the request itself.
    fn refused_by_proxy(&mut self, status: StatusCode, headers: &HeaderMap) -> Result<(), Failure> {
        let head = ResponseHead {
            status: status.as_u16(),
            http2: false,
            headers: &flatten(headers),
            session: None,
        };
        self.exchanges
            .events
            .response(self.tag, head)
            .map_err(|error| Failure::undelivered(&error))?;
        self.end()
    }

    fn end(&mut self) -> Result<(), Failure> {
        self.finish();
        self.exchanges.events.end(self.tag);
        Ok(())
    }
}
