// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! What the journal does in a second, against the disk it is on, in the same run.
//!
//! Run with `cargo bench -p fermata-journal`; `FERMATA_BENCH_DIR` names the disk, by default that of `target`. The first
//! part prints a table of its own: criterion times one thing at a time, and here a thousand threads share one sync.
#![allow(missing_docs)]

use std::fs::File;
use std::hint::black_box;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group};
use fermata_journal::{
    BlockingJournal, CallFinished, Folder, FolderStore, Level, Options, Outcome, Record, survey,
};

const RUN: Duration = Duration::from_secs(3);
const RECORDS: u64 = 1_000_000;
const PATIENCE: Duration = Duration::from_secs(600);

fn disk() -> PathBuf {
    std::env::var_os("FERMATA_BENCH_DIR").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target")),
        PathBuf::from,
    )
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in(disk()).expect("a folder")
}

/// A finished call with a small result: 100 bytes.
fn record(place: u64) -> Record {
    Record::CallFinished(CallFinished {
        action: format!("action-{}", place % 1000),
        place,
        outcome: Outcome::Value(vec![7; 100]),
    })
}

fn open(folder: &tempfile::TempDir) -> BlockingJournal {
    let store = Arc::new(FolderStore::open(folder.path()).expect("locked"));
    BlockingJournal::open(store, &Options::default(), &mut drop)
        .expect("opens")
        .0
}

/// Appends of as many bytes as a record with its batch, each with its own fdatasync.
fn syncs_of_the_disk() -> f64 {
    let folder = folder();
    let mut file = File::create(folder.path().join("plain")).expect("a file");
    let began = Instant::now();
    let mut count = 0_u32;
    while began.elapsed() < RUN {
        file.write_all(&[0; 160]).expect("written");
        file.sync_data().expect("synced");
        count += 1;
    }
    f64::from(count) / began.elapsed().as_secs_f64()
}

fn appends(callers: u64) {
    let folder = folder();
    let journal = Arc::new(open(&folder));
    let barrier = Arc::new(Barrier::new(callers as usize));
    let threads: Vec<_> = (0..callers)
        .map(|caller| {
            let journal = Arc::clone(&journal);
            let barrier = Arc::clone(&barrier);
            let run = move || {
                let mut times = Vec::new();
                barrier.wait();
                let began = Instant::now();
                while began.elapsed() < RUN {
                    let record = record(caller);
                    let start = Instant::now();
                    journal.append(&record, Level::Disk).expect("durable");
                    times.push(start.elapsed());
                }
                times
            };
            thread::Builder::new()
                .stack_size(128 << 10)
                .spawn(run)
                .expect("a thread")
        })
        .collect();
    let mut times: Vec<Duration> = threads
        .into_iter()
        .flat_map(|thread| thread.join().expect("no panic"))
        .collect();
    times.sort_unstable();
    let stats = journal.stats();
    journal.close(PATIENCE).expect("sealed");
    let percentile = |part: usize| times[(times.len() - 1) * part / 100].as_secs_f64() * 1e3;
    println!(
        "| {callers} | {:.0} | {:.0} | {:.1} | {:.2} ms | {:.2} ms | {:.1} |",
        times.len() as f64 / RUN.as_secs_f64(),
        stats.syncs as f64 / RUN.as_secs_f64(),
        times.len() as f64 / stats.syncs as f64,
        percentile(50),
        percentile(99),
        stats.bytes as f64 / times.len() as f64,
    );
}

fn table() {
    println!("the disk alone: {:.0} fdatasync/s", syncs_of_the_disk());
    println!("| callers | appends/s | syncs/s | appends per sync | p50 | p99 | bytes per record |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for callers in [1, 8, 64, 1000] {
        appends(callers);
    }
    println!("the disk alone: {:.0} fdatasync/s", syncs_of_the_disk());
}

fn recovery(criterion: &mut Criterion) {
    let folder = folder();
    let journal = open(&folder);
    for place in 0..RECORDS {
        journal
            .append(&record(place), Level::Memory)
            .unwrap_or_else(|_| {
                journal.sync().expect("durable");
                journal
                    .append(&record(place), Level::Memory)
                    .expect("there is room");
            });
    }
    journal.close(PATIENCE).expect("sealed");
    drop(journal);
    let source = Folder::open(folder.path()).expect("there");
    let summary = survey(&source, &mut drop).expect("sound");
    assert_eq!(summary.records(), RECORDS);
    println!(
        "{:.1} bytes per record of a journal of {RECORDS}",
        summary.bytes() as f64 / RECORDS as f64
    );
    let mut group = criterion.benchmark_group("recovery");
    group
        .throughput(Throughput::Elements(RECORDS))
        .sample_size(10);
    group.bench_function("one million records", |bencher| {
        bencher.iter(|| {
            let mut seen = 0_u64;
            let store = Arc::new(FolderStore::open(folder.path()).expect("locked"));
            let opened = BlockingJournal::open(store, &Options::default(), &mut |record| {
                black_box(&record);
                seen += 1;
            });
            let (journal, _) = opened.expect("opens");
            journal.close(PATIENCE).expect("nothing to seal");
            assert_eq!(seen, RECORDS);
        });
    });
    group.finish();
}

fn encoding(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("append without waiting");
    group.throughput(Throughput::Elements(1));
    let folder = folder();
    let journal = open(&folder);
    let record = record(1);
    group.bench_function("memory", |bencher| {
        bencher.iter(|| {
            if journal.append(&record, Level::Memory).is_err() {
                journal.sync().expect("durable");
            }
        });
    });
    group.finish();
    journal.close(PATIENCE).expect("sealed");
}

criterion_group!(timed, recovery, encoding);

fn main() {
    table();
    timed();
    Criterion::default().configure_from_args().final_summary();
}
