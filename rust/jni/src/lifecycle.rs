// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! What happens when the JVM loads and unloads the library.

use std::panic::{AssertUnwindSafe, catch_unwind};

use jni::objects::JClass;
use jni::strings::JNIString;
use jni::sys::{JNI_ERR, JNI_VERSION_10, jint};
use jni::{Env, JavaVM, jni_str};

use crate::error_policy::Failure;
use crate::{entry_points, journal_entry_points, log_bridge, transport_entry_points};

/// Binds the natives and starts the log bridge: the body of `JNI_OnLoad`. If that fails, `System.load` throws an
/// `UnsatisfiedLinkError` with the reason.
///
/// # Safety
///
/// `vm` is the pointer the JVM gave to `JNI_OnLoad`, on the thread that runs it.
pub unsafe fn on_load(vm: *mut jni::sys::JavaVM) -> jint {
    // SAFETY: the caller vouches for the pointer; a JVM lives as long as its process.
    let vm = unsafe { JavaVM::from_raw(vm) };
    log_panics();
    let loaded = catch_unwind(AssertUnwindSafe(|| {
        vm.with_top_local_frame(|env| {
            #[cfg(feature = "fault-injection")]
            let _counting = crate::fault_injection::references::count_on(env);
            bind(env).or_else(|failure| throw_link_error(env, &failure))
        })
    }));
    match loaded {
        Ok(Ok(())) => JNI_VERSION_10,
        Ok(Err(_)) | Err(_) => JNI_ERR,
    }
}

/// Ends the log bridge: the body of `JNI_OnUnload`. Engines are gone by then, for each keeps the class loader alive.
pub fn on_unload() {
    #[cfg(feature = "fault-injection")]
    let _counting = crate::fault_injection::references::count_here();
    // Nothing can be reported any more: the class that would log it is gone.
    let _ = catch_unwind(AssertUnwindSafe(log_bridge::end));
}

fn bind(env: &mut Env<'_>) -> Result<(), Failure> {
    // FindClass uses the class loader of the class that called System.load: the one these natives are for.
    let natives: JClass = env.find_class(jni_str!("dev/fermata/internal/bridge/NativeEngine"))?;
    let transport: JClass =
        env.find_class(jni_str!("dev/fermata/internal/bridge/NativeTransport"))?;
    let journal: JClass = env.find_class(jni_str!("dev/fermata/internal/bridge/NativeJournal"))?;
    let log_bridge: JClass = env.find_class(jni_str!("dev/fermata/internal/bridge/LogBridge"))?;
    log_bridge::start(env, &log_bridge)?;
    // SAFETY: the classes declare all their natives static, and `native_method!` checked the signatures.
    unsafe {
        env.register_native_methods(&natives, entry_points::NATIVES)?;
        env.register_native_methods(&transport, transport_entry_points::NATIVES)?;
        env.register_native_methods(&journal, journal_entry_points::NATIVES)?;
    }
    Ok(())
}

fn throw_link_error(env: &mut Env<'_>, failure: &Failure) -> Result<(), jni::errors::Error> {
    let reason = JNIString::from(format!("Binding the natives of Fermata failed: {failure}"));
    env.throw_new(jni_str!("java/lang/UnsatisfiedLinkError"), reason)
}

/// Panics are caught at the boundary, but only the hook knows where they come from.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        tracing::error!(
            "panic at {}: {}",
            place.as_deref().unwrap_or("an unknown place"),
            panic.payload_as_str().unwrap_or("without a message")
        );
    }));
}
