// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Ids of the Java methods that native code calls often. An id is valid while its class is loaded, so each is kept beside
//! the reference that keeps, or can tell whether, the class is loaded. Classes are never referenced for their own sake.

use jni::objects::{JClass, JMethodID, JObject, JStaticMethodID};
use jni::{Env, jni_sig, jni_str};

/// The methods of one implementation of `EngineUpcalls`.
pub(crate) struct UpcallMethods {
    pub(crate) run: JMethodID,
    pub(crate) wake: JMethodID,
    pub(crate) space: JMethodID,
    pub(crate) expired: JMethodID,
    pub(crate) notify_context: JMethodID,
    pub(crate) thread_ended: JMethodID,
}

impl UpcallMethods {
    pub(crate) fn of(env: &mut Env<'_>, upcalls: &JObject<'_>) -> jni::errors::Result<Self> {
        let class = env.get_object_class(upcalls)?;
        Ok(Self {
            run: env.get_method_id(&class, jni_str!("run"), jni_sig!((call: jlong) -> jint))?,
            wake: env.get_method_id(&class, jni_str!("wake"), jni_sig!(() -> void))?,
            space: env.get_method_id(&class, jni_str!("space"), jni_sig!(() -> void))?,
            expired: env.get_method_id(
                &class,
                jni_str!("expired"),
                jni_sig!((call: jlong) -> void),
            )?,
            notify_context: env.get_method_id(
                &class,
                jni_str!("notifyContext"),
                jni_sig!((context: jlong) -> void),
            )?,
            thread_ended: env.get_method_id(
                &class,
                jni_str!("threadEnded"),
                jni_sig!((last: jboolean) -> void),
            )?,
        })
    }
}

/// The methods of one implementation of `TransportUpcalls`.
pub(crate) struct TransportMethods {
    pub(crate) response: JMethodID,
    pub(crate) body: JMethodID,
    pub(crate) want_body: JMethodID,
    pub(crate) end: JMethodID,
    pub(crate) admitted: JMethodID,
    pub(crate) failed: JMethodID,
    pub(crate) thread_ended: JMethodID,
}

impl TransportMethods {
    pub(crate) fn of(env: &mut Env<'_>, upcalls: &JObject<'_>) -> jni::errors::Result<Self> {
        let class = env.get_object_class(upcalls)?;
        Ok(Self {
            response: env.get_method_id(
                &class,
                jni_str!("response"),
                jni_sig!((tag: jlong, status: jint, version: jint, headers: jbyte[], session: jbyte[]) -> void),
            )?,
            body: env.get_method_id(
                &class,
                jni_str!("body"),
                jni_sig!((tag: jlong, chunk: jbyte[]) -> void),
            )?,
            want_body: env.get_method_id(
                &class,
                jni_str!("wantBody"),
                jni_sig!((tag: jlong, chunks: jint) -> void),
            )?,
            end: env.get_method_id(&class, jni_str!("end"), jni_sig!((tag: jlong) -> void))?,
            admitted: env.get_method_id(
                &class,
                jni_str!("admitted"),
                jni_sig!((tag: jlong, held_by_rate: jboolean) -> void),
            )?,
            failed: env.get_method_id(
                &class,
                jni_str!("failed"),
                jni_sig!((tag: jlong, kind: jint, message: java.lang.String) -> void),
            )?,
            thread_ended: env.get_method_id(
                &class,
                jni_str!("threadEnded"),
                jni_sig!(() -> void),
            )?,
        })
    }
}

/// The methods of one implementation of `JournalUpcalls`.
pub(crate) struct JournalMethods {
    pub(crate) acknowledged: JMethodID,
    pub(crate) failed: JMethodID,
}

impl JournalMethods {
    pub(crate) fn of(env: &mut Env<'_>, upcalls: &JObject<'_>) -> jni::errors::Result<Self> {
        let class = env.get_object_class(upcalls)?;
        Ok(Self {
            acknowledged: env.get_method_id(
                &class,
                jni_str!("acknowledged"),
                jni_sig!((token: jlong) -> void),
            )?,
            failed: env.get_method_id(
                &class,
                jni_str!("failed"),
                jni_sig!((token: jlong, kind: java.lang.String, message: java.lang.String) -> void),
            )?,
        })
    }
}

/// The methods of `LogBridge`.
#[derive(Clone, Copy)]
pub(crate) struct LogMethods {
    pub(crate) log: JStaticMethodID,
    pub(crate) upcall_threw: JStaticMethodID,
}

impl LogMethods {
    pub(crate) fn of(env: &mut Env<'_>, log_bridge: &JClass<'_>) -> jni::errors::Result<Self> {
        Ok(Self {
            log: env.get_static_method_id(
                log_bridge,
                jni_str!("log"),
                jni_sig!((level: jint, target: java.lang.String, message: java.lang.String) -> void),
            )?,
            upcall_threw: env.get_static_method_id(
                log_bridge,
                jni_str!("upcallThrew"),
                jni_sig!((upcall: java.lang.String, thrown: java.lang.Throwable) -> void),
            )?,
        })
    }
}
