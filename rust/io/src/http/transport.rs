// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The handle that callers have, and the thread that does the work.

use std::future::poll_fn;
use std::io;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use fermata_core::error::{Error, ErrorKind};
use fermata_core::threads::EngineThreads;
use tokio::task::LocalSet;

use super::connect::Connector;
use super::exchange::Exchanges;
use super::failure::{Failure, FailureKind};
use super::pool::{IdleLimits, Pool};
use super::request::{Outgoing, RequestBody, RequestHead};
use super::{Events, Tag};
use crate::doorbell::{self, Doorbell, Listening, Porter};
use crate::lock;

/// How many names are looked up at a time: each look-up blocks a thread.
const MAX_LOOK_UPS: usize = 4;

/// What a transport is made with.
#[derive(Clone, Debug)]
pub struct TransportConfig {
    /// What its thread is called.
    pub thread_name: String,
    /// How long a connection may take to come about, with tunnel and TLS; unlimited if `None`.
    pub connect_timeout: Option<Duration>,
    /// How long a connection may be idle before it is closed; at 0 none is used twice.
    pub idle_timeout: Duration,
    /// How many connections that speak HTTP/1.1 may be idle at a time, of each origin.
    pub max_idle_per_origin: usize,
}

/// What a transport counts, not as one atomic picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransportGauges {
    /// Exchanges between their start and their last event.
    pub in_flight: usize,
    /// Connections that are there or in the making.
    pub open: usize,
    /// Those of them that speak HTTP/1.1 and wait for a request.
    pub idle: usize,
}

/// Exchanges over pooled connections, all on one thread, which is started by the first of them and ends after
/// [`Self::close`]. Any thread may call any method; none blocks. A caller's thread never enters tokio: it leaves a command
/// and rings a doorbell.
pub struct Transport {
    shared: Arc<Shared>,
    threads: Arc<EngineThreads>,
    starting: Mutex<()>,
}

struct Shared {
    config: TransportConfig,
    events: Arc<dyn Events>,
    /// A thread takes in what is sent, or is about to.
    serving: AtomicBool,
    inbox: Mutex<Inbox>,
    counts: Counts,
}

#[derive(Default)]
struct Counts {
    in_flight: Arc<AtomicUsize>,
    open: Arc<AtomicUsize>,
    idle: Arc<AtomicUsize>,
}

#[derive(Default)]
struct Inbox {
    commands: Vec<Command>,
    /// The thread is parked, and nobody has rung since.
    parked: bool,
    /// Of the thread that was started last, if any.
    bell: Option<Arc<Doorbell>>,
    /// That thread could not start or not serve: nobody will look at the commands.
    orphaned: bool,
    closed: bool,
}

enum Command {
    Trust(Vec<Vec<u8>>),
    Start(Tag, Box<Outgoing>),
    Demand(Tag, u64),
    Upload(Tag, Option<Bytes>),
    Cancel(Tag),
}

impl Transport {
    /// No thread yet.
    pub fn new(
        config: TransportConfig,
        events: Arc<dyn Events>,
        threads: Arc<EngineThreads>,
    ) -> Self {
        Self {
            shared: Arc::new(Shared {
                config,
                events,
                serving: AtomicBool::new(false),
                inbox: Mutex::default(),
                counts: Counts::default(),
            }),
            threads,
            starting: Mutex::new(()),
        }
    }

    /// Trusts these certificates (DER) and whom they signed, and nobody else, on connections that are made from now on.
    /// Before this is called nobody is trusted.
    pub fn trust(&self, roots: Vec<Vec<u8>>) {
        self.shared.send(Command::Trust(roots));
    }

    /// Starts an exchange under `tag`, which no other may have at the time. Fails with [`ErrorKind::InvalidArgument`] if the
    /// request cannot be sent, with [`ErrorKind::ThreadSpawn`] and with [`ErrorKind::Closed`]; then there are no events.
    pub fn start(&self, tag: Tag, head: &RequestHead<'_>, body: RequestBody) -> Result<(), Error> {
        let outgoing = Box::new(Outgoing::new(head, body)?);
        self.serve()?;
        if self.shared.send(Command::Start(tag, outgoing)) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Closed,
            format!(
                "no request can be sent to {}: the client is closed",
                head.url
            ),
        ))
    }

    /// Lets so many more chunks of the response come; `u64::MAX` all of them.
    pub fn demand(&self, tag: Tag, chunks: u64) {
        self.shared.send(Command::Demand(tag, chunks));
    }

    /// Uploads the next chunk of a streamed body, or ends it. To be called no more often than
    /// [`Events::want_body`] asked for.
    pub fn upload(&self, tag: Tag, chunk: Option<Bytes>) {
        self.shared.send(Command::Upload(tag, chunk));
    }

    /// Ends an exchange: resets its stream, or closes its connection. Events that are on their way may still come.
    pub fn cancel(&self, tag: Tag) {
        self.shared.send(Command::Cancel(tag));
    }

    /// Refuses new exchanges and fails all others with [`FailureKind::Closed`]; then the thread ends. Idempotent.
    pub fn close(&self) {
        let bell = {
            let mut inbox = lock(&self.shared.inbox);
            inbox.closed = true;
            inbox.bell.take()
        };
        doorbell::ring(bell);
    }

    /// What there is now.
    pub fn gauges(&self) -> TransportGauges {
        let counts = &self.shared.counts;
        TransportGauges {
            in_flight: counts.in_flight.load(Ordering::Relaxed),
            open: counts.open.load(Ordering::Relaxed),
            idle: counts.idle.load(Ordering::Relaxed),
        }
    }

    /// Makes sure that the thread serves.
    fn serve(&self) -> Result<(), Error> {
        if self.shared.serving.load(Ordering::Acquire) {
            return Ok(());
        }
        let _one_at_a_time = lock(&self.starting);
        if self.shared.serving.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        self.spawn().inspect_err(|error| self.shared.orphan(error))
    }

    fn spawn(&self) -> Result<(), Error> {
        let (bell, porter) = doorbell::install().map_err(no_thread)?;
        {
            let mut inbox = lock(&self.shared.inbox);
            inbox.bell = Some(Arc::new(bell));
            inbox.orphaned = false;
        }
        let shared = Arc::clone(&self.shared);
        let name = self.shared.config.thread_name.clone();
        self.threads.spawn(name, move |start| {
            if let Err(error) = start.and_then(|()| shared.serve(porter)) {
                tracing::warn!(%error, "exchanges are lost");
                shared.orphan(&error);
            }
        })
    }
}

