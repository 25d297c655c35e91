// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! A journal's segments in object storage: S3, or whatever speaks its protocol and honours `If-None-Match` on puts, with
//! listings that show what was put before.
//!
//! Each commit is one object, put under the condition that there is none of its name, and durable when the put is
//! acknowledged. Whoever opens the store for writing first *claims* the names that the writer before it could use next: its
//! next put is refused, and it is *fenced*. So nothing that it acknowledged is missed, and nothing that comes later is
//! acknowledged. `FORMAT.md` of the journal says which objects there are.
//!
//! # The bucket
//!
//! Whoever writes has to be allowed to list, get, put and delete below the prefix; whoever reads, to list and get. Nothing else may
//! remove objects there, by age or otherwise. A rule of the bucket should end uploads that were not completed: a process that dies
//! while it compacts a long journal leaves one behind.
//!
//! A storage that is out of reach or too busy is tried again for [`S3Options::patience`]; then the append, the opening or the
//! compaction fails, and the journal goes on with the next one. A request that is refused for its credentials fails at once. No
//! proxy is used.
//!
//! # Threads
//!
//! All requests are made on a thread of the store's own, started through the [`Spawn`] that it is opened with, and on a
//! second one that moves the bytes ([`fermata_io::http`]). Callers of any method, the journal's thread, that of a compaction,
//! or whoever opens the journal, wait at a condition variable of std, and register no thread-local destructor: they
//! may be threads of the JVM. Both threads end some time after the store was dropped.
//!
//! [`Spawn`]: fermata_core::threads::Spawn
#![forbid(unsafe_code)]

mod http;
mod layout;
mod object;
mod reading;
mod remote;
mod s3;
mod storage;
mod takeover;
mod upload;
mod writing;

use std::io;

pub use s3::S3Options;
pub use storage::ObjectStorage;
pub use writing::ObjectStorageStore;

/// The error of a request in terms of std.
fn failed(cause: object_store::Error) -> io::Error {
    use object_store::Error;
    let kind = match &cause {
        Error::NotFound { .. } => io::ErrorKind::NotFound,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => {
            io::ErrorKind::PermissionDenied
        }
        cause if http::refuses_listing(cause) => io::ErrorKind::PermissionDenied,
        _ => io::ErrorKind::Other,
    };
    io::Error::new(kind, cause.to_string())
}
