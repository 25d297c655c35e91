// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Threads that leave no trace on the thread that starts them.
//!
//! `std::thread` would touch a thread-local with a destructor on the starting thread (its spawn hooks). If that is a
//! thread of the JVM, the library stays mapped until it ends, long after the library was unloaded.

use std::io;

use fermata_core::threads::{Spawn, ThreadBody};

/// Starts detached threads through the operating system.
pub(crate) struct NativeThreads;

#[cfg(unix)]
mod unix {
    use std::ffi::{CString, c_void};
    use std::mem::MaybeUninit;
    use std::ptr;

    use super::{NativeThreads, Spawn, ThreadBody, io};

    /// As much as std gives its threads; suppliers run on it.
    const STACK_BYTES: usize = 2 * 1024 * 1024;

    struct Start {
        name: CString,
        body: ThreadBody,
    }

    impl Spawn for NativeThreads {
        fn spawn(&self, name: &str, body: ThreadBody) -> io::Result<()> {
            let name = CString::new(os_name(name))?;
            let start = Box::into_raw(Box::new(Start { name, body }));
            // SAFETY: `start` came from `Box::into_raw`, and `run` gets it once, only if the thread was created.
            let result = unsafe { create(start) };
            if result.is_err() {
                // SAFETY: no thread was created, so nobody else has taken the box.
                drop(unsafe { Box::from_raw(start) });
            }
            result
        }
    }

    /// # Safety
    /// `start` must be a box turned raw, which is left to the new thread on success.
    unsafe fn create(start: *mut Start) -> io::Result<()> {
        let mut attributes = MaybeUninit::uninit();
        let mut thread = MaybeUninit::uninit();
        // SAFETY: the attributes are initialised by the first call, which fails in no other way than by its result, and
        // destroyed once at the end; the thread's handle is written on success and not read.
        unsafe {
            check(libc::pthread_attr_init(attributes.as_mut_ptr()))?;
            let attributes = attributes.as_mut_ptr();
            let created = check(libc::pthread_attr_setstacksize(attributes, STACK_BYTES))
                .and_then(|()| {
                    check(libc::pthread_attr_setdetachstate(
                        attributes,
                        libc::PTHREAD_CREATE_DETACHED,
                    ))
                })
                .and_then(|()| {
                    check(libc::pthread_create(
                        thread.as_mut_ptr(),
                        attributes,
                        run,
                        start.cast(),
                    ))
                });
            libc::pthread_attr_destroy(attributes);
            created
        }
    }

    extern "C" fn run(start: *mut c_void) -> *mut c_void {
        // SAFETY: `create` passed the raw box of a `Start`, to this thread alone.
        let start = unsafe { Box::from_raw(start.cast::<Start>()) };
        name_current(&start.name);
        (start.body)();
        ptr::null_mut()
    }

    #[cfg(target_os = "macos")]
    fn name_current(name: &std::ffi::CStr) {
        // SAFETY: the name is a C string that outlives the call.
        unsafe { libc::pthread_setname_np(name.as_ptr()) };
    }

    #[cfg(not(target_os = "macos"))]
    fn name_current(name: &std::ffi::CStr) {
        // SAFETY: the name is a C string that outlives the call; the handle is that of the running thread.
        unsafe { libc::pthread_setname_np(libc::pthread_self(), name.as_ptr()) };
    }

    /// Linux refuses names above 15 bytes. The end tells threads apart, so a long name loses bytes from its middle.
    fn os_name(name: &str) -> Vec<u8> {
        const LIMIT: usize = 15;
        let bytes = name.as_bytes();
        if bytes.len() <= LIMIT {
            return bytes.to_vec();
        }
        let tail = name
            .rfind('-')
            .map_or(0, |dash| bytes.len() - dash)
            .min(LIMIT);
        [&bytes[..LIMIT - tail], &bytes[bytes.len() - tail..]].concat()
    }

    fn check(code: libc::c_int) -> io::Result<()> {
        match code {
            0 => Ok(()),
            code => Err(io::Error::from_raw_os_error(code)),
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn long_names_keep_their_end() {
            assert_eq!(os_name("fermata-12"), b"fermata-12");
            assert_eq!(os_name("continuation-executor-1234"), b"continuati-1234");
            assert_eq!(
                os_name("a-name-with-a-very-long-last-part-timer"),
                b"a-name-wi-timer"
            );
            assert_eq!(os_name("averyveryverylongname"), b"averyveryverylo");
        }

        #[test]
        fn a_thread_carries_its_name_and_runs_its_body() {
            let (sender, receiver) = std::sync::mpsc::channel();
            NativeThreads
                .spawn(
                    "fermata-test-7",
                    Box::new(move || {
                        let mut name = [0_u8; 16];
                        // SAFETY: the buffer is as long as said.
                        unsafe {
                            libc::pthread_getname_np(
                                libc::pthread_self(),
                                name.as_mut_ptr().cast(),
                                name.len(),
                            );
                        }
                        sender.send(name).expect("the test waits");
                    }),
                )
                .expect("a thread starts");
            let name = receiver.recv().expect("the body ran");
            assert!(name.starts_with(b"fermata-test-7\0"));
        }
    }
}

#[cfg(not(unix))]
impl Spawn for NativeThreads {
    fn spawn(&self, name: &str, body: ThreadBody) -> io::Result<()> {
        std::thread::Builder::new()
            .name(name.to_owned())
            .spawn(body)
            .map(drop)
    }
}
