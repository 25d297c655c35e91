// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The life cycle of calls: each completes exactly once, and its slot is used again only under a new generation.
//!
//! | event \\ phase | Free     | Reserved | Queued         | Running        | Sleeping    | Outside        | Done               |
//! |---------------|----------|----------|----------------|----------------|-------------|----------------|--------------------|
//! | reserve       | Reserved | -        | -              | -              | -           | -              | -                  |
//! | enqueue       | -        | Queued   | -              | -              | -           | -              | -                  |
//! | unqueue       | -        | -        | Reserved       | -              | -           | -              | -                  |
//! | start         | -        | -        | Running        | -              | -           | -              | -                  |
//! | sleep         | -        | Sleeping | -              | -              | -           | -              | -                  |
//! | leave_outside | -        | Outside  | -              | -              | -           | -              | -                  |
//! | arrive        | -        | -        | -              | -              | -           | Done(Value)    | -                  |
//! | complete(o)   | -        | Done(o)  | Done(o)        | Done(o)        | Done(o)     | Done(o)        | -                  |
//! | expire        | -        | -        | Done(TimedOut) | Done(TimedOut) | Done(Value) | Done(TimedOut) | -                  |
//! | take          | -        | -        | -              | -              | -           | -              | Free, generation+1 |
//!
//! `-`: refused, nothing changes. Each event is one compare-and-swap of the slot's word, so of several at once one wins.

use crate::error::{Error, ErrorKind};
use crate::ids::{CallId, ContextId, FIRST_GENERATION, next_generation};
use crate::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use crate::table::{Refusal, Table};

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The supplier returned, the sleep is over, or what was outside has come.
    Value = 0,
    /// The supplier threw.
    Error = 1,
    /// The call was cancelled or discarded.
    Cancelled = 2,
    /// The deadline passed, in the queue or while running.
    TimedOut = 3,
    /// The engine was closed.
    Aborted = 4,
    /// The upcall that should have run the supplier failed at the boundary.
    Fault = 5,
}

/// Where a call stands while it is neither done nor taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Open {
    /// It has a slot and nothing else.
    Reserved,
    /// It waits for a worker.
    Queued,
    /// A worker runs its supplier.
    Running,
    /// It is a sleep under way.
    Sleeping,
    /// It waits for something outside of the engine.
    Outside,
}

/// Where a cancellation found its call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelVerdict {
    /// The call was done already, or is not known: nothing changed.
    Ignored = 0,
    /// The supplier had not begun and will not run.
    Dequeued = 1,
    /// The supplier is running: the caller interrupts its thread.
    Running = 2,
}

/// A completion that won: what there is to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The call that is done now.
    pub call: CallId,
    /// How it ended.
    pub outcome: Outcome,
    /// Where it stood before.
    pub was: Open,
    /// Whose call it is.
    pub context: ContextId,
    /// The wait it belongs to.
    pub epoch: u32,
}

/// A call that was taken: its slot is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Taken {
    /// How it ended.
    pub outcome: Outcome,
    /// Whether a timer entry was made for it that has not come due.
    pub timed: bool,
}

/// The calls of one engine. Any thread may call any method; nothing blocks but the hand-out of slots, and that briefly.
pub struct CallSlots {
    table: Table<Slot>,
}

/// `context` and `epoch` are written while the slot is handed out and stay until it is taken, so whoever reads them
/// and then changes `word` by a compare-and-swap has read those of its own generation.
struct Slot {
    word: AtomicU64,
    context: AtomicU64,
    epoch: AtomicU32,
}

