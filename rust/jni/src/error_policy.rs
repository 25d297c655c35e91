// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! How every native ends: with its value, or with a Java exception and the default value of its type. No panic passes.

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use fermata_engine::{Error, ErrorKind};
use jni::errors::ErrorPolicy;
use jni::objects::{JClass, JThrowable, JValue};
use jni::{Env, EnvUnowned, jni_sig, jni_str};

/// Why a native failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The engine refused.
    Engine(Error),
    /// JNI refused, or a Java exception is pending.
    Jni(jni::errors::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

impl From<fermata_engine::journal::Error> for Failure {
    fn from(error: fermata_engine::journal::Error) -> Self {
        Self::Engine(error.into())
    }
}

impl From<jni::errors::Error> for Failure {
    fn from(error: jni::errors::Error) -> Self {
        Self::Jni(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine(error) => error.fmt(f),
            Self::Jni(error) => error.fmt(f),
        }
    }
}

/// Runs the body of a native that needs JNI.
pub(crate) fn with_env<'local, T: Default>(
    mut env: EnvUnowned<'local>,
    class: &JClass<'local>,
    body: impl FnOnce(&mut Env<'local>) -> Result<T, Failure>,
) -> T {
    #[cfg(feature = "fault-injection")]
    let _counting = crate::fault_injection::references::count_on_raw(env.as_raw());
    env.with_env(|env| {
        #[cfg(feature = "fault-injection")]
        crate::fault_injection::panic_at(crate::fault_injection::Point::PanicAtEntry);
        body(env)
    })
    .resolve_with::<ThrowInJava, _>(|| class)
}

/// Runs the body of a native that needs no JNI unless it fails: [`with_env`] without its 50 ns.
pub(crate) fn without_env<'local, T: Default>(
    mut env: EnvUnowned<'local>,
    class: &JClass<'local>,
    body: impl FnOnce() -> Result<T, Failure>,
) -> T {
    #[cfg(feature = "fault-injection")]
    let _counting = crate::fault_injection::references::count_on_raw(env.as_raw());
    let result = catch_unwind(AssertUnwindSafe(|| {
        #[cfg(feature = "fault-injection")]
        crate::fault_injection::panic_at(crate::fault_injection::Point::PanicAtEntry);
        body()
    }));
    match result {
        Ok(Ok(value)) => value,
        Ok(Err(failure)) => env
            .with_env(|_| Err(failure))
            .resolve_with::<ThrowInJava, _>(|| class),
        Err(panic) => env
            .with_env(|_| -> Result<T, Failure> { resume_unwind(panic) })
            .resolve_with::<ThrowInJava, _>(|| class),
    }
}

/// Lets `NativeEngine.exception` make the Java exception, and throws it.
struct ThrowInJava;

impl<T: Default> ErrorPolicy<T, Failure> for ThrowInJava {
    type Captures<'frame: 'native, 'native> = &'native JClass<'frame>;

    fn on_error<'frame: 'native, 'native>(
        env: &mut Env<'frame>,
        class: &mut &'native JClass<'frame>,
        failure: Failure,
    ) -> jni::errors::Result<T> {
        match failure {
            Failure::Jni(jni::errors::Error::JavaException) => {}
            Failure::Engine(error) => throw(env, class, error.kind(), error.message())?,
            Failure::Jni(error) => throw(env, class, kind_of(&error), &error.to_string())?,
        }
        Ok(T::default())
    }

    fn on_panic<'frame: 'native, 'native>(
        env: &mut Env<'frame>,
        class: &mut &'native JClass<'frame>,
        payload: Box<dyn Any + Send>,
    ) -> jni::errors::Result<T> {
        let message = format!(
            "Native code panicked, which is a defect of Fermata (the place is in the log): {}",
            panic_message(payload.as_ref())
        );
        throw(env, class, ErrorKind::Boundary, &message)?;
        Ok(T::default())
    }
}

fn kind_of(error: &jni::errors::Error) -> ErrorKind {
    match error {
        jni::errors::Error::NullPtr(_) => ErrorKind::InvalidArgument,
        _ => ErrorKind::Boundary,
    }
}

fn panic_message(payload: &(dyn Any + Send)) -> &str {
    if let Some(message) = payload.downcast_ref::<&str>() {
        message
    } else if let Some(message) = payload.downcast_ref::<String>() {
        message
    } else {
        "without a message"
    }
}

/// Leaves an exception pending: the one that Java makes, or else what kept Java from making it.
fn throw(
    env: &mut Env<'_>,
    class: &JClass<'_>,
    kind: ErrorKind,
    message: &str,
) -> jni::errors::Result<()> {
    let kind = env.new_string(format!("{kind:?}"))?;
    let message = env.new_string(message)?;
    let exception = env
        .call_static_method(
            class,
            jni_str!("exception"),
            jni_sig!((kind: java.lang.String, message: java.lang.String) -> java.lang.RuntimeException),
            &[JValue::Object(&kind), JValue::Object(&message)],
        )
        .and_then(|made| made.l());
    match exception {
        Ok(exception) => {
            // SAFETY: the method is declared to return a RuntimeException.
            let exception = unsafe { JThrowable::from_raw(env, exception.into_raw()) };
            match env.throw(exception) {
                Ok(()) | Err(jni::errors::Error::JavaException) => Ok(()),
                Err(error) => Err(error),
            }
        }
        Err(jni::errors::Error::JavaException) => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_payload_of_either_string_type_is_quoted() {
        assert_eq!(panic_message(&"fixed"), "fixed");
        assert_eq!(panic_message(&String::from("made")), "made");
        assert_eq!(panic_message(&7), "without a message");
    }

    #[test]
    fn a_null_argument_is_the_callers_fault_and_no_other_jni_error_is() {
        assert_eq!(
            kind_of(&jni::errors::Error::NullPtr("array")),
            ErrorKind::InvalidArgument
        );
        assert_eq!(
            kind_of(&jni::errors::Error::WrongObjectType),
            ErrorKind::Boundary
        );
    }
}
