// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! A table of entries that never move: grows by chunks, is read without a lock, and hands out indices.

use std::ops::Range;
use std::sync::OnceLock;

use crate::sync::{Mutex, lock};

/// The size of the first chunk; each further chunk is twice the size of the one before it.
#[cfg(not(loom))]
const FIRST_CHUNK: u64 = 32;
/// Loom tracks each entry.
#[cfg(loom)]
const FIRST_CHUNK: u64 = 2;
/// Chunks enough for every `u32` index.
const CHUNKS: usize = 32;

/// Why no entry was handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The limit is reached.
    Full,
    /// The table was closed.
    Closed,
}

/// Entries in use are those claimed and not yet released; an entry keeps its content between uses.
pub(crate) struct Table<T> {
    chunks: [OnceLock<Box<[T]>>; CHUNKS],
    limit: u32,
    vacancies: Mutex<Vacancies>,
}

#[derive(Default)]
struct Vacancies {
    released: Vec<u32>,
    /// Indices from here on were never claimed.
    untouched: u32,
    closed: bool,
}

impl<T: Default> Table<T> {
    /// An empty table for at most `limit` entries in use at once.
    pub(crate) fn new(limit: u32) -> Self {
        Self {
            chunks: [const { OnceLock::new() }; CHUNKS],
            limit,
            vacancies: Mutex::new(Vacancies::default()),
        }
    }

    /// The entry at `index`, if that index was ever claimed.
    pub(crate) fn get(&self, index: u32) -> Option<&T> {
        let (chunk, offset) = locate(index);
        self.chunks[chunk].get()?.get(offset)
    }

    /// Claims an index and lets `occupy` fill the entry, both as one step to [`Self::close`] and [`Self::claimed`].
    pub(crate) fn claim<R>(&self, occupy: impl FnOnce(u32, &T) -> R) -> Result<R, Refusal> {
        let mut vacancies = lock(&self.vacancies);
        if vacancies.closed {
            return Err(Refusal::Closed);
        }
        let index = match vacancies.released.pop() {
            Some(index) => index,
            None if vacancies.untouched < self.limit => {
                vacancies.untouched += 1;
                vacancies.untouched - 1
            }
            None => return Err(Refusal::Full),
        };
        let (chunk, offset) = locate(index);
        let entries = self.chunks[chunk]
            .get_or_init(|| (0..FIRST_CHUNK << chunk).map(|_| T::default()).collect());
        Ok(occupy(index, &entries[offset]))
    }

    /// Gives `index` back; the caller must be the only one to do so for this use of the entry.
    pub(crate) fn release(&self, index: u32) {
        lock(&self.vacancies).released.push(index);
    }

    /// Refuses every later claim. Claims made before are visible to whoever calls [`Self::claimed`] afterwards.
    pub(crate) fn close(&self) {
        lock(&self.vacancies).closed = true;
    }

    /// The indices claimed at least once so far.
    pub(crate) fn claimed(&self) -> Range<u32> {
        0..lock(&self.vacancies).untouched
    }

    /// How many entries are in use.
    pub(crate) fn in_use(&self) -> usize {
        let vacancies = lock(&self.vacancies);
        vacancies.untouched as usize - vacancies.released.len()
    }
}

/// The chunk that holds `index`, and its place in it.
fn locate(index: u32) -> (usize, usize) {
    let position = u64::from(index) + FIRST_CHUNK;
    let chunk = position.ilog2() - FIRST_CHUNK.ilog2();
    (chunk as usize, (position - (FIRST_CHUNK << chunk)) as usize)
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[test]
    fn every_index_has_one_place() {
        assert_eq!(locate(0), (0, 0));
        assert_eq!(locate(31), (0, 31));
        assert_eq!(locate(32), (1, 0));
        assert_eq!(locate(95), (1, 63));
        assert_eq!(locate(96), (2, 0));
        assert!(locate(u32::MAX).0 < CHUNKS);
    }

    #[test]
    fn entries_stay_where_they_are_while_the_table_grows() {
        let table: Table<AtomicU32> = Table::new(10_000);
        let mut addresses = Vec::new();
        for expected in 0..10_000 {
            let index = table.claim(|index, entry| {
                entry.store(index, Ordering::Relaxed);
                index
            });
            assert_eq!(index, Ok(expected));
            addresses.push(std::ptr::from_ref(table.get(expected).expect("claimed")));
        }
        for (index, address) in (0..).zip(addresses) {
            let entry = table.get(index).expect("claimed");
            assert_eq!(std::ptr::from_ref(entry), address);
            assert_eq!(entry.load(Ordering::Relaxed), index);
        }
        assert_eq!(table.claim(|_, _| ()), Err(Refusal::Full));
    }

    #[test]
    fn released_indices_are_claimed_again_until_the_table_is_closed() {
        let table: Table<AtomicU32> = Table::new(2);
        assert_eq!(table.claim(|index, _| index), Ok(0));
        assert_eq!(table.claim(|index, _| index), Ok(1));
        table.release(0);
        assert_eq!(table.in_use(), 1);
        assert_eq!(table.claim(|index, _| index), Ok(0));
        table.release(1);
        table.close();
        assert_eq!(table.claim(|index, _| index), Err(Refusal::Closed));
        assert!(table.get(1_000).is_none());
    }
}
