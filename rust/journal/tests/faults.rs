// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Storage that fails under a journal.
#![cfg(not(loom))]
#![allow(missing_docs)]

mod support;

use fermata_journal::{ErrorKind, Level, Options, Record};
use support::{Fault, Loss, Opened, PATIENCE, SimulatedStore, call, open, place, small_segments};

fn places(records: &[Record]) -> Vec<u64> {
    records.iter().filter_map(place).collect()
}

fn reopened(store: &SimulatedStore, loss: Loss) -> Opened {
    store.restart(loss);
    open(store, &Options::default()).expect("recovery succeeds")
}

#[test]
fn a_failed_sync_fails_its_callers_and_is_not_taken_back_by_the_next() {
    let store = SimulatedStore::default();
    let opened = open(&store, &Options::default()).expect("opens");
    opened.record(1, 10, Level::Disk).expect("durable");
    store.inject(1, Fault::Fails);
    let error = opened
        .record(2, 10, Level::Disk)
        .expect_err("its sync failed");
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.message().contains("segment-1"), "{error}");
    opened
        .record(3, 10, Level::Disk)
        .expect("a new segment goes on");
    assert_eq!(store.segments(), [1, 2]);
    assert_eq!(opened.journal.stats().abandoned_segments, 1);
    drop(opened);
    for loss in [Loss::Nothing, Loss::Everything, Loss::Tail(200)] {
        let store = store.copy();
        assert_eq!(places(&reopened(&store, loss).replayed), [1, 3]);
    }
}

#[test]
fn what_was_acknowledged_at_a_lower_level_outlives_the_segment_that_failed() {
    let store = SimulatedStore::default();
    let opened = open(&store, &Options::default()).expect("opens");
    for place in 1..=3 {
        opened.record(place, 10, Level::Os).expect("written");
    }
    store.inject(1, Fault::Fails);
    opened
        .record(4, 10, Level::Disk)
        .expect_err("its sync failed");
    opened
        .record(5, 10, Level::Disk)
        .expect("a new segment goes on");
    drop(opened);
    assert_eq!(
        places(&reopened(&store, Loss::Everything).replayed),
        [1, 2, 3, 5]
    );
}

#[test]
fn a_short_write_leaves_nothing_of_its_batch_and_the_journal_goes_on() {
    let store = SimulatedStore::default();
    let opened = open(&store, &Options::default()).expect("opens");
    opened.record(1, 10, Level::Disk).expect("durable");
    store.inject(0, Fault::Fails);
    opened
        .record(2, 500, Level::Os)
        .expect_err("its write broke off");
    opened.record(3, 10, Level::Disk).expect("durable");
    drop(opened);
    assert_eq!(places(&reopened(&store, Loss::Nothing).replayed), [1, 3]);
}

#[test]
fn a_full_disk_is_the_callers_error_until_there_is_room() {
    let store = SimulatedStore::default();
    let opened = open(&store, &small_segments()).expect("opens");
    store.limit(Some(8 << 10));
    let mut durable = Vec::new();
    for token in 1..=40 {
        match opened.record(token, 500, Level::Disk) {
            Ok(()) => durable.push(token),
            Err(error) => assert_eq!(error.kind(), ErrorKind::NoSpace, "{error}"),
        }
    }
    assert!(durable.len() > 5 && durable.len() < 30, "{durable:?}");
    store.limit(None);
    opened
        .record(41, 500, Level::Disk)
        .expect("there is room again");
    durable.push(41);
    opened.journal.close(PATIENCE).expect("sealed");
    assert_eq!(
        places(&reopened(&store, Loss::Everything).replayed),
        durable
    );
}

#[test]
fn a_segment_that_could_not_be_begun_is_begun_by_a_later_append() {
    for fault in [Fault::Fails, Fault::FailsAfterwards, Fault::NoSpace] {
        let store = SimulatedStore::default();
        let opened = open(&store, &Options::default()).expect("opens");
        store.inject(0, fault);
        opened.record(1, 10, Level::Disk).expect_err("no segment");
        opened.record(2, 10, Level::Disk).expect("a segment");
        drop(opened);
        assert_eq!(places(&reopened(&store, Loss::Everything).replayed), [2]);
    }
}

