// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Two writers of one journal: the later one takes over.
#![allow(missing_docs)]

mod support;

use std::collections::BTreeMap;
use std::io::{ErrorKind as IoErrorKind, Read};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fermata_core::threads::{Spawn, ThreadBody};
use fermata_journal::{ErrorKind, Level, Options, SegmentSource, SegmentStore};
use fermata_object_storage::{ObjectStorage, ObjectStorageStore, S3Options};
use futures_util::TryStreamExt;
use object_store::memory::InMemory;
use object_store::{ObjectStore, ObjectStoreExt};
use support::journal::world::Storage;
use support::journal::{Fault, Loss, Opened, PATIENCE, call, finished, open_store, small_segments};
use support::{SimulatedObjects, impatient, places};

fn open(bucket: &SimulatedObjects) -> Opened {
    open_store(bucket.store(&impatient()), &Options::default()).expect("opens")
}

/// Past the writers.
fn on_objects(bucket: &SimulatedObjects, work: impl AsyncFnOnce(Arc<InMemory>)) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(work(bucket.objects()));
}

#[test]
fn a_writer_that_wakes_up_after_its_segments_were_compacted_away_is_refused() {
    let bucket = SimulatedObjects::default();
    let sleeper = open_store(bucket.store(&impatient()), &small_segments()).expect("opens");
    sleeper.record(1, 10, Level::Disk).expect("durable");
    // Each of these is a life of its own; all that the sleeper knows is compacted away, and the place where it is too.
    for life in 0..3 {
        let opened = open_store(bucket.store(&impatient()), &small_segments()).expect("opens");
        for place in 0..10 {
            let record = call("b", 100 * (life + 1) + place, 1000);
            let token = 1000 * life + place;
            opened
                .journal
                .append(&record, Level::Disk, token)
                .expect("taken");
            opened.outcomes.one(token).expect("durable");
        }
        opened.journal.compact().expect("compacts");
        opened.journal.close(PATIENCE).expect("seals");
    }
    let error = sleeper.record(2, 10, Level::Disk).expect_err("fenced");
    assert_eq!(error.kind(), ErrorKind::Fenced);
    let error = sleeper.journal.compact().err().map(|error| error.kind());
    assert!(matches!(error, None | Some(ErrorKind::Fenced)), "{error:?}");
    let after = open_store(bucket.store(&impatient()), &small_segments()).expect("opens");
    assert_eq!(places(&after.replayed).len(), 31);
    assert!(!places(&after.replayed).contains(&2));
}

#[test]
fn a_writer_that_is_fenced_stays_so_whatever_it_tries() {
    let bucket = SimulatedObjects::default();
    let before = bucket.store(&impatient());
    let mut writer = before
        .create(1, &mut |to| to.write_all(b"head"))
        .expect("begun");
    bucket.store(&impatient());
    let refused = |error: std::io::Error| assert_eq!(error.kind(), IoErrorKind::AlreadyExists);
    refused(writer.append(b"more").expect_err("fenced"));
    refused(
        before
            .create(2, &mut |_| Ok(()))
            .map(drop)
            .expect_err("fenced"),
    );
    refused(before.replace(1, &mut |_| Ok(())).expect_err("fenced"));
    refused(before.remove(1).expect_err("fenced"));
    assert_eq!(before.list().expect("reads"), [1]);
}

#[test]
fn a_writer_that_was_fenced_before_it_read_the_journal_compacts_nothing_of_the_other_one() {
    let bucket = SimulatedObjects::default();
    let early = bucket.store(&impatient());
    let later = open(&bucket);
    later.record(1, 10, Level::Os).expect("put");
    later.journal.sync(99).expect("taken");
    later.outcomes.one(99).expect("durable");
    // It finds the segment that the other one writes, and takes it for one that is written no more.
    let fenced = open_store(early, &Options::default());
    let refused = match fenced {
        Ok(opened) => opened.journal.compact().map(drop),
        Err(error) => Err(error),
    };
    assert_eq!(refused.expect_err("fenced").kind(), ErrorKind::Fenced);
    later.record(2, 10, Level::Disk).expect("durable");
    let after = open(&bucket);
    assert_eq!(places(&after.replayed), [1, 2]);
}

