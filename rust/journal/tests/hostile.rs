// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Journals that somebody made to do harm: crafted lengths, types and depths neither panic nor exhaust memory. One test, so
//! that nothing else allocates meanwhile.
#![cfg(not(loom))]
#![allow(missing_docs)]

mod support;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use fermata_journal::{Record, survey};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use support::{SimulatedStore, raw};

/// Counts what is allocated, and remembers the most.
struct Counting;

static ALLOCATED: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let allocated = ALLOCATED.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(allocated, Ordering::Relaxed);
        // SAFETY: the caller's duties are those of the system's allocator.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        ALLOCATED.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Bytes that `action` needed at most, beyond those that were allocated before.
fn peak(action: impl FnOnce()) -> usize {
    let before = ALLOCATED.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    action();
    PEAK.load(Ordering::Relaxed) - before
}

/// Reads `content` as a journal of one segment; asserts that it takes no more memory than a few times its length, with the
/// reader's buffers.
fn read(content: Vec<u8>) -> bool {
    const BUFFERS: usize = 3 << 20;
    let length = content.len();
    let store = SimulatedStore::default();
    store.set_content(1, content);
    let mut sound = false;
    let needed = peak(|| sound = survey(&store, &mut drop).is_ok());
    assert!(needed < BUFFERS + 8 * length, "{needed} bytes for {length}");
    sound
}

fn segment(frames: &[(u8, &[u8])]) -> Vec<u8> {
    let mut content = raw::first_header();
    let header = content.clone();
    for (kind, payload) in frames {
        content.extend(raw::frame(&header, *kind, payload));
    }
    content
}

/// A CBOR head: major type and a length of eight bytes.
fn head(major: u8, length: u64) -> Vec<u8> {
    [&[major << 5 | 27][..], &length.to_be_bytes()].concat()
}

fn crafted() -> Vec<Vec<u8>> {
    let mut payloads = Vec::new();
    for length in [1 << 20, 1 << 32, u64::MAX >> 1, u64::MAX] {
        for major in 2..=6 {
            payloads.push(head(major, length));
            payloads.push([&b"\xA1\x61a"[..], &head(major, length)].concat());
            payloads.push([&b"\xA2\x61a\x61x\x61d"[..], &head(major, length)].concat());
            payloads.push([&b"\xA2\x61a\x61x\x61z"[..], &head(major, length)].concat());
        }
    }
    for nesting in [b"\x81", b"\x9F", b"\xC1", b"\xD8"] {
        payloads.push([&b"\xA2\x61a\x61x\x61z"[..], &nesting.repeat(1 << 20)].concat());
        payloads.push(nesting.repeat(1 << 20));
    }
    payloads.push([&b"\xA2\x61a\x61x\x61z"[..], &b"\xA1\x61a".repeat(1 << 18)].concat());
    payloads.push([&b"\xA1\x61a\x7F"[..], &b"\x61x".repeat(1 << 18)].concat());
    payloads.push([&b"\xA1\x61o\xA1\x61v\x5F"[..], &b"\x41x".repeat(1 << 18)].concat());
    payloads.push(Vec::new());
    payloads.push(b"\xA0\xA0".to_vec());
    payloads.push(b"\xFF".repeat(100));
    payloads
}

#[test]
fn a_hostile_journal_neither_panics_nor_exhausts_memory() {
    let header = raw::first_header();
    for payload in crafted() {
        for kind in [1, 2, 3, 4, 5, 0x7E, 0x7F] {
            read(segment(&[(kind, &payload)]));
        }
        // Kinds that nobody knows are not decoded at all.
        assert!(read(segment(&[(0x80, &payload)])));
    }
    for length in [0, 1, 1 << 16, 1 << 26, (1 << 26) + 1, u32::MAX] {
        let mut content = header.clone();
        content.extend(raw::frame_of_length(&header, length, 1, b"\xA0"));
        read(content);
    }
    for numbers in [
        [1, 1, 1, 0, 0, u64::MAX],
        [u64::MAX; 6],
        [0; 6],
        [1, 2, 3, 4, 5, 6],
    ] {
        assert!(!read(raw::header(1, 0, numbers)));
    }
    for durable in [0, 64, 65, u64::MAX] {
        read([header.clone(), raw::mark(&header, durable)].concat());
    }

    let mut valid = segment(&[
        (5, b"\xA1\x61a\x63one"),
        (1, b"\xA2\x61a\x63two\x61d\x43abc"),
    ]);
    valid.extend(raw::mark(&header, 64));
    valid.extend(raw::frame(
        &header,
        3,
        b"\xA3\x61a\x63two\x61p\x01\x61o\xA1\x61v\x43abc",
    ));
    assert!(read(valid.clone()));
    let config = Config {
        cases: 5_000,
        failure_persistence: None,
        ..Config::default()
    };
    let flips = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6);
    TestRunner::new(config.clone())
        .run(&(flips, any::<prop::sample::Index>()), |(flips, cut)| {
            let mut content = valid.clone();
            for (at, value) in flips {
                let at = at.index(content.len());
                content[at] = value;
            }
            content.truncate(1 + cut.index(content.len()));
            read(content);
            Ok(())
        })
        .expect("no panic");
    // Checksums keep random changes from the decoder: it is given them directly.
    let payload = prop::collection::vec(any::<u8>(), 0..64);
    let shaped = prop::collection::vec(
        prop::sample::select(
            b"\xA1\xA2\xA3\x61apfdov\x41\x43\x81\x9F\xFF\x00\x1B\x7F\x5F\xF6etms".to_vec(),
        ),
        0..64,
    );
    TestRunner::new(config)
        .run(
            &(prop_oneof![payload, shaped], any::<u8>()),
            |(payload, kind)| {
                let needed = peak(|| drop(Record::decode(kind, &payload)));
                prop_assert!(needed < 64 << 10, "{needed}");
                Ok(())
            },
        )
        .expect("no panic");
}
