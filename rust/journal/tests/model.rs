// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Random appends, syncs, faults, crashes and recoveries against a model.
#![cfg(not(loom))]
#![allow(missing_docs)]

mod support;

use proptest::prelude::*;
use support::world::{Step, World, every_operation_fails, step};
use support::{Loss, SimulatedStore};

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_acknowledged_is_lost_and_nothing_is_invented(steps in prop::collection::vec(step(), 1..80)) {
        let mut world = World::<SimulatedStore>::new();
        for step in steps {
            world.run(step);
        }
        world.run(Step::Crash(Loss::Everything));
    }
}

#[test]
fn every_operation_can_be_the_last_or_fail() {
    every_operation_fails::<SimulatedStore>(80);
}
