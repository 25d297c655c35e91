// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! What the tests share: object storage in memory that can fail, answer late, and lose answers; and what the journal's own tests
//! share.
#![allow(dead_code, unused_imports)] // Each test target uses a part.

#[path = "../../../journal/tests/support/mod.rs"]
pub mod journal;
pub mod server;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use fermata_journal::{Level, Record, SegmentStore, StdThreads};
use fermata_object_storage::{ObjectStorage, ObjectStorageStore, S3Options};
use futures_util::stream::{BoxStream, StreamExt};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use journal::world::Storage;
use journal::{Fault, Loss};

/// The places of the calls among the records.
pub fn places(records: &[Record]) -> Vec<u64> {
    records.iter().filter_map(journal::place).collect()
}

/// A bucket in memory. Its faults befall operations that write; reading fails only while everything does.
#[derive(Clone, Default)]
pub struct SimulatedObjects {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    objects: Arc<InMemory>,
    faults: BTreeMap<u64, Fault>,
    operations: u64,
    down: bool,
    /// Counts restarts: what had the bucket open before has died with its process.
    boot: u64,
    /// Puts whose answer was lost before they came about: they do when so many operations have been.
    late: Vec<(u64, Path, PutPayload, PutMode)>,
    /// So many puts are refused.
    refused_puts: u64,
    /// For delays; 0: there are none.
    random: u64,
}

/// The bucket as one process sees it.
#[derive(Clone)]
pub struct Client {
    bucket: SimulatedObjects,
    boot: u64,
    /// How long each of its requests is on its way.
    distance: Duration,
}

impl SimulatedObjects {
    /// Lets every request and every answer take its time.
    pub fn delay(&self, seed: u64) {
        self.lock().random = seed | 1;
    }

    /// Refuses so many puts, as if another one of the same name were always under way.
    pub fn refuse_puts(&self, puts: u64) {
        self.lock().refused_puts = puts;
    }

    /// A client that lives until the next restart.
    pub fn client(&self, distance: Duration) -> Arc<dyn ObjectStore> {
        let boot = self.lock().boot;
        Arc::new(Client {
            bucket: self.clone(),
            boot,
            distance,
        })
    }

    pub fn source(&self, options: &S3Options) -> ObjectStorage {
        self.distant_source(Duration::ZERO, options)
    }

    pub fn distant_source(&self, distance: Duration, options: &S3Options) -> ObjectStorage {
        let client = self.client(distance);
        ObjectStorage::over(client, "a/journal", options, Arc::new(StdThreads))
            .expect("threads start")
    }

    pub fn store(&self, options: &S3Options) -> Arc<ObjectStorageStore> {
        let store = ObjectStorageStore::take_over(self.source(options));
        Arc::new(store.expect("takes over"))
    }

    /// The objects, past all faults.
    pub fn objects(&self) -> Arc<InMemory> {
        Arc::clone(&self.lock().objects)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no panic")
    }
}

/// No request is tried twice.
pub fn impatient() -> S3Options {
    S3Options {
        patience: Duration::ZERO,
        ..S3Options::default()
    }
}

fn injected() -> Error {
    Error::Generic {
        store: "simulated",
        source: "injected".into(),
    }
}

