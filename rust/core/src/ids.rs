// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Identities that cross the boundary: a table index and a generation in one 64-bit word.

use std::fmt;

/// Generations use 31 bits, so that an id is a positive `i64`; 0 is never a generation.
const GENERATION_MASK: u32 = 0x7fff_ffff;

/// The generation of a table entry that has never been used.
pub(crate) const FIRST_GENERATION: u32 = 1;

/// The generation that follows `generation`; wraps after 2^31 - 1 uses, skipping 0.
pub(crate) fn next_generation(generation: u32) -> u32 {
    match (generation + 1) & GENERATION_MASK {
        0 => FIRST_GENERATION,
        next => next,
    }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(u64);

        impl $name {
            pub(crate) fn new(index: u32, generation: u32) -> Self {
                Self(u64::from(generation) << 32 | u64::from(index))
            }

            /// The id as handed out earlier by [`Self::as_u64`]; any other word is an id nobody owns.
            pub fn from_u64(word: u64) -> Self {
                Self(word)
            }

            /// The id as a Java `long`, bit for bit.
            pub fn from_i64(word: i64) -> Self {
                Self(word.cast_unsigned())
            }

            /// The whole word: generation in the upper half, index in the lower.
            pub fn as_u64(self) -> u64 {
                self.0
            }

            /// The whole word as a Java `long`: always positive for an id that was handed out.
            pub fn as_i64(self) -> i64 {
                self.0.cast_signed()
            }

            /// The table index: dense, reused after release, the lower 32 bits.
            pub fn index(self) -> u32 {
                self.0 as u32
            }

            pub(crate) fn generation(self) -> u32 {
                (self.0 >> 32) as u32
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{} {}.{}", $what, self.index(), self.generation())
            }
        }
    };
}

id!(
    /// One supplier run or sleep: names a call slot for as long as the call is neither taken nor discarded.
    CallId,
    "call"
);
id!(
    /// One action's state machine: names a context until it is released.
    ContextId,
    "context"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_a_positive_long_that_keeps_index_and_generation() {
        let id = CallId::new(u32::MAX, GENERATION_MASK);
        assert!(id.as_i64() > 0);
        assert_eq!(CallId::from_i64(id.as_i64()), id);
        assert_eq!((id.index(), id.generation()), (u32::MAX, GENERATION_MASK));
    }

    #[test]
    fn generations_wrap_without_ever_being_zero() {
        assert_eq!(next_generation(GENERATION_MASK), FIRST_GENERATION);
        assert_eq!(next_generation(1), 2);
    }
}
