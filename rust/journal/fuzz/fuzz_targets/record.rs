// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Any bytes as a record of any kind: checksums keep a fuzzer from the decoder, so it is called directly.
#![no_main]

use fermata_journal::Record;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u8, &[u8])| {
    let _ = Record::decode(input.0, input.1);
});
