// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! What a limiter promises, whatever comes and goes.

use std::collections::VecDeque;

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const CONCURRENT: usize = 3;
const REQUESTS: (Duration, u32) = (Duration::from_millis(70), 4);
const TOKENS: (Duration, u32) = (Duration::from_millis(10), 20);

#[derive(Clone, Copy, Debug)]
enum Step {
    Come(u32),
    /// The n-th of those who wait gives up.
    GiveUp(usize),
    /// The n-th of those who are inside leaves.
    Leave(usize),
    Pass(Duration),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..=TOKENS.1).prop_map(Step::Come),
        1 => any::<usize>().prop_map(Step::GiveUp),
        3 => any::<usize>().prop_map(Step::Leave),
        3 => (0_u64..200).prop_map(|millis| Step::Pass(Duration::from_millis(millis))),
    ]
}

fn rate((period, burst): (Duration, u32)) -> Rate {
    Rate::new(period, burst).expect("a rate")
}

/// A limiter, and what is known of it from outside.
struct Scene {
    limiter: Limiter,
    limited: LimitConfig,
    now: Duration,
    came: Tag,
    waiting: VecDeque<(Tag, u32, Place)>,
    inside: Vec<Tag>,
    /// When somebody entered, and for how many tokens.
    entered: Vec<(Duration, u32)>,
}

impl Scene {
    fn new(limited: LimitConfig) -> Self {
        Self {
            limiter: Limiter::new(&limited),
            limited,
            now: Duration::ZERO,
            came: 0,
            waiting: VecDeque::new(),
            inside: Vec::new(),
            entered: Vec::new(),
        }
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::Come(tokens) => {
                self.came += 1;
                let place = self.limiter.queue(self.came, tokens);
                self.waiting.push_back((self.came, tokens, place));
            }
            Step::GiveUp(which) if !self.waiting.is_empty() => {
                let which = which % self.waiting.len();
                let (.., place) = self.waiting.remove(which).expect("one who waits");
                self.limiter.withdraw(place);
            }
            Step::Leave(which) if !self.inside.is_empty() => {
                self.inside.swap_remove(which % self.inside.len());
                self.limiter.release();
            }
            Step::GiveUp(_) | Step::Leave(_) => {}
            Step::Pass(time) => self.now += time,
        }
    }

    /// Lets in whoever may enter; returns what is to be done then.
    fn settle(&mut self) -> Next {
        loop {
            match self.limiter.next(self.now) {
                Next::Enters { tag, .. } => {
                    let (first, tokens, _) = self.waiting.pop_front().expect("one who waits");
                    assert_eq!(tag, first, "somebody jumped the queue");
                    self.inside.push(tag);
                    self.entered.push((self.now, tokens));
                    if let Some(limit) = self.limited.concurrent {
                        assert!(self.inside.len() <= limit.get(), "too many inside");
                    }
                }
                other => return other,
            }
        }
    }

    /// Over no stretch of time did more enter than a bucket holds and gets meanwhile.
    fn assert_rate((period, burst): (Duration, u32), charges: &[(Duration, u32)]) {
        for (first, (begin, _)) in charges.iter().enumerate() {
            let mut sum = 0;
            for (at, charge) in &charges[first..] {
                sum += u128::from(*charge);
                let allowed =
                    u128::from(burst) + (*at - *begin).as_nanos().div_ceil(period.as_nanos());
                assert!(sum <= allowed, "{sum} between {begin:?} and {at:?}");
            }
        }
    }

    fn requests(&self) -> Vec<(Duration, u32)> {
        self.entered.iter().map(|(at, _)| (*at, 1)).collect()
    }
}

proptest! {
    #[test]
    fn order_is_kept_limits_hold_and_nothing_leaks(
        concurrent: bool,
        requests: bool,
        tokens: bool,
        steps in vec(step(), 1..120),
    ) {
        let mut scene = Scene::new(LimitConfig {
            concurrent: concurrent.then(|| NonZeroUsize::new(CONCURRENT)).flatten(),
            requests: requests.then(|| rate(REQUESTS)),
            tokens: tokens.then(|| rate(TOKENS)),
        });
        for step in steps {
            scene.take(step);
            scene.settle();
        }
        // Who waits gets in, if only those inside leave and time passes as it was said to.
        while !scene.waiting.is_empty() {
            match scene.settle() {
                Next::After(wait) => {
                    prop_assert!(!wait.is_zero());
                    scene.now += wait;
                }
                _ if scene.waiting.is_empty() => {}
                next => {
                    prop_assert_eq!(next, Next::Nothing);
                    prop_assert_eq!(scene.inside.len(), CONCURRENT, "a permit is lost");
                    scene.take(Step::Leave(0));
                }
            }
        }
        if requests {
            Scene::assert_rate(REQUESTS, &scene.requests());
        }
        if tokens {
            Scene::assert_rate(TOKENS, &scene.entered);
        }
    }
}

#[test]
fn a_rate_holds_back_the_head_and_says_for_how_long() {
    let mut scene = Scene::new(LimitConfig {
        requests: Some(rate((Duration::from_secs(1), 2))),
        ..LimitConfig::default()
    });
    (0..3).for_each(|_| scene.take(Step::Come(0)));
    assert_eq!(scene.settle(), Next::After(Duration::from_secs(1)));
    assert_eq!(scene.inside, [1, 2]);
    scene.now += Duration::from_secs(1);
    let next = scene.limiter.next(scene.now);
    let held_by_rate = true;
    assert_eq!(
        next,
        Next::Enters {
            tag: 3,
            held_by_rate
        }
    );
}

#[test]
fn no_request_is_charged_while_tokens_are_missing() {
    let second = Duration::from_secs(1);
    let mut scene = Scene::new(LimitConfig {
        requests: Some(rate((second, 1))),
        tokens: Some(rate((2 * second, 1))),
        ..LimitConfig::default()
    });
    (0..2).for_each(|_| scene.take(Step::Come(1)));
    scene.settle();
    scene.now += second;
    assert_eq!(scene.settle(), Next::After(second));
    // The one who waits for tokens goes, and the next needs none.
    scene.take(Step::GiveUp(0));
    scene.take(Step::Come(0));
    assert_eq!(scene.settle(), Next::Nothing);
    assert_eq!(scene.inside.len(), 2);
}

#[test]
fn what_could_never_enter_is_refused() {
    let config = LimitConfig {
        tokens: Some(rate(TOKENS)),
        ..LimitConfig::default()
    };
    assert_eq!(config.cost(20).expect("as much as the burst"), 20);
    let refused = config.cost(21).expect_err("more than the burst");
    assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
    assert!(refused.to_string().contains("raise the burst"), "{refused}");
    assert!(config.cost(u64::MAX).is_err());
    assert_eq!(LimitConfig::default().cost(u64::MAX).expect("no limit"), 0);
}

#[test]
fn a_rate_that_cannot_be_kept_is_refused() {
    for (period, burst) in [
        (Duration::ZERO, 1),
        (Duration::from_secs(1), 0),
        (Duration::from_secs(1 << 30), u32::MAX),
        (Duration::MAX, 2),
    ] {
        let refused = Rate::new(period, burst).expect_err("no rate");
        assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
    }
}
