// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! HTTP with threads and a host: what the boundary sees of [`fermata_io::http`].

use std::sync::Arc;
use std::time::Duration;

use fermata_core::error::Error;
use fermata_core::threads::{EngineThreads, ThreadObserver};
use fermata_io::http::{
    Events, LimitConfig, LimitId, RequestBody, RequestHead, Tag, Transport, TransportConfig,
    TransportGauges,
};

use crate::native_thread::NativeThreads;

/// Whom a transport serves: told of its thread and of what becomes of exchanges.
pub trait TransportHost: Events {
    /// Called first on the transport's thread, with its name. On an error the thread ends at once, without a call of
    /// [`Self::thread_ended`].
    fn thread_started(&self, name: &str) -> Result<(), Error>;

    /// Called last on the transport's thread. `last`: the transport is closed. Not told to anybody if no thread was alive at
    /// the end of [`HttpTransport::close`].
    fn thread_ended(&self, last: bool);
}

/// An HTTP transport. Any thread may call any method; none blocks.
pub struct HttpTransport {
    transport: Transport,
    threads: Arc<EngineThreads>,
}

impl HttpTransport {
    /// An open transport without a thread.
    pub fn new(config: TransportConfig, host: Arc<dyn TransportHost>) -> Self {
        let observer = Arc::new(ThreadsOf(Arc::clone(&host)));
        let threads = EngineThreads::new(Box::new(NativeThreads), observer);
        let transport = Transport::new(config, host, Arc::clone(&threads));
        Self { transport, threads }
    }

    /// As [`Transport::trust`].
    pub fn trust(&self, roots: Vec<Vec<u8>>) {
        self.transport.trust(roots);
    }

    /// As [`Transport::start`].
    pub fn start(&self, tag: Tag, head: &RequestHead<'_>, body: RequestBody) -> Result<(), Error> {
        self.transport.start(tag, head, body)
    }

    /// As [`Transport::demand`].
    pub fn demand(&self, tag: Tag, chunks: u64) {
        self.transport.demand(tag, chunks);
    }

    /// As [`Transport::upload`].
    pub fn upload(&self, tag: Tag, chunk: Option<bytes::Bytes>) {
        self.transport.upload(tag, chunk);
    }

    /// As [`Transport::cancel`].
    pub fn cancel(&self, tag: Tag) {
        self.transport.cancel(tag);
    }

    /// As [`Transport::limit`].
    pub fn limit(&self, config: LimitConfig) -> LimitId {
        self.transport.limit(config)
    }

    /// As [`Transport::admit`].
    pub fn admit(
        &self,
        tag: Tag,
        limit: Option<LimitId>,
        tokens: u64,
        delay: Duration,
    ) -> Result<(), Error> {
        self.transport.admit(tag, limit, tokens, delay)
    }

    /// As [`Transport::leave`].
    pub fn leave(&self, tag: Tag) {
        self.transport.leave(tag);
    }

    /// As [`Transport::gauges`].
    pub fn gauges(&self) -> TransportGauges {
        self.transport.gauges()
    }

    /// As [`Transport::close`]; no thread is started any more.
    pub fn close(&self) {
        self.threads.close();
        self.transport.close();
    }

    /// How many threads are alive: none, one, or two for a moment after the first could not serve.
    pub fn threads_alive(&self) -> usize {
        self.threads.alive()
    }
}

impl Drop for HttpTransport {
    fn drop(&mut self) {
        self.close();
    }
}

struct ThreadsOf(Arc<dyn TransportHost>);

impl ThreadObserver for ThreadsOf {
    fn started(&self, name: &str) -> Result<(), Error> {
        self.0.thread_started(name)
    }

    fn ended(&self, last: bool) {
        self.0.thread_ended(last);
    }
}
