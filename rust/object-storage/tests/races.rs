// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Writers of one journal that open it at the same time, or while another one is at work.
#![allow(missing_docs)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use fermata_journal::{BlockingJournal, Error, ErrorKind, Level, Options, SegmentStore};
use fermata_object_storage::{ObjectStorageStore, S3Options};
use support::journal::{call, open_store, place, small_segments};
use support::{SimulatedObjects, impatient, places};

/// More appends than any takeover takes: a writer that is never fenced fails a test and does not hang it.
const UNREFUSED: usize = 50_000;

/// What a writer found, and what became of what it appended.
#[derive(Default)]
struct Life {
    found: Vec<u64>,
    acknowledged: Vec<u64>,
    refused: Vec<u64>,
}

/// Opens a journal whose last writer, alive or just dropped, may take away what it has compacted, which an opening says.
fn while_compacted<T>(mut open: impl FnMut() -> Result<T, Error>) -> Result<T, Error> {
    const ATTEMPTS: usize = 100;
    for _ in 1..ATTEMPTS {
        match open() {
            Err(gone) if gone.kind() == ErrorKind::Io && gone.message().contains("try again") => {}
            opened => return opened,
        }
    }
    open()
}

/// Opens the journal, and appends so many records, or until it was refused some.
fn live(
    bucket: &SimulatedObjects,
    options: &Options,
    appended: &AtomicU64,
    records: usize,
) -> Life {
    live_far(bucket, Duration::ZERO, options, appended, records)
}

fn live_far(
    bucket: &SimulatedObjects,
    distance: Duration,
    options: &Options,
    appended: &AtomicU64,
    records: usize,
) -> Life {
    let source = bucket.distant_source(distance, &S3Options::default());
    let store = Arc::new(ObjectStorageStore::take_over(source).expect("takes over"));
    let mut life = Life::default();
    let opened = while_compacted(|| {
        life.found.clear();
        BlockingJournal::open(Arc::clone(&store) as _, options, &mut |record| {
            life.found.extend(place(&record));
        })
    });
    let journal = match opened {
        Ok((journal, _)) => journal,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Fenced, "{error}");
            return life;
        }
    };
    for _ in 0..records {
        // No two records have the same place, whoever appends them.
        let next = appended.fetch_add(1, Ordering::SeqCst);
        match journal.append(&call("a", next, 200), Level::Disk) {
            Ok(()) => life.acknowledged.push(next),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Fenced, "{error}");
                life.refused.push(next);
                if life.refused.len() == 3 {
                    break;
                }
            }
        }
    }
    life
}

#[test]
fn of_two_writers_that_race_the_later_one_has_all_that_was_acknowledged_and_nothing_else() {
    for round in 0..300 {
        let bucket = SimulatedObjects::default();
        bucket.delay(round * 7919 + 1);
        let appended = AtomicU64::new(0);
        let (first, second) = thread::scope(|scope| {
            let first = scope.spawn(|| live(&bucket, &small_segments(), &appended, UNREFUSED));
            let second = scope.spawn(|| {
                while appended.load(Ordering::SeqCst) <= round % 12 {
                    thread::yield_now();
                }
                live(&bucket, &small_segments(), &appended, 6)
            });
            (
                first.join().expect("no panic"),
                second.join().expect("no panic"),
            )
        });
        assert_eq!((first.refused.len(), second.refused.len()), (3, 0));
        assert_eq!(second.found, first.acknowledged, "round {round}");
        let after = while_compacted(|| open_store(bucket.store(&impatient()), &small_segments()))
            .expect("opens");
        let expected = [first.acknowledged, second.acknowledged].concat();
        assert_eq!(places(&after.replayed), expected, "round {round}");
    }
}

/// It would never catch up if it went from part to part; a segment has room for more parts than it needs requests.
#[test]
fn a_writer_that_is_further_away_takes_over_from_a_busy_one() {
    let bucket = SimulatedObjects::default();
    let appended = AtomicU64::new(0);
    thread::scope(|scope| {
        const NEAR: Duration = Duration::from_micros(300);
        let busy =
            scope.spawn(|| live_far(&bucket, NEAR, &Options::default(), &appended, UNREFUSED));
        while appended.load(Ordering::SeqCst) < 100 {
            thread::yield_now();
        }
        let source = bucket.distant_source(10 * NEAR, &S3Options::default());
        let store: Arc<dyn SegmentStore> =
            Arc::new(ObjectStorageStore::take_over(source).expect("takes over"));
        let opened =
            while_compacted(|| open_store(Arc::clone(&store), &small_segments())).expect("opens");
        let busy = busy.join().expect("no panic");
        assert_eq!(places(&opened.replayed), busy.acknowledged);
        opened.record(0, 10, Level::Disk).expect("its own");
    });
}

#[test]
fn of_many_that_open_at_once_none_misses_anything() {
    for round in 0..60 {
        let bucket = SimulatedObjects::default();
        bucket.delay(round + 1);
        let appended = AtomicU64::new(0);
        let lives: Vec<Life> = thread::scope(|scope| {
            let lives: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| live(&bucket, &small_segments(), &appended, 8)))
                .collect();
            lives
                .into_iter()
                .map(|life| life.join().expect("no panic"))
                .collect()
        });
        let after = while_compacted(|| open_store(bucket.store(&impatient()), &small_segments()))
            .expect("opens");
        let there: Vec<u64> = places(&after.replayed);
        let mut acknowledged: Vec<u64> = lives
            .iter()
            .flat_map(|life| life.acknowledged.clone())
            .collect();
        acknowledged.sort_unstable();
        let mut sorted = there.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, acknowledged, "round {round}");
        for life in &lives {
            assert!(
                there.starts_with(&life.found),
                "round {round}: {:?} of {there:?}",
                life.found
            );
        }
    }
}