#[test]
fn a_put_whose_answer_was_lost_is_known_again() {
    let bucket = SimulatedObjects::default();
    let store = bucket.store(&S3Options::default());
    let opened = open_store(store, &Options::default()).expect("opens");
    for place in 0..6 {
        // Sometimes the lost put comes about later, when its second try was there before it.
        bucket.inject(0, Fault::FailsAfterwards);
        opened.record(place, 10, Level::Disk).expect("tried again");
    }
    opened.journal.close(PATIENCE).expect("sealed");
    assert_eq!(opened.journal.stats().failed_batches, 0);
    let after = open(&bucket);
    assert_eq!(places(&after.replayed), [0, 1, 2, 3, 4, 5]);
}

#[test]
fn a_takeover_whose_answers_were_lost_takes_over() {
    for others in 0..2 {
        let bucket = SimulatedObjects::default();
        let before = open(&bucket);
        before.record(1, 10, Level::Disk).expect("durable");
        bucket.inject(others, Fault::FailsAfterwards);
        let store = bucket.store(&S3Options::default());
        let after = open_store(store, &Options::default()).expect("opens");
        assert_eq!(places(&after.replayed), [1]);
        after.record(2, 10, Level::Disk).expect("its own");
        let error = before.record(3, 10, Level::Disk).expect_err("fenced");
        assert_eq!(error.kind(), ErrorKind::Fenced);
    }
}

/// One that takes over from a busy writer claims ahead of it at first, and fills the gap then.
#[test]
fn a_takeover_that_died_half_way_leaves_no_gap_to_the_writer_before() {
    for gap in 1..6 {
        let bucket = SimulatedObjects::default();
        let before = open(&bucket);
        for place in 0..3 {
            before.record(place, 10, Level::Disk).expect("durable");
        }
        on_objects(&bucket, async |objects| {
            let all: Vec<_> = objects.list(None).try_collect().await.expect("lists");
            let parts = all.iter().filter_map(|meta| meta.location.filename());
            let last: u64 = parts.max().expect("some").parse().expect("a part");
            let ahead = format!("a/journal/{:020}/{:010}", 1, last + 1 + gap);
            let claim = vec![0; 32].into();
            objects.put(&ahead.into(), claim).await.expect("put");
        });
        let after = open(&bucket);
        assert_eq!(places(&after.replayed), [0, 1, 2], "gap {gap}");
        let late = before.record(3, 10, Level::Disk);
        assert_eq!(
            late.expect_err("fenced").kind(),
            ErrorKind::Fenced,
            "gap {gap}"
        );
        after.record(4, 10, Level::Disk).expect("its own");
        let last = open(&bucket);
        assert_eq!(places(&last.replayed), [0, 1, 2, 4], "gap {gap}");
    }
}

/// The names of the objects that have content, with their bytes.
fn contents(bucket: &SimulatedObjects) -> BTreeMap<String, Bytes> {
    let mut contents = BTreeMap::new();
    on_objects(bucket, async |objects| {
        let all: Vec<_> = objects.list(None).try_collect().await.expect("lists");
        for meta in all.iter().filter(|meta| meta.size > 32) {
            let object = objects.get(&meta.location).await.expect("there");
            let bytes = object.bytes().await.expect("read");
            contents.insert(meta.location.to_string(), bytes);
        }
    });
    contents
}

