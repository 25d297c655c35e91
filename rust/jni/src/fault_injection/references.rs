// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Counts the global references that the boundary makes and deletes, whoever makes them (this crate or the jni crate).
//!
//! While native code of Fermata runs, the `JNIEnv` of its thread points to a copy of the JVM's function table in which the
//! four functions that make or delete global references count. While Java code runs below it, and after it has returned,
//! the thread has the JVM's own table, so that references of the JDK's natives are not counted.

use std::marker::PhantomData;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};

use jni::sys::{JNIEnv, JNINativeInterface_, jobject, jweak};
use jni::{Env, JavaVM};

static GLOBAL: AtomicI64 = AtomicI64::new(0);
static WEAK: AtomicI64 = AtomicI64::new(0);
static TABLES: OnceLock<Tables> = OnceLock::new();

/// How many global references of this library are alive.
pub fn live_global() -> i64 {
    GLOBAL.load(Ordering::SeqCst)
}

/// How many weak global references of this library are alive.
pub fn live_weak() -> i64 {
    WEAK.load(Ordering::SeqCst)
}

struct Tables {
    original: &'static JNINativeInterface_,
    counting: JNINativeInterface_,
}

// SAFETY: a function table is never written after it was made, and its functions may be called by any attached thread.
unsafe impl Sync for Tables {}
// SAFETY: as above.
unsafe impl Send for Tables {}

impl Tables {
    /// The tables, made from that of the first thread that asks: all threads of a JVM have the same.
    fn of(env: *mut JNIEnv) -> &'static Self {
        TABLES.get_or_init(|| {
            // SAFETY: env is an attachment of this thread (see the callers); its table is static data of the JVM.
            let original: &'static JNINativeInterface_ = unsafe { &**env };
            // SAFETY: every supported JVM has JNI 9 or later; only so much of the table is read, as there may be no more.
            let v9 = unsafe { original.v9 };
            let mut counting = JNINativeInterface_ { v9 };
            counting.v1_1.NewGlobalRef = new_global_ref;
            counting.v1_1.DeleteGlobalRef = delete_global_ref;
            counting.v1_2.NewWeakGlobalRef = new_weak_global_ref;
            counting.v1_2.DeleteWeakGlobalRef = delete_weak_global_ref;
            Self { original, counting }
        })
    }
}

/// A thread's function table was exchanged; this puts the previous one back.
pub struct Exchanged {
    env: *mut JNIEnv,
    previous: JNIEnv,
    _not_send: PhantomData<*const ()>,
}

impl Exchanged {
    fn with(env: *mut JNIEnv, table: &'static JNINativeInterface_) -> Self {
        // SAFETY: env is an attachment of this thread, which alone reads and writes its pointer to the table.
        let previous = unsafe { env.replace(table) };
        Self {
            env,
            previous,
            _not_send: PhantomData,
        }
    }
}

impl Drop for Exchanged {
    fn drop(&mut self) {
        // SAFETY: as in `with`; the thread is attached for as long as native code that was entered with it runs.
        unsafe { self.env.write(self.previous) };
    }
}

/// Counts on the current thread from now on.
pub(crate) fn count_on(env: &Env<'_>) -> Exchanged {
    count_on_raw(env.get_raw())
}

/// Counts on the current thread, whose attachment `env` must be, from now on.
pub(crate) fn count_on_raw(env: *mut JNIEnv) -> Exchanged {
    Exchanged::with(env, &Tables::of(env).counting)
}

/// Counts on the current thread if it is attached.
pub(crate) fn count_here() -> Option<Exchanged> {
    let vm = JavaVM::singleton().ok()?;
    vm.with_top_local_frame(|env| -> jni::errors::Result<_> { Ok(count_on(env)) })
        .ok()
}

/// Does not count on the current thread while Java code runs.
pub(crate) fn pause_on(env: &Env<'_>) -> Exchanged {
    let env = env.get_raw();
    Exchanged::with(env, Tables::of(env).original)
}

fn original(env: *mut JNIEnv) -> &'static JNINativeInterface_ {
    Tables::of(env).original
}

unsafe extern "system" fn new_global_ref(env: *mut JNIEnv, object: jobject) -> jobject {
    // SAFETY: called in place of this very function.
    let made = unsafe { (original(env).v1_1.NewGlobalRef)(env, object) };
    if !made.is_null() {
        GLOBAL.fetch_add(1, Ordering::SeqCst);
    }
    made
}

unsafe extern "system" fn delete_global_ref(env: *mut JNIEnv, reference: jobject) {
    if !reference.is_null() {
        GLOBAL.fetch_sub(1, Ordering::SeqCst);
    }
    // SAFETY: called in place of this very function.
    unsafe { (original(env).v1_1.DeleteGlobalRef)(env, reference) }
}

unsafe extern "system" fn new_weak_global_ref(env: *mut JNIEnv, object: jobject) -> jweak {
    // SAFETY: called in place of this very function.
    let made = unsafe { (original(env).v1_2.NewWeakGlobalRef)(env, object) };
    if !made.is_null() {
        WEAK.fetch_add(1, Ordering::SeqCst);
    }
    made
}

unsafe extern "system" fn delete_weak_global_ref(env: *mut JNIEnv, reference: jweak) {
    if !reference.is_null() {
        WEAK.fetch_sub(1, Ordering::SeqCst);
    }
    // SAFETY: called in place of this very function.
    unsafe { (original(env).v1_2.DeleteWeakGlobalRef)(env, reference) }
}
