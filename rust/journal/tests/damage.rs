// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! A torn tail is cut, and nothing else is.
#![cfg(not(loom))]
#![allow(missing_docs)]

mod support;

use fermata_journal::{Error, ErrorKind, Level, Survey, survey};
use support::{
    Fault, Loss, Opened, PATIENCE, SimulatedStore, call, open, place, raw, small_segments,
};

fn read(store: &SimulatedStore) -> (Vec<u64>, Result<Survey, Error>) {
    let mut places = Vec::new();
    let outcome = survey(store, &mut |entry| {
        places.extend(entry.record.as_ref().and_then(place));
    });
    (places, outcome)
}

/// Three batches, each durable, in one segment; whether it is closed in good order.
fn three_batches(sealed: bool) -> SimulatedStore {
    let store = SimulatedStore::default();
    let opened = open(&store, &small_segments()).expect("opens");
    for token in 1..=3 {
        opened.record(token, 20, Level::Disk).expect("durable");
    }
    if !sealed {
        store.crash();
    }
    assert_eq!(opened.journal.close(PATIENCE).is_ok(), sealed);
    drop(opened);
    store.restart(Loss::Everything);
    store
}

fn altered(
    store: &SimulatedStore,
    segment: u64,
    alter: impl FnOnce(&mut Vec<u8>),
) -> SimulatedStore {
    let altered = store.copy();
    let mut content = store.content(segment);
    alter(&mut content);
    altered.set_content(segment, content);
    altered
}

fn assert_damage(error: &Error, segment: u64, at_most: u64) {
    assert_eq!(error.kind(), ErrorKind::Damaged, "{error}");
    let damage = error.damage().expect("where it is damaged");
    assert_eq!(damage.file, format!("segment-{segment}"));
    assert!(damage.offset <= at_most, "{damage:?}, altered at {at_most}");
    assert!(error.message().contains("backup"), "what to do: {error}");
}

#[test]
fn a_tail_is_cut_wherever_it_is_torn() {
    let store = three_batches(false);
    let whole = store.content(1).len();
    for length in 64..whole {
        let torn = altered(&store, 1, |content| content.truncate(length));
        let (places, outcome) = read(&torn);
        let survey = outcome.expect("a crash can leave this");
        assert!([1, 2, 3].starts_with(&places) && places.len() < 3);
        let Opened {
            journal,
            replayed,
            outcomes,
            ..
        } = open(&torn, &small_segments()).expect("recovers");
        assert_eq!(
            replayed.iter().filter_map(place).collect::<Vec<_>>(),
            places
        );
        journal
            .append(&call("a", 9, 20), Level::Disk, 1)
            .expect("taken");
        outcomes.one(1).expect("durable");
        drop(journal);
        let (after, outcome) = read(&torn);
        assert_eq!(after, [&places[..], &[9]].concat(), "{survey:?}");
        assert!(outcome.expect("sound").torn.is_none());
    }
}

#[test]
fn garbage_and_zeros_behind_the_last_frame_are_cut() {
    let store = three_batches(false);
    for tail in [vec![0; 5000], vec![0xFF; 5000], b"a frame?".to_vec()] {
        let torn = altered(&store, 1, |content| content.extend(&tail));
        let (places, outcome) = read(&torn);
        assert_eq!(places, [1, 2, 3]);
        let torn = outcome.expect("a crash can leave this").torn.expect("cut");
        assert_eq!(torn.offset, store.content(1).len() as u64);
    }
}

#[test]
fn a_bit_that_flips_in_what_a_later_batch_knows_to_be_durable_is_damage() {
    let store = three_batches(false);
    let content = store.content(1);
    let last_mark = (0..content.len() - 8)
        .rfind(|at| content[*at..].starts_with(b"\xF5MARK"))
        .expect("a mark")
        - 9;
    for at in 0..content.len() {
        let flipped = altered(&store, 1, |content| content[at] ^= 0x10);
        let (places, outcome) = read(&flipped);
        if at < last_mark {
            assert_damage(&outcome.expect_err("damage"), 1, at as u64);
            let error = open(&flipped, &small_segments())
                .err()
                .expect("not opened either");
            assert_damage(&error, 1, at as u64);
            assert_eq!(flipped.segments(), [1], "nothing was changed");
        } else {
            // Nothing says that the last batch was durable: it looks as if a crash had torn it.
            assert_eq!(places, [1, 2]);
            assert!(outcome.expect("cut").torn.is_some());
        }
    }
}

