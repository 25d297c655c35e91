// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Sequences of events against the context machine.
#![cfg(not(loom))]
#![allow(missing_docs)]

use fermata_core::context_machine::{
    BeginVerdict, ContextMachine, EndVerdict, Phase, Resumption, Signal, SliceEnd, WaitStatus,
};
use fermata_core::error::ErrorKind;
use proptest::prelude::*;

#[derive(Clone, Copy, Debug)]
enum Event {
    Begin,
    Park,
    Finish,
    Arm(u32),
    /// A call of the current wait ends.
    Done {
        value: bool,
    },
    /// A call of an earlier wait ends.
    Stale,
    Cancel,
    Abort,
    Unparked,
    /// The owner takes the context out of its queue.
    Dequeue,
    /// The owner begins to observe.
    Enqueue,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        5 => Just(Event::Begin),
        4 => Just(Event::Park),
        1 => Just(Event::Finish),
        4 => (0_u32..4).prop_map(Event::Arm),
        6 => prop::bool::weighted(0.8).prop_map(|value| Event::Done { value }),
        2 => Just(Event::Stale),
        1 => Just(Event::Cancel),
        1 => Just(Event::Abort),
        2 => Just(Event::Unparked),
        3 => Just(Event::Dequeue),
        1 => Just(Event::Enqueue),
    ]
}

/// What an owner and its actions know without looking into the machine.
#[derive(Default)]
struct Model {
    running: bool,
    begun: bool,
    /// Open calls of the wait that is armed, if one is.
    open: Option<u32>,
    satisfied: bool,
    cancelled: bool,
    aborted: bool,
    /// Something was said to be runnable that no slice has answered to yet.
    unparked: bool,
    queued: bool,
}

impl Model {
    fn status(&self) -> WaitStatus {
        match (self.aborted, self.cancelled, self.satisfied) {
            (true, _, _) => WaitStatus::Aborted,
            (_, true, _) => WaitStatus::Cancelled,
            (_, _, true) => WaitStatus::Satisfied,
            _ => WaitStatus::Pending,
        }
    }

    fn runnable(&self, resumption: Resumption) -> bool {
        self.unparked || resumption == Resumption::Owner && self.status() != WaitStatus::Pending
    }
}

fn check(resumption: Resumption, events: &[Event]) -> Result<(), TestCaseError> {
    let mut machine = ContextMachine::new(resumption);
    let mut model = Model::default();
    for &event in events {
        let before = machine;
        let running = model.running;
        let suspended = model.begun && !model.running && !model.runnable(resumption);
        let mut signal = Signal::None;
        // Whether the event newly ends the wait, or tells the action to give up.
        let mut ended = false;
        match event {
            Event::Begin => {
                let verdict = machine.begin_slice();
                let expected = if model.running {
                    Err(ErrorKind::Busy)
                } else if !model.begun && model.aborted {
                    Err(ErrorKind::Closed)
                } else if !model.begun {
                    Ok(BeginVerdict::Start)
                } else if suspended {
                    Ok(BeginVerdict::NotReady)
                } else {
                    Ok(BeginVerdict::Resume)
                };
                prop_assert_eq!(verdict, expected);
                if matches!(verdict, Ok(BeginVerdict::Start | BeginVerdict::Resume)) {
                    model.running = true;
                    model.begun = true;
                    model.unparked = false;
                }
            }
            Event::Park => {
                let expected = match (running, model.runnable(resumption), resumption) {
                    (false, ..) => Err(ErrorKind::InvalidArgument),
                    (true, true, Resumption::Owner) => Ok(EndVerdict::ResumeNow),
                    (true, ..) => Ok(EndVerdict::Suspended),
                };
                let ended = machine.end_slice(SliceEnd::Parked);
                prop_assert_eq!(ended.map(|(verdict, _)| verdict), expected);
                signal = ended.map_or(Signal::None, |(_, signal)| signal);
                model.running = false;
            }
            Event::Finish => {
                let verdict = machine.end_slice(SliceEnd::Finished);
                prop_assert_eq!(verdict.is_ok(), model.running);
                if model.running {
                    model = Model {
                        aborted: model.aborted,
                        queued: model.queued,
                        ..Model::default()
                    };
                }
            }
            Event::Arm(calls) => {
                prop_assert_eq!(machine.arm_wait(calls).is_ok(), model.running);
                if model.running {
                    model.open = Some(calls).filter(|&calls| calls > 0);
                    model.satisfied = calls == 0;
                }
            }
            Event::Done { value } => {
                signal = machine.call_done(machine.epoch(), value);
                if let Some(open) = model.open {
                    model.open = Some(open - 1).filter(|&open| open > 0 && value);
                    ended = model.open.is_none();
                    model.satisfied |= ended;
                }
            }
            Event::Stale => {
                signal = machine.call_done(machine.epoch().wrapping_sub(1), true);
                prop_assert_eq!(machine, before);
            }
            Event::Cancel => {
                signal = machine.cancel();
                ended = !model.cancelled;
                model.cancelled = true;
            }
            Event::Abort => {
                signal = machine.abort();
                ended = !model.aborted;
                model.aborted = true;
            }
            Event::Unparked => {
                signal = machine.unparked();
                model.unparked |= model.running || suspended;
            }
            Event::Dequeue => {
                let ready = model.begun && !model.running && !suspended;
                prop_assert_eq!(machine.dequeue(), ready);
                model.queued = false;
            }
            Event::Enqueue => {
                let ready = model.begun && !model.running && !suspended;
                // At most once while queued, and only if it can go on.
                prop_assert_eq!(machine.enqueue(), ready && !model.queued);
                model.queued |= ready;
            }
        }
        // No satisfied wait, cancellation or unpark is lost on a suspended context: the owner or the host hears of it,
        // exactly when it becomes true.
        let parked = matches!(event, Event::Park) && running;
        let expected = match resumption {
            Resumption::Unpark if ended && model.begun => Signal::Notify,
            Resumption::Unpark if parked && model.unparked => Signal::Announce,
            Resumption::Owner if ended && running => Signal::Notify,
            _ if suspended && model.runnable(resumption) => Signal::Announce,
            _ => Signal::None,
        };
        prop_assert_eq!(signal, expected);
        let phase = match (model.begun, model.running, model.runnable(resumption)) {
            (false, ..) => Phase::New,
            (_, true, _) => Phase::Running,
            (_, _, true) => Phase::Ready,
            (_, _, false) => Phase::Suspended,
        };
        prop_assert_eq!(machine.phase(), phase);
        prop_assert_eq!(machine.wait_status(), model.status());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_context_resumed_by_its_owner_follows_the_model(events in prop::collection::vec(event(), 0..60)) {
        check(Resumption::Owner, &events)?;
    }

    #[test]
    fn a_context_resumed_by_unpark_follows_the_model(events in prop::collection::vec(event(), 0..60)) {
        check(Resumption::Unpark, &events)?;
    }
}
