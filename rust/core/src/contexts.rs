// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! All contexts of an engine: their machines by id, and the port that announces those that become ready.

use crate::completion_port::CompletionPort;
use crate::context_machine::{
    BeginVerdict, ContextMachine, EndVerdict, Phase, Resumption, Signal, SliceEnd, WaitStatus,
};
use crate::error::{Error, ErrorKind};
use crate::ids::{ContextId, FIRST_GENERATION, next_generation};
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Mutex, lock};
use crate::table::{Refusal, Table};

/// What the caller owes the host after an event. No lock is held any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Announcement {
    /// Nothing.
    None,
    /// Wake the owner.
    Wake,
    /// Notify the host that the action of this context should be unparked.
    Notify(ContextId),
}

/// Any thread may call any method; each event is one step. Events for an id that was released are ignored, or refused
/// as [`ErrorKind::UnknownContext`] where the caller gets a result.
pub struct Contexts {
    table: Table<Mutex<Entry>>,
    port: CompletionPort,
    suspended: AtomicUsize,
}

struct Entry {
    generation: u32,
    machine: ContextMachine,
}

impl Default for Entry {
    fn default() -> Self {
        Self {
            generation: FIRST_GENERATION,
            machine: ContextMachine::new(Resumption::Owner),
        }
    }
}

impl Default for Contexts {
    fn default() -> Self {
        Self {
            table: Table::new(u32::MAX),
            port: CompletionPort::default(),
            suspended: AtomicUsize::new(0),
        }
    }
}

impl Contexts {
    /// A new context. Fails with [`ErrorKind::Closed`] after [`Self::abort_all`].
    pub fn create(&self, resumption: Resumption) -> Result<ContextId, Error> {
        self.table
            .claim(|index, entry| {
                let mut entry = lock(entry);
                entry.machine = ContextMachine::new(resumption);
                ContextId::new(index, entry.generation)
            })
            .map_err(|refusal| match refusal {
                Refusal::Closed => Error::new(
                    ErrorKind::Closed,
                    "no context can be created: the engine is closed",
                ),
                Refusal::Full => Error::new(
                    ErrorKind::TooManyCalls,
                    "no context can be created: 2^32 exist; release those that are finished",
                ),
            })
    }

    /// Forgets `context`, whatever its phase.
    pub fn release(&self, context: ContextId) {
        let released = self.with(context, |entry| {
            entry.generation = next_generation(entry.generation);
            entry.machine = ContextMachine::new(Resumption::Owner);
        });
        if released.is_some() {
            self.table.release(context.index());
        }
    }

    /// A slice wants to begin; see the transition table of [`crate::context_machine`].
    pub fn begin_slice(&self, context: ContextId) -> Result<BeginVerdict, Error> {
        self.require(context, ContextMachine::begin_slice)?
            .map_err(|kind| match kind {
                ErrorKind::Closed => Error::new(
                    kind,
                    format!("{context} cannot begin an action: the engine is closed"),
                ),
                _ => Error::new(
                    kind,
                    format!("{context} runs a slice already: only one thread may drive it"),
                ),
            })
    }

    /// The running slice ended.
    pub fn end_slice(
        &self,
        context: ContextId,
        end: SliceEnd,
    ) -> Result<(EndVerdict, Announcement), Error> {
        let mut verdict = Err(ErrorKind::UnknownContext);
        let announcement = self.signal(context, |machine| {
            let ended = machine.end_slice(end);
            verdict = ended.map(|(verdict, _)| verdict);
            ended.map_or(Signal::None, |(_, signal)| signal)
        });
        match verdict {
            Ok(verdict) => Ok((verdict, announcement)),
            Err(ErrorKind::UnknownContext) => Err(unknown(context)),
            Err(kind) => Err(not_running(kind, context, "end a slice")),
        }
    }

    /// The running action is about to wait for `calls` calls, which are reserved after this.
    pub fn arm_wait(&self, context: ContextId, calls: u32) -> Result<(), Error> {
        self.require(context, |machine| machine.arm_wait(calls))?
            .map_err(|kind| not_running(kind, context, "arm a wait"))
    }

    /// The epoch that calls reserved now belong to.
    pub fn epoch(&self, context: ContextId) -> Result<u32, Error> {
        self.require(context, |machine| machine.epoch())
    }

    /// How the current wait stands; `Aborted` for a context that was released.
    pub fn wait_status(&self, context: ContextId) -> WaitStatus {
        self.with(context, |entry| entry.machine.wait_status())
            .unwrap_or(WaitStatus::Aborted)
    }

