// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! What a journal does when nothing fails.
#![cfg(not(loom))]
#![allow(missing_docs)]

mod support;

use std::sync::Arc;

use fermata_journal::{
    ActionStarted, BlockingJournal, CallFinished, CallStarted, ErrorKind, Folder, FolderStore,
    Level, Options, Outcome, Record, RecordedException, RecordedValue, Retry, ValueRecorded,
    survey, try_survey,
};
use support::{
    Loss, Opened, PATIENCE, SimulatedStore, call, finished, open, place, small_segments,
};

fn every_kind() -> Vec<Record> {
    let action = || "order-4711".to_owned();
    let exception = |message: Option<&str>| {
        Record::CallFinished(CallFinished {
            action: action(),
            place: 8,
            outcome: Outcome::Exception(RecordedException {
                exception_type: "java.io.IOException".into(),
                message: message.map(Into::into),
                stack: "at a.B.c(B.java:7)".into(),
            }),
        })
    };
    let value = |value| {
        Record::ValueRecorded(ValueRecorded {
            action: action(),
            place: u64::MAX,
            value,
        })
    };
    vec![
        Record::ActionStarted(ActionStarted {
            action: action(),
            digest: vec![0; 32],
        }),
        Record::CallStarted(CallStarted {
            action: action(),
            place: 7,
            function: "ask".into(),
            arguments: vec![1; 32],
        }),
        call("order-4711", 7, 100),
        exception(Some("broken")),
        exception(None),
        value(RecordedValue::Now(i64::MIN)),
        value(RecordedValue::Random(u64::MAX)),
        value(RecordedValue::Sleep(1)),
        value(RecordedValue::Chosen(u64::MAX)),
        finished("order-4711"),
    ]
}

#[test]
fn every_kind_of_record_comes_back_from_a_folder_in_order() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("new").join("journal");
    let levels = [Level::Memory, Level::Os, Level::Disk];
    let store = Arc::new(FolderStore::open(&path).expect("made and locked"));
    let (journal, _) = BlockingJournal::open(store, &Options::default(), &mut |_| {
        panic!("it is empty");
    })
    .expect("opens");
    for (record, level) in every_kind().iter().zip(levels.into_iter().cycle()) {
        journal.append(record, level).expect("acknowledged");
    }
    journal.close(PATIENCE).expect("sealed");
    drop(journal);
    let mut replayed = Vec::new();
    let store = Arc::new(FolderStore::open(&path).expect("the lock is free"));
    let (journal, survey) = BlockingJournal::open(store, &Options::default(), &mut |record| {
        replayed.push(record)
    })
    .expect("opens");
    assert_eq!(replayed, every_kind());
    assert!(survey.segments[0].sealed && survey.torn.is_none());
    journal.close(PATIENCE).expect("nothing to seal");
}

#[test]
fn a_second_writer_is_refused_and_a_reader_is_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Arc::new(FolderStore::open(folder.path()).expect("locked"));
    let (journal, _) =
        BlockingJournal::open(store, &Options::default(), &mut |_| {}).expect("opens");
    journal
        .append(&call("a", 1, 10), Level::Disk)
        .expect("durable");
    let error = FolderStore::open(folder.path()).expect_err("it is locked");
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Locked, Retry::Temporary)
    );
    let reader = Folder::open(folder.path()).expect("there");
    let mut seen = 0;
    survey(&reader, &mut |_| seen += 1).expect("read while it is written");
    assert_eq!(seen, 1);
}

#[test]
fn whoever_reads_may_end_the_reading() {
    let store = SimulatedStore::default();
    let opened = open(&store, &small_segments()).expect("opens");
    for token in 0..100 {
        opened.record(token, 300, Level::Disk).expect("durable");
    }
    opened.journal.close(PATIENCE).expect("sealed");
    let mut seen = 0;
    let outcome: Result<_, Box<dyn std::error::Error>> = try_survey(&store, &mut |_| {
        seen += 1;
        if seen == 2 {
            return Err("enough".into());
        }
        Ok(())
    });
    assert_eq!(outcome.expect_err("it was ended").to_string(), "enough");
    assert_eq!(seen, 2);
}