#[test]
fn a_bit_that_flips_in_a_segment_closed_in_good_order_is_damage() {
    let store = three_batches(true);
    let records_end = store.content(1).len() - 25 - 9;
    for at in 0..store.content(1).len() {
        let flipped = altered(&store, 1, |content| content[at] ^= 0x01);
        let (places, outcome) = read(&flipped);
        if at < records_end {
            assert_damage(&outcome.expect_err("damage"), 1, at as u64);
        } else {
            assert_eq!(places, [1, 2, 3], "only the seal is damaged");
        }
    }
    let longer = altered(&store, 1, |content| content.push(0));
    assert_damage(
        &read(&longer).1.expect_err("damage"),
        1,
        store.content(1).len() as u64,
    );
}

#[test]
fn a_segment_before_the_last_is_never_cut() {
    let store = SimulatedStore::default();
    let opened = open(&store, &small_segments()).expect("opens");
    for token in 1..=30 {
        opened.record(token, 300, Level::Disk).expect("durable");
    }
    store.crash();
    drop(opened);
    store.restart(Loss::Everything);
    assert!(store.segments().len() >= 3);
    let length = store.content(2).len();
    for at in [100, 2000, length - 10] {
        let flipped = altered(&store, 2, |content| content[at] ^= 1);
        assert_damage(&read(&flipped).1.expect_err("damage"), 2, at as u64);
    }
    let shorter = altered(&store, 2, |content| content.truncate(length - 1));
    assert_damage(&read(&shorter).1.expect_err("damage"), 2, length as u64);
    let gone = store.copy();
    gone.delete(2);
    let error = read(&gone).1.expect_err("missing");
    assert_damage(&error, 2, 0);
    assert!(error.message().contains("missing"), "{error}");
    let swapped = store.copy();
    swapped.set_content(2, store.content(1));
    assert_damage(&read(&swapped).1.expect_err("not that segment"), 2, 0);
}

#[test]
fn a_segment_of_a_later_version_is_refused_by_name() {
    let store = SimulatedStore::default();
    store.set_content(1, raw::header(2, 0, [1, 1, 1, 0, 0, 64]));
    let error = open(&store, &small_segments()).err().expect("refused");
    assert_eq!(error.kind(), ErrorKind::NewerFormat);
    assert!(
        error.message().contains("segment-1") && error.message().contains("version 2"),
        "{error}"
    );
    let header = raw::first_header();
    let of_kind = |kind| {
        let store = SimulatedStore::default();
        store.set_content(
            1,
            [header.clone(), raw::frame(&header, kind, b"\xA0")].concat(),
        );
        read(&store).1
    };
    assert_eq!(
        of_kind(6).expect_err("unknown").kind(),
        ErrorKind::NewerFormat
    );
    assert_eq!(
        of_kind(0x80)
            .expect("optional kinds are passed over")
            .records(),
        1
    );
}

#[test]
fn what_a_compaction_left_is_neither_read_twice_nor_missed() {
    let store = SimulatedStore::default();
    let opened = open(&store, &small_segments()).expect("opens");
    for token in 1..=30 {
        opened.record(token, 300, Level::Disk).expect("durable");
    }
    opened.journal.close(PATIENCE).expect("sealed");
    drop(opened);
    let before = store.segments().len();
    let Opened { journal, .. } = open(&store, &small_segments()).expect("opens");
    store.inject(2, Fault::Crash);
    journal
        .compact()
        .expect_err("it broke off while it removed");
    drop(journal);
    store.restart(Loss::Everything);
    assert!(store.segments().len() > 1);
    let (places, outcome) = read(&store);
    assert_eq!(places, (1..=30).collect::<Vec<_>>());
    assert_eq!(outcome.expect("sound").superseded.len(), before - 2);
    let Opened { journal, .. } = open(&store, &small_segments()).expect("opens");
    journal.compact().expect("removes what was left");
    assert_eq!(store.segments().len(), 1);
}
