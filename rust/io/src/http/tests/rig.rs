// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! A transport whose events are written down.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use fermata_core::error::{Error, ErrorKind};
use fermata_core::threads::{EngineThreads, Spawn, ThreadBody, ThreadObserver};

use crate::http::{
    Events, Failure, FailureKind, RequestBody, RequestHead, ResponseHead, Tag, Transport,
    TransportConfig,
};

/// Longer than anything here takes: a failure must not be a hang.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

/// What became of an exchange so far.
#[derive(Clone, Debug, Default)]
pub(super) struct Story {
    pub(super) status: u16,
    pub(super) http2: bool,
    pub(super) headers: String,
    pub(super) session: Option<Vec<u8>>,
    pub(super) chunks: usize,
    pub(super) body: Vec<u8>,
    pub(super) wanted: u32,
    pub(super) ended: bool,
    pub(super) admitted: bool,
    pub(super) held_by_rate: bool,
    pub(super) failure: Option<(FailureKind, String)>,
}

impl Story {
    pub(super) fn is_over(&self) -> bool {
        self.ended || self.failure.is_some()
    }

    pub(super) fn failure(&self) -> FailureKind {
        match &self.failure {
            Some((kind, _)) => *kind,
            None => panic!("no failure: {self:?}"),
        }
    }
}

#[derive(Default)]
pub(super) struct Recorder {
    stories: Mutex<HashMap<Tag, Story>>,
    changed: Condvar,
    threads_ended: Mutex<usize>,
    ended: Condvar,
    /// How many threads will be refused.
    pub(super) refused: AtomicUsize,
    /// Chunks and admissions cannot be delivered.
    pub(super) deaf: AtomicBool,
    /// The next admission panics.
    pub(super) panics: AtomicBool,
    admitted: Mutex<Vec<Tag>>,
}

impl Recorder {
    fn record(&self, tag: Tag, change: impl FnOnce(&mut Story)) {
        let mut stories = self.stories.lock().expect("stories");
        let story = stories.entry(tag).or_default();
        assert!(!story.is_over(), "an event after the last: {story:?}");
        change(story);
        self.changed.notify_all();
    }

    /// Who was admitted, in order.
    pub(super) fn admitted(&self) -> Vec<Tag> {
        self.admitted.lock().expect("admitted").clone()
    }
}

impl Events for Recorder {
    fn response(&self, tag: Tag, head: ResponseHead<'_>) -> Result<(), Error> {
        self.record(tag, |story| {
            assert_eq!(story.status, 0, "a second response");
            story.status = head.status;
            story.http2 = head.http2;
            story.headers = String::from_utf8_lossy(head.headers).into_owned();
            story.session = head.session.map(<[u8]>::to_vec);
        });
        Ok(())
    }

    fn body(&self, tag: Tag, chunk: &[u8]) -> Result<(), Error> {
        if self.deaf.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Boundary, "deaf"));
        }
        self.record(tag, |story| {
            story.chunks += 1;
            story.body.extend_from_slice(chunk);
        });
        Ok(())
    }

    fn want_body(&self, tag: Tag, chunks: u32) {
        self.record(tag, |story| story.wanted += chunks);
    }

    fn end(&self, tag: Tag) {
        self.record(tag, |story| story.ended = true);
    }

    fn admitted(&self, tag: Tag, held_by_rate: bool) -> Result<(), Error> {
        assert!(!self.panics.swap(false, Ordering::SeqCst), "as was asked");
        if self.deaf.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Boundary, "deaf"));
        }
        self.admitted.lock().expect("admitted").push(tag);
        self.record(tag, |story| {
            assert!(!story.admitted, "admitted twice");
            story.admitted = true;
            story.held_by_rate = held_by_rate;
        });
        Ok(())
    }

    fn failed(&self, tag: Tag, failure: &Failure) {
        self.record(tag, |story| {
            story.failure = Some((failure.kind(), failure.message().to_owned()));
        });
    }
}

impl ThreadObserver for Recorder {
    fn started(&self, _: &str) -> Result<(), Error> {
        let refused = self
            .refused
            .try_update(Ordering::SeqCst, Ordering::SeqCst, |left| {
                left.checked_sub(1)
            });
        match refused {
            Ok(_) => Err(Error::new(ErrorKind::ThreadSpawn, "refused")),
            Err(_) => Ok(()),
        }
    }

