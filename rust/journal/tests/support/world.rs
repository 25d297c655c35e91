// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! A model of a journal, over any storage that can fail: nothing that was acknowledged is lost, nothing is invented, the
//! order is kept.

use std::sync::Arc;

use fermata_journal::{Level, Record, SegmentStore};
use proptest::prelude::*;

use super::{
    Fault, Loss, Opened, PATIENCE, SimulatedStore, call, finished, open_store, small_segments,
};

/// Storage that fails on demand.
pub trait Storage: Default {
    /// Opens it, as after a restart.
    fn open(&self) -> Arc<dyn SegmentStore>;
    /// Injects `fault` into the operation that comes after `others`.
    fn inject(&self, others: u64, fault: Fault);
    /// How many operations there were.
    fn operations(&self) -> u64;
    fn is_down(&self) -> bool;
    /// Nothing works until it is restarted.
    fn crash(&self);
    fn restart(&self, loss: Loss);
    /// The lowest level that a crash of the machine leaves alone.
    fn safe_level(&self) -> Level;
}

impl Storage for SimulatedStore {
    fn open(&self) -> Arc<dyn SegmentStore> {
        Arc::new(self.clone())
    }

    fn inject(&self, others: u64, fault: Fault) {
        SimulatedStore::inject(self, others, fault);
    }

    fn operations(&self) -> u64 {
        SimulatedStore::operations(self)
    }

    fn is_down(&self) -> bool {
        SimulatedStore::is_down(self)
    }

    fn crash(&self) {
        SimulatedStore::crash(self);
    }

    fn restart(&self, loss: Loss) {
        SimulatedStore::restart(self, loss);
    }

    fn safe_level(&self) -> Level {
        Level::Disk
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    /// Nobody was told yet.
    Open,
    Acknowledged(Level),
    Failed,
    /// A recovery did not bring it back.
    Gone,
}

#[derive(Debug)]
struct Appended {
    record: Record,
    fate: Fate,
}

#[derive(Clone, Debug)]
pub enum Step {
    Append(usize, Level, usize),
    Finish(usize, Level),
    Sync,
    /// Waits for what became of all that was appended.
    Await,
    Compact,
    Inject(u64, Fault),
    Crash(Loss),
    Close,
}

fn level() -> impl Strategy<Value = Level> {
    prop_oneof![1 => Just(Level::Memory), 1 => Just(Level::Os), 3 => Just(Level::Disk)]
}

fn loss() -> impl Strategy<Value = Loss> {
    prop_oneof![
        Just(Loss::Nothing),
        Just(Loss::Everything),
        any::<u8>().prop_map(Loss::Tail),
        any::<u64>().prop_map(Loss::Blocks),
    ]
}

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        Just(Fault::Fails),
        Just(Fault::FailsAfterwards),
        Just(Fault::NoSpace),
        Just(Fault::Crash),
        Just(Fault::CrashAfterwards),
    ]
}

/// One step of a life.
pub fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => (0..4usize, level(), 0..1500usize).prop_map(|(a, l, b)| Step::Append(a, l, b)),
        3 => (0..4usize, level()).prop_map(|(a, l)| Step::Finish(a, l)),
        2 => Just(Step::Sync),
        3 => Just(Step::Await),
        2 => Just(Step::Compact),
        3 => (0..12u64, fault()).prop_map(|(n, f)| Step::Inject(n, f)),
        2 => loss().prop_map(Step::Crash),
        1 => Just(Step::Close),
    ]
}

/// What was asked under a token.
enum Asked {
    Append(usize, Level),
    /// A sync of all records before this one.
    Sync(usize),
}

pub struct World<S> {
    pub store: S,
    opened: Option<Opened>,
    model: Vec<Appended>,
    asked: Vec<(u64, Asked)>,
    tokens: u64,
    /// How often an action of each name was finished: each is another action.
    lives: [u64; 4],
}

impl<S: Storage> World<S> {
    pub fn new() -> Self {
        let store = S::default();
        Self {
            opened: Some(
                open_store(store.open(), &small_segments()).expect("an empty journal opens"),
            ),
            store,
            model: Vec::new(),
            asked: Vec::new(),
            tokens: 0,
            lives: [0; 4],
        }
    }

    fn opened(&self) -> &Opened {
        self.opened.as_ref().expect("open")
    }

    fn token(&mut self) -> u64 {
        self.tokens += 1;
        self.tokens
    }

    fn action(&self, index: usize) -> String {
        format!("{index}-{}", self.lives[index])
    }

    fn append(&mut self, record: Record, level: Level) {
        let token = self.token();
        self.opened()
            .journal
            .append(&record, level, token)
            .expect("taken");
        self.asked
            .push((token, Asked::Append(self.model.len(), level)));
        self.model.push(Appended {
            record,
            fate: Fate::Open,
        });
    }

    fn learn(&mut self) {
        for (token, asked) in std::mem::take(&mut self.asked) {
            let outcome = self.opened().outcomes.one(token);
            match (asked, outcome) {
                (Asked::Append(index, level), Ok(())) => {
                    self.model[index].fate = Fate::Acknowledged(level);
                }
                (Asked::Append(index, _), Err(_)) => self.model[index].fate = Fate::Failed,
                (Asked::Sync(before), Ok(())) => self.take_along(before, Level::Disk),
                (Asked::Sync(_), Err(_)) => {}
            }
        }
        for index in 0..self.model.len() {
            if let Fate::Acknowledged(level) = self.model[index].fate {
                self.take_along(index, level);
            }
        }
    }

