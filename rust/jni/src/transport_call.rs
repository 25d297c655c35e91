// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! A transport's calls into Java.

use fermata_engine::http::{Events, Failure, ResponseHead, Tag};
use fermata_engine::{Error, ErrorKind, TransportHost};
use jni::objects::{JMethodID, JObject, JString};
use jni::sys::{jint, jvalue};
use jni::{Env, JavaVM};

use crate::class_cache::TransportMethods;
use crate::java_peer::{JavaPeer, call_java, call_void};
use crate::log_bridge;

/// Room for the local references of an upcall: two arrays or a string, the upcalls object, or what it threw.
const UPCALL_FRAME: usize = 8;

/// The Java side of one transport: its `TransportUpcalls` object.
pub(crate) struct JavaEvents {
    upcalls: JavaPeer,
    methods: TransportMethods,
}

impl JavaEvents {
    pub(crate) fn new(env: &mut Env<'_>, upcalls: &JObject<'_>) -> jni::errors::Result<Self> {
        Ok(Self {
            methods: TransportMethods::of(env, upcalls)?,
            upcalls: JavaPeer::new(env, upcalls)?,
        })
    }

    /// Tells that the transport was closed, with so many threads alive.
    pub(crate) fn transport_closed(&self, threads_alive: usize) {
        self.upcalls.closed(threads_alive);
    }

    /// Calls a method that returns nothing, on the current thread, with what `arguments` makes in a frame of its own. What
    /// Java throws is logged. Fails if the arguments could not be made, or the method threw.
    fn call<const N: usize>(
        &self,
        name: &'static str,
        method: &JMethodID,
        last: bool,
        arguments: impl Fn(&mut Env<'_>) -> jni::errors::Result<[jvalue; N]>,
    ) -> Result<(), Error> {
        call_java(|| self.call_attached(name, method, last, &arguments)).map_err(|error| {
            Error::new(
                ErrorKind::Boundary,
                format!("TransportUpcalls.{name} failed: {error}"),
            )
        })
    }

    fn call_attached<const N: usize>(
        &self,
        name: &'static str,
        method: &JMethodID,
        last: bool,
        arguments: impl Fn(&mut Env<'_>) -> jni::errors::Result<[jvalue; N]>,
    ) -> jni::errors::Result<()> {
        JavaVM::singleton()?.with_local_frame(UPCALL_FRAME, |env| {
            #[cfg(feature = "fault-injection")]
            let _counting = crate::fault_injection::references::count_on(env);
            let Some(upcalls) = self.upcalls.object() else {
                return Ok(());
            };
            let local = env.new_local_ref(upcalls.as_obj())?;
            drop(upcalls);
            if last {
                self.upcalls.release();
            }
            // SAFETY: every method is of this object's class, and `arguments` are made for it by who names it, in this file.
            let called = arguments(env)
                .and_then(|arguments| unsafe { call_void(env, &local, method, &arguments) });
            if let Err(jni::errors::Error::JavaException) = called {
                log_bridge::upcall_threw(env, "TransportUpcalls", name);
            }
            called
        })
    }

    /// As [`Self::call`], for upcalls whose failure nobody can be told.
    fn tell<const N: usize>(
        &self,
        name: &'static str,
        method: &JMethodID,
        last: bool,
        arguments: impl Fn(&mut Env<'_>) -> jni::errors::Result<[jvalue; N]>,
    ) {
        if let Err(error) = self.call(name, method, last, arguments) {
            tracing::error!("{error}");
        }
    }
}

impl Events for JavaEvents {
    fn response(&self, tag: Tag, head: ResponseHead<'_>) -> Result<(), Error> {
        self.call("response", &self.methods.response, false, |env| {
            let headers = bytes(env, head.headers)?;
            let session = match head.session {
                Some(session) => bytes(env, session)?,
                None => jvalue {
                    l: std::ptr::null_mut(),
                },
            };
            let version = if head.http2 { 2 } else { 1 };
            Ok([
                jvalue { j: tag },
                jvalue {
                    i: head.status.into(),
                },
                jvalue { i: version },
                headers,
                session,
            ])
        })
    }

    fn body(&self, tag: Tag, chunk: &[u8]) -> Result<(), Error> {
        self.call("body", &self.methods.body, false, |env| {
            Ok([jvalue { j: tag }, bytes(env, chunk)?])
        })
    }

    fn want_body(&self, tag: Tag, chunks: u32) {
        let chunks = jint::try_from(chunks).unwrap_or(jint::MAX);
        self.tell("wantBody", &self.methods.want_body, false, |_| {
            Ok([jvalue { j: tag }, jvalue { i: chunks }])
        });
    }

    fn end(&self, tag: Tag) {
        self.tell("end", &self.methods.end, false, |_| Ok([jvalue { j: tag }]));
    }

    fn admitted(&self, tag: Tag, held_by_rate: bool) -> Result<(), Error> {
        self.call("admitted", &self.methods.admitted, false, |_| {
            Ok([jvalue { j: tag }, jvalue { z: held_by_rate }])
        })
    }

    fn failed(&self, tag: Tag, failure: &Failure) {
        self.tell("failed", &self.methods.failed, false, |env| {
            let message: JString<'_> = env.new_string(failure.message())?;
            Ok([
                jvalue { j: tag },
                jvalue {
                    i: failure.kind() as jint,
                },
                jvalue {
                    l: message.into_raw(),
                },
            ])
        });
    }
}

impl TransportHost for JavaEvents {
    fn thread_started(&self, name: &str) -> Result<(), Error> {
        self.upcalls.enter(name)
    }

    fn thread_ended(&self, last: bool) {
        if last {
            // Who hears of the end finds no reference left.
            self.tell("threadEnded", &self.methods.thread_ended, true, |_| Ok([]));
        }
        self.upcalls.leave(last);
    }
}

/// A byte array of the current local frame.
fn bytes(env: &mut Env<'_>, bytes: &[u8]) -> jni::errors::Result<jvalue> {
    Ok(jvalue {
        l: env.byte_array_from_slice(bytes)?.into_raw(),
    })
}
