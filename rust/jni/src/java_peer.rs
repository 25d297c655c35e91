// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! A Java object that native threads call, and the attachment of these threads to the JVM.

use std::ffi::CString;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use fermata_engine::{Error, ErrorKind};
use jni::errors::JniError;
use jni::objects::{Global, JMethodID, JObject};
use jni::signature::{Primitive, ReturnType};
use jni::sys::{JNI_OK, JNI_VERSION_10, JavaVMAttachArgs, jvalue};
use jni::{Env, JavaVM};

/// How often, and after what pause, a refused thread tries to be attached for an upcall.
const ATTACH_ATTEMPTS: u32 = 500;
const ATTACH_PAUSE: Duration = Duration::from_millis(10);

thread_local! {
    static STAY_MAPPED: StayMapped = const { StayMapped };
}

/// Keeps the library mapped until the engine thread that touched it is out of its code. After the last thread has let go
/// of the upcalls, the class loader can be collected and the library closed before that thread has returned; a C library
/// that unmaps at all does not while a thread owes the library the destructor of a thread-local.
struct StayMapped;

impl Drop for StayMapped {
    fn drop(&mut self) {}
}

/// What native threads call, by the only global reference that they have, until their last has ended.
pub(crate) struct JavaPeer {
    /// Empty once there will be no more threads and none is left: then nobody is told anything any more.
    /// Who calls shares the reference, so that no lock is held and nobody deletes it while Java runs.
    object: RwLock<Option<Arc<Global<JObject<'static>>>>>,
    attached: AtomicUsize,
    /// There will be no more threads, and none is left to start or to serve.
    deserted: AtomicBool,
}

impl JavaPeer {
    pub(crate) fn new(env: &mut Env<'_>, object: &JObject<'_>) -> jni::errors::Result<Self> {
        Ok(Self {
            object: RwLock::new(Some(Arc::new(env.new_global_ref(object)?))),
            attached: AtomicUsize::new(0),
            deserted: AtomicBool::new(false),
        })
    }

    /// The object, unless it was let go of.
    pub(crate) fn object(&self) -> Option<Arc<Global<JObject<'static>>>> {
        let object = self.object.read().unwrap_or_else(PoisonError::into_inner);
        object.clone()
    }

    /// A thread begins: attaches it.
    pub(crate) fn enter(&self, name: &str) -> Result<(), Error> {
        STAY_MAPPED.with(|_| ());
        attach_daemon(name)?;
        self.attached.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }

    /// A thread that entered ends: detaches it. `last`: there will be no more, and no other is left.
    pub(crate) fn leave(&self, last: bool) {
        self.attached.fetch_sub(1, Ordering::SeqCst);
        if last {
            self.deserted.store(true, Ordering::SeqCst);
        }
        self.release_if_unused();
        detach();
    }

    /// There will be no more threads, and so many are alive. The last of them, or else the caller, lets go of the object.
    pub(crate) fn closed(&self, threads_alive: usize) {
        if threads_alive == 0 {
            self.deserted.store(true, Ordering::SeqCst);
            self.release_if_unused();
        }
    }

    /// Lets go of the object if neither a thread that serves nor one that is still to start will need it. Called after
    /// either of the two came true, so that whoever comes second sees both.
    fn release_if_unused(&self) {
        if self.deserted.load(Ordering::SeqCst) && self.attached.load(Ordering::SeqCst) == 0 {
            self.release();
        }
    }

    /// Lets go of the object.
    pub(crate) fn release(&self) {
        #[cfg(feature = "fault-injection")]
        let _counting = crate::fault_injection::references::count_here();
        let released = self
            .object
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        drop(released); // not before the lock is free again
    }
}

/// Calls Java from the current thread. One that the JVM refused is attached for this call: it ends what waits for it, and who
/// waits would do so for ever if it could not tell. What keeps the JVM from attaching threads, such as a lack of memory,
/// may pass.
pub(crate) fn call_java<T>(call: impl Fn() -> jni::errors::Result<T>) -> jni::errors::Result<T> {
    let called = call();
    if !matches!(
        called,
        Err(jni::errors::Error::JniCall(JniError::ThreadDetached))
    ) {
        return called;
    }
    for _ in 0..ATTACH_ATTEMPTS {
        if attach_daemon("fermata").is_ok() {
            let called = call();
            detach();
            return called;
        }
        std::thread::sleep(ATTACH_PAUSE);
    }
    called
}

/// Calls a method of `object` that returns nothing.
///
/// # Safety
///
/// `method` was looked up in the class of this very object, with the types of `arguments`.
pub(crate) unsafe fn call_void(
    env: &mut Env<'_>,
    object: &JObject<'_>,
    method: &JMethodID,
    arguments: &[jvalue],
) -> jni::errors::Result<()> {
    let result = {
        #[cfg(feature = "fault-injection")]
        let _pause = crate::fault_injection::references::pause_on(env);
        // SAFETY: by the contract of this function.
        unsafe {
            env.call_method_unchecked(
                object,
                method,
                ReturnType::Primitive(Primitive::Void),
                arguments,
            )
        }
    };
    #[cfg(feature = "fault-injection")]
    let result = crate::fault_injection::throw_after_upcall(env, result);
    result.map(|_| ())
}

/// Attaches the current thread as a daemon, which the jni crate does not offer: a JVM does not wait for daemons to exit.
fn attach_daemon(name: &str) -> Result<(), Error> {
    let refused = |why: String| {
        Error::new(
            ErrorKind::ThreadSpawn,
            format!("The thread {name} could not be attached to the JVM: {why}"),
        )
    };
    #[cfg(feature = "fault-injection")]
    if crate::fault_injection::trips(crate::fault_injection::Point::AttachFails) {
        return Err(refused("injected fault".to_owned()));
    }
    let vm = JavaVM::singleton().map_err(|e| refused(e.to_string()))?;
    let java_name = CString::new(name).map_err(|e| refused(e.to_string()))?;
    let mut args = JavaVMAttachArgs {
        version: JNI_VERSION_10,
        name: java_name.as_ptr().cast_mut(),
        group: null_mut(),
    };
    let mut env = null_mut();
    let raw = vm.get_raw();
    // SAFETY: the JVM outlives this thread's use of it, and reads env and args only during the call.
    let code = unsafe {
        ((**raw).v1_4.AttachCurrentThreadAsDaemon)(raw, &raw mut env, (&raw mut args).cast())
    };
    match code {
        JNI_OK => Ok(()),
        code => Err(refused(format!("JNI error {code}"))),
    }
}

/// Ends what [`attach_daemon`] began.
fn detach() {
    let Ok(vm) = JavaVM::singleton() else {
        return; // attach_daemon found none either
    };
    let raw = vm.get_raw();
    // SAFETY: attach_daemon attached the thread, and no Java frame is left on it: an engine thread calls this last.
    let code = unsafe { ((**raw).v1_1.DetachCurrentThread)(raw) };
    if code != JNI_OK {
        tracing::error!("A thread could not be detached from the JVM: JNI error {code}");
    }
}
