// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Who waits to be admitted, for a time or for a limit, and who is inside.

use std::collections::HashMap;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::time::{DelayQueue, delay_queue::Key};

use super::failure::Failure;
use super::limiter::{LimitConfig, Limiter, Next, Place};
use super::{Events, LimitId, Tag};

/// The timer wheel holds no more than about two years.
const LONGEST_DELAY: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Somebody who wants to be admitted.
pub(crate) struct Ticket {
    pub(crate) tag: Tag,
    /// Whose queue it joins after the delay, and for how many tokens; none: it is admitted then.
    pub(crate) limit: Option<(LimitId, LimitConfig, u32)>,
    pub(crate) delay: Duration,
}

/// All admissions of a transport, on its thread.
pub(crate) struct Admissions {
    events: Arc<dyn Events>,
    stages: HashMap<Tag, Stage>,
    gates: HashMap<LimitId, Gate>,
    delays: DelayQueue<Due>,
    epoch: Instant,
}

enum Stage {
    Delayed(Key),
    Queued(LimitId, Place),
    Inside(LimitId),
}

struct Gate {
    limiter: Limiter,
    /// Lets the limiter be asked again.
    alarm: Option<Key>,
}

enum Due {
    Ticket(Ticket),
    Gate(LimitId),
}

impl Admissions {
    /// To be called within a tokio runtime with a timer.
    pub(crate) fn new(events: Arc<dyn Events>) -> Self {
        Self {
            events,
            stages: HashMap::new(),
            gates: HashMap::new(),
            delays: DelayQueue::new(),
            epoch: Instant::now(),
        }
    }

    /// Lets somebody in, in its turn.
    pub(crate) fn admit(&mut self, ticket: Ticket) {
        if ticket.delay.is_zero() {
            self.arrive(&ticket);
        } else {
            let tag = ticket.tag;
            let delay = ticket.delay.min(LONGEST_DELAY);
            let key = self.delays.insert(Due::Ticket(ticket), delay);
            self.stages.insert(tag, Stage::Delayed(key));
        }
    }

    /// Somebody no longer wants to be admitted, or has left.
    pub(crate) fn leave(&mut self, tag: Tag) {
        let limit = match self.stages.remove(&tag) {
            None => return,
            Some(Stage::Delayed(key)) => {
                self.delays.remove(&key);
                return;
            }
            Some(Stage::Queued(limit, place)) => {
                self.limiter(limit, |limiter| limiter.withdraw(place));
                limit
            }
            Some(Stage::Inside(limit)) => {
                self.limiter(limit, Limiter::release);
                limit
            }
        };
        self.advance(limit);
    }

    /// Lets in who is due, and makes sure that the future of `context` is polled for the next.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) {
        while let Poll::Ready(Some(expired)) = self.delays.poll_expired(context) {
            match expired.into_inner() {
                Due::Ticket(ticket) => self.arrive(&ticket),
                Due::Gate(limit) => {
                    if let Some(gate) = self.gates.get_mut(&limit) {
                        gate.alarm = None;
                    }
                    self.advance(limit);
                }
            }
        }
    }

    /// Nobody will be let in any more.
    pub(crate) fn fail(&mut self, failure: &Failure) {
        for (tag, stage) in self.stages.drain() {
            if !matches!(stage, Stage::Inside(_)) {
                self.events.failed(tag, failure);
            }
        }
    }

    fn arrive(&mut self, ticket: &Ticket) {
        let Some((limit, config, tokens)) = ticket.limit else {
            self.tell(ticket.tag, false);
            self.stages.remove(&ticket.tag);
            return;
        };
        let gate = self.gates.entry(limit).or_insert_with(|| Gate {
            limiter: Limiter::new(&config),
            alarm: None,
        });
        let place = gate.limiter.queue(ticket.tag, tokens);
        self.stages.insert(ticket.tag, Stage::Queued(limit, place));
        self.advance(limit);
    }

    /// Lets in as many as may enter now.
    fn advance(&mut self, limit: LimitId) {
        loop {
            let now = self.epoch.elapsed();
            let next = self.limiter(limit, |limiter| limiter.next(now));
            match next {
                Some(Next::Enters { tag, held_by_rate }) => {
                    if self.tell(tag, held_by_rate) {
                        self.stages.insert(tag, Stage::Inside(limit));
                    } else {
                        self.stages.remove(&tag);
                        self.limiter(limit, Limiter::release);
                    }
                }
                Some(Next::After(wait)) => return self.ask_again(limit, Some(wait)),
                Some(Next::Nothing) | None => return self.ask_again(limit, None),
            }
        }
    }

    fn ask_again(&mut self, limit: LimitId, after: Option<Duration>) {
        let Some(gate) = self.gates.get_mut(&limit) else {
            return;
        };
        if let Some(before) = gate.alarm.take() {
            self.delays.remove(&before);
        }
        gate.alarm = after.map(|wait| {
            self.delays
                .insert(Due::Gate(limit), wait.min(LONGEST_DELAY))
        });
    }

    /// Whether it could be told.
    fn tell(&self, tag: Tag, held_by_rate: bool) -> bool {
        match self.events.admitted(tag, held_by_rate) {
            Ok(()) => true,
            Err(error) => {
                self.events.failed(tag, &Failure::undelivered(&error));
                false
            }
        }
    }

    fn limiter<T>(&mut self, limit: LimitId, act: impl FnOnce(&mut Limiter) -> T) -> Option<T> {
        self.gates
            .get_mut(&limit)
            .map(|gate| act(&mut gate.limiter))
    }
}