    fn ended(&self, _: bool) {
        *self.threads_ended.lock().expect("threads") += 1;
        self.ended.notify_all();
    }
}

struct StdThreads;

impl Spawn for StdThreads {
    fn spawn(&self, name: &str, body: ThreadBody) -> io::Result<()> {
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(body)
            .map(drop)
    }
}

/// A transport under test.
pub(super) struct Rig {
    pub(super) transport: Transport,
    pub(super) recorder: Arc<Recorder>,
    next_tag: AtomicI64,
}

impl Rig {
    pub(super) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(super) fn trusting(root: &[u8]) -> Self {
        let rig = Self::new();
        rig.trust(root);
        rig
    }

    pub(super) fn trust(&self, root: &[u8]) {
        self.transport.trust(vec![root.to_vec()]);
    }

    pub(super) fn with(change: impl FnOnce(&mut TransportConfig)) -> Self {
        let mut config = TransportConfig {
            thread_name: "test-io".to_owned(),
            connect_timeout: None,
            idle_timeout: Duration::from_secs(600),
            max_idle_per_origin: 100_000,
        };
        change(&mut config);
        let recorder = Arc::new(Recorder::default());
        let threads = EngineThreads::new(Box::new(StdThreads), Arc::clone(&recorder) as Arc<_>);
        Self {
            transport: Transport::new(config, Arc::clone(&recorder) as Arc<_>, threads),
            recorder,
            next_tag: AtomicI64::new(1),
        }
    }

    /// Starts an exchange that wants all of its response.
    pub(super) fn start(&self, head: &RequestHead<'_>, body: RequestBody) -> Tag {
        let tag = self.start_slowly(head, body);
        self.transport.demand(tag, u64::MAX);
        tag
    }

    /// Starts an exchange that wants nothing of its response's body yet.
    pub(super) fn start_slowly(&self, head: &RequestHead<'_>, body: RequestBody) -> Tag {
        let tag = self.tag();
        self.transport.start(tag, head, body).expect("started");
        tag
    }

    /// One that is not in use.
    pub(super) fn tag(&self) -> Tag {
        self.next_tag.fetch_add(1, Ordering::Relaxed)
    }

    /// What is known of it now.
    pub(super) fn so_far(&self, tag: Tag) -> Story {
        let stories = self.recorder.stories.lock().expect("stories");
        stories.get(&tag).cloned().unwrap_or_default()
    }

    pub(super) fn get(&self, url: &str) -> Story {
        let tag = self.start(&get(url), RequestBody::Empty);
        self.over(tag)
    }

    /// Waits for the last event of an exchange.
    pub(super) fn over(&self, tag: Tag) -> Story {
        self.until(tag, Story::is_over)
    }

    pub(super) fn until(&self, tag: Tag, holds: impl Fn(&Story) -> bool) -> Story {
        let stories = self.recorder.stories.lock().expect("stories");
        let (stories, timeout) = self
            .recorder
            .changed
            .wait_timeout_while(stories, PATIENCE, |stories| {
                !stories.get(&tag).is_some_and(&holds)
            })
            .expect("stories");
        let story = stories.get(&tag).cloned();
        assert!(!timeout.timed_out(), "too late: {story:?}");
        story.expect("a story")
    }

    /// Closes the transport and waits for the end of its thread.
    pub(super) fn close(&self) {
        self.transport.close();
        let ended = self.recorder.threads_ended.lock().expect("threads");
        let (_guard, timeout) = self
            .recorder
            .ended
            .wait_timeout_while(ended, PATIENCE, |ended| *ended == 0)
            .expect("threads");
        assert!(!timeout.timed_out(), "the thread did not end");
    }

    pub(super) fn eventually(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let begin = std::time::Instant::now();
        while !holds(self) {
            assert!(begin.elapsed() < PATIENCE, "never: {what}");
            std::thread::yield_now();
        }
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        self.transport.close();
    }
}

pub(super) fn get(url: &str) -> RequestHead<'_> {
    RequestHead {
        method: "GET",
        url,
        headers: b"",
        http2: true,
        proxy: None,
        proxy_headers: b"",
        expect_continue: false,
        timeout: None,
    }
}

pub(super) fn post(url: &str) -> RequestHead<'_> {
    RequestHead {
        method: "POST",
        ..get(url)
    }
}
