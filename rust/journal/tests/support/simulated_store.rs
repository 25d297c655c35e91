// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! A disk with a cache: what was not synced is lost in a crash, wholly, in part or in pieces; operations fail on demand.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use fermata_journal::{Content, SegmentSource, SegmentStore, SegmentWriter};

/// What befalls one operation that writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An I/O error, after half the bytes if it is a write.
    Fails,
    /// The same, and a creation or a replacement has happened nevertheless.
    FailsAfterwards,
    /// The disk is full, after half the bytes.
    NoSpace,
    /// The store panics before the operation.
    Panics,
    /// The machine stops before the operation.
    Crash,
    /// The machine stops after the operation.
    CrashAfterwards,
}

/// What a crash leaves of what was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// All: the process was killed, the machine went on.
    Nothing,
    /// Nothing.
    Everything,
    /// The first so many of 256 parts.
    Tail(u8),
    /// The blocks of 64 bytes whose bits are set, over and over; zeros elsewhere.
    Blocks(u64),
}

#[derive(Clone, Default)]
pub struct SimulatedStore {
    disk: Arc<(Mutex<Disk>, Condvar)>,
}

#[derive(Default)]
struct Disk {
    files: BTreeMap<u64, File>,
    /// Faults by the number of the operation.
    faults: BTreeMap<u64, Fault>,
    operations: u64,
    capacity: Option<usize>,
    down: bool,
    /// Counts crashes, so that a writer of before writes nothing.
    boot: u64,
    held: bool,
}

#[derive(Clone, Default)]
struct File {
    /// What programs see.
    content: Vec<u8>,
    /// What is on the disk.
    durable: Vec<u8>,
    /// How much of the content a sync still has to write; what is before it counts as clean.
    clean: usize,
}

impl File {
    fn new(content: Vec<u8>) -> Self {
        Self {
            durable: content.clone(),
            clean: content.len(),
            content,
        }
    }

    fn sync(&mut self) {
        // Clean pages are not written again, be they on the disk or not.
        self.durable.resize(self.clean, 0);
        self.durable.extend_from_slice(&self.content[self.clean..]);
        self.clean = self.content.len();
    }

    fn crash(&mut self, loss: Loss) {
        if loss == Loss::Nothing {
            return; // What is in the cache stays there, and may be lost in a later crash.
        }
        let kept = self.durable.len().min(self.content.len());
        let unsynced = self.content.split_off(kept);
        match loss {
            Loss::Nothing | Loss::Everything => {}
            Loss::Tail(part) => {
                let length = unsynced.len() * usize::from(part) / 256;
                self.content.extend(&unsynced[..length]);
            }
            Loss::Blocks(bits) => {
                for (index, block) in unsynced.chunks(64).enumerate() {
                    if bits >> (index % 64) & 1 == 1 {
                        self.content.extend(block);
                    } else {
                        self.content.extend(std::iter::repeat_n(0, block.len()));
                    }
                }
            }
        }
        self.content[..kept].copy_from_slice(&self.durable[..kept]);
        self.durable = self.content.clone();
        self.clean = self.content.len();
    }
}

impl Disk {
    fn used(&self) -> usize {
        self.files.values().map(|file| file.content.len()).sum()
    }

    /// The fault of the operation that begins now.
    fn begin(&mut self) -> io::Result<Option<Fault>> {
        if self.down {
            return Err(io::Error::other("the machine is down"));
        }
        self.operations += 1;
        let fault = self.faults.remove(&self.operations);
        assert_ne!(fault, Some(Fault::Panics), "injected");
        if fault == Some(Fault::Crash) {
            self.down = true;
            return Err(io::Error::other("the machine went down"));
        }
        Ok(fault)
    }

    fn end(&mut self, fault: Option<Fault>) -> io::Result<()> {
        match fault {
            None | Some(Fault::Panics) => Ok(()),
            Some(Fault::NoSpace) => Err(io::ErrorKind::StorageFull.into()),
            Some(Fault::Fails | Fault::FailsAfterwards) => Err(io::Error::other("injected")),
            Some(Fault::Crash | Fault::CrashAfterwards) => {
                self.down = true;
                Err(io::Error::other("the machine went down"))
            }
        }
    }
}

impl SimulatedStore {
    fn lock(&self) -> MutexGuard<'_, Disk> {
        self.disk.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Injects `fault` into the operation that comes after `others`.
    pub fn inject(&self, others: u64, fault: Fault) {
        let mut disk = self.lock();
        let at = disk.operations + others + 1;
        disk.faults.insert(at, fault);
    }

    pub fn operations(&self) -> u64 {
        self.lock().operations
    }

    pub fn is_down(&self) -> bool {
        self.lock().down
    }

    /// Stops the machine: every operation fails until it is restarted.
    pub fn crash(&self) {
        self.lock().down = true;
    }