#[test]
fn what_another_writer_may_have_read_is_never_replaced() {
    // Whether a put whose answer is lost has happened by then, or comes later, depends on how many there were before.
    for openings in 1..3 {
        let bucket = SimulatedObjects::default();
        let mut before = open_store(bucket.store(&impatient()), &Options::default());
        for _ in 1..openings {
            before = open_store(bucket.store(&impatient()), &Options::default());
        }
        let before = before.expect("opens");
        before.record(0, 10, Level::Disk).expect("durable");
        before.record(1, 10, Level::Os).expect("put");
        bucket.inject(0, Fault::Fails);
        before
            .record(2, 10, Level::Disk)
            .expect_err("ends the segment");
        // The next one begins with what is not known to be synced.
        bucket.inject(0, Fault::FailsAfterwards);
        before
            .record(3, 10, Level::Disk)
            .expect_err("begins no segment, as far as it knows");

        let after = open(&bucket);
        assert_eq!(places(&after.replayed), [0, 1]);
        let read = contents(&bucket);
        before.journal.sync(99).expect("taken");
        drop(before.outcomes.one(99)); // it may succeed: what was put is durable
        let error = before.record(4, 10, Level::Disk).expect_err("fenced");
        assert_eq!(error.kind(), ErrorKind::Fenced, "{error}");
        assert_eq!(contents(&bucket), read);
        after.record(5, 10, Level::Disk).expect("its own");
        let last = open(&bucket);
        assert_eq!(places(&last.replayed), [0, 1, 5]);
    }
}

/// A writer has records to write anew, which are in a segment that another one has rewritten or removed since.
#[test]
fn a_writer_whose_unsynced_records_another_one_compacted_is_fenced() {
    // The other one compacts that segment, or later ones too.
    for records in [1, 10] {
        let bucket = SimulatedObjects::default();
        let before = open(&bucket);
        before.record(0, 10, Level::Os).expect("put");
        bucket.inject(0, Fault::Fails);
        before
            .record(1, 10, Level::Disk)
            .expect_err("ends the segment");

        let after = open_store(bucket.store(&impatient()), &small_segments()).expect("opens");
        assert_eq!(places(&after.replayed), [0]);
        for place in 10..10 + records {
            after.record(place, 1000, Level::Disk).expect("its own");
        }
        after.journal.compact().expect("compacts");
        let first = bucket.source(&impatient()).list().expect("reads")[0];
        assert_eq!(first > 1, records > 1, "{first}");

        let before_its_end = contents(&bucket);
        for place in 2..4 {
            let error = before.record(place, 10, Level::Disk).expect_err("fenced");
            assert_eq!(error.kind(), ErrorKind::Fenced, "{error}");
            let its_segment = format!("a/journal/{:020} is", 1);
            assert!(error.message().contains(&its_segment), "{error}");
        }
        before
            .journal
            .append(&call("a", 4, 10), Level::Memory, 4)
            .expect("taken");
        let error = before.journal.close(PATIENCE).expect_err("cannot write it");
        assert_eq!(error.kind(), ErrorKind::Fenced, "{error}");
        assert_eq!(contents(&bucket), before_its_end);
    }
}

#[test]
fn a_beginning_that_failed_and_happened_is_found_when_it_is_tried_again() {
    let bucket = SimulatedObjects::default();
    let store = bucket.store(&impatient());
    let begin = |head: &'static [u8]| store.create(1, &mut |to| to.write_all(head));
    let first = "a/journal/00000000000000000001/0000000001";
    bucket.inject(0, Fault::Fails);
    begin(b"head").map(drop).expect_err("injected");
    on_objects(&bucket, async |objects| {
        let claim = "a/journal/00000000000000000001/0000000000".into();
        let claim = objects.get(&claim).await.expect("there");
        let object = [&claim.bytes().await.expect("read")[..], b"head"].concat();
        objects
            .put(&first.into(), object.into())
            .await
            .expect("comes late");
    });
    let error = begin(b"other")
        .map(drop)
        .expect_err("what is there stays there");
    assert_ne!(error.kind(), IoErrorKind::AlreadyExists, "{error}");
    assert!(error.to_string().contains(first), "{error}");
    assert!(contents(&bucket)[first].ends_with(b"head"));
    let mut writer = begin(b"head").expect("the same");
    writer.append(b"more").expect("goes on behind it");
}

