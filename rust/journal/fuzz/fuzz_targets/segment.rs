// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Any bytes as the only segment of a journal. Seeds: `tests/fixtures`.
#![no_main]

use std::io::{self, Cursor, Read};

use fermata_journal::{SegmentSource, survey};
use libfuzzer_sys::fuzz_target;

struct One(Vec<u8>);

impl SegmentSource for One {
    fn list(&self) -> io::Result<Vec<u64>> {
        Ok(vec![1])
    }

    fn read(&self, _: u64) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(Cursor::new(self.0.clone())))
    }

    fn name(&self, segment: u64) -> String {
        segment.to_string()
    }
}

fuzz_target!(|bytes: &[u8]| {
    let _ = survey(&One(bytes.to_vec()), &mut drop);
});