impl Default for Slot {
    fn default() -> Self {
        Self {
            word: AtomicU64::new(Word::free(FIRST_GENERATION).pack()),
            context: AtomicU64::new(0),
            epoch: AtomicU32::new(0),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Free,
    Open(Open),
    Done(Outcome),
}

#[derive(Clone, Copy)]
struct Word {
    generation: u32,
    timed: bool,
    phase: Phase,
}

const TIMED: u64 = 1 << 8;

/// Phases by their code in a slot's word.
const PHASES: [Phase; 12] = [
    Phase::Free,
    Phase::Open(Open::Reserved),
    Phase::Open(Open::Queued),
    Phase::Open(Open::Running),
    Phase::Open(Open::Sleeping),
    Phase::Open(Open::Outside),
    Phase::Done(Outcome::Value),
    Phase::Done(Outcome::Error),
    Phase::Done(Outcome::Cancelled),
    Phase::Done(Outcome::TimedOut),
    Phase::Done(Outcome::Aborted),
    Phase::Done(Outcome::Fault),
];

impl Word {
    fn free(generation: u32) -> Self {
        Self {
            generation,
            timed: false,
            phase: Phase::Free,
        }
    }

    fn with(self, phase: Phase) -> Self {
        Self { phase, ..self }
    }

    fn timed(self, timed: bool) -> Self {
        Self { timed, ..self }
    }

    fn pack(self) -> u64 {
        let code = match self.phase {
            Phase::Free => 0,
            Phase::Open(open) => 1 + open as u64,
            Phase::Done(outcome) => 6 + outcome as u64,
        };
        u64::from(self.generation) << 32 | if self.timed { TIMED } else { 0 } | code
    }

    fn unpack(word: u64) -> Self {
        Self {
            generation: (word >> 32) as u32,
            timed: word & TIMED != 0,
            phase: PHASES[(word & 0xf) as usize],
        }
    }
}

impl CallSlots {
    /// Slots for at most `max_calls` calls that are open or not yet taken.
    pub fn new(max_calls: u32) -> Self {
        Self {
            table: Table::new(max_calls),
        }
    }

    /// A slot for a call of `context`, as part of the wait `epoch`. Fails with [`ErrorKind::TooManyCalls`], and with
    /// [`ErrorKind::Closed`] after [`Self::abort_all`].
    pub fn reserve(&self, context: ContextId, epoch: u32) -> Result<CallId, Error> {
        self.table
            .claim(|index, slot| {
                slot.context.store(context.as_u64(), Ordering::Relaxed);
                slot.epoch.store(epoch, Ordering::Relaxed);
                let word = Word::unpack(slot.word.load(Ordering::Relaxed));
                let reserved = word.with(Phase::Open(Open::Reserved));
                slot.word.store(reserved.pack(), Ordering::Release);
                CallId::new(index, word.generation)
            })
            .map_err(|refusal| match refusal {
                Refusal::Full => Error::new(
                    ErrorKind::TooManyCalls,
                    format!(
                        "{context} cannot make another call: all slots are in use; wait for calls to end, or raise \
                         the limit of calls"
                    ),
                ),
                Refusal::Closed => Error::new(
                    ErrorKind::Closed,
                    format!("{context} cannot make a call: the engine is closed"),
                ),
            })
    }

    /// Reserved to Queued; `timed`: a timer entry is about to be made for it.
    pub fn enqueue(&self, call: CallId, timed: bool) -> bool {
        self.step(call, Open::Reserved, |word| {
            word.with(Phase::Open(Open::Queued)).timed(timed)
        })
    }

    /// Queued back to Reserved.
    pub fn unqueue(&self, call: CallId) -> bool {
        self.step(call, Open::Queued, |word| {
            word.with(Phase::Open(Open::Reserved))
        })
    }

    /// Queued to Running.
    pub fn start(&self, call: CallId) -> bool {
        self.step(call, Open::Queued, |word| {
            word.with(Phase::Open(Open::Running))
        })
    }

    /// Reserved to Sleeping; a timer entry is about to be made for it.
    pub fn sleep(&self, call: CallId) -> bool {
        self.step(call, Open::Reserved, |word| {
            word.with(Phase::Open(Open::Sleeping)).timed(true)
        })
    }

    /// Reserved to Outside; `timed`: a timer entry is about to be made for it.
    pub fn leave_outside(&self, call: CallId, timed: bool) -> bool {
        self.step(call, Open::Reserved, |word| {
            word.with(Phase::Open(Open::Outside)).timed(timed)
        })
    }

    /// What a call waits for outside of the engine has come; `None` if it does not wait for that (any more).
    pub fn arrive(&self, call: CallId) -> Option<Completion> {
        self.finish(call, |word, open| {
            (open == Open::Outside).then(|| word.with(Phase::Done(Outcome::Value)))
        })
    }

    /// An open call is done; `None` if it is not open or not known.
    pub fn complete(&self, call: CallId, outcome: Outcome) -> Option<Completion> {
        self.finish(call, |word, _| Some(word.with(Phase::Done(outcome))))
    }

    /// The timer entry of `call` is due, and no more: a sleep ends with a value, another call times out.
    pub fn expire(&self, call: CallId) -> Option<Completion> {
        self.finish(call, |word, open| {
            let outcome = match open {
                Open::Reserved => return None,
                Open::Queued | Open::Running | Open::Outside => Outcome::TimedOut,
                Open::Sleeping => Outcome::Value,
            };
            Some(word.with(Phase::Done(outcome)).timed(false))
        })
    }

    /// Takes a call that is done, and frees its slot; `None` if it is open or not known.
    pub fn take(&self, call: CallId) -> Option<Taken> {
        let (before, _) = self.advance(call, |word| {
            matches!(word.phase, Phase::Done(_))
                .then(|| Word::free(next_generation(word.generation)))
        })?;
        self.table.release(call.index());
        match before.phase {
            Phase::Done(outcome) => Some(Taken {
                outcome,
                timed: before.timed,
            }),
            _ => None,
        }
    }

    /// Whether `call` waits for a worker.
    pub fn is_queued(&self, call: CallId) -> bool {
        self.phase(call) == Some(Phase::Open(Open::Queued))
    }

    /// Whether `call` still has its slot: it is open, or done and not taken.
    pub fn is_held(&self, call: CallId) -> bool {
        self.phase(call).is_some()
    }

    /// Completes every open call as [`Outcome::Aborted`], and refuses new ones.
    pub fn abort_all(&self, mut completed: impl FnMut(Completion)) {
        self.table.close();
        for index in self.table.claimed() {
            let Some(slot) = self.table.get(index) else {
                continue;
            };
            let generation = Word::unpack(slot.word.load(Ordering::Acquire)).generation;
            if let Some(completion) =
                self.complete(CallId::new(index, generation), Outcome::Aborted)
            {
                completed(completion);
            }
        }
    }

    /// How many slots are in use.
    pub fn in_use(&self) -> usize {
        self.table.in_use()
    }

    fn phase(&self, call: CallId) -> Option<Phase> {
        let slot = self.table.get(call.index())?;
        let word = Word::unpack(slot.word.load(Ordering::Acquire));
        (word.generation == call.generation()).then_some(word.phase)
    }

    fn step(&self, call: CallId, from: Open, change: impl Fn(Word) -> Word) -> bool {
        self.advance(call, |word| {
            (word.phase == Phase::Open(from)).then(|| change(word))
        })
        .is_some()
    }

    fn finish(
        &self,
        call: CallId,
        change: impl Fn(Word, Open) -> Option<Word>,
    ) -> Option<Completion> {
        let slot = self.table.get(call.index())?;
        let mut context = 0;
        let mut epoch = 0;
        let (before, after) = self.advance(call, |word| {
            let Phase::Open(open) = word.phase else {
                return None;
            };
            context = slot.context.load(Ordering::Relaxed);
            epoch = slot.epoch.load(Ordering::Relaxed);
            change(word, open)
        })?;
        match (before.phase, after.phase) {
            (Phase::Open(was), Phase::Done(outcome)) => Some(Completion {
                call,
                outcome,
                was,
                context: ContextId::from_u64(context),
                epoch,
            }),
            _ => None,
        }
    }

    /// Changes the word of `call` to what `next` makes of it; the words before and after, or `None` if the generation is over or
    /// `next` refuses.
    fn advance(
        &self,
        call: CallId,
        mut next: impl FnMut(Word) -> Option<Word>,
    ) -> Option<(Word, Word)> {
        let slot = self.table.get(call.index())?;
        let mut current = slot.word.load(Ordering::Acquire);
        loop {
            let before = Word::unpack(current);
            if before.generation != call.generation() {
                return None;
            }
            let after = next(before)?;
            match slot.word.compare_exchange_weak(
                current,
                after.pack(),
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => return Some((before, after)),
                Err(actual) => current = actual,
            }
        }
    }
}
