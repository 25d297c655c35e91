// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! How a writer takes over.
//!
//! A writer puts parts of its segment in a row, or begins the segment after it, and nothing else can make a record of its
//! count. So there are two names that it may use next: the one behind the last part of the last segment, and the one at which
//! the next segment begins. Whoever has put an object, a *claim*, under both has fenced it, wherever it is and whenever it
//! wakes up; claims are never removed. A claim loses against a part that comes first: then that part counts, and the name
//! behind it is claimed.

use std::io;
use std::time::Duration;

use bytes::Bytes;

use crate::layout::{self, Keys, Pieces};
use crate::object::{self, Put, WriterId};
use crate::remote::Objects;

/// The segment that a writer may begin now, and its first part that is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) segment: u64,
    pub(crate) part: u64,
}

/// Fences whoever writes, and says where to go on.
pub(crate) async fn take_over(
    objects: Objects,
    keys: Keys,
    writer: WriterId,
    patience: Duration,
) -> io::Result<Place> {
    let claims = Claims {
        objects: &objects,
        keys: &keys,
        writer,
        patience,
    };
    let mut listing = keys.list(&objects).await?;
    let place = loop {
        let last = listing.segments().last().copied().unwrap_or(0);
        if last > 0 {
            let next = listing.get(last).map_or(0, Pieces::behind_content);
            claims.behind_all(last, next).await?;
        }
        let segment = last + 1;
        let free = listing.get(segment).map_or(0, Pieces::first_free);
        let claimed = claims.before_any(segment, free).await?;
        listing = keys.list(&objects).await?;
        // A writer that has gone on, and perhaps has compacted the segment away whose beginning is claimed, is not fenced.
        let stands_still = listing.segments().last().copied().unwrap_or(0) == last;
        if let Some(part) = claimed
            && stands_still
        {
            break Place {
                segment,
                part: part + 1,
            };
        }
    };
    // What a compaction did not come to; it counts no more, so the next one to open may see to it as well.
    if let Err(cause) = layout::remove(&objects, listing.leftovers(&keys)).await {
        tracing::warn!(%cause, "leftovers of a compaction cannot be removed");
    }
    Ok(place)
}

struct Claims<'a> {
    objects: &'a Objects,
    keys: &'a Keys,
    writer: WriterId,
    patience: Duration,
}

impl Claims<'_> {
    /// Sees that the part of a segment behind all that has content is claimed. Those before `free` are taken.
    ///
    /// A writer at full speed would always be a part ahead of whoever goes from one to the next. So after each part that was
    /// lost to it the next claim is further ahead; once one of them is bound to stop it, what it has left free is claimed.
    /// Another one that takes over may have died in between: a claim that is there is as good as an own one, but says nothing
    /// of what is before it.
    async fn behind_all(&self, segment: u64, mut free: u64) -> io::Result<()> {
        let mut ahead = 0;
        while self.claim(segment, free + ahead).await? == Put::Written {
            free += ahead + 1;
            ahead = 2 * ahead + 1;
        }
        let barrier = free + ahead;
        let pieces = self.keys.pieces(self.objects, segment).await?;
        let left = (free..barrier).filter(|part| !pieces.parts.contains_key(part));
        for part in left {
            if self.claim(segment, part).await? != Put::Written {
                break;
            }
        }
        Ok(())
    }

    /// Claims a part of a segment that has no content, and says which; `None` if it turns out to have some.
    async fn before_any(&self, segment: u64, mut part: u64) -> io::Result<Option<u64>> {
        loop {
            match self.claim(segment, part).await? {
                Put::Done => return Ok(Some(part)),
                Put::Written => return Ok(None),
                Put::Claimed => part += 1,
            }
        }
    }

    async fn claim(&self, segment: u64, part: u64) -> io::Result<Put> {
        let claim = Bytes::from(self.writer.object());
        let path = self.keys.part(segment, part);
        object::put(self.objects, &path, claim, self.writer, self.patience).await
    }
}
