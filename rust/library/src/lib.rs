// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The shipped cdylib: what the JVM calls when it loads and unloads it, and nothing else.

use std::ffi::c_void;

use jni::sys::{JavaVM, jint};

/// Called by the JVM in `System.load`.
///
/// # Safety
///
/// Only the JVM may call it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn JNI_OnLoad(vm: *mut JavaVM, _reserved: *mut c_void) -> jint {
    // SAFETY: the JVM calls this with its own pointer.
    unsafe { fermata_jni::on_load(vm) }
}

/// Called by the JVM when it has collected the class loader.
#[unsafe(no_mangle)]
pub extern "system" fn JNI_OnUnload(_vm: *mut JavaVM, _reserved: *mut c_void) {
    fermata_jni::on_unload();
}
