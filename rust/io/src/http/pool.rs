// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Connections: which exchange gets which, and how long they wait for the next.
//!
//! HTTP/1.1 serves one exchange at a time, so a connection is either leased or idle. HTTP/2 serves many: an origin has one
//! connection, and another only when the server allows no more streams on it. Until it is known what a server speaks, one
//! connection is made and all who want it wait for what comes of it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use http::HeaderMap;
use tokio::time::Instant;

use super::connect::{Connector, Refusal};
use super::failure::{Failure, FailureKind};
use super::joint::{Joined, Joint};
use super::link::{Http1Link, Http2Link, Lease, Opened};
use super::request::{Origin, Security};
use super::stream::Counted;
use super::trust::Roots;

/// Longer waits are as good as endless, and can be added to any instant.
const FOREVER: Duration = Duration::from_secs(100 * 365 * 24 * 60 * 60);

/// How many connections wait for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IdleLimits {
    pub(crate) timeout: Duration,
    pub(crate) per_origin: usize,
}

/// The connections of a transport, on its thread.
pub(crate) struct Pool {
    connector: Connector,
    limits: IdleLimits,
    origins: RefCell<HashMap<Rc<Origin>, Connections>>,
    next_seat: Cell<u64>,
    idle: Arc<AtomicUsize>,
    /// A task removes what has been idle for too long.
    sweeping: Cell<bool>,
    this: Weak<Self>,
}

#[derive(Default)]
struct Connections {
    /// By seat: the last is the one that became idle last.
    idle: BTreeMap<u64, Idle>,
    shared: Vec<Rc<Http2Link>>,
    /// What comes of the connection that is being made for all.
    negotiation: Option<Joint<Result<(), Refusal>>>,
    /// The server was offered HTTP/2 and chose otherwise.
    declined_http2: bool,
}

struct Idle {
    link: Http1Link,
    since: Instant,
    _counted: Counted,
}

/// What an exchange has to do for a connection.
enum Step {
    Take(Lease),
    Join(Joined<Result<(), Refusal>>),
    Connect,
}

impl Pool {
    /// `idle` counts idle connections.
    pub(crate) fn new(
        connector: Connector,
        mut limits: IdleLimits,
        idle: Arc<AtomicUsize>,
    ) -> Rc<Self> {
        limits.timeout = limits.timeout.min(FOREVER);
        Rc::new_cyclic(|this| Self {
            connector,
            limits,
            origins: RefCell::default(),
            next_seat: Cell::new(0),
            idle,
            sweeping: Cell::new(false),
            this: Weak::clone(this),
        })
    }

    /// From now on new connections trust these roots alone.
    pub(crate) fn trust(&self, roots: Roots) {
        self.connector.trust(roots);
    }

    /// A connection for one exchange. `proxy_headers` are for a proxy that must be asked for a tunnel.
    pub(crate) async fn lease(
        &self,
        origin: &Rc<Origin>,
        proxy_headers: &HeaderMap,
    ) -> Result<Lease, Refusal> {
        loop {
            match self.step(origin, proxy_headers) {
                Step::Take(lease) => return Ok(lease),
                Step::Connect => {
                    // Boxed: an exchange would keep room for it until its end.
                    return match Box::pin(self.open(origin, proxy_headers)).await? {
                        Opened::Http1(link) => Ok(Lease::Http1(link)),
                        Opened::Http2(link) => Ok(Lease::Http2(self.share(origin, link).lease())),
                    };
                }
                Step::Join(negotiation) => match negotiation.outcome().await {
                    Some(outcome) => outcome?,
                    None => {
                        return Err(Refusal::Failed(Failure::new(
                            FailureKind::Connect,
                            "the attempt to connect panicked, which is a defect of Fermata",
                        )));
                    }
                },
            }
        }
    }

    fn step(&self, origin: &Rc<Origin>, proxy_headers: &HeaderMap) -> Step {
        let mut origins = self.origins.borrow_mut();
        let connections = origins.entry(Rc::clone(origin)).or_default();
        connections.shared.retain(|link| !link.is_closed());
        if let Some(link) = connections.shared.iter().find(|link| link.has_room()) {
            return Step::Take(Lease::Http2(link.lease()));
        }
        while let Some((_, idle)) = connections.idle.pop_last() {
            if let Some(link) = idle.link.take_seat_back() {
                return Step::Take(Lease::Http1(link));
            }
        }
        if origin.security != Security::TlsPreferHttp2 || connections.declined_http2 {
            return Step::Connect;
        }
        if let Some(joined) = connections.negotiation.as_ref().and_then(Joint::join) {
            return Step::Join(joined);
        }
        let (pool, origin) = (Weak::clone(&self.this), Rc::clone(origin));
        let proxy_headers = proxy_headers.clone();
        let (joint, joined) = Joint::start(async move {
            match pool.upgrade() {
                Some(pool) => pool.negotiate(&origin, &proxy_headers).await,
                None => Err(Refusal::Failed(Failure::closed())),
            }
        });
        connections.negotiation = Some(joint);
        Step::Join(joined)
    }

