// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Who may go next under one policy: a fair queue before a number of permits and two rates.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::rc::Rc;
use std::time::Duration;

use fermata_core::error::{Error, ErrorKind};
use governor::clock::Clock;
use governor::middleware::{NoOpMiddleware, StateInformationMiddleware};
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use super::Tag;

/// How long a bucket may take to fill; longer makes no sense, and would not fit its counters.
const LONGEST_REFILL: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// So many at a time after a pause, and then one each period.
#[derive(Clone, Copy, Debug)]
pub struct Rate(Quota);

impl Rate {
    /// Fails with [`ErrorKind::InvalidArgument`] if the period or the burst is 0, or if it would take more than ten years
    /// after a burst until the next.
    pub fn new(period: Duration, burst: u32) -> Result<Self, Error> {
        let quota = Quota::with_period(period).zip(NonZeroU32::new(burst));
        let refill = period.checked_mul(burst);
        match (quota, refill) {
            (Some((quota, burst)), Some(refill)) if refill <= LONGEST_REFILL => {
                Ok(Self(quota.allow_burst(burst)))
            }
            _ => Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "a rate of one in {period:?} with a burst of {burst} cannot be kept: both must be positive, and \
                     period by burst no more than ten years"
                ),
            )),
        }
    }
}

/// What those who share a limit may do at most; unlimited where `None`.
#[derive(Clone, Copy, Debug, Default)]
pub struct LimitConfig {
    /// How many may be inside at a time.
    pub concurrent: Option<NonZeroUsize>,
    /// How often one may enter.
    pub requests: Option<Rate>,
    /// How many tokens those who enter may cost.
    pub tokens: Option<Rate>,
}

impl LimitConfig {
    /// Fails with [`ErrorKind::InvalidArgument`] if somebody of this cost could never enter; else returns what counts.
    pub(crate) fn cost(&self, tokens: u64) -> Result<u32, Error> {
        let Some(Rate(quota)) = self.tokens else {
            return Ok(0);
        };
        let burst = quota.burst_size().get();
        match u32::try_from(tokens) {
            Ok(tokens) if tokens <= burst => Ok(tokens),
            _ => Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "a request that costs {tokens} tokens can never be sent: its policy allows {burst} at once; raise the \
                     burst of tokens, or make the request smaller"
                ),
            )),
        }
    }
}

/// The limit itself. Time comes from outside, as the time since some beginning.
pub(crate) struct Limiter {
    now: Now,
    free: usize,
    requests: Option<Requests>,
    tokens: Option<Bucket<NoOpMiddleware<Duration>>>,
    queue: BTreeMap<Place, Waiter>,
    arrivals: u64,
}

/// Where somebody stands in the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place(u64);

struct Waiter {
    tag: Tag,
    tokens: u32,
    held_by_rate: bool,
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// This one is inside now. `held_by_rate`: a rate kept it waiting at the head of the queue.
    Enters { tag: Tag, held_by_rate: bool },
    /// Nothing before so much time has passed, unless somebody comes or goes.
    After(Duration),
    /// Nothing before somebody comes or goes.
    Nothing,
}

impl Limiter {
    pub(crate) fn new(config: &LimitConfig) -> Self {
        let now = Now::default();
        Self {
            free: config.concurrent.map_or(usize::MAX, NonZeroUsize::get),
            requests: config.requests.map(|rate| Requests::new(rate, &now)),
            tokens: config
                .tokens
                .map(|Rate(quota)| RateLimiter::direct_with_clock(quota, now.clone())),
            queue: BTreeMap::new(),
            arrivals: 0,
            now,
        }
    }

    /// Queues somebody, whose cost [`LimitConfig::cost`] has passed.
    pub(crate) fn queue(&mut self, tag: Tag, tokens: u32) -> Place {
        let place = Place(self.arrivals);
        self.arrivals += 1;
        let waiter = Waiter {
            tag,
            tokens,
            held_by_rate: false,
        };
        self.queue.insert(place, waiter);
        place
    }

    /// Takes somebody out of the queue.
    pub(crate) fn withdraw(&mut self, place: Place) {
        self.queue.remove(&place);
    }

    /// Somebody who was inside has left.
    pub(crate) fn release(&mut self) {
        // Nobody counts where nobody is refused.
        if self.free != usize::MAX {
            self.free += 1;
        }
    }

    /// Lets in the head of the queue if it may enter. Nobody is charged before that, so that no rate is exceeded over any
    /// stretch of time.
    pub(crate) fn next(&mut self, now: Duration) -> Next {
        self.now.0.set(now);
        let Some(mut head) = self.queue.first_entry() else {
            return Next::Nothing;
        };
        if self.free == 0 {
            return Next::Nothing;
        }
        let wait = match &self.requests {
            Some(requests) if requests.ready > now => Some(requests.ready - now),
            _ => charge(self.tokens.as_ref(), head.get().tokens, now),
        };
        if let Some(wait) = wait {
            head.get_mut().held_by_rate = true;
            return Next::After(wait);
        }
        if let Some(requests) = &mut self.requests {
            requests.charge(now);
        }
        if self.free != usize::MAX {
            self.free -= 1;
        }
        let Waiter {
            tag, held_by_rate, ..
        } = head.remove();
        Next::Enters { tag, held_by_rate }
    }
}

/// Takes tokens, or says how long to wait for them.
fn charge(
    bucket: Option<&Bucket<NoOpMiddleware<Duration>>>,
    tokens: u32,
    now: Duration,
) -> Option<Duration> {
    let (bucket, tokens) = bucket.zip(NonZeroU32::new(tokens))?;
    match bucket.check_n(tokens) {
        Ok(Err(not_yet)) => Some(not_yet.wait_time_from(now)),
        // More than fit were refused when they came.
        Ok(Ok(())) | Err(_) => None,
    }
}

type Bucket<M> = RateLimiter<NotKeyed, InMemoryState, Now, M>;

/// A bucket that knows when it can be charged for one more, without being charged.
struct Requests {
    bucket: Bucket<StateInformationMiddleware>,
    ready: Duration,
}

impl Requests {
    fn new(Rate(quota): Rate, now: &Now) -> Self {
        Self {
            bucket: RateLimiter::direct_with_clock(quota, now.clone()).with_middleware(),
            ready: Duration::ZERO,
        }
    }

    /// To be called no earlier than `ready`.
    fn charge(&mut self, now: Duration) {
        let is_empty = self
            .bucket
            .check()
            .is_ok_and(|state| state.remaining_burst_capacity() == 0);
        // An empty bucket is not charged, but tells when it no longer is.
        let refused = is_empty.then(|| self.bucket.check().err()).flatten();
        self.ready = refused.map_or(now, |until| until.earliest_possible());
    }
}

/// What the buckets take for the time.
#[derive(Clone, Default)]
struct Now(Rc<Cell<Duration>>);

impl Clock for Now {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.get()
    }
}

#[cfg(test)]
mod tests;
