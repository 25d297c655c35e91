// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Storage of a journal that fails when a fault is armed.

use std::io::{self, Read};

use fermata_engine::journal::{Content, FolderStore, SegmentSource, SegmentStore, SegmentWriter};

use super::{Point, hang_at, panic_at, trips};

pub(crate) struct Failing(pub(crate) FolderStore);

impl SegmentSource for Failing {
    fn list(&self) -> io::Result<Vec<u64>> {
        self.0.list()
    }

    fn read(&self, segment: u64) -> io::Result<Box<dyn Read + Send>> {
        self.0.read(segment)
    }

    fn name(&self, segment: u64) -> String {
        self.0.name(segment)
    }
}

impl SegmentStore for Failing {
    fn create(&self, segment: u64, head: &mut Content) -> io::Result<Box<dyn SegmentWriter>> {
        Ok(Box::new(FailingWriter(self.0.create(segment, head)?)))
    }

    fn replace(&self, segment: u64, content: &mut Content) -> io::Result<()> {
        self.0.replace(segment, content)
    }

    fn remove(&self, segment: u64) -> io::Result<()> {
        self.0.remove(segment)
    }
}

struct FailingWriter(Box<dyn SegmentWriter>);

impl SegmentWriter for FailingWriter {
    /// Of a batch that does not fit the first half is written, as on a disk that is full.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        panic_at(Point::PanicInWriter);
        if trips(Point::WriteFails) {
            self.0.append(&bytes[..bytes.len() / 2])?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0.append(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        hang_at(Point::StorageHangs);
        if trips(Point::SyncFails) {
            return Err(io::Error::other("injected fault SyncFails"));
        }
        self.0.sync()
    }
}
