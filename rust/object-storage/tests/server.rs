// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Against a server of its own that speaks S3's protocol.
#![cfg(unix)]
#![allow(missing_docs)]

mod support;

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::{env, io, thread};

use fermata_journal::{
    BlockingJournal, ErrorKind, Level, Record, SegmentSource, StdThreads, survey,
};
use fermata_object_storage::{ObjectStorage, ObjectStorageStore, S3Options};
use support::journal::{PATIENCE, call, finished, open_store, place, small_segments};
use support::server::{Server, options};

const KILL: &str = "nothing_acknowledged_is_lost_however_often_the_process_is_killed";
const WORKERS: u64 = 3;

fn source(url: &str, options: &S3Options) -> ObjectStorage {
    ObjectStorage::open(url, options, Arc::new(StdThreads)).expect("threads start")
}

fn store(url: &str, options: &S3Options) -> Arc<ObjectStorageStore> {
    Arc::new(ObjectStorageStore::take_over(source(url, options)).expect("takes over"))
}

fn places(records: &[Record]) -> Vec<u64> {
    records.iter().filter_map(place).collect()
}

/// What a worker of the process that is killed has acknowledged, said at once: the parent reads until the kill.
fn child(url: &str) {
    println!(); // What the test harness said of this test is on a line of its own.
    let options = options(&env::var("FERMATA_KILL_SERVER").expect("set with the other"));
    let mut next = 0;
    let (journal, _) =
        BlockingJournal::open(store(url, &options), &small_segments(), &mut |record| {
            next = next.max(place(&record).map_or(0, |place| place + 1));
        })
        .expect("recovery succeeds");
    thread::scope(|scope| {
        for worker in 0..WORKERS {
            let journal = &journal;
            scope.spawn(move || {
                for place in (next + worker..).step_by(WORKERS as usize) {
                    journal
                        .append(&call("a", place, 300), Level::Disk)
                        .expect("durable");
                    let mut out = io::stdout().lock();
                    writeln!(out, "durable {place}").expect("the parent listens");
                    out.flush().expect("the parent listens");
                    if place % 50 == 49 {
                        journal.append(&finished("b"), Level::Os).expect("put");
                        journal.compact().expect("compacts");
                    }
                }
            });
        }
    });
}

#[test]
fn nothing_acknowledged_is_lost_however_often_the_process_is_killed() {
    if let Ok(url) = env::var("FERMATA_KILL_JOURNAL") {
        return child(&url);
    }
    let server = Server::start();
    let url = "s3://journals/killed";
    let mut durable = HashSet::new();
    for round in 0..8 {
        let mut process = Command::new(env::current_exe().expect("this test"))
            .args(["--exact", KILL, "--nocapture", "--test-threads=1"])
            .env("FERMATA_KILL_JOURNAL", url)
            .env("FERMATA_KILL_SERVER", &server.url)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the child starts");
        let mut lines = BufReader::new(process.stdout.take().expect("piped"));
        let mut note = |line: &str| {
            if let Some(place) = line.strip_prefix("durable ") {
                durable.insert(place.parse::<u64>().expect("a number"));
            }
        };
        let mut line = String::new();
        for _ in 0..20 + 17 * round {
            line.clear();
            assert!(
                lines.read_line(&mut line).expect("a pipe") > 0,
                "it ended by itself"
            );
            note(line.trim_end());
        }
        process.kill().expect("it runs");
        process.wait().expect("it was killed");
        let mut rest = String::new();
        lines.read_to_string(&mut rest).expect("a pipe");
        let whole = rest.rfind('\n').map_or("", |end| &rest[..end]);
        whole.lines().for_each(note);
        let mut there = HashSet::new();
        survey(&source(url, &server.options()), &mut |entry| {
            if let Some(place) = entry.record.as_ref().and_then(place) {
                assert!(there.insert(place), "{place} is there twice");
            }
        })
        .expect("sound");
        assert!(
            durable.is_subset(&there),
            "lost: {:?}",
            durable.difference(&there)
        );
    }
    let segments = source(url, &server.options()).list().expect("reads");
    assert!(segments[0] > 1, "compaction was at work too: {segments:?}");
}

#[test]
fn a_later_writer_takes_over_while_the_first_one_appends() {
    let server = Server::start();
    for round in 0..10 {
        let url = format!("s3://journals/raced-{round}");
        let first = open_store(store(&url, &server.options()), &small_segments()).expect("opens");
        first.record(0, 100, Level::Disk).expect("durable");
        let (acknowledged, refused, second) = thread::scope(|scope| {
            let first = scope.spawn(|| {
                let mut acknowledged = vec![0];
                for place in 1.. {
                    match first.record(place, 100, Level::Disk) {
                        Ok(()) => acknowledged.push(place),
                        Err(error) => {
                            assert_eq!(error.kind(), ErrorKind::Fenced, "{error}");
                            return (acknowledged, place);
                        }
                    }
                }
                unreachable!("it is fenced at last");
            });
            let second =
                open_store(store(&url, &server.options()), &small_segments()).expect("opens");
            let (acknowledged, refused) = first.join().expect("no panic");
            (acknowledged, refused, second)
        });
        assert_eq!(places(&second.replayed), acknowledged);
        second.record(refused, 100, Level::Disk).expect("its own");
        second.journal.close(PATIENCE).expect("sealed");
    }
}

#[test]
fn a_long_segment_is_compacted_in_parts_and_read_in_ranges() {
    let server = Server::start();
    let url = "s3://journals/long";
    let opened = open_store(
        store(url, &server.options()),
        &ObjectStorageStore::journal_options(),
    )
    .expect("opens");
    for place in 0..9 {
        opened.record(place, 4 << 20, Level::Disk).expect("durable");
    }
    opened.journal.close(PATIENCE).expect("sealed");
    drop(opened);
    let again = open_store(
        store(url, &server.options()),
        &ObjectStorageStore::journal_options(),
    )
    .expect("opens");
    assert_eq!(places(&again.replayed).len(), 9);
    let compaction = again.journal.compact().expect("compacts");
    assert!(
        compaction.segments >= 2 && compaction.bytes_after > 36 << 20,
        "{compaction:?}"
    );
    let mut there = 0;
    survey(&source(url, &server.options()), &mut |entry| {
        there += usize::from(entry.record.is_some())
    })
    .expect("sound");
    assert_eq!(there, 9);
}

#[test]
fn what_cannot_be_reached_is_named() {
    let server = Server::start();
    let impatient = |options: S3Options| S3Options {
        patience: std::time::Duration::ZERO,
        ..options
    };
    let open = |url: &str, options: S3Options| {
        let storage = ObjectStorage::open(url, &impatient(options), Arc::new(StdThreads))?;
        ObjectStorageStore::take_over(storage).map(drop)
    };
    let error = open("s3://no-such-bucket/journal", server.options()).expect_err("no bucket");
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.message().contains("no-such-bucket"), "{error}");
    let closed = TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("bound");
    let error = open(
        "s3://journals/journal",
        options(&format!("http://{closed}")),
    )
    .expect_err("nobody there");
    assert_eq!(error.kind(), ErrorKind::Io);
    for url in [
        "journals/journal",
        "s3://",
        "s3://journals",
        "s3://journals/",
        "s3:///journal",
        "s3://journals/a//b",
    ] {
        let error = open(url, server.options()).expect_err(url);
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    }
}
