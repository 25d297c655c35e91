// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! A process that is killed at random points and started again, 50 times, or as often as `FERMATA_KILLS` says. Its store
//! keeps what was not synced in the process, so that it dies with it. No call whose record was durable runs again.
#![cfg(all(unix, not(loom)))]
#![allow(missing_docs)]

mod support;

use std::collections::{HashMap, HashSet};
use std::env;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use fermata_journal::{
    BlockingJournal, Content, Folder, FolderStore, Level, Record, RecordedValue, SegmentSource,
    SegmentStore, SegmentWriter, ValueRecorded, survey,
};
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use support::{call, finished, place, small_segments};

const TEST: &str = "no_durable_call_runs_again_however_often_the_process_is_killed";
const WORKERS: usize = 4;
const CALLS: u64 = 3;

/// A folder whose files get what was appended only when it is synced.
struct ForgetfulStore {
    path: PathBuf,
    folder: FolderStore,
}

struct ForgetfulWriter {
    file: File,
    unsynced: Vec<u8>,
}

impl SegmentSource for ForgetfulStore {
    fn list(&self) -> io::Result<Vec<u64>> {
        self.folder.list()
    }

    fn read(&self, segment: u64) -> io::Result<Box<dyn Read + Send>> {
        self.folder.read(segment)
    }

    fn name(&self, segment: u64) -> String {
        self.folder.name(segment)
    }
}

impl ForgetfulStore {
    /// As a folder does it, without syncs: a process that is killed takes nothing with it that the system has.
    fn put(&self, segment: u64, content: &mut Content) -> io::Result<File> {
        let draft = self.path.join(format!("{segment}.new"));
        let mut file = File::create(&draft)?;
        let mut bytes = Vec::new();
        content(&mut bytes)?;
        file.write_all(&bytes)?;
        fs::rename(draft, self.name(segment))?;
        Ok(file)
    }
}

impl SegmentStore for ForgetfulStore {
    fn create(&self, segment: u64, head: &mut Content) -> io::Result<Box<dyn SegmentWriter>> {
        Ok(Box::new(ForgetfulWriter {
            file: self.put(segment, head)?,
            unsynced: Vec::new(),
        }))
    }

    fn replace(&self, segment: u64, content: &mut Content) -> io::Result<()> {
        self.put(segment, content).map(drop)
    }

    fn remove(&self, segment: u64) -> io::Result<()> {
        fs::remove_file(self.name(segment))
    }
}

impl SegmentWriter for ForgetfulWriter {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.unsynced.extend_from_slice(bytes);
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        // In two pieces, so that a kill in between tears it.
        let (first, second) = self.unsynced.split_at(self.unsynced.len() / 2);
        self.file.write_all(first)?;
        self.file.write_all(second)?;
        self.unsynced.clear();
        Ok(())
    }
}

/// What a worker found in the journal: the action it was at, and which of its calls are done.
#[derive(Default)]
struct Progress {
    action: u64,
    done: Vec<u64>,
}

/// Says what happens, at once: the parent reads until the kill.
fn say(what: &str, action: &str, place: u64) {
    let mut out = io::stdout().lock();
    writeln!(out, "{what} {action} {place}").expect("the parent listens");
    out.flush().expect("the parent listens");
}

/// The process that is killed: each worker runs actions of three calls, one after the other, for ever.
fn child(path: PathBuf) {
    println!(); // What the test harness said of this test is on a line of its own.
    let store = ForgetfulStore {
        folder: FolderStore::open(&path).expect("the lock of a killed process is free"),
        path,
    };
    let mut found: HashMap<String, Vec<u64>> = HashMap::new();
    let mut at: HashMap<String, u64> = HashMap::new();
    let (journal, _) =
        BlockingJournal::open(
            Arc::new(store),
            &small_segments(),
            &mut |record| match &record {
                Record::ValueRecorded(ValueRecorded { action, place, .. }) => {
                    at.insert(action.clone(), *place);
                }
                Record::ActionFinished(end) => drop(found.remove(&end.action)),
                _ => found
                    .entry(record.action().into())
                    .or_default()
                    .extend(place(&record)),
            },
        )
        .expect("recovery succeeds");
    let journal = Arc::new(journal);
    let workers: Vec<_> = (0..WORKERS)
        .map(|worker| {
            let journal = Arc::clone(&journal);
            let cursor = format!("cursor-{worker}");
            let action = at.get(&cursor).copied().unwrap_or_default();
            let progress = Progress {
                action,
                done: found
                    .remove(&format!("{worker}-{action}"))
                    .unwrap_or_default(),
            };
            thread::spawn(move || work(&journal, worker, &cursor, progress))
        })
        .collect();
    // The journal's own compaction may not come to anything before the process is killed.
    journal.compact().expect("compaction succeeds");
    for worker in workers {
        worker.join().expect("works until it is killed");
    }
}

