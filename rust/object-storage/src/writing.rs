// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! A journal in object storage that is written.

use std::io::{self, Read};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use fermata_journal::{Content, Error, Options, SegmentSource, SegmentStore, SegmentWriter};

use crate::layout::{self, Keys};
use crate::object::{self, Put, WriterId};
use crate::remote::Remote;
use crate::storage::ObjectStorage;
use crate::takeover::{self, Place};
use crate::upload::Upload;

/// A segment is closed when it has so many parts, which take some seconds to read.
const MAX_PARTS: u64 = 1000;

/// A journal of which this store is the one writer, until another one takes over: then every call that would change
/// anything fails with [`io::ErrorKind::AlreadyExists`], which the journal makes [`ErrorKind::Fenced`], for good.
///
/// See the crate for its threads.
///
/// [`ErrorKind::Fenced`]: fermata_journal::ErrorKind::Fenced
pub struct ObjectStorageStore {
    storage: ObjectStorage,
    pen: Arc<Pen>,
    /// The segment that comes next, and where it begins.
    place: Mutex<Place>,
}

/// What puts.
struct Pen {
    remote: Arc<Remote>,
    keys: Keys,
    id: WriterId,
    patience: Duration,
    fenced: AtomicBool,
}

impl ObjectStorageStore {
    /// Takes over from whoever writes the journal, if anybody does: what it had been acknowledged is there, what it appends
    /// from now on is refused.
    ///
    /// Fails with [`ErrorKind::Io`] if the storage cannot be reached, refuses the credentials, or does not know conditional
    /// puts; the writer before may be fenced then all the same.
    ///
    /// [`ErrorKind::Io`]: fermata_journal::ErrorKind::Io
    pub fn take_over(storage: ObjectStorage) -> Result<Self, Error> {
        let (keys, patience) = (storage.keys.clone(), storage.options.patience);
        let taken = storage.remote.call(async move |objects| {
            let id = WriterId::random()?;
            let place = takeover::take_over(objects, keys, id, patience).await?;
            Ok((id, place))
        });
        let (id, place) = taken.map_err(|cause| {
            let doing = format!("{} cannot be opened for writing", storage.address());
            Error::io(&doing, &cause)
        })?;
        let pen = Pen {
            remote: Arc::clone(&storage.remote),
            keys: storage.keys.clone(),
            id,
            patience,
            fenced: AtomicBool::new(false),
        };
        Ok(Self {
            storage,
            pen: Arc::new(pen),
            place: Mutex::new(place),
        })
    }

    /// Options for a journal in object storage: its segments are shorter and compacted sooner than those in files, for each
    /// of their commits costs a request to read.
    pub fn journal_options() -> Options {
        Options {
            segment_bytes: 16 << 20,
            max_closed_segments: 8,
            ..Options::default()
        }
    }
}

impl Pen {
    fn check(&self) -> io::Result<()> {
        if self.fenced.load(Ordering::Acquire) {
            return Err(fenced("this journal"));
        }
        Ok(())
    }

    /// `what` turned out to be another writer's.
    fn lost(&self, what: &str) -> io::Error {
        self.fenced.store(true, Ordering::Release);
        fenced(what)
    }

    /// Puts `content` as a part, and waits for that.
    fn put(&self, segment: u64, part: u64, content: &[u8]) -> io::Result<()> {
        self.check()?;
        let mut object = self.id.object();
        object.extend_from_slice(content);
        let object = Bytes::from(object);
        let path = self.keys.part(segment, part);
        let (id, patience) = (self.id, self.patience);
        let name = path.to_string();
        let put = self
            .remote
            .call(async move |objects| object::put(&objects, &path, object, id, patience).await)?;
        match put {
            Put::Done => Ok(()),
            Put::Claimed | Put::Written => Err(self.lost(&name)),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn fenced(what: &str) -> io::Error {
    let message = format!("{what} belongs to another writer");
    io::Error::new(io::ErrorKind::AlreadyExists, message)
}

impl SegmentSource for ObjectStorageStore {
    fn list(&self) -> io::Result<Vec<u64>> {
        self.storage.list()
    }

    fn read(&self, segment: u64) -> io::Result<Box<dyn Read + Send>> {
        self.storage.read(segment)
    }

    fn name(&self, segment: u64) -> String {
        self.storage.name(segment)
    }
}

impl SegmentStore for ObjectStorageStore {
    fn create(&self, segment: u64, head: &mut Content) -> io::Result<Box<dyn SegmentWriter>> {
        let mut content = Vec::new();
        head(&mut content)?;
        let mut place = lock(&self.place);
        if segment != place.segment {
            // Somebody else has begun the segments between.
            return Err(self.pen.lost(&self.name(segment)));
        }
        self.pen.put(segment, place.part, &content)?;
        let part = place.part + 1;
        *place = Place {
            segment: segment + 1,
            part: 0,
        };
        Ok(Box::new(PartWriter {
            pen: Arc::clone(&self.pen),
            segment,
            part,
        }))
    }

    fn replace(&self, segment: u64, content: &mut Content) -> io::Result<()> {
        self.check_past(segment)?;
        let path = self.pen.keys.compacted(segment);
        let mut upload = Upload::new(Arc::clone(&self.pen.remote), path, self.pen.id);
        content(&mut upload)?;
        self.pen.check()?;
        if upload.finish(self.pen.patience)? != Put::Done {
            // Perhaps by one that was fenced and does not know it. What it kept is what is unfinished: as good as this.
            let message = format!("{} was compacted by another writer", self.name(segment));
            return Err(io::Error::other(message));
        }
        // They count no more, and are removed with the segment at the latest.
        if let Err(cause) = self.remove_pieces(segment, false) {
            tracing::debug!(%cause, segment, "parts of a compacted segment cannot be removed");
        }
        Ok(())
    }

    fn remove(&self, segment: u64) -> io::Result<()> {
        self.check_past(segment)?;
        self.remove_pieces(segment, true)
    }

    fn appends_are_costly(&self) -> bool {
        true
    }
}

impl ObjectStorageStore {
    /// Only what nobody can append to any more may be rewritten: the segments before the claim, and those that this store
    /// has begun since.
    fn check_past(&self, segment: u64) -> io::Result<()> {
        self.pen.check()?;
        if segment >= lock(&self.place).segment {
            return Err(self.pen.lost(&self.name(segment)));
        }
        Ok(())
    }

    fn remove_pieces(&self, segment: u64, compacted_too: bool) -> io::Result<()> {
        let keys = self.pen.keys.clone();
        self.pen.remote.call(async move |objects| {
            let pieces = keys.pieces(&objects, segment).await?;
            let removable = keys.removable(segment, &pieces, compacted_too);
            layout::remove(&objects, removable).await
        })
    }
}

/// Puts each append as the next part.
struct PartWriter {
    pen: Arc<Pen>,
    segment: u64,
    part: u64,
}

impl SegmentWriter for PartWriter {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.pen.put(self.segment, self.part, bytes)?;
        self.part += 1;
        Ok(())
    }

    /// What was put is durable.
    fn sync(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.part >= MAX_PARTS
    }
}
