// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The pointers that Java holds: an engine, a transport or a journal, with its host, from `create` to `destroy`.

use std::sync::Arc;
use std::time::Duration;

use fermata_engine::{Engine, Error, ErrorKind, HostedJournal, HttpTransport};
use jni::sys::jlong;

use crate::java_call::JavaHost;
use crate::journal_call::JavaAcknowledge;
use crate::transport_call::JavaEvents;

/// What an engine handle points to.
pub(crate) struct OpenEngine {
    pub(crate) engine: Arc<Engine>,
    pub(crate) host: Arc<JavaHost>,
}

impl OpenEngine {
    /// Closes the engine: nothing is accepted any more, its threads end, and the last of them lets go of the upcalls.
    pub(crate) fn begin_close(&self) {
        self.engine.begin_close();
        self.host.engine_closed(self.engine.threads_alive());
    }
}

/// What a transport handle points to.
pub(crate) struct OpenTransport {
    pub(crate) transport: HttpTransport,
    pub(crate) host: Arc<JavaEvents>,
}

impl OpenTransport {
    /// Closes the transport: pending exchanges fail, its thread ends and lets go of the upcalls. Whether there is one.
    pub(crate) fn close(&self) -> bool {
        self.transport.close();
        let threads = self.transport.threads_alive();
        self.host.transport_closed(threads);
        threads > 0
    }
}

/// What a journal handle points to.
pub(crate) struct OpenJournal {
    pub(crate) journal: HostedJournal,
    pub(crate) host: Arc<JavaAcknowledge>,
}

impl OpenJournal {
    /// Closes the journal and waits for that, `patience` at most. The last of its threads lets go of the upcalls.
    pub(crate) fn close(&self, patience: Duration) -> Result<(), Error> {
        let closed = self.journal.close(patience);
        self.host.journal_closed(self.journal.threads_alive());
        closed
    }
}

/// Hands something to Java, until [`take`].
pub(crate) fn into_handle<T>(open: T) -> jlong {
    Box::into_raw(Box::new(open)).expose_provenance() as jlong
}

/// Borrows what is behind a handle.
///
/// # Safety
///
/// `handle` is 0 or comes from [`into_handle`] of the same type, and [`take`] is not called before the borrow ends.
pub(crate) unsafe fn borrow<'a, T>(handle: jlong) -> Result<&'a T, Error> {
    // SAFETY: a pointer that into_handle made is aligned and valid until take, which the caller excludes.
    unsafe { pointer::<T>(handle)?.as_ref() }.ok_or_else(null)
}

/// Takes back what [`into_handle`] gave to Java.
///
/// # Safety
///
/// As for [`borrow`], and nobody uses the handle at the same time or later.
pub(crate) unsafe fn take<T>(handle: jlong) -> Result<T, Error> {
    // SAFETY: into_handle made the pointer from a Box, and the caller excludes every other user.
    Ok(*unsafe { Box::from_raw(pointer(handle)?) })
}

fn pointer<T>(handle: jlong) -> Result<*mut T, Error> {
    match handle {
        0 => Err(null()),
        _ => Ok(std::ptr::with_exposed_provenance_mut(handle as usize)),
    }
}

fn null() -> Error {
    Error::new(
        ErrorKind::Closed,
        "The handle is 0: nothing was created, or it was destroyed",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_handle_is_refused() {
        // SAFETY: 0 is allowed.
        let borrowed = unsafe { borrow::<OpenEngine>(0) };
        assert_eq!(borrowed.err().map(|e| e.kind()), Some(ErrorKind::Closed));
        // SAFETY: 0 is allowed.
        let taken = unsafe { take::<OpenEngine>(0) };
        assert_eq!(taken.err().map(|e| e.kind()), Some(ErrorKind::Closed));
    }
}
