// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! What the objects of a journal are called, and which of them count. `FORMAT.md` of the journal is the specification.

use std::collections::BTreeMap;
use std::io;

use futures_util::TryStreamExt;
use futures_util::stream::BoxStream;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore};

use crate::object::HEADER_BYTES;
use crate::remote::Objects;

const COMPACTED: &str = "compacted";

/// Names of objects below a prefix.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    prefix: Path,
}

enum Name {
    Part(u64),
    Compacted,
}

/// The objects of one segment, with their lengths.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pieces {
    pub(crate) compacted: Option<u64>,
    pub(crate) parts: BTreeMap<u64, u64>,
}

/// All objects, by segment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listing(BTreeMap<u64, Pieces>);

impl Keys {
    pub(crate) fn new(prefix: Path) -> Self {
        Self { prefix }
    }

    pub(crate) fn segment(&self, segment: u64) -> Path {
        self.prefix.clone().join(format!("{segment:020}"))
    }

    pub(crate) fn part(&self, segment: u64, part: u64) -> Path {
        self.segment(segment).join(format!("{part:010}"))
    }

    pub(crate) fn compacted(&self, segment: u64) -> Path {
        self.segment(segment).join(COMPACTED)
    }

    /// Lists the objects of all segments.
    pub(crate) async fn list(&self, objects: &Objects) -> io::Result<Listing> {
        self.collect(objects.list(Some(&self.prefix))).await
    }

    /// Lists the objects of `segment` and of those behind it.
    pub(crate) async fn list_from(&self, objects: &Objects, segment: u64) -> io::Result<Listing> {
        let before = self.segment(segment);
        self.collect(objects.list_with_offset(Some(&self.prefix), &before))
            .await
    }

    /// Lists the objects of one segment.
    pub(crate) async fn pieces(&self, objects: &Objects, segment: u64) -> io::Result<Pieces> {
        let mut listing = self
            .collect(objects.list(Some(&self.segment(segment))))
            .await?;
        Ok(listing.0.remove(&segment).unwrap_or_default())
    }

    async fn collect(
        &self,
        mut metas: BoxStream<'_, Result<ObjectMeta, object_store::Error>>,
    ) -> io::Result<Listing> {
        let mut listing = Listing::default();
        while let Some(meta) = metas.try_next().await.map_err(crate::failed)? {
            self.add(&mut listing, &meta);
        }
        Ok(listing)
    }

    /// Whatever is not named like a part of a journal is not one.
    fn add(&self, listing: &mut Listing, meta: &ObjectMeta) {
        let Some(mut names) = meta.location.prefix_match(&self.prefix) else {
            return;
        };
        let (Some(segment), Some(name), None) = (names.next(), names.next(), names.next()) else {
            return;
        };
        let Some(segment) = number(segment.as_ref(), 20) else {
            return;
        };
        let name = match name.as_ref() {
            COMPACTED => Name::Compacted,
            part => match number(part, 10) {
                Some(part) => Name::Part(part),
                None => return,
            },
        };
        let pieces = listing.0.entry(segment).or_default();
        match name {
            Name::Part(part) => {
                pieces.parts.insert(part, meta.size);
            }
            Name::Compacted => pieces.compacted = Some(meta.size),
        }
    }

    /// The objects of `segment` that count no more, or that are to go altogether. Claims stay for good: they keep a writer
    /// out that wakes up late.
    pub(crate) fn removable(
        &self,
        segment: u64,
        pieces: &Pieces,
        compacted_too: bool,
    ) -> Vec<Path> {
        let parts = pieces.parts.iter();
        let mut paths: Vec<Path> = parts
            .filter(|(_, length)| !is_claim(**length))
            .map(|(part, _)| self.part(segment, *part))
            .collect();
        if compacted_too && pieces.compacted.is_some() {
            paths.push(self.compacted(segment));
        }
        paths
    }
}

fn number(text: &str, digits: usize) -> Option<u64> {
    let plain = text.len() >= digits && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| plain)
}

/// Whether an object of this length is a claim: it has a header and no content.
pub(crate) fn is_claim(length: u64) -> bool {
    length <= HEADER_BYTES as u64
}

impl Pieces {
    /// Whether anything of the segment is there.
    pub(crate) fn has_content(&self) -> bool {
        self.compacted.is_some() || self.parts.values().any(|length| !is_claim(*length))
    }

    /// The first number that no part has.
    pub(crate) fn first_free(&self) -> u64 {
        let taken = (0..).zip(self.parts.keys());
        taken.take_while(|(number, part)| number == *part).count() as u64
    }

    /// The number behind the last part with content, where whoever writes the segment goes on; claims may be there, and further
    /// ahead with free numbers before them. Behind all parts if the segment is compacted, for it has lost those with content.
    pub(crate) fn behind_content(&self) -> u64 {
        let mut parts = self.parts.iter().rev();
        let last = parts.find(|(_, length)| self.compacted.is_some() || !is_claim(**length));
        last.map_or(0, |(part, _)| part + 1)
    }
}

impl Listing {
    pub(crate) fn get(&self, segment: u64) -> Option<&Pieces> {
        self.0.get(&segment)
    }

    /// The objects of a segment if it counts, which takes those of the segments behind it to know.
    pub(crate) fn counting(&self, segment: u64) -> Option<&Pieces> {
        let pieces = self.get(segment)?;
        let superseded = self.compacted() > Some(segment);
        (pieces.has_content() && !superseded).then_some(pieces)
    }

    /// The segments that count. A compacted one takes the place of all before it, at the moment when it comes into being.
    pub(crate) fn segments(&self) -> Vec<u64> {
        let from = self.compacted().unwrap_or(0);
        let counting = self.0.range(from..);
        counting
            .filter(|(_, pieces)| pieces.has_content())
            .map(|(segment, _)| *segment)
            .collect()
    }

    /// What counts no more and is still there.
    pub(crate) fn leftovers(&self, keys: &Keys) -> Vec<Path> {
        let Some(compacted) = self.compacted() else {
            return Vec::new();
        };
        let past = self.0.range(..=compacted);
        past.flat_map(|(segment, pieces)| keys.removable(*segment, pieces, *segment < compacted))
            .collect()
    }

    fn compacted(&self) -> Option<u64> {
        let mut segments = self.0.iter().rev();
        segments
            .find(|(_, pieces)| pieces.compacted.is_some())
            .map(|(segment, _)| *segment)
    }
}

/// Removes objects; one that is gone already is removed.
pub(crate) async fn remove(objects: &Objects, paths: Vec<Path>) -> io::Result<()> {
    let paths = futures_util::stream::iter(paths.into_iter().map(Ok));
    let mut removed = objects.delete_stream(Box::pin(paths));
    loop {
        match removed.try_next().await {
            Ok(None) => return Ok(()),
            Ok(Some(_)) | Err(object_store::Error::NotFound { .. }) => {}
            Err(cause) => return Err(crate::failed(cause)),
        }
    }
}
