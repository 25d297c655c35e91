// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The command on a journal in object storage.
#![allow(missing_docs, dead_code)]

#[path = "../../object-storage/tests/support/server.rs"]
mod server;

use std::process::{Command, Output};
use std::sync::Arc;

use fermata_journal::{ActionFinished, BlockingJournal, ErrorKind, Level, Record, StdThreads};
use fermata_object_storage::{ObjectStorage, ObjectStorageStore};
use server::Server;

const URL: &str = "s3://journals/of/a/job";

fn fermata(server: &Server, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fermata"))
        .arg("journal")
        .args(arguments)
        .env("AWS_ENDPOINT_URL", &server.url)
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "key")
        .env("AWS_SECRET_ACCESS_KEY", "secret")
        .output()
        .expect("it starts")
}

#[test]
fn a_journal_in_object_storage_is_looked_into_and_compacted_if_it_may_be_taken_over() {
    let server = Server::start();
    let storage =
        ObjectStorage::open(URL, &server.options(), Arc::new(StdThreads)).expect("threads");
    let store = Arc::new(ObjectStorageStore::take_over(storage).expect("takes over"));
    let options = ObjectStorageStore::journal_options();
    let (journal, _) = BlockingJournal::open(store, &options, &mut drop).expect("opens");
    let end = Record::ActionFinished(ActionFinished { action: "a".into() });
    journal.append(&end, Level::Disk).expect("durable");
    let tail = fermata(&server, &["tail", URL]);
    assert!(
        String::from_utf8_lossy(&tail.stdout).contains("finished"),
        "{tail:?}"
    );
    let refused = fermata(&server, &["compact", URL]);
    assert_eq!(refused.status.code(), Some(3));
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("--take-over"),
        "{refused:?}"
    );
    journal.append(&end, Level::Disk).expect("it still has it");
    let compacted = fermata(&server, &["compact", "--take-over", URL]);
    assert!(compacted.status.success(), "{compacted:?}");
    let error = journal.append(&end, Level::Disk).expect_err("taken over");
    assert_eq!(error.kind(), ErrorKind::Fenced);
    let verified = fermata(&server, &["verify", "--json", URL]);
    assert!(verified.status.success(), "{verified:?}");
}