    /// Something behind the first so many records has reached `reached`, and so have they.
    fn take_along(&mut self, before: usize, reached: Level) {
        for appended in &mut self.model[..before] {
            if let Fate::Acknowledged(level) = &mut appended.fate {
                *level = reached.max(*level);
            }
        }
    }

    pub fn run(&mut self, step: Step) {
        match step {
            Step::Append(action, level, bytes) => {
                let record = call(&self.action(action), self.tokens, bytes);
                self.append(record, level);
            }
            Step::Finish(action, level) => {
                let record = finished(&self.action(action));
                self.append(record, level);
                self.lives[action] += 1;
            }
            Step::Sync => {
                let token = self.token();
                self.opened().journal.sync(token).expect("taken");
                self.asked.push((token, Asked::Sync(self.model.len())));
            }
            Step::Await => self.learn(),
            // It may fail by an injected fault; what counts is what is there afterwards.
            Step::Compact => drop(self.opened().journal.compact()),
            Step::Inject(others, fault) => self.store.inject(others, fault),
            Step::Crash(loss) => {
                self.store.crash();
                self.restart(loss);
            }
            Step::Close => self.restart(Loss::Nothing),
        }
        if self.store.is_down() {
            self.restart(Loss::Blocks(0xAAAA_5555_F0F0_3C3C));
        }
    }

    fn restart(&mut self, loss: Loss) {
        self.learn();
        let opened = self.opened.take().expect("open");
        // Fails if the machine is down, or by an injected fault.
        drop(opened.journal.close(PATIENCE));
        drop(opened);
        self.store.restart(loss);
        let opened = open_store(self.store.open(), &small_segments()).expect("recovery succeeds");
        self.check(&opened.replayed, loss);
        self.opened = Some(opened);
    }

    fn check(&mut self, replayed: &[Record], loss: Loss) {
        let mut present = vec![false; self.model.len()];
        let mut next = 0;
        for record in replayed {
            let index = (next..self.model.len())
                .find(|index| self.model[*index].record == *record)
                .unwrap_or_else(|| panic!("{record:?} is invented, doubled or out of order"));
            present[index] = true;
            next = index + 1;
        }
        let safe = match loss {
            Loss::Nothing => Level::Os,
            _ => self.store.safe_level(),
        };
        for (index, appended) in self.model.iter().enumerate() {
            let action = appended.record.action();
            let same = |other: &Appended| other.record.action() == action;
            let finish = |other: &Appended| matches!(other.record, Record::ActionFinished(_));
            match (present[index], appended.fate) {
                (true, Fate::Gone) => panic!("{appended:?} came back"),
                (true, Fate::Failed) => {
                    let superseded = self.model[index + 1..].iter().any(|later| {
                        matches!(later.fate, Fate::Acknowledged(level) if level >= Level::Os)
                    });
                    assert!(!superseded, "{appended:?} came back behind its error");
                }
                (false, Fate::Acknowledged(level)) if level >= safe && finish(appended) => {
                    let left = (0..index).any(|other| present[other] && same(&self.model[other]));
                    assert!(!left, "{appended:?} is lost");
                }
                (false, Fate::Acknowledged(level)) if level >= safe => {
                    let compacted = self.model[index..].iter().any(|later| {
                        same(later)
                            && finish(later)
                            && !matches!(later.fate, Fate::Failed | Fate::Gone)
                    });
                    assert!(compacted, "{appended:?} is lost");
                }
                _ => {}
            }
        }
        for (appended, present) in self.model.iter_mut().zip(present) {
            appended.fate = match present {
                true => Fate::Acknowledged(Level::Disk),
                false => Fate::Gone,
            };
        }
    }
}

/// One life of a journal, with every operation of its storage that writes.
pub fn life<S: Storage>(world: &mut World<S>) {
    for round in 0..40 {
        world.run(Step::Append(
            round % 4,
            [Level::Disk, Level::Os][round % 2],
            300,
        ));
        if round % 5 == 4 {
            world.run(Step::Finish(round % 4, Level::Disk));
        }
        world.run(Step::Await);
        if round % 13 == 12 {
            world.run(Step::Compact);
        }
    }
    world.run(Step::Close);
    world.run(Step::Compact);
}

/// Lets each operation of [`life`] fail in each way, or be the last.
pub fn every_operation_fails<S: Storage>(at_least: u64) {
    let mut world = World::<S>::new();
    life(&mut world);
    let operations = world.store.operations();
    assert!(operations > at_least, "{operations}");
    let losses = [
        Loss::Everything,
        Loss::Tail(128),
        Loss::Blocks(0x5555_5555_5555_5555),
    ];
    for at in 0..operations {
        for fault in [
            Fault::Crash,
            Fault::CrashAfterwards,
            Fault::Fails,
            Fault::FailsAfterwards,
            Fault::NoSpace,
        ] {
            let mut world = World::<S>::new();
            world.store.inject(at, fault);
            life(&mut world);
            world.run(Step::Crash(losses[at as usize % losses.len()]));
        }
    }
}
