// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The one pointer that Java holds: an engine with its host, from `create` to `destroy`.

use std::sync::Arc;

use fermata_engine::{Engine, Error, ErrorKind};
use jni::sys::jlong;

use crate::java_call::JavaHost;

/// What an engine handle points to.
pub(crate) struct OpenEngine {
    pub(crate) engine: Arc<Engine>,
    pub(crate) host: Arc<JavaHost>,
}

impl OpenEngine {
    /// Hands the engine to Java, until [`take`].
    pub(crate) fn into_handle(self) -> jlong {
        Box::into_raw(Box::new(self)).expose_provenance() as jlong
    }

    /// Closes the engine: nothing is accepted any more, its threads end, and the last of them lets go of the upcalls.
    pub(crate) fn begin_close(&self) {
        self.engine.begin_close();
        self.host.engine_closed(self.engine.threads_alive());
    }
}

/// Borrows the engine behind a handle.
///
/// # Safety
///
/// `handle` is 0 or comes from [`OpenEngine::into_handle`], and [`take`] is not called before the borrow ends.
pub(crate) unsafe fn borrow<'a>(handle: jlong) -> Result<&'a OpenEngine, Error> {
    // SAFETY: a pointer that into_handle made is aligned and valid until take, which the caller excludes.
    unsafe { pointer(handle)?.as_ref() }.ok_or_else(null)
}

/// Takes the engine back from Java.
///
/// # Safety
///
/// As for [`borrow`], and nobody uses the handle at the same time or later.
pub(crate) unsafe fn take(handle: jlong) -> Result<OpenEngine, Error> {
    // SAFETY: into_handle made the pointer from a Box, and the caller excludes every other user.
    Ok(*unsafe { Box::from_raw(pointer(handle)?) })
}

fn pointer(handle: jlong) -> Result<*mut OpenEngine, Error> {
    match handle {
        0 => Err(null()),
        _ => Ok(std::ptr::with_exposed_provenance_mut(handle as usize)),
    }
}

fn null() -> Error {
    Error::new(
        ErrorKind::Closed,
        "The engine handle is 0: no engine was created, or it was destroyed",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_handle_is_refused() {
        // SAFETY: 0 is allowed.
        let borrowed = unsafe { borrow(0) };
        assert_eq!(borrowed.err().map(|e| e.kind()), Some(ErrorKind::Closed));
        // SAFETY: 0 is allowed.
        let taken = unsafe { take(0) };
        assert_eq!(taken.err().map(|e| e.kind()), Some(ErrorKind::Closed));
    }
}
