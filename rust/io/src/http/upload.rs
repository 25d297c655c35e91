// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The body of a request, as it leaves.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

/// How many chunks may be on their way from the caller or wait here.
const WINDOW: u32 = 4;

/// What a connection sends as a request's body.
pub(crate) struct Upload {
    source: Source,
    consent: Option<Arc<Consent>>,
}

enum Source {
    Whole(Option<Bytes>),
    Streamed(Rc<UploadQueue>, Option<u64>),
}

impl Upload {
    /// A body that is here.
    pub(crate) fn whole(body: Bytes) -> Self {
        Self {
            source: Source::Whole((!body.is_empty()).then_some(body)),
            consent: None,
        }
    }

    /// A body that comes through a queue; of so many bytes, if that is known.
    pub(crate) fn streamed(queue: Rc<UploadQueue>, length: Option<u64>) -> Self {
        Self {
            source: Source::Streamed(queue, length),
            consent: None,
        }
    }

    /// Lets the body wait for the server's consent.
    pub(crate) fn wait_for(&mut self, consent: Arc<Consent>) {
        self.consent = Some(consent);
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(consent) = &self.consent {
            if !consent.given(context) {
                return Poll::Pending;
            }
            self.consent = None;
        }
        let chunk = match &mut self.source {
            Source::Whole(body) => Poll::Ready(body.take()),
            Source::Streamed(queue, _) => queue.poll_chunk(context),
        };
        chunk.map(|chunk| chunk.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        match &self.source {
            Source::Whole(body) => body.is_none(),
            Source::Streamed(queue, length) => *length == Some(0) || queue.is_ended(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Whole(body) => SizeHint::with_exact(body.as_ref().map_or(0, Bytes::len) as u64),
            Source::Streamed(_, Some(length)) => SizeHint::with_exact(*length),
            Source::Streamed(_, None) => SizeHint::default(),
        }
    }
}

/// Chunks between the caller, who sends what was asked for, and the connection, which asks for what it can take.
pub(crate) struct UploadQueue {
    chunks: RefCell<VecDeque<Bytes>>,
    /// Chunks that were asked for and have not come.
    awaited: Cell<u32>,
    /// The caller said that there is no more.
    complete: Cell<bool>,
    sender: RefCell<Option<Waker>>,
    ask: Box<dyn Fn(u32)>,
}

impl UploadQueue {
    /// Empty; `ask` tells the caller how many more chunks are wanted.
    pub(crate) fn new(ask: Box<dyn Fn(u32)>) -> Self {
        Self {
            chunks: RefCell::default(),
            awaited: Cell::new(0),
            complete: Cell::new(false),
            sender: RefCell::default(),
            ask,
        }
    }

    /// The next chunk, or the end.
    pub(crate) fn push(&self, chunk: Option<Bytes>) {
        match chunk {
            Some(chunk) => {
                self.awaited.set(self.awaited.get().saturating_sub(1));
                if !chunk.is_empty() {
                    self.chunks.borrow_mut().push_back(chunk);
                }
            }
            None => self.complete.set(true),
        }
        let sender = self.sender.take();
        if let Some(sender) = sender {
            sender.wake();
        }
    }

    fn is_ended(&self) -> bool {
        self.complete.get() && self.chunks.borrow().is_empty()
    }

    fn poll_chunk(&self, context: &Context<'_>) -> Poll<Option<Bytes>> {
        let chunk = self.chunks.borrow_mut().pop_front();
        if chunk.is_none() && self.complete.get() {
            return Poll::Ready(None);
        }
        self.ask_for_more();
        if chunk.is_none() {
            self.sender.replace(Some(context.waker().clone()));
            return Poll::Pending;
        }
        Poll::Ready(chunk)
    }

    fn ask_for_more(&self) {
        let expected = self.awaited.get() + self.chunks.borrow().len() as u32;
        if !self.complete.get() && expected <= WINDOW / 2 {
            self.awaited.set(self.awaited.get() + WINDOW - expected);
            (self.ask)(WINDOW - expected);
        }
    }
}

/// Whether the server wants the body of a request that expects `100-continue`.
#[derive(Default)]
pub(crate) struct Consent {
    given: AtomicBool,
    waiting: Mutex<Option<Waker>>,
}

impl Consent {
    /// The server said to go on.
    pub(crate) fn give(&self) {
        self.given.store(true, Ordering::SeqCst);
        let waiting = self
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(waiting) = waiting {
            waiting.wake();
        }
    }

    fn given(&self, context: &Context<'_>) -> bool {
        if self.given.load(Ordering::SeqCst) {
            return true;
        }
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) =
            Some(context.waker().clone());
        self.given.load(Ordering::SeqCst)
    }
}
