// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Faults at chosen points of the boundary, for tests: each is armed for a number of times and then trips that often.

pub mod references;
pub(crate) mod storage;

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use fermata_engine::{Error, ErrorKind};
use jni::{Env, jni_str};

/// A place where a fault can be injected. Named by the same word in `dev.fermata.testing.FaultInjection`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Point {
    /// The next native panics.
    PanicAtEntry,
    /// The next worker, or journal's thread, panics before it calls Java.
    PanicBeforeUpcall,
    /// The next worker panics after it called Java.
    PanicAfterUpcall,
    /// The next upcall returns with a Java exception pending.
    ExceptionAfterUpcall,
    /// The next engine thread cannot be attached to the JVM.
    AttachFails,
    /// The next submit is refused by the engine.
    SubmitFails,
    /// The operating system refuses the next thread.
    SpawnFails,
    /// The storage of a journal has no room for the next batch.
    WriteFails,
    /// The storage of a journal fails to sync the next time.
    SyncFails,
    /// A journal's thread panics before it writes the next batch.
    PanicInWriter,
    /// The storage of a journal does not answer before this is disarmed.
    StorageHangs,
}

/// Every point.
const POINTS: [Point; 11] = [
    Point::PanicAtEntry,
    Point::PanicBeforeUpcall,
    Point::PanicAfterUpcall,
    Point::ExceptionAfterUpcall,
    Point::AttachFails,
    Point::SubmitFails,
    Point::SpawnFails,
    Point::WriteFails,
    Point::SyncFails,
    Point::PanicInWriter,
    Point::StorageHangs,
];

static ARMED: [AtomicU32; POINTS.len()] = [const { AtomicU32::new(0) }; POINTS.len()];

/// Lets the point of this name trip so many times from now on; 0 disarms it. False: there is no such point.
#[must_use]
pub fn arm(name: &str, times: u32) -> bool {
    let point = POINTS.iter().position(|point| format!("{point:?}") == name);
    if let Some(point) = point {
        ARMED[point].store(times, Ordering::SeqCst);
    }
    point.is_some()
}

/// Whether the fault is to happen now; uses up one of its times.
#[must_use]
pub fn trips(point: Point) -> bool {
    ARMED[point as usize]
        .try_update(Ordering::SeqCst, Ordering::SeqCst, |times| {
            times.checked_sub(1)
        })
        .is_ok()
}

/// Returns when the fault is not armed.
pub(crate) fn hang_at(point: Point) {
    while ARMED[point as usize].load(Ordering::SeqCst) > 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
}

pub(crate) fn panic_at(point: Point) {
    assert!(!trips(point), "injected fault {point:?}");
}

pub(crate) fn fail_submit() -> Result<(), Error> {
    if trips(Point::SubmitFails) {
        return Err(Error::new(
            ErrorKind::ThreadSpawn,
            "injected fault SubmitFails",
        ));
    }
    Ok(())
}

/// Makes an upcall that went well look as if Java had thrown.
pub(crate) fn throw_after_upcall<T>(
    env: &mut Env<'_>,
    result: jni::errors::Result<T>,
) -> jni::errors::Result<T> {
    if result.is_ok() && trips(Point::ExceptionAfterUpcall) {
        let class = env.find_class(jni_str!("java/lang/IllegalStateException"))?;
        let raw = env.get_raw();
        // SAFETY: raw is the attachment of this thread, class a live local reference, and the message a C string.
        // Env::throw_new would keep a global reference to a class, which the tests would count.
        unsafe {
            ((**raw).v1_1.ThrowNew)(raw, class.as_raw(), c"injected fault".as_ptr());
        }
        return Err(jni::errors::Error::JavaException);
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_armed_point_trips_as_often_as_it_was_armed_for() {
        assert!(arm("SpawnFails", 2));
        assert!(trips(Point::SpawnFails));
        assert!(trips(Point::SpawnFails));
        assert!(!trips(Point::SpawnFails));
        assert!(!arm("NoSuchPoint", 1));
    }

    #[test]
    fn points_are_listed_in_the_order_they_are_indexed_by() {
        for (index, point) in POINTS.into_iter().enumerate() {
            assert_eq!(point as usize, index);
        }
    }
}
