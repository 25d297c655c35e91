// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! A segment, read from its objects: many at a time, ahead of whoever reads, in order.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use object_store::path::Path;
use object_store::{Error, GetOptions, GetRange, ObjectStore};

use crate::layout::{Keys, Pieces, is_claim};
use crate::object::{self, HEADER_BYTES};
use crate::remote::{Objects, Remote, Reply};

/// A compacted segment may be long; it is fetched in pieces of so many bytes.
const RANGE_BYTES: u64 = 4 << 20;
/// So many objects are fetched at a time, unless they are long.
const MAX_FETCHES: usize = 32;
/// What is fetched ahead is no more than this, or one object.
const MAX_FETCHED_BYTES: u64 = 16 << 20;

/// An object, or a range of one.
struct Fetch {
    path: Path,
    range: Option<Range<u64>>,
    length: u64,
    /// Whether it begins with an object's header.
    headed: bool,
}

/// Reads a segment from its beginning.
pub(crate) struct Reading {
    remote: Arc<Remote>,
    waiting: VecDeque<Fetch>,
    under_way: VecDeque<(Fetch, Reply<Bytes>)>,
    bytes_under_way: u64,
    /// How many objects may be fetched ahead: one at first, for often only the head of a segment is wanted.
    ahead: usize,
    current: Bytes,
}

impl Reading {
    pub(crate) fn new(
        remote: Arc<Remote>,
        keys: &Keys,
        segment: u64,
        pieces: &Pieces,
    ) -> io::Result<Self> {
        let waiting = match pieces.compacted {
            Some(length) => ranges(&keys.compacted(segment), length),
            None => parts(keys, segment, pieces)?,
        };
        Ok(Self {
            remote,
            waiting,
            under_way: VecDeque::new(),
            bytes_under_way: 0,
            ahead: 1,
            current: Bytes::new(),
        })
    }

    fn fetch_ahead(&mut self) {
        while self.under_way.len() < self.ahead
            && let Some(next) = self.waiting.front()
            && (self.under_way.is_empty()
                || self.bytes_under_way + next.length <= MAX_FETCHED_BYTES)
            && let Some(fetch) = self.waiting.pop_front()
        {
            self.bytes_under_way += fetch.length;
            let (path, range) = (fetch.path.clone(), fetch.range.clone());
            let reply = self.remote.submit(move |objects| get(objects, path, range));
            self.under_way.push_back((fetch, reply));
        }
    }

    /// The content of the next object; `None` at the end.
    fn next(&mut self) -> io::Result<Option<Bytes>> {
        self.fetch_ahead();
        let Some((fetch, reply)) = self.under_way.pop_front() else {
            return Ok(None);
        };
        self.ahead = MAX_FETCHES;
        self.bytes_under_way -= fetch.length;
        let bytes = reply.wait()?;
        if bytes.len() as u64 != fetch.length {
            let message = format!("{} has another length than before", fetch.path);
            return Err(io::Error::other(message));
        }
        if !fetch.headed {
            return Ok(Some(bytes));
        }
        object::content(&fetch.path, &bytes).map(Some)
    }
}

impl Read for Reading {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        while self.current.is_empty() && !to.is_empty() {
            match self.next()? {
                Some(content) => self.current = content,
                None => return Ok(0),
            }
        }
        let length = self.current.len().min(to.len());
        self.current.copy_to_slice(&mut to[..length]);
        Ok(length)
    }
}

fn ranges(path: &Path, length: u64) -> VecDeque<Fetch> {
    let starts = (0..length).step_by(RANGE_BYTES as usize);
    starts
        .map(|start| {
            let range = start..length.min(start + RANGE_BYTES);
            Fetch {
                path: path.clone(),
                length: range.end - range.start,
                headed: start == 0,
                range: Some(range),
            }
        })
        .collect()
}

/// The parts that have content: each was put when the part before it, with content or without, was there.
fn parts(keys: &Keys, segment: u64, pieces: &Pieces) -> io::Result<VecDeque<Fetch>> {
    let parts = pieces.parts.iter();
    let with_content = parts.filter(|(_, length)| !is_claim(**length));
    let mut fetches = VecDeque::new();
    for (part, length) in with_content {
        if let Some(before) = part.checked_sub(1)
            && !pieces.parts.contains_key(&before)
        {
            let message = format!("the object {} is missing", keys.part(segment, before));
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        fetches.push_back(Fetch {
            path: keys.part(segment, *part),
            range: None,
            length: *length,
            headed: true,
        });
    }
    Ok(fetches)
}

async fn get(objects: Objects, path: Path, range: Option<Range<u64>>) -> io::Result<Bytes> {
    let options = GetOptions {
        range: range.map(GetRange::Bounded),
        ..GetOptions::default()
    };
    let got = match objects.get_opts(&path, options).await {
        Ok(found) => found.bytes().await,
        Err(cause) => Err(cause),
    };
    got.map_err(|cause| match cause {
        // It was there when the segment was looked at; a compaction has removed it since.
        Error::NotFound { .. } => io::Error::new(
            io::ErrorKind::NotFound,
            format!("{path} is gone: a writer compacts the journal; try again"),
        ),
        cause => crate::failed(cause),
    })
}

const _: () = assert!(RANGE_BYTES > HEADER_BYTES as u64);