impl Shared {
    /// Leaves a command for the thread; false if there will be none.
    fn send(&self, command: Command) -> bool {
        let (bell, orphans) = {
            let mut inbox = lock(&self.inbox);
            if inbox.closed {
                return false;
            }
            inbox.commands.push(command);
            if inbox.orphaned {
                (None, std::mem::take(&mut inbox.commands))
            } else if std::mem::take(&mut inbox.parked) {
                (inbox.bell.clone(), Vec::new())
            } else {
                return true;
            }
        };
        doorbell::ring(bell);
        self.lose(
            orphans,
            &Failure::new(FailureKind::Io, "the I/O thread could not serve"),
        );
        true
    }

    /// The thread that was to be started, or was started last, cannot serve.
    fn orphan(&self, why: &Error) {
        let orphans = {
            let mut inbox = lock(&self.inbox);
            inbox.orphaned = true;
            std::mem::take(&mut inbox.commands)
        };
        // Before anybody hears of a loss: who tries again at once must get a new thread.
        self.serving.store(false, Ordering::Release);
        self.lose(orphans, &Failure::new(FailureKind::Io, why.to_string()));
    }

    fn lose(&self, orphans: Vec<Command>, failure: &Failure) {
        for command in orphans {
            if let Command::Start(tag, _) = command {
                self.events.failed(tag, failure);
            }
        }
    }

    /// The life of the thread.
    fn serve(&self, porter: Porter) -> Result<(), Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .thread_name(format!("{}-dns", self.config.thread_name))
            .max_blocking_threads(MAX_LOOK_UPS)
            .build()
            .map_err(no_thread)?;
        let served = runtime.block_on(async {
            let porter = porter.listen().map_err(no_thread)?;
            let tasks = LocalSet::new();
            let exchanges = self.exchanges();
            let mut intake = Intake {
                shared: self,
                exchanges: Rc::clone(&exchanges),
                porter,
                batch: Vec::new(),
            };
            tasks
                .run_until(poll_fn(|context| intake.poll(context)))
                .await;
            exchanges.begin_close();
            // What is left fails in its drop.
            drop(tasks);
            Ok(())
        });
        let unstarted = std::mem::take(&mut lock(&self.inbox).commands);
        self.lose(unstarted, &Failure::closed());
        // A look-up may take long; its thread ends after it.
        runtime.shutdown_background();
        served
    }

    fn exchanges(&self) -> Rc<Exchanges> {
        let connector = Connector::new(self.config.connect_timeout, Arc::clone(&self.counts.open));
        let limits = IdleLimits {
            timeout: self.config.idle_timeout,
            per_origin: self.config.max_idle_per_origin,
        };
        let pool = Pool::new(connector, limits, Arc::clone(&self.counts.idle));
        Exchanges::new(
            pool,
            Arc::clone(&self.events),
            Arc::clone(&self.counts.in_flight),
        )
    }
}

/// Takes in commands, on the transport's thread.
struct Intake<'a> {
    shared: &'a Shared,
    exchanges: Rc<Exchanges>,
    porter: Listening,
    batch: Vec<Command>,
}

impl Intake<'_> {
    /// Ready once the transport is closed.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        // Before the inbox is looked at: what comes in later rings again.
        self.porter.rearm(context);
        loop {
            {
                let mut inbox = lock(&self.shared.inbox);
                if inbox.closed {
                    return Poll::Ready(());
                }
                if inbox.commands.is_empty() {
                    inbox.parked = true;
                    return Poll::Pending;
                }
                std::mem::swap(&mut inbox.commands, &mut self.batch);
            }
            for command in self.batch.drain(..) {
                match command {
                    Command::Trust(roots) => self.exchanges.trust(roots),
                    Command::Start(tag, outgoing) => self.exchanges.start(tag, outgoing),
                    Command::Demand(tag, chunks) => self.exchanges.demand(tag, chunks),
                    Command::Upload(tag, chunk) => self.exchanges.upload(tag, chunk),
                    Command::Cancel(tag) => self.exchanges.cancel(tag),
                }
            }
        }
    }
}

fn no_thread(cause: io::Error) -> Error {
    Error::new(
        ErrorKind::ThreadSpawn,
        format!("the I/O thread cannot serve: {cause}; raise the limit of open files (ulimit -n)"),
    )
}
