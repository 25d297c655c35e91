// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! What the tests share: records, whoever is told of appends, a store that can fail.
#![allow(dead_code, unused_imports)] // Each test target uses a part.

pub mod raw;
mod simulated_store;
pub mod world;

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use fermata_journal::{
    Acknowledge, ActionFinished, CallFinished, Error, Journal, Level, Options, Outcome, Record,
    SegmentStore, StdThreads, Survey,
};
pub use simulated_store::{Fault, Loss, SimulatedStore};

/// Long enough for anything that happens at all.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A finished call of `action` at `place`, with a result of `bytes` bytes.
pub fn call(action: &str, place: u64, bytes: usize) -> Record {
    Record::CallFinished(CallFinished {
        action: action.into(),
        place,
        outcome: Outcome::Value(vec![place as u8; bytes]),
    })
}

pub fn finished(action: &str) -> Record {
    Record::ActionFinished(ActionFinished {
        action: action.into(),
    })
}

/// The place of a record that [`call`] made.
pub fn place(record: &Record) -> Option<u64> {
    match record {
        Record::CallFinished(call) => Some(call.place),
        _ => None,
    }
}

pub fn small_segments() -> Options {
    Options {
        segment_bytes: 4096,
        ..Options::default()
    }
}

/// Keeps what it is told.
#[derive(Default)]
pub struct Outcomes {
    told: Mutex<BTreeMap<u64, Result<(), Error>>>,
    more: Condvar,
}

impl Acknowledge for Outcomes {
    fn acknowledged(&self, token: u64, outcome: Result<(), Error>) {
        let before = self.told.lock().expect("no panic").insert(token, outcome);
        assert!(before.is_none(), "token {token} was told of twice");
        self.more.notify_all();
    }
}

impl Outcomes {
    /// Waits until all of `tokens` were told of.
    pub fn of(&self, tokens: impl IntoIterator<Item = u64>) -> Vec<Result<(), Error>> {
        tokens.into_iter().map(|token| self.one(token)).collect()
    }

    pub fn one(&self, token: u64) -> Result<(), Error> {
        let told = self.told.lock().expect("no panic");
        let (told, timeout) = self
            .more
            .wait_timeout_while(told, PATIENCE, |told| !told.contains_key(&token))
            .expect("no panic");
        assert!(!timeout.timed_out(), "nobody was told of token {token}");
        told[&token].clone()
    }

    pub fn is_told(&self, token: u64) -> bool {
        self.told.lock().expect("no panic").contains_key(&token)
    }
}

pub struct Opened {
    pub journal: Journal,
    pub outcomes: Arc<Outcomes>,
    pub replayed: Vec<Record>,
    pub survey: Survey,
}

impl Opened {
    /// Appends a call of action `a` at `place`, under that token, and waits for what becomes of it.
    pub fn record(&self, place: u64, bytes: usize, level: Level) -> Result<(), Error> {
        self.journal
            .append(&call("a", place, bytes), level, place)
            .expect("taken");
        self.outcomes.one(place)
    }
}

pub fn open(store: &SimulatedStore, options: &Options) -> Result<Opened, Error> {
    open_store(Arc::new(store.clone()), options)
}

pub fn open_store(store: Arc<dyn SegmentStore>, options: &Options) -> Result<Opened, Error> {
    let outcomes = Arc::new(Outcomes::default());
    let mut replayed = Vec::new();
    let (journal, survey) = Journal::open(
        store,
        options,
        Arc::new(StdThreads),
        Arc::clone(&outcomes) as Arc<dyn Acknowledge>,
        &mut |record| replayed.push(record),
    )?;
    Ok(Opened {
        journal,
        outcomes,
        replayed,
        survey,
    })
}