#[test]
fn what_was_replayed_is_durable_even_if_it_had_not_been() {
    let store = SimulatedStore::default();
    let opened = open(&store, &Options::default()).expect("opens");
    opened.record(1, 10, Level::Os).expect("written");
    store.crash();
    drop(opened);
    // The process was killed; what it wrote is in the cache of the system, and read from there.
    store.restart(Loss::Nothing);
    let Opened {
        journal, replayed, ..
    } = open(&store, &Options::default()).expect("opens");
    assert_eq!(places(&replayed), [1]);
    drop(journal);
    assert_eq!(store.segments(), [1, 2], "written anew");
    let again = reopened(&store, Loss::Everything);
    assert_eq!(places(&again.replayed), [1]);
}

#[test]
fn a_seal_that_fails_loses_nothing() {
    let store = SimulatedStore::default();
    let opened = open(&store, &Options::default()).expect("opens");
    opened.record(1, 10, Level::Disk).expect("durable");
    store.inject(1, Fault::Fails);
    let error = opened
        .journal
        .close(PATIENCE)
        .expect_err("the seal's sync fails");
    assert_eq!(error.kind(), ErrorKind::Io);
    drop(opened);
    assert_eq!(places(&reopened(&store, Loss::Everything).replayed), [1]);
}

#[test]
fn what_was_acknowledged_before_it_was_written_is_there_if_anything_behind_it_is() {
    for fault in [Fault::Fails, Fault::FailsAfterwards, Fault::NoSpace] {
        for at in 0..4 {
            let store = SimulatedStore::default();
            let opened = open(&store, &Options::default()).expect("opens");
            opened.record(1, 10, Level::Disk).expect("durable");
            store.inject(at, fault);
            opened.record(2, 10, Level::Memory).expect("taken");
            let third = opened.record(3, 10, Level::Disk);
            opened.record(4, 10, Level::Memory).expect("taken");
            let fifth = opened.record(5, 10, Level::Disk);
            assert!(third.is_ok() || fifth.is_ok(), "one fault, one batch");
            let mut expected = vec![1, 2, 4];
            expected.extend(third.is_ok().then_some(3));
            expected.extend(fifth.is_ok().then_some(5));
            expected.sort_unstable();
            opened.record(6, 10, Level::Disk).expect("durable");
            expected.push(6);
            drop(opened);
            assert_eq!(
                places(&reopened(&store, Loss::Everything).replayed),
                expected,
                "{fault:?} at {at}"
            );
        }
    }
}

#[test]
fn what_is_owed_counts_as_unwritten_and_is_written_at_the_close() {
    let store = SimulatedStore::default();
    let options = Options {
        max_pending_bytes: 10_000,
        ..Options::default()
    };
    let opened = open(&store, &options).expect("opens");
    store.limit(Some(0));
    let mut taken = 0;
    let refused = loop {
        let token = 2 * taken + 1;
        match opened
            .journal
            .append(&call("a", taken, 1000), Level::Memory, token)
        {
            Ok(()) => taken += 1,
            Err(refused) => break refused,
        }
        opened.journal.sync(token + 1).expect("taken");
        let error = opened.outcomes.one(token + 1).expect_err("no room");
        assert_eq!(error.kind(), ErrorKind::NoSpace);
    };
    assert_eq!(refused.kind(), ErrorKind::Backpressure);
    assert!((5..10).contains(&taken), "{taken}");
    store.limit(None);
    opened.journal.close(PATIENCE).expect("sealed");
    drop(opened);
    assert_eq!(
        places(&reopened(&store, Loss::Everything).replayed),
        (0..taken).collect::<Vec<_>>()
    );
}

#[test]
fn a_panic_of_the_storage_ends_the_journal_and_leaves_nobody_waiting() {
    let store = SimulatedStore::default();
    let opened = open(&store, &Options::default()).expect("opens");
    opened.record(1, 10, Level::Disk).expect("durable");
    store.inject(0, Fault::Panics);
    let error = opened
        .record(2, 10, Level::Disk)
        .expect_err("nobody writes it");
    assert_eq!(error.kind(), ErrorKind::Closed);
    let refused = opened
        .journal
        .append(&call("a", 3, 10), Level::Memory, 3)
        .expect_err("nobody would write it");
    assert_eq!(refused.kind(), ErrorKind::Closed);
    opened.journal.close(PATIENCE).expect("it has ended");
    drop(opened);
    assert_eq!(places(&reopened(&store, Loss::Nothing).replayed), [1]);
}
