// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The natives of `dev.fermata.internal.bridge.NativeEngine`, where they are documented. Each unpacks its arguments, asks
//! the engine, and packs the answer.

use std::sync::Arc;
use std::time::Duration;

use fermata_engine::{
    CallId, ContextId, Engine, EngineConfig, Error, ErrorKind, Resumption, SliceEnd,
};
use jni::objects::{JClass, JLongArray, JObject, JString, JValue};
use jni::sys::{jboolean, jint, jlong};
use jni::{EnvUnowned, NativeMethod, jni_sig, jni_str};

use crate::error_policy::{Failure, with_env, without_env};
use crate::handles::{self, OpenEngine};
use crate::java_call::JavaHost;
use crate::log_bridge;

macro_rules! native {
    ($($signature:tt)*) => {
        jni::native_method! {
            // The check would keep global references to classes of the JDK; all natives are static, see `on_load`.
            abi_check = UnsafeNever,
            raw static fn $($signature)*,
        }
    };
}

pub(crate) use native;

/// All natives of `NativeEngine`, to be registered when the library is loaded.
pub(crate) const NATIVES: &[NativeMethod<'static>] = &[
    native!(library_version() -> java.lang.String),
    native!(error_kinds() -> java.lang.String),
    native!(open_package(owner: java.lang.Module, package_name: java.lang.String, to: java.lang.Module)),
    native!(lock_stack() -> jlong),
    native!(set_log_level(level: jint)),
    native!(create(
        upcalls: dev.fermata.internal.bridge.EngineUpcalls,
        max_workers: jint,
        queue_capacity: jint,
        max_calls: jint,
        keep_alive_nanos: jlong,
        thread_name: java.lang.String
    ) -> jlong),
    native!(create_context(engine: jlong, resumed_by_unpark: jboolean) -> jlong),
    native!(release_context(engine: jlong, context: jlong)),
    native!(begin_slice(engine: jlong, context: jlong) -> jint),
    native!(end_slice(engine: jlong, context: jlong, finished: jboolean) -> jint),
    native!(arm_wait(engine: jlong, context: jlong, calls: jint)),
    native!(wait_status(engine: jlong, context: jlong) -> jint),
    native!(reserve(engine: jlong, context: jlong) -> jlong),
    native!(submit(engine: jlong, call: jlong, deadline_nanos: jlong) -> jboolean),
    native!(sleep(engine: jlong, call: jlong, nanos: jlong)),
    native!(leave_outside(engine: jlong, call: jlong, deadline_nanos: jlong)),
    native!(arrive(engine: jlong, call: jlong)),
    native!(cancel_call(engine: jlong, call: jlong) -> jint),
    native!(discard(engine: jlong, call: jlong) -> jint),
    native!(take(engine: jlong, call: jlong) -> jint),
    native!(cancel_context(engine: jlong, context: jlong)),
    native!(unparked(engine: jlong, context: jlong)),
    native!(observe(engine: jlong)),
    native!(has_ready(engine: jlong) -> jboolean),
    native!(drain_ready(engine: jlong, into: jlong[]) -> jint),
    native!(gauges(engine: jlong, into: jlong[])),
    native!(begin_close(engine: jlong)),
    native!(threads_alive(engine: jlong) -> jint),
    native!(destroy(engine: jlong)),
];

/// `take`: the call is not done.
const OPEN: jint = -1;

/// `lock_stack`: the JVM does not tell.
const UNKNOWN: jlong = -1;

/// How many ids `drain_ready` moves at a time, by way of the stack.
const DRAIN_CHUNK: usize = 64;

/// Natives of one engine. The body gets `&Engine` in place of the handle, and answers with a `Result`.
macro_rules! on_engine {
    ($(fn $name:ident($engine:ident $(, $argument:ident: $type:ty)*) $(-> $result:ty)? $body:block)*) => {$(
        fn $name<'local>(
            env: EnvUnowned<'local>,
            class: JClass<'local>,
            engine: jlong
            $(, $argument: $type)*
        ) $(-> $result)? {
            without_env(env, &class, || {
                // SAFETY: NativeEngine's contract: a handle is 0 or came from `create`, and `destroy` is the last call
                // with it.
                let $engine = &unsafe { handles::borrow::<OpenEngine>(engine) }?.engine;
                let result: Result<_, Error> = $body;
                Ok(result?)
            })
        }
    )*};
}

fn library_version<'local>(env: EnvUnowned<'local>, class: JClass<'local>) -> JString<'local> {
    with_env(env, &class, |env| {
        Ok(env.new_string(env!("CARGO_PKG_VERSION"))?)
    })
}

fn error_kinds<'local>(env: EnvUnowned<'local>, class: JClass<'local>) -> JString<'local> {
    with_env(env, &class, |env| {
        let kinds = ErrorKind::ALL.map(|kind| format!("{kind:?}:{:?}", kind.retry()));
        Ok(env.new_string(kinds.join(","))?)
    })
}