#[test]
fn segments_are_closed_before_they_grow_beyond_their_size() {
    let store = SimulatedStore::default();
    let opened = open(&store, &small_segments()).expect("opens");
    for token in 0..100 {
        opened.record(token, 300, Level::Disk).expect("durable");
    }
    opened.journal.close(PATIENCE).expect("sealed");
    let segments = store.segments();
    let last = segments.last().copied().unwrap_or_default();
    assert!(last >= 8, "{segments:?}");
    assert!(store.content(last).len() <= 4096);
    let replayed = open(&store, &small_segments()).expect("opens").replayed;
    assert_eq!(
        replayed.iter().filter_map(place).collect::<Vec<_>>(),
        (0..100).collect::<Vec<_>>()
    );
}

#[test]
fn appends_that_come_during_a_sync_share_the_next() {
    let store = SimulatedStore::default();
    let Opened {
        journal, outcomes, ..
    } = open(&store, &Options::default()).expect("opens");
    journal
        .append(&call("a", 0, 10), Level::Disk, 0)
        .expect("taken");
    outcomes.one(0).expect("durable");
    let before = journal.stats().syncs;
    store.hold_syncs(true);
    for token in 1..=200 {
        journal
            .append(&call("a", token, 10), Level::Disk, token)
            .expect("taken");
    }
    assert!(!outcomes.is_told(200), "nothing is durable before its sync");
    store.hold_syncs(false);
    assert!(outcomes.of(1..=200).iter().all(Result::is_ok));
    assert!(journal.stats().syncs - before <= 2);
}

#[test]
fn a_level_below_disk_does_not_sync() {
    let store = SimulatedStore::default();
    let Opened {
        journal, outcomes, ..
    } = open(&store, &Options::default()).expect("opens");
    for token in 0..20 {
        journal
            .append(&call("a", token, 10), Level::Os, token)
            .expect("taken");
        outcomes.one(token).expect("written");
    }
    assert_eq!(journal.stats().syncs, 0);
    journal
        .append(&call("a", 20, 10), Level::Memory, 20)
        .expect("taken");
    assert!(outcomes.is_told(20), "acknowledged before append returns");
    journal.sync(21).expect("taken");
    outcomes.one(21).expect("everything is durable");
    store.crash();
    drop(journal);
    store.restart(Loss::Everything);
    assert_eq!(
        open(&store, &Options::default())
            .expect("opens")
            .replayed
            .len(),
        21
    );
}

