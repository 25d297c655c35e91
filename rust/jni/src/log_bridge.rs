// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Events of `tracing` and records of `log` go to the Java class `LogBridge`, and from there to SLF4J.
//!
//! The class is held by a weak reference, from the library's load to its unload. An event of a thread that the JVM does
//! not know, or that has a Java exception pending, is dropped: all code of the engine runs on threads the JVM knows.

use std::fmt::{self, Write};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, PoisonError};

use fermata_engine::{Error, ErrorKind};
use jni::objects::{JClass, JStaticMethodID, Weak};
use jni::refs::Reference;
use jni::signature::{Primitive, ReturnType};
use jni::sys::{jint, jvalue};
use jni::{Env, JavaVM};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_log::{LogTracer, NormalizeEvent};

use crate::class_cache::LogMethods;

/// Room for the class, two strings and a throwable.
const LOG_FRAME: usize = 8;

static BRIDGE: Mutex<Option<Bridge>> = Mutex::new(None);

/// The level of Java's numbering: 0 off, 1 error … 5 trace.
static LEVEL: AtomicI32 = AtomicI32::new(2);

struct Bridge {
    class: Weak<JClass<'static>>,
    methods: LogMethods,
}

/// Starts forwarding, once per load of the library.
pub(crate) fn start(env: &mut Env<'_>, class: &JClass<'_>) -> jni::errors::Result<()> {
    let bridge = Bridge {
        methods: LogMethods::of(env, class)?,
        class: env.new_weak_ref(class)?,
    };
    *BRIDGE.lock().unwrap_or_else(PoisonError::into_inner) = Some(bridge);
    // Both fail only if something else in this library, whose statics these are, was first.
    let subscriber = tracing::subscriber::set_global_default(ToJava);
    let logger = LogTracer::init();
    debug_assert!(subscriber.is_ok() && logger.is_ok());
    apply_level();
    Ok(())
}

/// Ends forwarding and lets go of the class.
pub(crate) fn end() {
    let ended = BRIDGE.lock().unwrap_or_else(PoisonError::into_inner).take();
    drop(ended);
}

/// Sets the least severe level that is forwarded, in Java's numbering.
pub(crate) fn set_level(level: jint) -> Result<(), Error> {
    if !(0..=5).contains(&level) {
        return Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("The log level must be 0 (off) to 5 (trace), not {level}"),
        ));
    }
    LEVEL.store(level, Ordering::Relaxed);
    apply_level();
    Ok(())
}

fn apply_level() {
    tracing::callsite::rebuild_interest_cache();
    log::set_max_level(match LEVEL.load(Ordering::Relaxed) {
        0 => log::LevelFilter::Off,
        1 => log::LevelFilter::Error,
        2 => log::LevelFilter::Warn,
        3 => log::LevelFilter::Info,
        4 => log::LevelFilter::Debug,
        _ => log::LevelFilter::Trace,
    });
}

fn number(level: Level) -> i32 {
    match level {
        Level::ERROR => 1,
        Level::WARN => 2,
        Level::INFO => 3,
        Level::DEBUG => 4,
        Level::TRACE => 5,
    }
}

/// Logs the pending Java exception, which an upcall threw, and clears it.
pub(crate) fn upcall_threw(env: &mut Env<'_>, upcalls: &str, method: &str) {
    let Some(thrown) = env.exception_occurred() else {
        return;
    };
    env.exception_clear();
    to_java(env, |env, class, methods| {
        let upcall = env.new_string(format!("{upcalls}.{method}"))?;
        // SAFETY: the id belongs to this class and takes a string and a throwable.
        unsafe {
            call_void(
                env,
                class,
                methods.upcall_threw,
                &[as_arg(&upcall), as_arg(&thrown)],
            )
        }
    });
}

/// Calls a method of the bridge, unless its class is gone. A failure of the logger itself is Java's to describe.
fn to_java(
    env: &mut Env<'_>,
    call: impl FnOnce(&mut Env<'_>, &JClass<'_>, LogMethods) -> jni::errors::Result<()>,
) {
    let found = {
        let bridge = BRIDGE.lock().unwrap_or_else(PoisonError::into_inner);
        bridge.as_ref().and_then(|bridge| {
            let class = bridge.class.upgrade_local(env).ok().flatten()?;
            Some((class, bridge.methods))
        })
    };
    if let Some((class, methods)) = found
        && call(env, &class, methods).is_err()
    {
        env.exception_describe();
        env.exception_clear();
    }
}

