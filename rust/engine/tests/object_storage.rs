// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! A journal in object storage, on threads of the engine.
#![allow(missing_docs, dead_code)]

#[path = "../../object-storage/tests/support/server.rs"]
mod server;

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fermata_engine::journal::{
    Acknowledge, ActionFinished, Error as JournalError, Level, Options, Record,
};
use fermata_engine::object_storage::{ObjectStorageStore, S3Options};
use fermata_engine::{Error, ErrorKind, HostedJournal, JournalHost};
use server::Server;

const PATIENCE: Duration = Duration::from_secs(60);

struct Host {
    outcomes: Mutex<Sender<Result<(), JournalError>>>,
    started: Mutex<Vec<String>>,
    ended: Mutex<Vec<bool>>,
}

impl Acknowledge for Host {
    fn acknowledged(&self, _: u64, outcome: Result<(), JournalError>) {
        let outcomes = self.outcomes.lock().expect("no panic");
        outcomes.send(outcome).expect("the test waits");
    }
}

impl JournalHost for Host {
    fn thread_started(&self, name: &str) -> Result<(), Error> {
        self.started.lock().expect("no panic").push(name.into());
        Ok(())
    }

    fn thread_ended(&self, last: bool) {
        self.ended.lock().expect("no panic").push(last);
    }
}

fn host() -> (Arc<Host>, Receiver<Result<(), JournalError>>) {
    let (sender, outcomes) = channel();
    let host = Host {
        outcomes: Mutex::new(sender),
        started: Mutex::default(),
        ended: Mutex::default(),
    };
    (Arc::new(host), outcomes)
}

fn open(
    storage: &S3Options,
    host: &Arc<Host>,
    found: &mut Vec<Record>,
) -> Result<HostedJournal, Error> {
    let options = ObjectStorageStore::journal_options();
    open_with(storage, &options, host, found)
}

fn open_with(
    storage: &S3Options,
    options: &Options,
    host: &Arc<Host>,
    found: &mut Vec<Record>,
) -> Result<HostedJournal, Error> {
    HostedJournal::open_in_object_storage(
        "s3://journals/hosted",
        storage,
        options,
        Arc::clone(host) as Arc<dyn JournalHost>,
        &mut |record| found.push(record),
    )
}

#[test]
fn all_its_threads_are_the_hosts_and_end_before_it_is_closed() {
    let server = Server::start();
    let record = Record::ActionFinished(ActionFinished { action: "a".into() });
    let (first, outcomes) = host();
    let journal = open(&server.options(), &first, &mut Vec::new()).expect("opens");
    journal.append(&record, Level::Disk, 1).expect("taken");
    outcomes
        .recv_timeout(PATIENCE)
        .expect("told")
        .expect("durable");
    assert_eq!(journal.threads_alive(), 3);
    journal.close(PATIENCE).expect("sealed");
    assert_eq!(journal.threads_alive(), 0);
    let mut started = first.started.lock().expect("no panic").clone();
    started.sort();
    assert_eq!(
        started,
        ["fermata-journal", "fermata-storage", "fermata-storage-io"]
    );
    let mut found = Vec::new();
    let journal = open(&server.options(), &host().0, &mut found).expect("opens");
    assert_eq!(found, [record]);
    journal.close(PATIENCE).expect("sealed");
}

fn unreachable() -> S3Options {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}", closed.local_addr().expect("bound"));
    S3Options {
        patience: Duration::ZERO,
        ..server::options(&url)
    }
}

#[test]
fn storage_that_cannot_be_reached_is_an_error_of_the_opening() {
    let error = open(&unreachable(), &host().0, &mut Vec::new())
        .err()
        .expect("nobody there");
    assert_eq!(error.kind(), ErrorKind::Io);
}

#[test]
fn options_that_make_no_sense_fence_nobody() {
    let options = Options {
        segment_bytes: 1,
        ..Options::default()
    };
    let error = open_with(&unreachable(), &options, &host().0, &mut Vec::new())
        .err()
        .expect("too short");
    assert_eq!(
        error.kind(),
        ErrorKind::InvalidArgument,
        "found before anything is asked of the storage"
    );
}
