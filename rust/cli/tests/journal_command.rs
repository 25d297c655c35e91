// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The real command on real journals.
#![allow(missing_docs)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use fermata_journal::{
    ActionFinished, BlockingJournal, CallFinished, CallStarted, FolderStore, Level, Options,
    Outcome, Record, RecordedValue, ValueRecorded,
};
use serde_json::Value;

fn fermata(arguments: &[&str], folder: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fermata"))
        .arg("journal")
        .args(arguments)
        .arg(folder)
        .output()
        .expect("the command runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).expect("one JSON object")
}

fn open(folder: &Path) -> BlockingJournal {
    let store = Arc::new(FolderStore::open(folder).expect("locked"));
    let (journal, _) = BlockingJournal::open(store, &Options::default(), &mut drop).expect("opens");
    journal
}

fn append(journal: &BlockingJournal, records: &[Record]) {
    for record in records {
        journal.append(record, Level::Disk).expect("durable");
    }
}

fn finished(action: &str) -> Record {
    Record::ActionFinished(ActionFinished {
        action: action.into(),
    })
}

fn records() -> [Record; 4] {
    [
        Record::CallStarted(CallStarted {
            action: "ended".into(),
            place: 0,
            function: "ask".into(),
            arguments: vec![0xAB],
        }),
        Record::CallFinished(CallFinished {
            action: "ended".into(),
            place: 0,
            outcome: Outcome::Value(vec![7; 5000]),
        }),
        Record::CallStarted(CallStarted {
            action: "under way\u{1b}[2J".into(),
            place: 3,
            function: "charge".into(),
            arguments: vec![1, 2],
        }),
        finished("ended"),
    ]
}

/// A closed journal, and its one file.
fn journal() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = open(folder.path());
    append(&journal, &records());
    journal.close(Duration::from_secs(60)).expect("sealed");
    drop(journal);
    let file = folder.path().join("00000000000000000001.journal");
    (folder, file)
}

#[test]
fn inspect_shows_segments_kinds_and_unfinished_actions() {
    let (folder, _) = journal();
    let output = fermata(&["inspect"], folder.path());
    assert_eq!(output.status.code(), Some(0));
    let shown = text(&output.stdout);
    assert!(
        shown.contains("sealed") && shown.contains("4 records"),
        "{shown}"
    );
    assert!(shown.contains("1 actions are not finished"), "{shown}");
    let value = json(&fermata(&["inspect", "--json"], folder.path()));
    assert_eq!(value["records"], 4);
    assert_eq!(value["kinds"]["call-started"], 2);
    assert_eq!(value["unfinished_actions"], 1);
    assert_eq!(value["segments"][0]["sealed"], true);
}

#[test]
fn tail_shows_the_last_records_and_nothing_that_a_terminal_obeys() {
    let (folder, _) = journal();
    let output = fermata(&["tail", "-n", "2"], folder.path());
    let shown = text(&output.stdout);
    assert_eq!(shown.lines().count(), 2, "{shown}");
    assert!(
        shown.contains("charge") && !shown.contains('\u{1b}'),
        "{shown}"
    );
    let output = fermata(&["tail", "--json", "--records", "3"], folder.path());
    let lines: Vec<Value> = text(&output.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("JSON on each line"))
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[0]["value_bytes"], 5000);
    assert_eq!(lines[1]["arguments"], "0102");
    assert_eq!(lines[2]["kind"], "action-finished");
}

#[test]
fn tail_shows_what_an_action_learnt() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = open(folder.path());
    let values = [
        RecordedValue::Now(-5),
        RecordedValue::Random(255),
        RecordedValue::Sleep(6),
        RecordedValue::Chosen(7),
    ];
    append(
        &journal,
        &values.map(|value| {
            Record::ValueRecorded(ValueRecorded {
                action: "a".into(),
                place: 0,
                value,
            })
        }),
    );
    let shown = text(&fermata(&["tail"], folder.path()).stdout);
    for expected in [
        "now -5 ns",
        "random 0x00000000000000ff",
        "sleep until 6 ns",
        "chosen 7",
    ] {
        assert!(shown.contains(expected), "{shown}");
    }
    let last = fermata(&["tail", "--json", "-n", "1"], folder.path());
    assert_eq!(json(&last)["chosen"], 7);
}

#[test]
fn verify_tells_a_torn_tail_from_damage() {
    let (folder, file) = journal();
    let output = fermata(&["verify"], folder.path());
    assert_eq!(output.status.code(), Some(0));
    assert!(text(&output.stdout).starts_with("sound: 4 records in 1 segments"));
    let content = fs::read(&file).expect("readable");
    fs::write(&file, &content[..content.len() - 3]).expect("writable");
    let torn = fermata(&["verify", "--json"], folder.path());
    assert_eq!(torn.status.code(), Some(0));
    assert_eq!(json(&torn)["records"], 4);
    assert!(json(&torn)["torn"]["offset"].as_u64().expect("a number") < content.len() as u64);
    let mut damaged = content.clone();
    damaged[300] ^= 1;
    fs::write(&file, &damaged).expect("writable");
    let output = fermata(&["verify"], folder.path());
    assert_eq!(output.status.code(), Some(1));
    let error = text(&output.stderr);
    assert!(
        error.contains("00000000000000000001.journal is damaged at byte"),
        "{error}"
    );
    assert!(error.contains("backup"), "what to do: {error}");
    let output = fermata(&["verify", "--json"], folder.path());
    let error: Value = serde_json::from_slice(&output.stderr).expect("JSON too");
    assert_eq!(error["error"], "Damaged");
    assert!(error["damage"]["offset"].as_u64().expect("a number") <= 300);
}

#[test]
fn compact_drops_finished_actions() {
    let (folder, _) = journal();
    let output = fermata(&["compact", "--json"], folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(json(&output)["records_dropped"], 3);
    assert_eq!(json(&output)["records_kept"], 1);
    let value = json(&fermata(&["inspect", "--json"], folder.path()));
    assert_eq!(
        (&value["records"], &value["segments"][0]["compacted"]),
        (&1.into(), &true.into())
    );
    let output = fermata(&["compact"], folder.path());
    assert_eq!(text(&output.stdout), "nothing to compact\n");
}

#[test]
fn a_journal_in_use_can_be_read_and_not_compacted() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = open(folder.path());
    append(&journal, &records());
    for command in ["inspect", "verify", "tail"] {
        assert_eq!(
            fermata(&[command], folder.path()).status.code(),
            Some(0),
            "{command}"
        );
    }
    let output = fermata(&["compact"], folder.path());
    assert_eq!(output.status.code(), Some(4));
    assert!(
        text(&output.stderr).contains("is in use"),
        "{}",
        text(&output.stderr)
    );
    append(&journal, &[finished("under way")]);
}

#[test]
fn a_folder_that_is_not_there_is_named_and_not_made() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = folder.path().join("missing");
    for command in ["inspect", "verify", "tail", "compact"] {
        let output = fermata(&[command], &missing);
        assert_eq!(output.status.code(), Some(3), "{command}");
        assert!(text(&output.stderr).contains("missing"), "{command}");
    }
    assert!(!missing.exists());
}

#[test]
fn a_wrong_command_line_is_code_2_and_help_lists_the_codes() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(fermata(&["repair"], folder.path()).status.code(), Some(2));
    let help = Command::new(env!("CARGO_BIN_EXE_fermata"))
        .arg("--help")
        .output()
        .expect("runs");
    assert_eq!(help.status.code(), Some(0));
    assert!(text(&help.stdout).contains("Exit codes"));
}