fn as_arg(object: &impl Reference) -> jvalue {
    jvalue { l: object.as_raw() }
}

/// Calls a static method that returns nothing.
///
/// # Safety
///
/// The id belongs to the class, and the arguments fit it.
unsafe fn call_void(
    env: &mut Env<'_>,
    class: &JClass<'_>,
    method: JStaticMethodID,
    arguments: &[jvalue],
) -> jni::errors::Result<()> {
    let void = ReturnType::Primitive(Primitive::Void);
    // SAFETY: passed on to the caller.
    unsafe { env.call_static_method_unchecked(class, method, void, arguments) }.map(|_| ())
}

/// The subscriber. Spans are not forwarded: SLF4J has none.
struct ToJava;

impl Subscriber for ToJava {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && number(*metadata.level()) <= LEVEL.load(Ordering::Relaxed)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(match LEVEL.load(Ordering::Relaxed) {
            0 => LevelFilter::OFF,
            1 => LevelFilter::ERROR,
            2 => LevelFilter::WARN,
            3 => LevelFilter::INFO,
            4 => LevelFilter::DEBUG,
            _ => LevelFilter::TRACE,
        })
    }

    fn event(&self, event: &Event<'_>) {
        // A record of `log` carries its own target in fields; an event of `tracing` has nothing to normalize.
        let normalized = event.normalized_metadata();
        let metadata = normalized.as_ref().unwrap_or_else(|| event.metadata());
        let mut text = Text::default();
        event.record(&mut text);
        forward(number(*metadata.level()), metadata.target(), &text.0);
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

fn forward(level: i32, target: &str, message: &str) {
    let Ok(vm) = JavaVM::singleton() else {
        return;
    };
    // Fails on a thread the JVM does not know: the event is dropped, as the module says.
    let _ = vm.with_local_frame(LOG_FRAME, |env| -> jni::errors::Result<()> {
        if !env.exception_check() {
            to_java(env, |env, class, methods| {
                let target = env.new_string(target)?;
                let message = env.new_string(message)?;
                let arguments = [jvalue { i: level }, as_arg(&target), as_arg(&message)];
                // SAFETY: the id belongs to this class and takes an int and two strings.
                unsafe { call_void(env, class, methods.log, &arguments) }
            });
        }
        Ok(())
    });
}

/// The message of an event, followed by its other fields as ` name=value`.
#[derive(Default)]
struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let name = field.name();
        if name.starts_with("log.") {
            return;
        }
        // Writing to a string does not fail, a Debug implementation may: then its field ends early.
        let _ = if name == "message" {
            write!(self.0, "{value:?}")
        } else {
            write!(self.0, " {name}={value:?}")
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    /// Collects what would go to Java.
    struct Collect(Arc<Mutex<Vec<String>>>);

    impl Subscriber for Collect {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            ToJava.enabled(metadata)
        }
        fn event(&self, event: &Event<'_>) {
            let mut text = Text::default();
            event.record(&mut text);
            self.0.lock().expect("collector").push(text.0);
        }
        fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
            ToJava.new_span(attributes)
        }
        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
        fn enter(&self, _: &span::Id) {}
        fn exit(&self, _: &span::Id) {}
    }

    #[test]
    fn an_event_is_its_message_and_then_its_fields_and_the_level_filters() {
        let texts = Arc::new(Mutex::new(Vec::new()));
        tracing::subscriber::with_default(Collect(texts.clone()), || {
            tracing::warn!(worker = "w-1", queued = 3, "late by {} ms", 7);
            tracing::info!("below the initial level");
        });
        assert_eq!(
            *texts.lock().expect("collector"),
            ["late by 7 ms worker=\"w-1\" queued=3"]
        );
    }

    #[test]
    fn a_level_outside_javas_numbering_is_refused() {
        for level in [-1, 6] {
            let refused = set_level(level).expect_err("out of range");
            assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
        }
    }
}