    /// A call of `context` that was reserved in `epoch` ended; `value`: with a value.
    pub fn call_done(&self, context: ContextId, epoch: u32, value: bool) -> Announcement {
        self.signal(context, |machine| machine.call_done(epoch, value))
    }

    /// The action of `context` shall give up.
    pub fn cancel(&self, context: ContextId) -> Announcement {
        self.signal(context, ContextMachine::cancel)
    }

    /// The action of `context` has something to run.
    pub fn unparked(&self, context: ContextId) -> Announcement {
        self.signal(context, ContextMachine::unparked)
    }

    /// Aborts every context and refuses new ones. Each announcement goes to `announce`, under no lock.
    pub fn abort_all(&self, mut announce: impl FnMut(Announcement)) {
        self.table.close();
        for context in self.ids() {
            announce(self.signal(context, ContextMachine::abort));
        }
    }

    /// Declares that the owner looks at the port, and queues what is ready already.
    pub fn observe(&self) -> Announcement {
        let mut wake = false;
        if self.port.observe() {
            for context in self.ids() {
                if self.with(context, |entry| entry.machine.enqueue()) == Some(true) {
                    wake |= self.port.push(context);
                }
            }
        }
        if wake {
            Announcement::Wake
        } else {
            Announcement::None
        }
    }

    /// Whether a context is ready. If not, the next that becomes ready wakes the owner.
    pub fn has_ready(&self) -> bool {
        // The owner is looking: it needs no wake for what it is about to see.
        let _ = self.observe();
        self.port.has_ready(|context| {
            self.with(context, |entry| {
                // Being ready, it keeps its place in the queue.
                entry.machine.dequeue() && entry.machine.enqueue()
            }) == Some(true)
        })
    }

    /// Moves the ids of ready contexts to `into`, in the order in which they became ready; how many. If nothing is
    /// left, the next that becomes ready wakes the owner.
    pub fn drain(&self, into: &mut [u64]) -> usize {
        let _ = self.observe();
        self.port.drain(into, |context| {
            self.with(context, |entry| entry.machine.dequeue()) == Some(true)
        })
    }

    /// How many contexts are suspended and not ready.
    pub fn suspended(&self) -> usize {
        self.suspended.load(Ordering::Relaxed)
    }

    fn signal(
        &self,
        context: ContextId,
        event: impl FnOnce(&mut ContextMachine) -> Signal,
    ) -> Announcement {
        let outcome = self.with(context, |entry| {
            let signal = event(&mut entry.machine);
            let queue =
                signal == Signal::Announce && self.port.is_observed() && entry.machine.enqueue();
            (signal, queue)
        });
        match outcome {
            Some((Signal::Notify, _)) => Announcement::Notify(context),
            Some((_, true)) if self.port.push(context) => Announcement::Wake,
            _ => Announcement::None,
        }
    }

    fn require<R>(
        &self,
        context: ContextId,
        event: impl FnOnce(&mut ContextMachine) -> R,
    ) -> Result<R, Error> {
        self.with(context, |entry| event(&mut entry.machine))
            .ok_or_else(|| unknown(context))
    }

    /// Runs `step` under the lock of `context`, and keeps count of the suspended; `None` for an id that was released.
    fn with<R>(&self, context: ContextId, step: impl FnOnce(&mut Entry) -> R) -> Option<R> {
        let mut entry = lock(self.table.get(context.index())?);
        if entry.generation != context.generation() {
            return None;
        }
        let before = entry.machine.phase() == Phase::Suspended;
        let result = step(&mut entry);
        let after = entry.machine.phase() == Phase::Suspended;
        match (before, after) {
            (false, true) => _ = self.suspended.fetch_add(1, Ordering::Relaxed),
            (true, false) => _ = self.suspended.fetch_sub(1, Ordering::Relaxed),
            _ => {}
        }
        Some(result)
    }

    /// The present id of each entry that was ever used. An entry not in use has a machine in phase New, to which no
    /// event means anything but an abort, and that is wiped by the next [`Self::create`].
    fn ids(&self) -> impl Iterator<Item = ContextId> {
        self.table.claimed().filter_map(|index| {
            let entry = lock(self.table.get(index)?);
            Some(ContextId::new(index, entry.generation))
        })
    }
}

fn unknown(context: ContextId) -> Error {
    Error::new(
        ErrorKind::UnknownContext,
        format!("{context} is not known: it was released, or belongs to another engine"),
    )
}

fn not_running(kind: ErrorKind, context: ContextId, what: &str) -> Error {
    Error::new(
        kind,
        format!("{context} cannot {what}: it runs none; begin a slice first"),
    )
}
