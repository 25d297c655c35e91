// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! A journal's calls into Java.

use std::panic::{AssertUnwindSafe, catch_unwind};

use fermata_engine::journal::{self, Acknowledge, Record};
use fermata_engine::{Error, ErrorKind, JournalHost};
use jni::objects::{JMethodID, JObject, JString};
use jni::sys::{jlong, jvalue};
use jni::{Env, JavaVM};

use crate::class_cache::JournalMethods;
use crate::flat_record;
use crate::java_peer::{JavaPeer, call_java, call_void};
use crate::log_bridge;

/// Room for the local references of an upcall: two strings or an array, or what it threw with its description.
const UPCALL_FRAME: usize = 8;

/// The token of which nobody wants to hear: that of an append that is acknowledged when it returns.
const NOBODY: u64 = 0;

/// The Java side of one journal: its `JournalUpcalls` object.
pub(crate) struct JavaAcknowledge {
    upcalls: JavaPeer,
    methods: JournalMethods,
}

impl JavaAcknowledge {
    pub(crate) fn new(env: &mut Env<'_>, upcalls: &JObject<'_>) -> jni::errors::Result<Self> {
        Ok(Self {
            methods: JournalMethods::of(env, upcalls)?,
            upcalls: JavaPeer::new(env, upcalls)?,
        })
    }

    /// Tells that the journal was closed, with so many threads alive.
    pub(crate) fn journal_closed(&self, threads_alive: usize) {
        self.upcalls.closed(threads_alive);
    }

    fn reached(&self, token: jlong) -> jni::errors::Result<()> {
        self.call("acknowledged", &self.methods.acknowledged, |_| {
            Ok([jvalue { j: token }])
        })
    }

    fn failed(&self, token: jlong, error: &Error) -> jni::errors::Result<()> {
        self.call("failed", &self.methods.failed, |env| {
            let kind: JString<'_> = env.new_string(format!("{:?}", error.kind()))?;
            let message: JString<'_> = env.new_string(error.message())?;
            Ok([
                jvalue { j: token },
                jvalue { l: kind.into_raw() },
                jvalue {
                    l: message.into_raw(),
                },
            ])
        })
    }

    /// Calls a method that returns nothing, on the current thread, with what `arguments` makes in a frame of its own.
    fn call<const N: usize>(
        &self,
        name: &'static str,
        method: &JMethodID,
        arguments: impl Fn(&mut Env<'_>) -> jni::errors::Result<[jvalue; N]>,
    ) -> jni::errors::Result<()> {
        call_java(|| {
            JavaVM::singleton()?.with_local_frame(UPCALL_FRAME, |env| {
                #[cfg(feature = "fault-injection")]
                let _counting = crate::fault_injection::references::count_on(env);
                let Some(upcalls) = self.upcalls.object() else {
                    return Ok(());
                };
                // SAFETY: every method is of this object's class, and `arguments` are made for it by who names it, in this file.
                let called = arguments(env)
                    .and_then(|arguments| unsafe { call_void(env, &upcalls, method, &arguments) });
                if let Err(jni::errors::Error::JavaException) = called {
                    log_bridge::upcall_threw(env, "JournalUpcalls", name);
                }
                called
            })
        })
    }
}

impl Acknowledge for JavaAcknowledge {
    fn acknowledged(&self, token: u64, outcome: Result<(), journal::Error>) {
        if token == NOBODY {
            return;
        }
        let token = token.cast_signed();
        let told = catch_unwind(AssertUnwindSafe(|| {
            #[cfg(feature = "fault-injection")]
            crate::fault_injection::panic_at(crate::fault_injection::Point::PanicBeforeUpcall);
            match outcome {
                Ok(()) => self.reached(token),
                Err(error) => self.failed(token, &error.into()),
            }
        }));
        // Whoever waits must hear something; Java ignores a token of which it has heard.
        let why = match told {
            Ok(Ok(())) => return,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "native code panicked (the place is in the log)".to_owned(),
        };
        let error = Error::new(
            ErrorKind::Boundary,
            format!("what became of an append could not be told: {why}; it may be in the journal"),
        );
        if let Err(cause) = self.failed(token, &error) {
            tracing::error!("JournalUpcalls.failed could not be called: {cause}");
        }
    }
}

impl JournalHost for JavaAcknowledge {
    fn thread_started(&self, name: &str) -> Result<(), Error> {
        self.upcalls.enter(name)
    }

    fn thread_ended(&self, last: bool) {
        self.upcalls.leave(last);
    }
}

/// Hands a record to a `RecordSink`, whose `record` is `method`, on the current thread, which is Java's.
pub(crate) fn hand_over(
    env: &mut Env<'_>,
    sink: &JObject<'_>,
    method: &JMethodID,
    record: &Record,
) -> jni::errors::Result<()> {
    let flat = flat_record::encode(record);
    env.with_local_frame(UPCALL_FRAME, |env| {
        let array = env.byte_array_from_slice(&flat)?;
        let arguments = [jvalue {
            l: array.into_raw(),
        }];
        // SAFETY: the caller hands over the id with the object that it was looked up for.
        unsafe { call_void(env, sink, method, &arguments) }
    })
}