    /// Starts the machine again with what `loss` left.
    pub fn restart(&self, loss: Loss) {
        let mut disk = self.lock();
        for file in disk.files.values_mut() {
            file.crash(loss);
        }
        disk.down = false;
        disk.boot += 1;
        disk.faults.clear();
    }

    /// Room for so many bytes in all.
    pub fn limit(&self, capacity: Option<usize>) {
        self.lock().capacity = capacity;
    }

    pub fn used(&self) -> usize {
        self.lock().used()
    }

    /// Makes the syncs wait, or lets them go on.
    pub fn hold_syncs(&self, held: bool) {
        self.lock().held = held;
        self.disk.1.notify_all();
    }

    pub fn segments(&self) -> Vec<u64> {
        self.lock().files.keys().copied().collect()
    }

    pub fn content(&self, segment: u64) -> Vec<u8> {
        self.lock().files[&segment].content.clone()
    }

    pub fn set_content(&self, segment: u64, content: Vec<u8>) {
        self.lock().files.insert(segment, File::new(content));
    }

    pub fn delete(&self, segment: u64) {
        self.lock().files.remove(&segment);
    }

    /// A disk of its own with the same content.
    pub fn copy(&self) -> Self {
        let copy = Self::default();
        copy.lock().files = self.lock().files.clone();
        copy
    }

    fn put(&self, segment: u64, content: &mut Content) -> io::Result<u64> {
        let fault = self.lock().begin()?;
        if let Some(Fault::Fails | Fault::NoSpace) = fault {
            self.lock().end(fault)?;
        }
        let mut bytes = Vec::new();
        content(&mut bytes as &mut dyn Write)?;
        let mut disk = self.lock();
        if disk
            .capacity
            .is_some_and(|capacity| disk.used() + bytes.len() > capacity)
        {
            return Err(io::ErrorKind::StorageFull.into());
        }
        disk.files.insert(segment, File::new(bytes));
        disk.end(fault)?;
        Ok(disk.boot)
    }
}

impl SegmentSource for SimulatedStore {
    fn list(&self) -> io::Result<Vec<u64>> {
        Ok(self.segments())
    }

    fn read(&self, segment: u64) -> io::Result<Box<dyn Read + Send>> {
        let disk = self.lock();
        let file = disk.files.get(&segment).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(Cursor::new(file.content.clone())))
    }

    fn name(&self, segment: u64) -> String {
        format!("segment-{segment}")
    }
}

impl SegmentStore for SimulatedStore {
    fn create(&self, segment: u64, head: &mut Content) -> io::Result<Box<dyn SegmentWriter>> {
        let left = self.lock().files.get(&segment).cloned();
        let boot = self.put(segment, head)?;
        if let Some(left) = left {
            // A creation that failed and happened.
            assert_eq!(
                self.content(segment),
                left.content,
                "another may have read it"
            );
        }
        Ok(Box::new(SimulatedWriter {
            store: self.clone(),
            segment,
            boot,
        }))
    }

    fn replace(&self, segment: u64, content: &mut Content) -> io::Result<()> {
        self.put(segment, content).map(drop)
    }

    fn remove(&self, segment: u64) -> io::Result<()> {
        let mut disk = self.lock();
        let fault = disk.begin()?;
        if !matches!(fault, Some(Fault::Fails)) {
            disk.files.remove(&segment).ok_or(io::ErrorKind::NotFound)?;
        }
        disk.end(fault)
    }
}

struct SimulatedWriter {
    store: SimulatedStore,
    segment: u64,
    boot: u64,
}

impl SimulatedWriter {
    fn begin(&self) -> io::Result<(MutexGuard<'_, Disk>, Option<Fault>)> {
        let mut disk = self.store.lock();
        if disk.boot != self.boot {
            return Err(io::Error::other("a writer of before the crash"));
        }
        let fault = disk.begin()?;
        Ok((disk, fault))
    }
}

impl SegmentWriter for SimulatedWriter {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (mut disk, mut fault) = self.begin()?;
        let mut length = match fault {
            None | Some(Fault::CrashAfterwards | Fault::FailsAfterwards) => bytes.len(),
            _ => bytes.len() / 2,
        };
        if let Some(capacity) = disk.capacity {
            let room = capacity.saturating_sub(disk.used());
            if room < length {
                length = room;
                fault = fault.or(Some(Fault::NoSpace));
            }
        }
        let file = disk.files.get_mut(&self.segment).expect("written file");
        file.content.extend_from_slice(&bytes[..length]);
        disk.end(fault)
    }

    fn sync(&mut self) -> io::Result<()> {
        let (mut disk, fault) = self.begin()?;
        while disk.held {
            disk = self.store.disk.1.wait(disk).expect("no panic");
        }
        let file = disk.files.get_mut(&self.segment).expect("written file");
        match fault {
            None | Some(Fault::CrashAfterwards | Fault::FailsAfterwards) => file.sync(),
            // The kernel marks the pages clean, and the next sync "works".
            _ => file.clean = file.content.len(),
        }
        disk.end(fault)
    }
}