fn open_package<'local>(
    env: EnvUnowned<'local>,
    class: JClass<'local>,
    owner: JObject<'local>,
    package_name: JString<'local>,
    to: JObject<'local>,
) {
    with_env(env, &class, |env| {
        for (argument, name) in [
            (&owner, "owner"),
            (&*package_name, "packageName"),
            (&to, "to"),
        ] {
            refuse_null(argument, name)?;
        }
        let arguments = [JValue::Object(&package_name), JValue::Object(&to)];
        let signature = jni_sig!((package: java.lang.String, other: java.lang.Module) -> void);
        env.call_method(&owner, jni_str!("implAddExports"), &signature, &arguments)?;
        env.call_method(&owner, jni_str!("implAddOpens"), &signature, &arguments)?;
        Ok(())
    })
}

fn lock_stack<'local>(env: EnvUnowned<'local>, class: JClass<'local>) -> jlong {
    without_env(env, &class, || {
        #[cfg(target_os = "linux")]
        if let Some(stack) = crate::hotspot::LockStack::of_this_jvm() {
            return Ok((u64::from(stack.empty) << 32 | u64::from(stack.top)).cast_signed());
        }
        Ok(UNKNOWN)
    })
}

fn set_log_level<'local>(env: EnvUnowned<'local>, class: JClass<'local>, level: jint) {
    without_env(env, &class, || Ok(log_bridge::set_level(level)?))
}

#[expect(clippy::too_many_arguments, reason = "the signature is Java's")]
fn create<'local>(
    env: EnvUnowned<'local>,
    class: JClass<'local>,
    upcalls: JObject<'local>,
    max_workers: jint,
    queue_capacity: jint,
    max_calls: jint,
    keep_alive_nanos: jlong,
    thread_name: JString<'local>,
) -> jlong {
    with_env(env, &class, |env| {
        refuse_null(&upcalls, "upcalls")?;
        let config = EngineConfig {
            max_workers: at_least_one(max_workers, "maxWorkers")?,
            queue_capacity: at_least_one(queue_capacity, "queueCapacity")?,
            max_calls: at_least_one(max_calls, "maxCalls")?,
            keep_alive: Duration::from_nanos(
                u64::try_from(keep_alive_nanos)
                    .map_err(|_| out_of_range("keepAliveNanos", keep_alive_nanos, 0))?,
            ),
            thread_name: thread_name.try_to_string(env)?,
        };
        let host = Arc::new(JavaHost::new(env, &upcalls)?);
        let engine = Engine::new(config, host.clone())?;
        Ok(handles::into_handle(OpenEngine { engine, host }))
    })
}

on_engine! {
    fn create_context(engine, resumed_by_unpark: jboolean) -> jlong {
        let resumption = if resumed_by_unpark {
            Resumption::Unpark
        } else {
            Resumption::Owner
        };
        engine.create_context(resumption).map(ContextId::as_i64)
    }

    fn release_context(engine, context: jlong) {
        engine.release_context(ContextId::from_i64(context));
        Ok(())
    }

    fn begin_slice(engine, context: jlong) -> jint {
        engine.begin_slice(ContextId::from_i64(context)).map(|verdict| verdict as jint)
    }

    fn end_slice(engine, context: jlong, finished: jboolean) -> jint {
        let end = if finished {
            SliceEnd::Finished
        } else {
            SliceEnd::Parked
        };
        engine.end_slice(ContextId::from_i64(context), end).map(|verdict| verdict as jint)
    }

    fn arm_wait(engine, context: jlong, calls: jint) {
        u32::try_from(calls)
            .map_err(|_| out_of_range("calls", calls.into(), 0))
            .and_then(|calls| engine.arm_wait(ContextId::from_i64(context), calls))
    }

    fn wait_status(engine, context: jlong) -> jint {
        Ok(engine.wait_status(ContextId::from_i64(context)) as jint)
    }

    fn reserve(engine, context: jlong) -> jlong {
        engine.reserve(ContextId::from_i64(context)).map(CallId::as_i64)
    }

    fn submit(engine, call: jlong, deadline_nanos: jlong) -> jboolean {
        #[cfg(feature = "fault-injection")]
        crate::fault_injection::fail_submit()?;
        let deadline = (deadline_nanos > 0).then(|| nanos(deadline_nanos));
        match engine.submit(CallId::from_i64(call), deadline) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::QueueFull => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn sleep(engine, call: jlong, duration_nanos: jlong) {
        engine.sleep(CallId::from_i64(call), nanos(duration_nanos))
    }

    fn leave_outside(engine, call: jlong, deadline_nanos: jlong) {
        let deadline = (deadline_nanos > 0).then(|| nanos(deadline_nanos));
        engine.leave_outside(CallId::from_i64(call), deadline)
    }

    fn arrive(engine, call: jlong) {
        engine.arrive(CallId::from_i64(call));
        Ok(())
    }

    fn cancel_call(engine, call: jlong) -> jint {
        Ok(engine.cancel_call(CallId::from_i64(call)) as jint)
    }

    fn discard(engine, call: jlong) -> jint {
        Ok(engine.discard(CallId::from_i64(call)) as jint)
    }

    fn take(engine, call: jlong) -> jint {
        Ok(engine.take(CallId::from_i64(call)).map_or(OPEN, |outcome| outcome as jint))
    }

    fn cancel_context(engine, context: jlong) {
        engine.cancel_context(ContextId::from_i64(context));
        Ok(())
    }

    fn unparked(engine, context: jlong) {
        engine.unparked(ContextId::from_i64(context));
        Ok(())
    }

    fn observe(engine) {
        engine.observe();
        Ok(())
    }

    fn has_ready(engine) -> jboolean {
        Ok(engine.has_ready())
    }

    fn threads_alive(engine) -> jint {
        Ok(jint::try_from(engine.threads_alive()).unwrap_or(jint::MAX))
    }
}

fn drain_ready<'local>(
    env: EnvUnowned<'local>,
    class: JClass<'local>,
    engine: jlong,
    into: JLongArray<'local>,
) -> jint {
    with_env(env, &class, |env| {
        // SAFETY: as in `on_engine!`.
        let open = unsafe { handles::borrow::<OpenEngine>(engine) }?;
        let room = into.len(env)?;
        let mut drained = 0;
        while drained < room {
            let mut chunk = [0; DRAIN_CHUNK];
            let wanted = DRAIN_CHUNK.min(room - drained);
            let got = open.engine.drain_ready(&mut chunk[..wanted]);
            let ids = chunk.map(u64::cast_signed);
            into.set_region(env, drained as jint, &ids[..got])?;
            drained += got;
            if got < wanted {
                break;
            }
        }
        Ok(drained as jint)
    })
}

