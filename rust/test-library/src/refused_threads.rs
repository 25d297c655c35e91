// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Lets the operating system seem to refuse a thread. The build script makes the linker send this library's calls of
//! `pthread_create` here, so that no other code needs a hook.

use std::ffi::{c_int, c_void};

use fermata_jni::fault_injection::{Point, trips};

/// "Resource temporarily unavailable", the same number on every Linux that Fermata runs on.
const EAGAIN: c_int = 11;

unsafe extern "C" {
    fn __real_pthread_create(
        thread: *mut c_void,
        attributes: *const c_void,
        start: *const c_void,
        argument: *mut c_void,
    ) -> c_int;
}

/// Stands in for `pthread_create`, whose types only pass through.
///
/// # Safety
///
/// As `pthread_create`.
#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_pthread_create(
    thread: *mut c_void,
    attributes: *const c_void,
    start: *const c_void,
    argument: *mut c_void,
) -> c_int {
    if trips(Point::SpawnFails) {
        return EAGAIN;
    }
    // SAFETY: the arguments are passed on as they came.
    unsafe { __real_pthread_create(thread, attributes, start, argument) }
}
