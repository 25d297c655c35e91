// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Sequences of events against the call slots.
#![cfg(not(loom))]
#![allow(missing_docs)]

use std::collections::HashMap;

use fermata_core::call_slots::{CallSlots, Open, Outcome};
use fermata_core::context_machine::Resumption;
use fermata_core::contexts::Contexts;
use fermata_core::error::ErrorKind;
use fermata_core::ids::{CallId, ContextId};
use proptest::prelude::*;
use proptest::sample::Index;

const LIMIT: u32 = 4;

#[derive(Clone, Debug)]
enum Event {
    Reserve,
    Enqueue(Index, bool),
    Unqueue(Index),
    Start(Index),
    Sleep(Index),
    LeaveOutside(Index, bool),
    Arrive(Index),
    Complete(Index, Outcome),
    Expire(Index),
    Take(Index),
    Close,
}

fn event() -> impl Strategy<Value = Event> {
    let outcome = prop::sample::select(vec![
        Outcome::Value,
        Outcome::Error,
        Outcome::Cancelled,
        Outcome::Aborted,
        Outcome::Fault,
    ]);
    prop_oneof![
        60 => Just(Event::Reserve),
        40 => any::<(Index, bool)>().prop_map(|(call, timed)| Event::Enqueue(call, timed)),
        5 => any::<Index>().prop_map(Event::Unqueue),
        30 => any::<Index>().prop_map(Event::Start),
        20 => any::<Index>().prop_map(Event::Sleep),
        20 => (any::<Index>(), any::<bool>()).prop_map(|(index, timed)| Event::LeaveOutside(index, timed)),
        20 => any::<Index>().prop_map(Event::Arrive),
        40 => (any::<Index>(), outcome).prop_map(|(call, outcome)| Event::Complete(call, outcome)),
        20 => any::<Index>().prop_map(Event::Expire),
        50 => any::<Index>().prop_map(Event::Take),
        1 => Just(Event::Close),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Open(Open, bool),
    Done(Outcome, bool),
    Taken,
}

/// Every id that was ever handed out, oldest first, with its state: stale ids are used as readily as live ones.
#[derive(Default)]
struct Model {
    ids: Vec<CallId>,
    states: HashMap<CallId, (State, u32)>,
    closed: bool,
}

impl Model {
    fn pick(&self, index: &Index) -> Option<CallId> {
        (!self.ids.is_empty()).then(|| *index.get(&self.ids))
    }

    fn held(&self) -> usize {
        self.states
            .values()
            .filter(|(state, _)| *state != State::Taken)
            .count()
    }

    fn step(&mut self, call: CallId, from: Open, to: State) -> bool {
        let entry = self.states.get_mut(&call).expect("handed out");
        match entry.0 {
            State::Open(open, _) if open == from => {
                entry.0 = to;
                true
            }
            _ => false,
        }
    }
}

fn check(context: ContextId, events: Vec<Event>) -> Result<(), TestCaseError> {
    let slots = CallSlots::new(LIMIT);
    let mut model = Model::default();
    for (epoch, event) in (0_u32..).zip(events) {
        let target = match &event {
            Event::Reserve | Event::Close => None,
            Event::Enqueue(index, _)
            | Event::Unqueue(index)
            | Event::Start(index)
            | Event::Sleep(index)
            | Event::LeaveOutside(index, _)
            | Event::Arrive(index)
            | Event::Complete(index, _)
            | Event::Expire(index)
            | Event::Take(index) => match model.pick(index) {
                Some(call) => Some(call),
                None => continue,
            },
        };
        let timed = target.is_some_and(|call| {
            matches!(
                model.states[&call].0,
                State::Open(_, true) | State::Done(_, true)
            )
        });
        match (event, target) {
            (Event::Reserve, _) => match slots.reserve(context, epoch) {
                Ok(call) => {
                    prop_assert!(!model.closed && model.held() < LIMIT as usize);
                    prop_assert!(!model.states.contains_key(&call), "an id came twice");
                    model.ids.push(call);
                    model
                        .states
                        .insert(call, (State::Open(Open::Reserved, false), epoch));
                }
                Err(error) if model.closed => prop_assert_eq!(error.kind(), ErrorKind::Closed),
                Err(error) => {
                    prop_assert_eq!(error.kind(), ErrorKind::TooManyCalls);
                    prop_assert_eq!(model.held(), LIMIT as usize, "a slot leaked");
                }
            },
            (Event::Enqueue(_, timed), Some(call)) => {
                let expected = model.step(call, Open::Reserved, State::Open(Open::Queued, timed));
                prop_assert_eq!(slots.enqueue(call, timed), expected);
            }
            (Event::Unqueue(_), Some(call)) => {
                let expected = model.step(call, Open::Queued, State::Open(Open::Reserved, timed));
                prop_assert_eq!(slots.unqueue(call), expected);
            }
            (Event::Start(_), Some(call)) => {
                let expected = model.step(call, Open::Queued, State::Open(Open::Running, timed));
                prop_assert_eq!(slots.start(call), expected);
            }
            (Event::Sleep(_), Some(call)) => {
                let expected = model.step(call, Open::Reserved, State::Open(Open::Sleeping, true));
                prop_assert_eq!(slots.sleep(call), expected);
            }
            (Event::LeaveOutside(_, timed), Some(call)) => {
                let expected = model.step(call, Open::Reserved, State::Open(Open::Outside, timed));
                prop_assert_eq!(slots.leave_outside(call, timed), expected);
            }
            (Event::Arrive(_), Some(call)) => {
                let done = slots.arrive(call);
                let expected = model.step(call, Open::Outside, State::Done(Outcome::Value, timed));
                prop_assert_eq!(
                    done.map(|done| (done.call, done.was, done.outcome)),
                    expected.then_some((call, Open::Outside, Outcome::Value))
                );
            }
            (Event::Complete(_, outcome), Some(call)) => {
                let done = slots.complete(call, outcome);
                let (state, epoch) = model.states[&call];
                if let State::Open(open, timed) = state {
                    let done = done.expect("an open call completes");
                    prop_assert_eq!(
                        (done.call, done.was, done.outcome, done.context, done.epoch),
                        (call, open, outcome, context, epoch)
                    );
                    model
                        .states
                        .insert(call, (State::Done(outcome, timed), epoch));
                } else {
                    prop_assert!(done.is_none(), "completed twice");
                }
            }
            (Event::Expire(_), Some(call)) => {
                let done = slots.expire(call);
                let (state, epoch) = model.states[&call];
                let expected = match state {
                    State::Open(Open::Queued | Open::Running | Open::Outside, _) => {
                        Some(Outcome::TimedOut)
                    }
                    State::Open(Open::Sleeping, _) => Some(Outcome::Value),
                    _ => None,
                };
                prop_assert_eq!(done.map(|done| done.outcome), expected);
                if let Some(outcome) = expected {
                    model
                        .states
                        .insert(call, (State::Done(outcome, false), epoch));
                }
            }
            (Event::Take(_), Some(call)) => {
                let taken = slots.take(call);
                let (state, epoch) = model.states[&call];
                if let State::Done(outcome, timed) = state {
                    let taken = taken.expect("a call that is done can be taken");
                    prop_assert_eq!((taken.outcome, taken.timed), (outcome, timed));
                    model.states.insert(call, (State::Taken, epoch));
                } else {
                    prop_assert!(taken.is_none());
                }
            }
            (Event::Close, _) => {
                model.closed = true;
                let mut aborted = Vec::new();
                slots.abort_all(|done| aborted.push(done.call));
                for call in &model.ids {
                    let (state, epoch) = model.states[call];
                    let open = matches!(state, State::Open(..));
                    prop_assert_eq!(aborted.contains(call), open);
                    if let State::Open(_, timed) = state {
                        let done = State::Done(Outcome::Aborted, timed);
                        model.states.insert(*call, (done, epoch));
                    }
                }
            }
            (event, None) => unreachable!("{event:?} has a target"),
        }
        prop_assert_eq!(slots.in_use(), model.held());
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn calls_complete_once_under_their_own_generation(events in prop::collection::vec(event(), 0..80)) {
        let contexts = Contexts::default();
        let context = contexts.create(Resumption::Owner).expect("open");
        check(context, events)?;
    }
}