fn gauges<'local>(
    env: EnvUnowned<'local>,
    class: JClass<'local>,
    engine: jlong,
    into: JLongArray<'local>,
) {
    with_env(env, &class, |env| {
        // SAFETY: as in `on_engine!`.
        let gauges = unsafe { handles::borrow::<OpenEngine>(engine) }?
            .engine
            .gauges();
        let figures = [
            gauges.in_flight,
            gauges.queued,
            gauges.running,
            gauges.sleeping,
            gauges.suspended,
            gauges.workers,
            gauges.wake_ups,
            gauges.timer_entries,
        ];
        if into.len(env)? < figures.len() {
            return Err(invalid(format!(
                "The array must have room for {} longs",
                figures.len()
            )));
        }
        Ok(into.set_region(env, 0, &figures.map(u64::cast_signed))?)
    })
}

fn begin_close<'local>(env: EnvUnowned<'local>, class: JClass<'local>, engine: jlong) {
    without_env(env, &class, || {
        // SAFETY: as in `on_engine!`.
        unsafe { handles::borrow::<OpenEngine>(engine) }?.begin_close();
        Ok(())
    })
}

fn destroy<'local>(env: EnvUnowned<'local>, class: JClass<'local>, engine: jlong) {
    without_env(env, &class, || {
        // SAFETY: NativeEngine's contract: `destroy` is the last call with a handle.
        unsafe { handles::take::<OpenEngine>(engine) }?.begin_close();
        Ok(())
    })
}

/// A duration in Java's nanoseconds; a negative one is over.
fn nanos(nanos: jlong) -> Duration {
    Duration::from_nanos(nanos.max(0).unsigned_abs())
}

fn at_least_one(value: jint, name: &str) -> Result<usize, Failure> {
    match usize::try_from(value) {
        Ok(value) if value >= 1 => Ok(value),
        _ => Err(out_of_range(name, value.into(), 1).into()),
    }
}

pub(crate) fn out_of_range(name: &str, value: jlong, least: jlong) -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        format!("{name} must be at least {least}, not {value}"),
    )
}

pub(crate) fn refuse_null(argument: &JObject<'_>, name: &str) -> Result<(), Failure> {
    if argument.is_null() {
        return Err(invalid(format!("{name} must not be null")));
    }
    Ok(())
}

pub(crate) fn invalid(message: String) -> Failure {
    Error::new(ErrorKind::InvalidArgument, message).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_below_one_are_refused_by_name() {
        assert_eq!(at_least_one(1, "maxWorkers").ok(), Some(1));
        for value in [0, -1, jint::MIN] {
            let refused = at_least_one(value, "maxWorkers").expect_err("below one");
            assert_eq!(
                refused.to_string(),
                format!("maxWorkers must be at least 1, not {value}")
            );
        }
    }

    #[test]
    fn a_negative_duration_is_over() {
        assert_eq!(nanos(-1), Duration::ZERO);
        assert_eq!(nanos(jlong::MIN), Duration::ZERO);
        assert_eq!(nanos(1_500), Duration::from_nanos(1_500));
    }
}
