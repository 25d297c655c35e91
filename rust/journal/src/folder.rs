// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Segments as files of a folder: `00000000000000000001.journal` and so on.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind};
use crate::store::{Content, SegmentSource, SegmentStore, SegmentWriter};

const EXTENSION: &str = "journal";
const LOCK: &str = "lock";

/// A folder that is only read: without its lock, so also while a writer is at work.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
}

/// A folder that this process alone writes: its file `lock` is locked (`flock`) until the store is dropped, or the process
/// ends in whatever way. On network file systems whose locks do not reach other machines, see to it that one process
/// writes.
#[derive(Debug)]
pub struct FolderStore {
    folder: Folder,
    _lock: File,
}

impl Folder {
    /// The folder at `path`, which must exist.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => Ok(Self { path }),
            Ok(_) => Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "{} is no folder; name the folder of a journal",
                    path.display()
                ),
            )),
            Err(cause) => Err(Error::new(
                ErrorKind::InvalidArgument,
                format!(
                    "{} cannot be opened: {cause}; name the folder of a journal",
                    path.display()
                ),
            )),
        }
    }

    fn file(&self, segment: u64) -> PathBuf {
        self.path.join(format!("{segment:020}.{EXTENSION}"))
    }

    fn draft(&self, segment: u64) -> PathBuf {
        self.path.join(format!("{segment:020}.{EXTENSION}.new"))
    }
}

impl SegmentSource for Folder {
    fn list(&self) -> io::Result<Vec<u64>> {
        let mut segments = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let path = entry?.path();
            if path
                .extension()
                .is_some_and(|extension| extension == EXTENSION)
            {
                let number = path
                    .file_stem()
                    .and_then(|stem| stem.to_str())
                    .and_then(|stem| stem.parse().ok());
                segments.push(number.ok_or_else(|| {
                    let message = format!("{} is not named by a number", path.display());
                    io::Error::new(io::ErrorKind::InvalidData, message)
                })?);
            }
        }
        segments.sort_unstable();
        Ok(segments)
    }

    fn read(&self, segment: u64) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(File::open(self.file(segment))?))
    }

    fn name(&self, segment: u64) -> String {
        self.file(segment).display().to_string()
    }
}

impl FolderStore {
    /// Locks the folder at `path`, which is made if it is not there. Fails with [`ErrorKind::Locked`] if a process has it.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, Error> {
        let path = path.into();
        let failed = |cause: &io::Error| {
            Error::io(
                &format!("{} cannot be opened for writing", path.display()),
                cause,
            )
        };
        make_folder(&path).map_err(|cause| failed(&cause))?;
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join(LOCK))
            .map_err(|cause| failed(&cause))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::new(
                    ErrorKind::Locked,
                    format!(
                        "{} is in use: a process has its journal open; end that process, or take another folder",
                        path.display()
                    ),
                ));
            }
            Err(TryLockError::Error(cause)) => return Err(failed(&cause)),
        }
        let store = Self {
            folder: Folder { path },
            _lock: lock,
        };
        store
            .remove_drafts()
            .map_err(|cause| Error::io("drafts of an earlier run cannot be removed", &cause))?;
        Ok(store)
    }

    fn remove_drafts(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.folder.path)? {
            let entry = entry?;
            let is_draft = |name: &str| name.ends_with(".journal.new");
            if entry.file_name().to_str().is_some_and(is_draft) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Writes `content` beside `segment`, syncs it, and gives it its name; returns it, open.
    fn put(&self, segment: u64, content: &mut Content) -> io::Result<File> {
        let draft = self.folder.draft(segment);
        let made = (|| {
            let mut writer = BufWriter::with_capacity(1 << 16, File::create(&draft)?);
            content(&mut writer)?;
            let file = writer
                .into_inner()
                .map_err(io::IntoInnerError::into_error)?;
            file.sync_all()?;
            fs::rename(&draft, self.folder.file(segment))?;
            sync_folder(&self.folder.path)?;
            Ok(file)
        })();
        if made.is_err() {
            // Best effort: the next opening removes drafts too, and the error that counts is the first.
            let _ = fs::remove_file(&draft);
        }
        made
    }
}

impl SegmentSource for FolderStore {
    fn list(&self) -> io::Result<Vec<u64>> {
        self.folder.list()
    }

    fn read(&self, segment: u64) -> io::Result<Box<dyn Read + Send>> {
        self.folder.read(segment)
    }

    fn name(&self, segment: u64) -> String {
        self.folder.name(segment)
    }
}

impl SegmentStore for FolderStore {
    fn create(&self, segment: u64, head: &mut Content) -> io::Result<Box<dyn SegmentWriter>> {
        Ok(Box::new(self.put(segment, head)?))
    }

    fn replace(&self, segment: u64, content: &mut Content) -> io::Result<()> {
        self.put(segment, content).map(drop)
    }

    fn remove(&self, segment: u64) -> io::Result<()> {
        fs::remove_file(self.folder.file(segment))?;
        sync_folder(&self.folder.path)
    }
}

impl SegmentWriter for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Makes `path` and what is missing above it, durably.
fn make_folder(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    make_folder(parent)?;
    match fs::create_dir(path) {
        Err(cause) if cause.kind() != io::ErrorKind::AlreadyExists => Err(cause),
        _ => sync_folder(parent),
    }
}

/// Makes the names in a folder durable: a file is found after a crash only if its folder was synced too.
fn sync_folder(path: &Path) -> io::Result<()> {
    if cfg!(windows) {
        return Ok(()); // Folders cannot be synced there; NTFS journals its names.
    }
    File::open(path)?.sync_all()
}
