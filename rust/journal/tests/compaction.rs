// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Compactions of one journal that cross each other, or its end.
#![cfg(not(loom))]
#![allow(missing_docs)]

mod support;

use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use fermata_journal::{
    Content, ErrorKind, Level, Record, SegmentSource, SegmentStore, SegmentWriter,
};
use support::{PATIENCE, SimulatedStore, call, finished, open, open_store, small_segments};

/// Storage that another writer gets at, although this one does not know yet: that one compacts just before a listing.
struct Crossed {
    store: SimulatedStore,
    lists: AtomicUsize,
    crossed: usize,
}

impl Crossed {
    fn new(store: &SimulatedStore, crossed: usize) -> Arc<Self> {
        Arc::new(Self {
            store: store.clone(),
            lists: AtomicUsize::new(0),
            crossed,
        })
    }

    fn lists(&self) -> usize {
        self.lists.load(Ordering::SeqCst)
    }
}

impl SegmentSource for Crossed {
    fn list(&self) -> io::Result<Vec<u64>> {
        if self.lists.fetch_add(1, Ordering::SeqCst) + 1 == self.crossed {
            let other = open(&self.store, &small_segments()).expect("opens");
            other.journal.compact().expect("compacts");
            other.journal.close(PATIENCE).expect("nothing to seal");
        }
        self.store.list()
    }

    fn read(&self, segment: u64) -> io::Result<Box<dyn Read + Send>> {
        self.store.read(segment)
    }

    fn name(&self, segment: u64) -> String {
        self.store.name(segment)
    }
}

impl SegmentStore for Crossed {
    fn create(&self, segment: u64, head: &mut Content) -> io::Result<Box<dyn SegmentWriter>> {
        self.store.create(segment, head)
    }

    fn replace(&self, segment: u64, content: &mut Content) -> io::Result<()> {
        self.store.replace(segment, content)
    }

    fn remove(&self, segment: u64) -> io::Result<()> {
        self.store.remove(segment)
    }
}

/// Records of finished actions before those of one that is not.
fn journal() -> (SimulatedStore, Vec<Record>) {
    let store = SimulatedStore::default();
    let opened = open(&store, &small_segments()).expect("opens");
    let unfinished: Vec<Record> = (0..20).map(|place| call("open", place, 200)).collect();
    let done = (0..20).map(|place| call("done", place, 200));
    let all = done.chain([finished("done")]).chain(unfinished.clone());
    for (token, record) in (0..).zip(all) {
        opened
            .journal
            .append(&record, Level::Disk, token)
            .expect("taken");
        opened.outcomes.one(token).expect("durable");
    }
    opened.journal.close(PATIENCE).expect("sealed");
    (store, unfinished)
}

#[test]
fn a_compaction_that_another_one_crosses_drops_nothing_that_is_unfinished() {
    // The first listing is the opening's, the next two are those of the compaction.
    for crossed in [2, 3] {
        let (store, unfinished) = journal();
        let unaware = Crossed::new(&store, crossed);
        let opened = open_store(unaware.clone(), &small_segments()).expect("opens");
        let outcome = opened.journal.compact().map_err(|error| error.kind());
        assert_eq!(unaware.lists(), [0, 0, 2, 3][crossed]);
        match crossed {
            3 => assert_eq!(outcome, Err(ErrorKind::Io)),
            _ => assert_eq!(outcome.map(|done| done.segments), Ok(0)),
        }
        let after = open(&store, &small_segments()).expect("opens");
        assert!(after.replayed == unfinished, "crossed at listing {crossed}");
    }
}

#[test]
fn a_journal_that_was_closed_is_compacted_no_more() {
    let (store, _) = journal();
    let counted = Crossed::new(&store, usize::MAX);
    let opened = open_store(counted.clone(), &small_segments()).expect("opens");
    opened.journal.close(PATIENCE).expect("nothing to seal");
    let before = counted.lists();
    let error = opened.journal.compact().expect_err("closed");
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert_eq!(counted.lists(), before, "its storage is released");
}