impl Client {
    fn check(&self) -> Result<MutexGuard<'_, State>> {
        let state = self.bucket.lock();
        if state.down || state.boot != self.boot {
            return Err(injected());
        }
        Ok(state)
    }

    /// The fault of the operation that begins now.
    async fn begin(&self) -> Result<Option<Fault>> {
        self.pause();
        let (fault, due, objects) = {
            let mut state = self.check()?;
            state.operations += 1;
            let operation = state.operations;
            let fault = state.faults.remove(&operation);
            if fault == Some(Fault::Crash) {
                state.down = true;
            }
            let due: Vec<_> = state
                .late
                .extract_if(.., |late| late.0 <= operation)
                .collect();
            (fault, due, Arc::clone(&state.objects))
        };
        for (_, path, payload, mode) in due {
            // Its condition may not hold any more, and nobody hears of it.
            drop(objects.put_opts(&path, payload, mode.into()).await);
        }
        match fault {
            Some(Fault::Crash | Fault::Fails | Fault::NoSpace) => Err(injected()),
            fault => Ok(fault),
        }
    }

    fn end<T>(&self, fault: Option<Fault>, outcome: Result<T>) -> Result<T> {
        self.pause();
        match fault {
            None => outcome,
            Some(fault) => {
                if fault == Fault::CrashAfterwards {
                    self.bucket.lock().down = true;
                }
                Err(injected())
            }
        }
    }

    fn pause(&self) {
        if !self.distance.is_zero() {
            std::thread::sleep(self.distance);
        }
        let random = {
            let mut state = self.bucket.lock();
            state.random ^= state.random << 13;
            state.random ^= state.random >> 7;
            state.random ^= state.random << 17;
            state.random
        };
        if random != 0 {
            std::thread::sleep(Duration::from_micros(random % 300));
        }
    }

    fn objects(&self) -> Result<Arc<InMemory>> {
        Ok(Arc::clone(&self.check()?.objects))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Client")
    }
}

impl fmt::Display for Client {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("simulated")
    }
}

#[async_trait]
impl ObjectStore for Client {
    async fn put_opts(
        &self,
        path: &Path,
        payload: PutPayload,
        options: PutOptions,
    ) -> Result<PutResult> {
        let fault = self.begin().await?;
        let objects = {
            let mut state = self.bucket.lock();
            if state.refused_puts > 0 {
                state.refused_puts -= 1;
                return Err(Error::Precondition {
                    path: path.to_string(),
                    source: "injected".into(),
                });
            }
            let operation = state.operations;
            if fault == Some(Fault::FailsAfterwards) && operation.is_multiple_of(2) {
                let late = (
                    operation + operation % 7,
                    path.clone(),
                    payload,
                    options.mode,
                );
                state.late.push(late);
                return Err(injected());
            }
            Arc::clone(&state.objects)
        };
        let outcome = objects.put_opts(path, payload, options).await;
        self.end(fault, outcome)
    }

    async fn put_multipart_opts(
        &self,
        path: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.objects()?.put_multipart_opts(path, options).await
    }

    async fn get_opts(&self, path: &Path, options: GetOptions) -> Result<GetResult> {
        self.pause();
        self.objects()?.get_opts(path, options).await
    }

    async fn get_ranges(&self, path: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.objects()?.get_ranges(path, ranges).await
    }

    fn delete_stream(
        &self,
        paths: BoxStream<'static, Result<Path>>,
    ) -> BoxStream<'static, Result<Path>> {
        let client = self.clone();
        let removed = paths.then(move |path| {
            let client = client.clone();
            async move {
                let path = path?;
                let fault = client.begin().await?;
                let one = futures_util::stream::iter([Ok(path.clone())]).boxed();
                let mut done = client.objects()?.delete_stream(one);
                let outcome = done.next().await.unwrap_or(Ok(path));
                client.end(fault, outcome)
            }
        });
        removed.boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        match self.objects() {
            Ok(objects) => objects.list(prefix),
            Err(cause) => futures_util::stream::iter([Err(cause)]).boxed(),
        }
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.objects()?.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.objects()?.copy_opts(from, to, options).await
    }
}

impl Storage for SimulatedObjects {
    fn open(&self) -> Arc<dyn SegmentStore> {
        self.store(&impatient())
    }

    fn inject(&self, others: u64, fault: Fault) {
        let mut state = self.lock();
        let at = state.operations + others + 1;
        state.faults.insert(at, fault);
    }

    fn operations(&self) -> u64 {
        self.lock().operations
    }

    fn is_down(&self) -> bool {
        self.lock().down
    }

    fn crash(&self) {
        self.lock().down = true;
    }

    fn restart(&self, _: Loss) {
        let mut state = self.lock();
        state.down = false;
        state.boot += 1;
        state.faults.clear();
    }

    /// There is no cache that a crash could take.
    fn safe_level(&self) -> Level {
        Level::Os
    }
}
