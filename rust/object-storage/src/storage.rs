// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! A journal in object storage that is only read.

use std::io::{self, Read};
use std::sync::Arc;

use fermata_core::threads::Spawn;
use fermata_journal::{Error, ErrorKind, SegmentSource};
use object_store::ObjectStore;
use object_store::path::Path;

use crate::layout::Keys;
use crate::reading::Reading;
use crate::remote::{NotStarted, Remote};
use crate::s3::{self, S3Options};

/// A journal that is only read, also while a writer is at work. See the crate for its threads.
pub struct ObjectStorage {
    pub(crate) remote: Arc<Remote>,
    pub(crate) keys: Keys,
    pub(crate) options: S3Options,
    /// What its segments' names begin with.
    address: String,
}

impl ObjectStorage {
    /// The journal at `url`, `s3://bucket/prefix`, which may be empty. Nothing is asked of the storage yet.
    ///
    /// Fails with [`ErrorKind::InvalidArgument`] if the URL or an option makes no sense, with [`ErrorKind::ThreadSpawn`] if a
    /// thread cannot be started, and with [`ErrorKind::Io`] if the platform's certificates cannot be loaded.
    pub fn open(url: &str, options: &S3Options, spawn: Arc<dyn Spawn>) -> Result<Self, Error> {
        let (bucket, prefix) = s3::parse(url)?;
        options.check()?;
        let (connecting, threads) = (options.clone(), Arc::clone(&spawn));
        let connect = move || s3::connect(&bucket, &connecting, threads);
        Self::start(url, prefix, options, &*spawn, connect)
    }

    /// The journal below `prefix` of any store of the crate `object_store` that knows conditional puts.
    pub fn over(
        objects: Arc<dyn ObjectStore>,
        prefix: &str,
        options: &S3Options,
        spawn: Arc<dyn Spawn>,
    ) -> Result<Self, Error> {
        options.check()?;
        let path = s3::prefix(prefix)?;
        Self::start(prefix, path, options, &*spawn, move || Ok(objects))
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    fn start(
        address: &str,
        prefix: Path,
        options: &S3Options,
        spawn: &dyn Spawn,
        connect: impl FnOnce() -> io::Result<Arc<dyn ObjectStore>> + Send + 'static,
    ) -> Result<Self, Error> {
        let remote = Remote::start(&options.thread_name, spawn, connect);
        let remote = remote.map_err(|failed| match failed {
            NotStarted::Spawning(cause) => Error::new(
                ErrorKind::ThreadSpawn,
                format!("{address} has no thread that makes its requests: {cause}"),
            ),
            NotStarted::Connecting(cause) if cause.kind() == io::ErrorKind::InvalidInput => {
                Error::new(ErrorKind::InvalidArgument, cause.to_string())
            }
            NotStarted::Connecting(cause) => {
                Error::io(&format!("{address} cannot be opened"), &cause)
            }
        })?;
        Ok(Self {
            remote: Arc::new(remote),
            keys: Keys::new(prefix),
            options: options.clone(),
            address: address.trim_end_matches('/').to_owned(),
        })
    }
}

impl SegmentSource for ObjectStorage {
    fn list(&self) -> io::Result<Vec<u64>> {
        let keys = self.keys.clone();
        let listing = self
            .remote
            .call(async move |objects| keys.list(&objects).await)?;
        Ok(listing.segments())
    }

    fn read(&self, segment: u64) -> io::Result<Box<dyn Read + Send>> {
        let keys = self.keys.clone();
        // With all that follow: if a compaction has begun to remove this one, what it made is further on, and was there before.
        let listing = self
            .remote
            .call(async move |objects| keys.list_from(&objects, segment).await)?;
        let Some(pieces) = listing.counting(segment) else {
            let message = format!("{} is gone", self.name(segment));
            return Err(io::Error::new(io::ErrorKind::NotFound, message));
        };
        let reading = Reading::new(Arc::clone(&self.remote), &self.keys, segment, pieces)?;
        Ok(Box::new(reading))
    }

    fn name(&self, segment: u64) -> String {
        format!("{}/{segment:020}", self.address)
    }
}