#[test]
fn appends_are_refused_while_too_much_is_unwritten_and_taken_again_after() {
    let store = SimulatedStore::default();
    let options = Options {
        max_pending_bytes: 10_000,
        ..Options::default()
    };
    let Opened {
        journal, outcomes, ..
    } = open(&store, &options).expect("opens");
    store.hold_syncs(true);
    let mut taken = 0;
    let error = loop {
        match journal.append(&call("a", taken, 1000), Level::Disk, taken) {
            Ok(()) => taken += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(
        (error.kind(), error.retry()),
        (ErrorKind::Backpressure, Retry::Temporary)
    );
    assert!((9..=10).contains(&taken), "{taken}");
    store.hold_syncs(false);
    assert!(outcomes.of(0..taken).iter().all(Result::is_ok));
    journal.sync(taken).expect("taken");
    outcomes.one(taken).expect("durable");
    journal
        .append(&call("a", taken, 1000), Level::Disk, taken + 1)
        .expect("there is room");
    outcomes.one(taken + 1).expect("durable");
}

#[test]
fn a_record_beyond_the_limit_is_refused_with_its_action_and_its_size() {
    let store = SimulatedStore::default();
    let options = Options {
        max_record_bytes: 1000,
        ..Options::default()
    };
    let Opened { journal, .. } = open(&store, &options).expect("opens");
    let error = journal
        .append(&call("big", 1, 1000), Level::Disk, 1)
        .expect_err("too large");
    assert_eq!(error.kind(), ErrorKind::RecordTooLarge);
    assert!(
        error.message().contains("big") && error.message().contains("1000"),
        "{error}"
    );
}

#[test]
fn closing_writes_what_was_taken_and_refuses_what_comes_later() {
    let store = SimulatedStore::default();
    let Opened {
        journal, outcomes, ..
    } = open(&store, &Options::default()).expect("opens");
    for token in 0..50 {
        journal
            .append(&call("a", token, 10), Level::Disk, token)
            .expect("taken");
    }
    journal.close(PATIENCE).expect("sealed");
    assert!(outcomes.of(0..50).iter().all(Result::is_ok));
    let error = journal
        .append(&call("a", 50, 10), Level::Disk, 50)
        .expect_err("closed");
    assert_eq!(error.kind(), ErrorKind::Closed);
    journal.close(PATIENCE).expect("closing twice is fine");
}

#[test]
fn closing_is_bounded_when_the_storage_does_not_answer() {
    let store = SimulatedStore::default();
    let Opened {
        journal, outcomes, ..
    } = open(&store, &Options::default()).expect("opens");
    store.hold_syncs(true);
    journal
        .append(&call("a", 0, 10), Level::Disk, 0)
        .expect("taken");
    let error = journal
        .close(std::time::Duration::from_millis(1))
        .expect_err("held");
    assert_eq!(error.kind(), ErrorKind::TimedOut);
    store.hold_syncs(false);
    outcomes.one(0).expect("durable");
    journal.close(PATIENCE).expect("sealed");
}

#[test]
fn compaction_keeps_the_records_of_unfinished_actions_in_order() {
    let store = SimulatedStore::default();
    let Opened {
        journal, outcomes, ..
    } = open(&store, &small_segments()).expect("opens");
    let mut token = 0;
    let mut append = |record: &Record| {
        token += 1;
        journal.append(record, Level::Disk, token).expect("taken");
        outcomes.one(token).expect("durable");
    };
    for round in 0..30 {
        append(&call("open", round, 100));
        append(&call("done", round, 200));
        if round % 10 == 9 {
            append(&finished("done"));
        }
    }
    append(&call("again", 1, 10));
    append(&finished("again"));
    append(&call("again", 2, 10));
    journal.close(PATIENCE).expect("sealed");
    drop(journal);
    let Opened { journal, .. } = open(&store, &small_segments()).expect("opens");
    let before = store.segments().len();
    let done = journal.compact().expect("compacts");
    assert_eq!(
        (done.segments, done.records_kept, done.records_dropped),
        (before, 31, 35)
    );
    assert!(done.bytes_after < done.bytes_before / 2);
    assert_eq!(store.segments().len(), 1);
    assert_eq!(journal.compact().expect("nothing to do").segments, 0);
    journal.close(PATIENCE).expect("nothing to seal");
    let Opened {
        journal,
        outcomes,
        replayed,
        ..
    } = open(&store, &small_segments()).expect("opens");
    let mut expected: Vec<Record> = (0..30).map(|round| call("open", round, 100)).collect();
    expected.push(call("again", 2, 10));
    assert_eq!(replayed, expected);
    journal
        .append(&call("open", 30, 10), Level::Disk, 1)
        .expect("taken");
    outcomes.one(1).expect("durable");
    drop(journal);
    assert_eq!(
        open(&store, &small_segments())
            .expect("opens")
            .replayed
            .len(),
        32
    );
}

#[test]
fn a_journal_of_finished_actions_compacts_itself() {
    let store = SimulatedStore::default();
    let Opened {
        journal, outcomes, ..
    } = open(&store, &small_segments()).expect("opens");
    for token in 0..2000 {
        let record = match token % 2 {
            0 => call("a", token, 300),
            _ => finished("a"),
        };
        journal.append(&record, Level::Disk, token).expect("taken");
        outcomes.one(token).expect("durable");
    }
    journal.close(PATIENCE).expect("sealed");
    assert!(store.used() < 2000 / 2 * 300, "{} bytes", store.used());
}
