// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The engine's calls into Java.

use fermata_engine::{CallId, ContextId, Error, Host, Outcome};
use jni::objects::{JMethodID, JObject};
use jni::signature::{Primitive, ReturnType};
use jni::sys::jvalue;
use jni::{Env, JavaVM};

use crate::class_cache::UpcallMethods;
use crate::java_peer::{JavaPeer, call_java};
use crate::log_bridge;

/// Room for the local references of an upcall that makes some: the upcalls object, or what it threw with its description.
const UPCALL_FRAME: usize = 8;

/// The Java side of one engine: its `EngineUpcalls` object.
pub(crate) struct JavaHost {
    upcalls: JavaPeer,
    methods: UpcallMethods,
}

impl JavaHost {
    pub(crate) fn new(env: &mut Env<'_>, upcalls: &JObject<'_>) -> jni::errors::Result<Self> {
        Ok(Self {
            methods: UpcallMethods::of(env, upcalls)?,
            upcalls: JavaPeer::new(env, upcalls)?,
        })
    }

    /// Tells that the engine began to close, with so many threads alive.
    pub(crate) fn engine_closed(&self, threads_alive: usize) {
        self.upcalls.closed(threads_alive);
    }

    /// Calls one method of the upcalls object on the current thread, which the JVM knows. What Java throws is logged.
    /// `None`: nothing was called, or it threw.
    fn call(&self, upcall: Upcall) -> Option<i32> {
        call_java(|| self.call_attached(&upcall)).unwrap_or_else(|error| {
            tracing::error!(
                "EngineUpcalls.{} could not be called: {error}",
                upcall.name()
            );
            None
        })
    }

    fn call_attached(&self, upcall: &Upcall) -> jni::errors::Result<Option<i32>> {
        if let Upcall::ThreadEnded(true) = upcall {
            return self.call_last(upcall);
        }
        // Without a frame of its own, which would take longer than the call: it makes no local reference.
        JavaVM::singleton()?.with_top_local_frame(|env| {
            #[cfg(feature = "fault-injection")]
            let _counting = crate::fault_injection::references::count_on(env);
            match self.upcalls.object() {
                Some(upcalls) => self.call_method(env, &upcalls, upcall),
                None => Ok(None),
            }
        })
    }

    /// The upcall after which there is none: who hears of the last thread's end finds no reference left.
    fn call_last(&self, upcall: &Upcall) -> jni::errors::Result<Option<i32>> {
        JavaVM::singleton()?.with_local_frame(UPCALL_FRAME, |env| {
            #[cfg(feature = "fault-injection")]
            let _counting = crate::fault_injection::references::count_on(env);
            let Some(upcalls) = self.upcalls.object() else {
                return Ok(None);
            };
            let local = env.new_local_ref(upcalls.as_obj())?;
            drop(upcalls);
            self.upcalls.release();
            self.call_method(env, &local, upcall)
        })
    }

    fn call_method(
        &self,
        env: &mut Env<'_>,
        upcalls: &JObject<'_>,
        upcall: &Upcall,
    ) -> jni::errors::Result<Option<i32>> {
        let (method, returns, argument) = upcall.resolve(&self.methods);
        let result = {
            #[cfg(feature = "fault-injection")]
            let _pause = crate::fault_injection::references::pause_on(env);
            // SAFETY: the id was looked up in the class of this very object, and `resolve` pairs each method with the
            // types it was looked up with.
            unsafe {
                env.call_method_unchecked(
                    upcalls,
                    method,
                    ReturnType::Primitive(returns),
                    argument.as_slice(),
                )
            }
        };
        #[cfg(feature = "fault-injection")]
        let result = crate::fault_injection::throw_after_upcall(env, result);
        match result {
            Ok(value) => Ok(Some(value.i().unwrap_or_default())),
            Err(jni::errors::Error::JavaException) => env.with_local_frame(UPCALL_FRAME, |env| {
                log_bridge::upcall_threw(env, "EngineUpcalls", upcall.name());
                Ok(None)
            }),
            Err(error) => Err(error),
        }
    }
}

impl Host for JavaHost {
    fn thread_started(&self, name: &str) -> Result<(), Error> {
        self.upcalls.enter(name)
    }

    fn thread_ended(&self, last: bool) {
        self.call(Upcall::ThreadEnded(last));
        self.upcalls.leave(last);
    }

    fn run(&self, call: CallId) -> Outcome {
        #[cfg(feature = "fault-injection")]
        crate::fault_injection::panic_at(crate::fault_injection::Point::PanicBeforeUpcall);
        let code = self.call(Upcall::Run(call));
        #[cfg(feature = "fault-injection")]
        crate::fault_injection::panic_at(crate::fault_injection::Point::PanicAfterUpcall);
        code.map_or(Outcome::Fault, outcome)
    }

    fn wake(&self) {
        self.call(Upcall::Wake);
    }

    fn space(&self) {
        self.call(Upcall::Space);
    }

    fn expired(&self, call: CallId) {
        self.call(Upcall::Expired(call));
    }

    fn notify(&self, context: ContextId) {
        self.call(Upcall::NotifyContext(context));
    }
}

/// One upcall with its argument.
enum Upcall {
    Run(CallId),
    Wake,
    Space,
    Expired(CallId),
    NotifyContext(ContextId),
    ThreadEnded(bool),
}

impl Upcall {
    fn name(&self) -> &'static str {
        match self {
            Self::Run(_) => "run",
            Self::Wake => "wake",
            Self::Space => "space",
            Self::Expired(_) => "expired",
            Self::NotifyContext(_) => "notifyContext",
            Self::ThreadEnded(_) => "threadEnded",
        }
    }

    fn resolve<'a>(
        &self,
        methods: &'a UpcallMethods,
    ) -> (&'a JMethodID, Primitive, Option<jvalue>) {
        match *self {
            Self::Run(call) => (
                &methods.run,
                Primitive::Int,
                Some(jvalue { j: call.as_i64() }),
            ),
            Self::Wake => (&methods.wake, Primitive::Void, None),
            Self::Space => (&methods.space, Primitive::Void, None),
            Self::Expired(call) => (
                &methods.expired,
                Primitive::Void,
                Some(jvalue { j: call.as_i64() }),
            ),
            Self::NotifyContext(context) => (
                &methods.notify_context,
                Primitive::Void,
                Some(jvalue {
                    j: context.as_i64(),
                }),
            ),
            Self::ThreadEnded(last) => (
                &methods.thread_ended,
                Primitive::Void,
                Some(jvalue { z: last }),
            ),
        }
    }
}

/// What `EngineUpcalls.run` returned.
fn outcome(code: i32) -> Outcome {
    match code {
        0 => Outcome::Value,
        1 => Outcome::Error,
        _ => Outcome::Fault,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_run_must_not_return_is_a_fault() {
        assert_eq!(outcome(Outcome::Value as i32), Outcome::Value);
        assert_eq!(outcome(Outcome::Error as i32), Outcome::Error);
        assert_eq!(outcome(Outcome::Cancelled as i32), Outcome::Fault);
        assert_eq!(outcome(-1), Outcome::Fault);
    }
}
