// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The handle that callers have, and the thread that does the work.

use std::collections::VecDeque;
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

use super::admission::{Admissions, Ticket};
use super::connect::Connector;
use super::exchange::Exchanges;
use super::failure::{Failure, FailureKind};
use super::limiter::LimitConfig;
use super::pool::{IdleLimits, Pool};
use super::request::{Outgoing, RequestBody, RequestHead};
use super::trust::Roots;
use super::{Events, LimitId, Tag};
use crate::doorbell::{self, Doorbell, Listening, Porter};
use crate::{lock, run_root};

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
    /// What a thread is told that takes the place of another.
    roots: Mutex<Option<Roots>>,
    limits: Mutex<Vec<LimitConfig>>,
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
    commands: VecDeque<Command>,
    /// The thread is parked, and nobody has rung since.
    parked: bool,
    /// Of the thread that was started last, if any.
    bell: Option<Arc<Doorbell>>,
    /// That thread could not start or not serve: nobody will look at the commands.
    orphaned: bool,
    closed: bool,
}

enum Command {
    Trust(Roots),
    Start(Tag, Box<Outgoing>),
    Demand(Tag, u64),
    Upload(Tag, Option<Bytes>),
    Cancel(Tag),
    Admit(Box<Ticket>),
    Leave(Tag),
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
                roots: Mutex::default(),
                limits: Mutex::default(),
                counts: Counts::default(),
            }),
            threads,
            starting: Mutex::new(()),
        }
    }

    /// Trusts these certificates (DER) and whom they signed, and nobody else, on connections that are made from now on.
    /// Before this is called nobody is trusted.
    pub fn trust(&self, roots: Vec<Vec<u8>>) {
        let roots = Arc::new(roots);
        *lock(&self.shared.roots) = Some(Arc::clone(&roots));
        self.shared.send(Command::Trust(roots));
    }

    /// Makes a limit, which those share who are admitted to it. It lasts as long as the transport.
    pub fn limit(&self, config: LimitConfig) -> LimitId {
        let mut limits = lock(&self.shared.limits);
        limits.push(config);
        limits.len()
    }

    /// Tells by [`Events::admitted`] when the delay has passed and, if there is a limit, its turn has come and it may enter;
    /// from then on `tag` is inside, until [`Self::leave`]. Those who wait for a limit are admitted in the order in which their
    /// delays ended. `tag` is none of another admission. Fails with [`ErrorKind::InvalidArgument`] if there is no such limit,
    /// or none that so many tokens could ever pass, with [`ErrorKind::ThreadSpawn`] and with [`ErrorKind::Closed`]; then
    /// there are no events.
    pub fn admit(
        &self,
        tag: Tag,
        limit: Option<LimitId>,
        tokens: u64,
        delay: Duration,
    ) -> Result<(), Error> {
        let limit = limit
            .map(|limit| {
                let config = self.config(limit)?;
                Ok((limit, config, config.cost(tokens)?))
            })
            .transpose()?;
        self.serve()?;
        let ticket = Box::new(Ticket { tag, limit, delay });
        if self.shared.send(Command::Admit(ticket)) {
            return Ok(());
        }
        Err(Error::new(
            ErrorKind::Closed,
            "nobody is admitted any more: the client is closed",
        ))
    }

    /// Ends an admission: lets the next one enter, or gives up waiting. Being admitted may be told of still.
    pub fn leave(&self, tag: Tag) {
        self.shared.send(Command::Leave(tag));
    }

    fn config(&self, limit: LimitId) -> Result<LimitConfig, Error> {
        let limits = lock(&self.shared.limits);
        let index = limit.checked_sub(1);
        index
            .and_then(|index| limits.get(index).copied())
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::InvalidArgument,
                    format!("there is no limit {limit}"),
                )
            })
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
            inbox.commands.push_back(command);
            if inbox.orphaned {
                (None, std::mem::take(&mut inbox.commands))
            } else if std::mem::take(&mut inbox.parked) {
                (inbox.bell.clone(), VecDeque::new())
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
        self.lose(orphans, &lost(why));
    }

    fn lose(&self, orphans: VecDeque<Command>, failure: &Failure) {
        for command in orphans {
            match command {
                Command::Start(tag, _) => self.events.failed(tag, failure),
                Command::Admit(ticket) => self.events.failed(ticket.tag, failure),
                // The next thread is told, or there is nobody to tell.
                Command::Trust(_)
                | Command::Demand(..)
                | Command::Upload(..)
                | Command::Cancel(_)
                | Command::Leave(_) => {}
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
            let roots = lock(&self.roots).clone();
            let mut intake = Intake {
                shared: self,
                exchanges: self.exchanges(),
                admissions: Admissions::new(Arc::clone(&self.events)),
                porter,
                batch: VecDeque::new(),
            };
            if let Some(roots) = roots {
                intake.exchanges.trust(roots);
            }
            let root = run_root("I/O", |context| intake.poll(context));
            let failure = match tasks.run_until(root).await {
                Ok(()) => {
                    intake.batch.append(&mut lock(&self.inbox).commands);
                    Failure::closed()
                }
                Err(error) => {
                    tracing::error!(%error, "exchanges are lost");
                    self.orphan(&error);
                    lost(&error)
                }
            };
            intake.end(tasks, &failure);
            Ok(())
        });
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
    admissions: Admissions,
    porter: Listening,
    batch: VecDeque<Command>,
}

impl Intake<'_> {
    /// Ready once the transport is closed.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let polled = self.take_in(context);
        self.admissions.poll(context);
        polled
    }

    /// What is left fails.
    fn end(&mut self, tasks: LocalSet, failure: &Failure) {
        self.exchanges.begin_end(failure.clone());
        self.admissions.fail(failure);
        // Exchanges fail in their drop.
        drop(tasks);
        let batch = std::mem::take(&mut self.batch);
        self.shared.lose(batch, failure);
    }

    fn take_in(&mut self, context: &mut Context<'_>) -> Poll<()> {
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
            while let Some(command) = self.batch.pop_front() {
                match command {
                    Command::Trust(roots) => self.exchanges.trust(roots),
                    Command::Start(tag, outgoing) => self.exchanges.start(tag, outgoing),
                    Command::Demand(tag, chunks) => self.exchanges.demand(tag, chunks),
                    Command::Upload(tag, chunk) => self.exchanges.upload(tag, chunk),
                    Command::Cancel(tag) => self.exchanges.cancel(tag),
                    Command::Admit(ticket) => self.admissions.admit(*ticket),
                    Command::Leave(tag) => self.admissions.leave(tag),
                }
            }
        }
    }
}

fn lost(why: &Error) -> Failure {
    Failure::new(FailureKind::Io, why.to_string())
}

fn no_thread(cause: io::Error) -> Error {
    Error::new(
        ErrorKind::ThreadSpawn,
        format!("the I/O thread cannot serve: {cause}; raise the limit of open files (ulimit -n)"),
    )
}