fn work(journal: &BlockingJournal, worker: usize, cursor: &str, mut progress: Progress) {
    loop {
        if progress.done.is_empty() {
            // Nothing is known of the action, so it ended or never began.
            progress.action += 1;
            let begun = Record::ValueRecorded(ValueRecorded {
                action: cursor.into(),
                place: progress.action,
                value: RecordedValue::Now(0),
            });
            journal.append(&begun, Level::Disk).expect("durable");
        }
        let action = format!("{worker}-{}", progress.action);
        for place in 0..CALLS {
            if progress.done.contains(&place) {
                say("replayed", &action, place);
            } else {
                say("run", &action, place);
                journal
                    .append(&call(&action, place, 50), Level::Disk)
                    .expect("durable");
                say("durable", &action, place);
            }
        }
        journal
            .append(&finished(&action), Level::Disk)
            .expect("durable");
        say("finished", &action, 0);
        progress.done.clear();
    }
}

#[derive(Default)]
struct Seen {
    durable: HashSet<(String, u64)>,
    finished: HashSet<String>,
    replayed: usize,
}

impl Seen {
    fn note(&mut self, line: &str) {
        let mut words = line.split(' ');
        let (Some(what), Some(action), Some(place)) = (words.next(), words.next(), words.next())
        else {
            return; // Broken off by the kill, or not of the child's.
        };
        let Ok(place) = place.parse() else { return };
        let call = (action.to_owned(), place);
        match what {
            "run" => assert!(
                !self.durable.contains(&call),
                "{call:?} was durable and runs again"
            ),
            "durable" => assert!(self.durable.insert(call.clone()), "{call:?} twice"),
            "finished" => assert!(self.finished.insert(action.into()), "{action} ends twice"),
            // Durable, and the kill kept it from being said.
            "replayed" => {
                self.durable.insert(call);
                self.replayed += 1;
            }
            _ => {}
        }
    }

    /// Everything durable is in the journal, unless its action ended.
    fn check(&self, path: &Path) {
        let mut there = HashSet::new();
        let folder = Folder::open(path).expect("there");
        survey(&folder, &mut |entry| {
            let Some(record) = entry.record else { return };
            if let Some(place) = place(&record) {
                assert!(
                    there.insert((record.action().to_owned(), place)),
                    "{record:?} twice"
                );
            }
        })
        .expect("nothing but a torn tail");
        let present: HashSet<&String> = there.iter().map(|(action, _)| action).collect();
        for call in self.durable.difference(&there) {
            let ended = !present.contains(&call.0) && self.may_have_ended(&call.0);
            assert!(ended, "{call:?} is lost");
        }
    }

    /// Whether all calls of the action were durable: then its end may be too, and compaction may have dropped it.
    fn may_have_ended(&self, action: &str) -> bool {
        (0..CALLS).all(|place| self.durable.contains(&(action.to_owned(), place)))
    }
}

#[test]
fn no_durable_call_runs_again_however_often_the_process_is_killed() {
    if let Some(path) = env::var_os("FERMATA_KILL_CHILD") {
        return child(path.into());
    }
    let rounds = env::var("FERMATA_KILLS").map_or(50, |rounds| rounds.parse().expect("a number"));
    let folder = tempfile::tempdir().expect("a folder");
    let mut random = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut seen = Seen::default();
    for _ in 0..rounds {
        let mut process = Command::new(env::current_exe().expect("this test"))
            .args(["--exact", TEST, "--nocapture", "--test-threads=1"])
            .env("FERMATA_KILL_CHILD", folder.path())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the child starts");
        let mut lines = BufReader::new(process.stdout.take().expect("piped"));
        let mut line = Vec::new();
        for _ in 0..random.next_u32() % 300 {
            line.clear();
            let length = lines.read_until(b'\n', &mut line).expect("a pipe");
            assert!(length > 0, "the child ended by itself");
            seen.note(String::from_utf8_lossy(&line).trim_end());
        }
        process.kill().expect("it runs");
        process.wait().expect("it was killed");
        let mut rest = String::new();
        lines.read_to_string(&mut rest).expect("a pipe");
        let whole = rest.rfind('\n').map_or("", |end| &rest[..end]);
        whole.lines().for_each(|line| seen.note(line));
        seen.check(folder.path());
    }
    assert!(
        seen.finished.len() > rounds && seen.replayed > rounds / 10,
        "the child works"
    );
    let segments = Folder::open(folder.path())
        .expect("there")
        .list()
        .expect("readable");
    let last = segments.last().copied().unwrap_or(0);
    assert!(
        (segments.len() as u64) < last,
        "compaction was at work too: {segments:?}"
    );
}
