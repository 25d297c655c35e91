// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Admissions as callers see them.

use std::num::NonZeroUsize;
use std::sync::atomic::Ordering;
use std::time::Duration;

use fermata_core::error::ErrorKind;

use super::rig::{Rig, Story, get};
use super::servers::Scripted;
use crate::http::{FailureKind, LimitConfig, LimitId, Rate, RequestBody, Tag};

const SOON: Duration = Duration::from_millis(1);
const NEVER: Duration = Duration::from_secs(100_000);

fn one_at_a_time(rig: &Rig) -> Option<LimitId> {
    let config = LimitConfig {
        concurrent: NonZeroUsize::new(1),
        ..LimitConfig::default()
    };
    Some(rig.transport.limit(config))
}

fn admit(rig: &Rig, limit: Option<LimitId>, delay: Duration) -> Tag {
    let tag = rig.tag();
    rig.transport
        .admit(tag, limit, 0, delay)
        .expect("to be admitted");
    tag
}

fn is_admitted(story: &Story) -> bool {
    story.admitted
}

#[test]
fn the_next_is_admitted_when_one_leaves_in_the_order_of_arrival() {
    let rig = Rig::new();
    let limit = one_at_a_time(&rig);
    let tags: Vec<_> = (0..5).map(|_| admit(&rig, limit, Duration::ZERO)).collect();
    for (at, tag) in tags.iter().enumerate() {
        rig.until(*tag, is_admitted);
        for later in &tags[at + 1..] {
            assert!(!rig.so_far(*later).admitted);
        }
        rig.transport.leave(*tag);
    }
    assert_eq!(rig.recorder.admitted(), tags);
}

#[test]
fn who_gives_up_holds_up_nobody() {
    let rig = Rig::new();
    let limit = one_at_a_time(&rig);
    let inside = admit(&rig, limit, Duration::ZERO);
    let queued = admit(&rig, limit, Duration::ZERO);
    let delayed = admit(&rig, limit, NEVER);
    let last = admit(&rig, limit, Duration::ZERO);
    rig.until(inside, is_admitted);
    for tag in [queued, delayed, inside, inside, 4_711] {
        rig.transport.leave(tag);
    }
    rig.until(last, is_admitted);
    assert_eq!(rig.recorder.admitted(), [inside, last]);
}

#[test]
fn a_rate_lets_one_in_after_the_other() {
    let rig = Rig::new();
    let config = LimitConfig {
        requests: Some(Rate::new(SOON, 1).expect("a rate")),
        tokens: Some(Rate::new(SOON, 8).expect("a rate")),
        ..LimitConfig::default()
    };
    let limit = Some(rig.transport.limit(config));
    let tags: Vec<_> = (0..20).map(|_| rig.tag()).collect();
    for tag in &tags {
        rig.transport
            .admit(*tag, limit, 4, Duration::ZERO)
            .expect("to be admitted");
    }
    let last = rig.until(tags[19], is_admitted);
    assert!(last.held_by_rate);
    assert!(!rig.so_far(tags[0]).held_by_rate);
    assert_eq!(rig.recorder.admitted(), tags);
}

#[test]
fn a_delay_without_a_limit_is_a_timer() {
    let rig = Rig::new();
    let later = admit(&rig, None, Duration::from_millis(20));
    let soon = admit(&rig, None, SOON);
    rig.until(later, is_admitted);
    assert_eq!(rig.recorder.admitted(), [soon, later]);
}

#[test]
fn closing_fails_those_who_wait() {
    let rig = Rig::new();
    let limit = one_at_a_time(&rig);
    let inside = admit(&rig, limit, Duration::ZERO);
    rig.until(inside, is_admitted);
    let waiting = [
        admit(&rig, limit, Duration::ZERO),
        admit(&rig, limit, NEVER),
        admit(&rig, None, NEVER),
    ];
    rig.close();
    for tag in waiting {
        assert_eq!(rig.over(tag).failure(), FailureKind::Closed);
    }
    assert!(rig.so_far(inside).failure.is_none());
    let refused = rig
        .transport
        .admit(99, limit, 0, Duration::ZERO)
        .expect_err("closed");
    assert_eq!(refused.kind(), ErrorKind::Closed);
}

#[test]
fn an_admission_to_no_limit_is_refused() {
    let rig = Rig::new();
    for limit in [0, 1, LimitId::MAX] {
        let refused = rig
            .transport
            .admit(1, Some(limit), 0, Duration::ZERO)
            .expect_err("no limit");
        assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
    }
}

#[test]
fn an_admission_that_cannot_be_told_of_gives_its_place_to_the_next() {
    let rig = Rig::new();
    let limit = one_at_a_time(&rig);
    rig.recorder.deaf.store(true, Ordering::SeqCst);
    let lost = admit(&rig, limit, Duration::ZERO);
    assert_eq!(rig.over(lost).failure(), FailureKind::Io);
    rig.recorder.deaf.store(false, Ordering::SeqCst);
    let next = admit(&rig, limit, Duration::ZERO);
    rig.until(next, is_admitted);
}

#[test]
fn a_panic_of_the_thread_fails_what_is_pending_and_the_next_gets_another_thread() {
    let server = super::servers::Patient::new(usize::MAX);
    let rig = Rig::new();
    let limit = one_at_a_time(&rig);
    let exchange = rig.start(&get(&server.url()), RequestBody::Empty);
    let inside = admit(&rig, limit, Duration::ZERO);
    let queued = admit(&rig, limit, Duration::ZERO);
    rig.until(inside, is_admitted);
    rig.recorder.panics.store(true, Ordering::SeqCst);
    let fatal = admit(&rig, None, SOON);
    for tag in [exchange, queued, fatal] {
        let story = rig.over(tag);
        assert_eq!(story.failure(), FailureKind::Io);
        let (_, why) = story.failure.expect("a reason");
        assert!(why.contains("the I/O thread panicked"), "{why}");
    }
    let next = admit(&rig, limit, Duration::ZERO);
    rig.until(next, is_admitted);
    let answering = Scripted::answering("HTTP/1.1 204 No Content\r\n\r\n");
    assert_eq!(rig.get(&answering.url("/")).status, 204);
}