    /// Makes the connection that tells what the server speaks, and puts it where those who wait will find it.
    async fn negotiate(
        &self,
        origin: &Rc<Origin>,
        proxy_headers: &HeaderMap,
    ) -> Result<(), Refusal> {
        let opened = self.open(origin, proxy_headers).await;
        self.on_connections(origin, |connections| {
            connections.negotiation = None;
            connections.declined_http2 = matches!(opened, Ok(Opened::Http1(_)));
        });
        match opened? {
            Opened::Http1(link) => self.put(origin, link),
            Opened::Http2(link) => {
                self.share(origin, link);
            }
        }
        Ok(())
    }

    async fn open(
        &self,
        origin: &Rc<Origin>,
        proxy_headers: &HeaderMap,
    ) -> Result<Opened, Refusal> {
        let stream = self.connector.connect(origin, proxy_headers).await?;
        let opened = if stream.speaks_http2() {
            Opened::Http2(Http2Link::open(stream).await?)
        } else {
            let (pool, origin) = (Weak::clone(&self.this), Rc::clone(origin));
            let closed = move |seat| {
                if let Some(pool) = pool.upgrade() {
                    pool.forget(&origin, seat);
                }
            };
            Opened::Http1(Http1Link::open(stream, closed).await?)
        };
        Ok(opened)
    }

    fn share(&self, origin: &Rc<Origin>, link: Http2Link) -> Rc<Http2Link> {
        let link = Rc::new(link);
        self.on_connections(origin, |connections| {
            connections.shared.push(Rc::clone(&link));
        });
        self.sweep_later();
        link
    }

    /// Takes back a connection that can serve another exchange.
    pub(crate) fn put(&self, origin: &Rc<Origin>, link: Http1Link) {
        if self.limits.timeout.is_zero() || self.limits.per_origin == 0 {
            return;
        }
        let seat = self.next_seat.get();
        self.next_seat.set(seat + 1);
        let Some(link) = link.take_seat(seat) else {
            return;
        };
        let superfluous = self.on_connections(origin, |connections| {
            let idle = Idle {
                link,
                since: Instant::now(),
                _counted: Counted::one_of(&self.idle),
            };
            connections.idle.insert(seat, idle);
            if connections.idle.len() > self.limits.per_origin {
                connections.idle.pop_first()
            } else {
                None
            }
        });
        drop(superfluous);
        self.sweep_later();
    }

    /// The idle connection on this seat was closed by the server.
    fn forget(&self, origin: &Rc<Origin>, seat: u64) {
        let gone = self.on_connections(origin, |connections| connections.idle.remove(&seat));
        drop(gone);
    }

    fn on_connections<T>(
        &self,
        origin: &Rc<Origin>,
        change: impl FnOnce(&mut Connections) -> T,
    ) -> T {
        let mut origins = self.origins.borrow_mut();
        change(origins.entry(Rc::clone(origin)).or_default())
    }

    /// Makes sure that a task looks for connections that have been idle for too long.
    fn sweep_later(&self) {
        if self.sweeping.replace(true) {
            return;
        }
        let pool = Weak::clone(&self.this);
        let patience = self.limits.timeout;
        tokio::task::spawn_local(async move {
            let mut next = Instant::now() + patience;
            loop {
                tokio::time::sleep_until(next).await;
                let Some(pool) = pool.upgrade() else {
                    return;
                };
                match pool.sweep() {
                    Some(due) => next = due,
                    None => return,
                }
            }
        });
    }

    /// Closes what has been idle for too long; tells when to look again, if at all.
    fn sweep(&self) -> Option<Instant> {
        let now = Instant::now();
        let mut next = None;
        let mut closed = Vec::new();
        self.origins.borrow_mut().retain(|_, connections| {
            while let Some(oldest) = connections.idle.first_entry() {
                let due = oldest.get().since + self.limits.timeout;
                if due > now {
                    next = Some(next.map_or(due, |next: Instant| next.min(due)));
                    break;
                }
                closed.push(oldest.remove());
            }
            connections.shared.retain(|link| {
                let due = link.idle_since().unwrap_or(now) + self.limits.timeout;
                let stays = due > now && !link.is_closed();
                if stays {
                    next = Some(next.map_or(due, |next: Instant| next.min(due)));
                }
                stays
            });
            connections
                .negotiation
                .as_ref()
                .is_some_and(Joint::is_under_way)
                || !connections.idle.is_empty()
                || !connections.shared.is_empty()
        });
        self.sweeping.set(next.is_some());
        next
    }
}
