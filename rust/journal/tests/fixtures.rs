// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Journals of earlier format versions, which every later version must read. `FERMATA_WRITE_FIXTURES=folder` writes those
//! of the present version to a folder; what is committed is never written again.
#![cfg(not(loom))]
#![allow(missing_docs)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use fermata_journal::{
    ActionStarted, BlockingJournal, CallFinished, CallStarted, Folder, FolderStore, Level, Options,
    Outcome, Record, RecordedException, RecordedValue, Survey, ValueRecorded, survey,
};
use support::{PATIENCE, call, finished, raw, small_segments};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures")
        .join(name)
}

/// All kinds of records, of three actions of which the second ended.
fn records() -> Vec<Record> {
    let started = |action: &str| {
        Record::ActionStarted(ActionStarted {
            action: action.into(),
            digest: (0..32).collect(),
        })
    };
    let call_started = Record::CallStarted(CallStarted {
        action: "grüße-1".into(),
        place: 0,
        function: "ask".into(),
        arguments: vec![0xFF; 32],
    });
    let failed = |message: Option<&str>, place| {
        Record::CallFinished(CallFinished {
            action: "grüße-1".into(),
            place,
            outcome: Outcome::Exception(RecordedException {
                exception_type: "java.io.IOException".into(),
                message: message.map(Into::into),
                stack: "java.io.IOException\n\tat a.B.c(B.java:7)".into(),
            }),
        })
    };
    let value = |place, value| {
        Record::ValueRecorded(ValueRecorded {
            action: "third".into(),
            place,
            value,
        })
    };
    vec![
        started("grüße-1"),
        call_started,
        call("grüße-1", 0, 0),
        started("second"),
        call("second", 300, 2_000),
        failed(Some("broken"), 1),
        failed(None, u64::MAX),
        started("third"),
        value(0, RecordedValue::Now(-1)),
        value(1, RecordedValue::Random(u64::MAX)),
        value(2, RecordedValue::Sleep(1_763_800_000_000_000_000)),
        finished("second"),
        call("third", 3, 4000),
    ]
}

fn choice() -> Record {
    Record::ValueRecorded(ValueRecorded {
        action: "fourth".into(),
        place: 7,
        value: RecordedValue::Chosen(1 << 40),
    })
}

fn unfinished() -> Vec<Record> {
    let mut records = records();
    records.retain(|record| record.action() != "second");
    records
}

fn read(name: &str) -> (Vec<Record>, Survey) {
    let mut records = Vec::new();
    let folder = Folder::open(fixture(name)).expect("committed");
    let survey = survey(&folder, &mut |entry| records.extend(entry.record)).expect("readable");
    (records, survey)
}

#[test]
fn a_journal_of_version_1_closed_in_good_order() {
    let (read, survey) = read("v1-sealed");
    assert_eq!(read, records());
    assert!(survey.segments.len() >= 2 && survey.torn.is_none());
    assert!(survey.segments.last().expect("two").sealed);
}

#[test]
fn a_journal_of_version_1_torn_by_a_crash() {
    let (read, survey) = read("v1-torn");
    assert_eq!(read, records());
    assert!(survey.torn.is_some());
}

#[test]
fn a_compacted_journal_of_version_1() {
    let (read, survey) = read("v1-compacted");
    assert_eq!(read, unfinished());
    assert!(survey.segments[0].compacted);
}

#[test]
fn a_journal_of_version_1_with_what_a_later_one_added() {
    let (read, survey) = read("v1-extended");
    assert_eq!(read, [finished("a")]);
    assert_eq!(survey.records(), 2, "one of a kind that may be passed over");
}

#[test]
fn a_journal_of_version_1_with_a_choice() {
    assert_eq!(read("v1-choice").0, [choice()]);
}

#[test]
fn a_copy_of_each_goes_on_in_the_present_version() {
    for name in [
        "v1-sealed",
        "v1-torn",
        "v1-compacted",
        "v1-extended",
        "v1-choice",
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        for entry in fs::read_dir(fixture(name)).expect("committed") {
            let entry = entry.expect("readable");
            fs::copy(entry.path(), folder.path().join(entry.file_name())).expect("copied");
        }
        let mut replayed = Vec::new();
        append(folder.path(), &[call("more", 1, 10)], &mut |record| {
            replayed.push(record)
        });
        assert_eq!(replayed, read(name).0, "{name}");
        let mut again = Vec::new();
        append(folder.path(), &[], &mut |record| again.push(record));
        assert_eq!(again.len(), replayed.len() + 1, "{name}");
    }
}

fn append(folder: &Path, records: &[Record], replay: &mut dyn FnMut(Record)) {
    let store = Arc::new(FolderStore::open(folder).expect("locked"));
    let (journal, _) = BlockingJournal::open(store, &small_segments(), replay).expect("opens");
    for record in records {
        journal.append(record, Level::Disk).expect("durable");
    }
    journal.close(PATIENCE).expect("sealed");
}

#[test]
fn the_present_version_writes_what_it_reads() {
    let kept = std::env::var_os("FERMATA_WRITE_FIXTURES").map(PathBuf::from);
    let folder = tempfile::tempdir().expect("a folder");
    let root = kept.as_deref().unwrap_or(folder.path());
    append(&root.join("v1-sealed"), &records(), &mut |_| {});
    append(&root.join("v1-compacted"), &records(), &mut |_| {});
    append(&root.join("v1-choice"), &[choice()], &mut |_| {});
    let torn = root.join("v1-torn");
    append(&torn, &records(), &mut |_| {});
    let last = Folder::open(&torn).and_then(|folder| {
        Ok(survey(&folder, &mut drop)?
            .segments
            .pop()
            .expect("not empty")
            .file)
    });
    let last = last.expect("readable");
    let mut content = fs::read(&last).expect("readable");
    content.truncate(content.len() - 5);
    fs::write(&last, content).expect("writable");
    let store = Arc::new(FolderStore::open(root.join("v1-compacted")).expect("locked"));
    let (journal, _) =
        BlockingJournal::open(store, &Options::default(), &mut |_| {}).expect("opens");
    let done = journal.compact().expect("compacts");
    assert_eq!(
        done.records_dropped as usize,
        records().len() - unfinished().len()
    );
    journal.close(PATIENCE).expect("nothing to seal");
    let extended = root.join("v1-extended");
    fs::create_dir_all(&extended).expect("a folder");
    let header = raw::first_header();
    let mut content = header.clone();
    content.extend(raw::frame(&header, 0x80, b"\xA1\x61a\x61a"));
    content.extend(raw::frame(
        &header,
        5,
        b"\xA3\x61a\x61a\x61x\x82\xF6\xF5\x62zz\xA1\x00\xFB\x3F\xF0\0\0\0\0\0\0",
    ));
    fs::write(extended.join(format!("{:020}.journal", 1)), content).expect("written");
    if kept.is_some() {
        for name in ["v1-sealed", "v1-compacted", "v1-torn", "v1-choice"] {
            fs::remove_file(root.join(name).join("lock")).expect("only segments are kept");
        }
    }
}