#[test]
fn a_put_that_is_refused_again_and_again_fails_when_patience_is_over() {
    let bucket = SimulatedObjects::default();
    let store = bucket.store(&impatient());
    let begin = || store.create(1, &mut |to| to.write_all(b"head")).map(drop);
    bucket.refuse_puts(100);
    let error = begin().expect_err("refused");
    assert_ne!(error.kind(), IoErrorKind::AlreadyExists, "{error}");
    bucket.refuse_puts(0);
    begin().expect("nothing is there");
}

#[test]
fn what_another_writer_compacted_is_not_replaced() {
    for length in [10, 40 << 20] {
        let bucket = SimulatedObjects::default();
        let before = bucket.store(&impatient());
        before
            .create(1, &mut |to| to.write_all(b"head"))
            .map(drop)
            .expect("begun");
        let unaware = bucket.store(&impatient());
        let after = bucket.store(&impatient());
        after
            .replace(1, &mut |to| to.write_all(b"compacted"))
            .expect("compacted");
        let error = unaware
            .replace(1, &mut |to| to.write_all(&vec![7; length]))
            .expect_err("the other one was first");
        assert!(error.to_string().contains("another writer"), "{error}");
        let mut content = Vec::new();
        let mut segment = after.read(1).expect("there");
        segment.read_to_end(&mut content).expect("reads");
        assert_eq!(content, b"compacted");
    }
}

#[test]
fn a_compaction_that_had_happened_is_known_again() {
    for length in [10, 40 << 20] {
        let bucket = SimulatedObjects::default();
        let store = bucket.store(&impatient());
        store
            .create(1, &mut |to| to.write_all(b"head"))
            .map(drop)
            .expect("begun");
        for _ in 0..2 {
            store
                .replace(1, &mut |to| to.write_all(&vec![7; length]))
                .expect("its own");
        }
    }
}

#[test]
fn storage_that_cannot_be_reached_is_an_error_at_open_and_in_between() {
    let bucket = SimulatedObjects::default();
    let opened = open(&bucket);
    opened.record(1, 10, Level::Disk).expect("durable");
    bucket.crash();
    let error = opened.record(2, 10, Level::Disk).expect_err("out of reach");
    assert_eq!(error.kind(), ErrorKind::Io);
    let taken = ObjectStorageStore::take_over(bucket.source(&impatient()));
    let error = taken.map(drop).expect_err("out of reach");
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.message().contains("a/journal"), "{error}");
}

struct NoThreads;

impl Spawn for NoThreads {
    fn spawn(&self, _: &str, _: ThreadBody) -> std::io::Result<()> {
        Err(IoErrorKind::WouldBlock.into())
    }
}

#[test]
fn storage_without_a_thread_cannot_be_opened() {
    let client = SimulatedObjects::default().client(Duration::ZERO);
    let opened = ObjectStorage::over(client, "a/journal", &impatient(), Arc::new(NoThreads));
    let error = opened.map(drop).expect_err("no thread");
    assert_eq!(error.kind(), ErrorKind::ThreadSpawn, "{error}");
    assert!(error.message().contains("a/journal"), "{error}");
}

#[test]
fn a_missing_part_is_damage_and_is_named() {
    let bucket = SimulatedObjects::default();
    let opened = open(&bucket);
    for place in 0..3 {
        opened.record(place, 10, Level::Disk).expect("durable");
    }
    drop(opened);
    on_objects(&bucket, async |objects| {
        let all: Vec<_> = objects.list(None).try_collect().await.expect("lists");
        let name = "a/journal/00000000000000000001/0000000002".into();
        assert!(all.iter().any(|meta| meta.location == name), "{all:?}");
        objects.delete(&name).await.expect("there");
    });
    let error = open_store(bucket.store(&impatient()), &Options::default())
        .map(drop)
        .expect_err("damaged");
    assert_eq!(error.kind(), ErrorKind::Damaged);
    assert!(error.message().contains("0000000002 is missing"), "{error}");
}

