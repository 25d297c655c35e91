// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The journal's own model, over object storage.
#![allow(missing_docs)]

mod support;

use proptest::prelude::*;
use support::SimulatedObjects;
use support::journal::Loss;
use support::journal::world::{Step, World, every_operation_fails, step};

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_acknowledged_is_lost_and_nothing_is_invented(steps in prop::collection::vec(step(), 1..80)) {
        let mut world = World::<SimulatedObjects>::new();
        for step in steps {
            world.run(step);
        }
        world.run(Step::Crash(Loss::Everything));
    }
}

#[test]
fn every_operation_can_be_the_last_or_fail() {
    every_operation_fails::<SimulatedObjects>(60);
}
