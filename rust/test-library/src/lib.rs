// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The shipped library plus fault injection and reference counts, for tests only: the natives of the Java test class
//! `dev.fermata.testing.FaultInjection`, which are bound if the class loader that loads the library has that class.

#[cfg(target_os = "linux")]
mod refused_threads;

use std::ffi::c_void;
use std::fs::OpenOptions;
use std::io::Write;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use fermata_jni::fault_injection::{self, references};
use jni::objects::{JClass, JString};
use jni::sys::{JNI_ERR, jboolean, jint, jlong};
use jni::{Env, JavaVM, NativeMethod, jni_str, native_method};

/// Where the counts go when the library is unloaded and no Java code can ask any more.
static REPORT: Mutex<Option<PathBuf>> = Mutex::new(None);

const NATIVES: &[NativeMethod<'static>] = &[
    native_method! { abi_check = UnsafeNever, static fn arm(point: java.lang.String, times: jint) -> jboolean },
    native_method! { abi_check = UnsafeNever, static fn live_global_references() -> jlong },
    native_method! { abi_check = UnsafeNever, static fn live_weak_references() -> jlong },
    native_method! { abi_check = UnsafeNever, static fn report_at_unload(file: java.lang.String) },
];

/// Called by the JVM in `System.load`.
///
/// # Safety
///
/// Only the JVM may call it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn JNI_OnLoad(
    vm: *mut jni::sys::JavaVM,
    _reserved: *mut c_void,
) -> jint {
    // SAFETY: the JVM calls this with its own pointer.
    let version = unsafe { fermata_jni::on_load(vm) };
    if version == JNI_ERR {
        return JNI_ERR;
    }
    // SAFETY: as above.
    match unsafe { JavaVM::from_raw(vm) }.with_top_local_frame(bind) {
        Ok(()) => version,
        Err(_) => JNI_ERR,
    }
}

/// Called by the JVM when it has collected the class loader.
#[unsafe(no_mangle)]
pub extern "system" fn JNI_OnUnload(_vm: *mut jni::sys::JavaVM, _reserved: *mut c_void) {
    fermata_jni::on_unload();
    if let Some(file) = REPORT.lock().unwrap_or_else(PoisonError::into_inner).take() {
        let counts = format!(
            "{} {}\n",
            references::live_global(),
            references::live_weak()
        );
        // A test that misses the line fails, which is all that can be done about an error here.
        let _ = OpenOptions::new()
            .create(true)
            .append(true)
            .open(file)
            .and_then(|mut file| file.write_all(counts.as_bytes()));
    }
}

fn bind(env: &mut Env<'_>) -> jni::errors::Result<()> {
    let class: JClass = match env.find_class(jni_str!("dev/fermata/testing/FaultInjection")) {
        Ok(class) => class,
        Err(jni::errors::Error::NoClassDefFound { .. }) => return Ok(()),
        Err(error) => return Err(error),
    };
    // SAFETY: FaultInjection declares all its natives static, and `native_method!` checked the signatures.
    unsafe { env.register_native_methods(&class, NATIVES) }
}

fn arm<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    point: JString<'local>,
    times: jint,
) -> jni::errors::Result<jboolean> {
    let times = u32::try_from(times).unwrap_or(0);
    Ok(fault_injection::arm(&point.try_to_string(env)?, times))
}

fn live_global_references<'local>(
    _env: &mut Env<'local>,
    _class: JClass<'local>,
) -> jni::errors::Result<jlong> {
    Ok(references::live_global())
}

fn live_weak_references<'local>(
    _env: &mut Env<'local>,
    _class: JClass<'local>,
) -> jni::errors::Result<jlong> {
    Ok(references::live_weak())
}

fn report_at_unload<'local>(
    env: &mut Env<'local>,
    _class: JClass<'local>,
    file: JString<'local>,
) -> jni::errors::Result<()> {
    let file = PathBuf::from(file.try_to_string(env)?);
    *REPORT.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
    Ok(())
}