#[test]
fn what_a_compaction_is_removing_is_gone_and_not_damaged() {
    let bucket = SimulatedObjects::default();
    let store = bucket.store(&impatient());
    for segment in 1..3 {
        let mut writer = store
            .create(segment, &mut |to| to.write_all(b"head"))
            .expect("begun");
        for _ in 0..3 {
            writer.append(b"more").expect("put");
        }
    }
    let source = bucket.source(&impatient());
    let mut opened = source.read(1).expect("there");
    store
        .replace(2, &mut |to| to.write_all(b"compacted"))
        .expect("compacted");
    bucket.inject(1, Fault::Fails);
    store.remove(1).expect_err("between two of its parts");
    let error = opened.read_to_end(&mut Vec::new()).expect_err("gone");
    assert_eq!(error.kind(), IoErrorKind::NotFound, "{error}");
    let error = source.read(1).map(drop).expect_err("gone");
    assert_eq!(error.kind(), IoErrorKind::NotFound, "{error}");
    assert_eq!(source.list().expect("reads"), [2]);
}

#[test]
fn an_object_of_a_later_version_is_no_damage() {
    // The first part is looked at when the journal is laid out, the others when they are read.
    for part in [1, 3] {
        let bucket = SimulatedObjects::default();
        let opened = open(&bucket);
        for place in 0..3 {
            opened.record(place, 10, Level::Disk).expect("durable");
        }
        drop(opened);
        on_objects(&bucket, async |objects| {
            let path = format!("a/journal/{:020}/{part:010}", 1).into();
            let object = objects.get(&path).await.expect("there");
            let mut bytes = object.bytes().await.expect("read").to_vec();
            bytes[8] = 2;
            let checksum = crc32c::crc32c(&bytes[..28]).to_le_bytes();
            bytes[28..32].copy_from_slice(&checksum);
            objects.put(&path, bytes.into()).await.expect("put");
        });
        let error = open_store(bucket.store(&impatient()), &Options::default())
            .map(drop)
            .expect_err("not understood");
        assert_eq!(error.kind(), ErrorKind::NewerFormat, "{error}");
        assert!(
            error.message().contains("an object of version 2"),
            "{error}"
        );
    }
}

#[test]
fn only_what_has_to_outlive_the_process_is_put_at_once() {
    let bucket = SimulatedObjects::default();
    let opened = open(&bucket);
    opened.record(1, 10, Level::Os).expect("put");
    let before = bucket.operations();
    for place in 2..20 {
        opened.record(place, 10, Level::Memory).expect("gathered");
    }
    opened
        .record(20, 10, Level::Disk)
        .expect("put with what had gathered");
    assert_eq!(bucket.operations(), before + 1);
    bucket.restart(Loss::Everything);
    let after = open(&bucket);
    assert_eq!(places(&after.replayed).len(), 20);
}

#[test]
fn a_journal_of_many_small_commits_is_compacted_soon() {
    let bucket = SimulatedObjects::default();
    let options = ObjectStorageStore::journal_options();
    let opened = open_store(bucket.store(&impatient()), &options).expect("opens");
    for round in 0..2_500 {
        opened.record(round, 10, Level::Disk).expect("durable");
    }
    opened
        .journal
        .append(&finished("a"), Level::Disk, 9999)
        .expect("taken");
    opened.outcomes.one(9999).expect("durable");
    assert_eq!(
        opened.journal.stats().segments,
        3,
        "a segment has a thousand parts"
    );
    opened.journal.compact().expect("compacts");
    let left = bucket.source(&impatient()).list().expect("reads");
    assert_eq!(left, [2, 3]);
}
