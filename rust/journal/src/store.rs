// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Where segments are kept.

use std::io::{self, Read, Write};

/// Segments that can be read. An error of [`io::ErrorKind::InvalidData`] says that a segment is damaged, one of
/// [`io::ErrorKind::Unsupported`] names what of it only a later version knows, and any other says that it cannot be read now.
pub trait SegmentSource: Send + Sync + 'static {
    /// The numbers of all segments, ascending.
    fn list(&self) -> io::Result<Vec<u64>>;

    /// Opens `segment` at its beginning.
    fn read(&self, segment: u64) -> io::Result<Box<dyn Read + Send>>;

    /// What people call `segment`: its file, its address.
    fn name(&self, segment: u64) -> String;
}

/// Writes what a segment is to hold. An error of it is the error of the method that called it.
pub type Content<'a> = dyn FnMut(&mut dyn Write) -> io::Result<()> + 'a;

/// Segments that one writer makes. At most one store of a place is used for writing: a folder is locked, and in object storage
/// whoever comes later takes over, and the one before is refused everything with [`io::ErrorKind::AlreadyExists`].
pub trait SegmentStore: SegmentSource {
    /// Makes `segment` with what `head` writes as its content: durable, and whole or not at all. Fails with
    /// [`io::ErrorKind::AlreadyExists`] if another writer has made it. A call that failed may have made it all the same, and is
    /// repeated with the same content only.
    fn create(&self, segment: u64, head: &mut Content) -> io::Result<Box<dyn SegmentWriter>>;

    /// Makes what `content` writes the content of `segment`, which exists: durable, and whole or not at all.
    fn replace(&self, segment: u64, content: &mut Content) -> io::Result<()>;

    /// Removes `segment`, durably.
    fn remove(&self, segment: u64) -> io::Result<()>;

    /// Whether an append costs so much that records for which nobody waits go along with the next one for which somebody does.
    fn appends_are_costly(&self) -> bool {
        false
    }
}

/// The end of a segment. After an error of either method it is dropped, and the segment gets nothing more.
pub trait SegmentWriter: Send {
    /// Writes `bytes`, all of them, so that they outlive this process. After an error any number of them may be in the segment.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes durable what was appended. After an error any part of it may be.
    fn sync(&mut self) -> io::Result<()>;

    /// Whether the segment should be closed although it is short, because it is in so many pieces that it costs much to read.
    fn is_full(&self) -> bool {
        false
    }
}
