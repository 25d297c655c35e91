// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The natives of `dev.fermata.internal.bridge.NativeTransport`, where they are documented.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use fermata_engine::http::{
    FailureKind, LimitConfig, LimitId, Rate, RequestBody, RequestHead, TransportConfig,
};
use fermata_engine::{Error, HttpTransport};
use jni::objects::{JByteArray, JClass, JIntArray, JObject, JObjectArray, JString};
use jni::sys::{jboolean, jint, jlong};
use jni::{Env, EnvUnowned, NativeMethod};

use crate::entry_points::{invalid, native, out_of_range, refuse_null};
use crate::error_policy::{Failure, with_env, without_env};
use crate::handles::{self, OpenTransport};
use crate::transport_call::JavaEvents;

/// All natives of `NativeTransport`, to be registered when the library is loaded.
pub(crate) const NATIVES: &[NativeMethod<'static>] = &[
    native!(failure_kinds() -> java.lang.String),
    native!(create(
        upcalls: dev.fermata.internal.bridge.TransportUpcalls,
        thread_name: java.lang.String,
        connect_timeout_millis: jlong,
        idle_timeout_millis: jlong,
        max_idle_per_origin: jint
    ) -> jlong),
    native!(platform_roots() -> jbyte[][]),
    native!(trust(transport: jlong, roots: jbyte[][])),
    native!(start(
        transport: jlong,
        tag: jlong,
        method: java.lang.String,
        url: java.lang.String,
        headers: jbyte[],
        version: jint,
        proxy: java.lang.String,
        proxy_headers: jbyte[],
        body_length: jlong,
        body: jbyte[],
        expect_continue: jboolean,
        timeout_millis: jlong
    )),
    native!(demand(transport: jlong, tag: jlong, chunks: jlong)),
    native!(upload(transport: jlong, tag: jlong, chunk: jbyte[])),
    native!(cancel(transport: jlong, tag: jlong)),
    native!(limit(
        transport: jlong,
        max_concurrent: jint,
        request_period_nanos: jlong,
        request_burst: jint,
        token_period_nanos: jlong,
        token_burst: jint
    ) -> jlong),
    native!(admit(transport: jlong, tag: jlong, limit: jlong, tokens: jlong, delay_millis: jlong)),
    native!(leave(transport: jlong, tag: jlong)),
    native!(gauges(transport: jlong, into: jint[])),
    native!(close(transport: jlong) -> jboolean),
    native!(destroy(transport: jlong)),
];

/// `bodyLength`: there is no body, or it is of unknown length.
const NO_BODY: jlong = -1;
const UNKNOWN_LENGTH: jlong = -2;

/// `limit`: no limit of its kind; `admit`: none at all.
const UNLIMITED: jlong = 0;

/// `demand`: all there is, as in the JDK's flows.
const ALL: u64 = jlong::MAX as u64;

fn failure_kinds<'local>(env: EnvUnowned<'local>, class: JClass<'local>) -> JString<'local> {
    with_env(env, &class, |env| {
        let kinds = FailureKind::ALL.map(|kind| format!("{kind:?}"));
        Ok(env.new_string(kinds.join(","))?)
    })
}

fn create<'local>(
    env: EnvUnowned<'local>,
    class: JClass<'local>,
    upcalls: JObject<'local>,
    thread_name: JString<'local>,
    connect_timeout_millis: jlong,
    idle_timeout_millis: jlong,
    max_idle_per_origin: jint,
) -> jlong {
    with_env(env, &class, |env| {
        refuse_null(&upcalls, "upcalls")?;
        let config = TransportConfig {
            thread_name: thread_name.try_to_string(env)?,
            connect_timeout: patience("connectTimeoutMillis", connect_timeout_millis)?,
            idle_timeout: millis("idleTimeoutMillis", idle_timeout_millis)?,
            max_idle_per_origin: usize::try_from(max_idle_per_origin)
                .map_err(|_| out_of_range("maxIdlePerOrigin", max_idle_per_origin.into(), 0))?,
        };
        let host = Arc::new(JavaEvents::new(env, &upcalls)?);
        let transport = HttpTransport::new(config, host.clone());
        Ok(handles::into_handle(OpenTransport { transport, host }))
    })
}

fn platform_roots<'local>(
    env: EnvUnowned<'local>,
    class: JClass<'local>,
) -> JObjectArray<'local, JByteArray<'local>> {
    with_env(env, &class, |env| {
        let roots = fermata_engine::http::platform_roots()?;
        let array = JObjectArray::<JByteArray>::new(env, roots.len(), JByteArray::null())?;
        for (index, root) in roots.iter().enumerate() {
            env.with_local_frame(1, |env| {
                let root = env.byte_array_from_slice(root)?;
                array.set_element(env, index, &root)
            })?;
        }
        Ok(array)
    })
}

fn trust<'local>(
    env: EnvUnowned<'local>,
    class: JClass<'local>,
    transport: jlong,
    roots: JObjectArray<'local, JByteArray<'local>>,
) {
    with_env(env, &class, |env| {
        let roots = certificates(env, &roots)?;
        open(transport)?.transport.trust(roots);
        Ok(())
    });
}

#[expect(clippy::too_many_arguments, reason = "the signature is Java's")]
fn start<'local>(
    env: EnvUnowned<'local>,
    class: JClass<'local>,
    transport: jlong,
    tag: jlong,
    method: JString<'local>,
    url: JString<'local>,
    headers: JByteArray<'local>,
    version: jint,
    proxy: JString<'local>,
    proxy_headers: JByteArray<'local>,
    body_length: jlong,
    body: JByteArray<'local>,
    expect_continue: jboolean,
    timeout_millis: jlong,
) {
    with_env(env, &class, |env| {
        let open = open(transport)?;
        let url = url.try_to_string(env)?;
        let proxy = if proxy.is_null() {
            None
        } else {
            Some(proxy.try_to_string(env)?)
        };
        let head = RequestHead {
            method: &method.try_to_string(env)?,
            url: &url,
            headers: &bytes_or_none(env, &headers)?,
            http2: match version {
                1 => false,
                2 => true,
                _ => return Err(invalid(format!("version must be 1 or 2, not {version}"))),
            },
            proxy: proxy.as_deref(),
            proxy_headers: &bytes_or_none(env, &proxy_headers)?,
            expect_continue,
            timeout: patience("timeoutMillis", timeout_millis)?,
        };
        let body = request_body(env, body_length, &body)?;
        Ok(open.transport.start(tag, &head, body)?)
    });
}

fn request_body(
    env: &mut Env<'_>,
    length: jlong,
    body: &JByteArray<'_>,
) -> Result<RequestBody, Failure> {
    if !body.is_null() {
        let body = env.convert_byte_array(body)?;
        if length != body.len() as jlong {
            return Err(invalid(format!(
                "bodyLength must be the length of the body, {}, not {length}",
                body.len()
            )));
        }
        return Ok(RequestBody::Whole(body.into()));
    }
    match length {
        NO_BODY => Ok(RequestBody::Empty),
        UNKNOWN_LENGTH => Ok(RequestBody::Streamed(None)),
        _ => u64::try_from(length)
            .map(|length| RequestBody::Streamed(Some(length)))
            .map_err(|_| out_of_range("bodyLength", length, UNKNOWN_LENGTH).into()),
    }
}

fn demand<'local>(
    env: EnvUnowned<'local>,
    class: JClass<'local>,
    transport: jlong,
    tag: jlong,
    chunks: jlong,
) {
    without_env(env, &class, || {
        let chunks = match u64::try_from(chunks) {
            Ok(ALL) => u64::MAX,
            Ok(chunks) => chunks,
            Err(_) => return Err(out_of_range("chunks", chunks, 0).into()),
        };
        open(transport)?.transport.demand(tag, chunks);
        Ok(())
    });
}

fn upload<'local>(
    env: EnvUnowned<'local>,
    class: JClass<'local>,
    transport: jlong,
    tag: jlong,
    chunk: JByteArray<'local>,
) {
    with_env(env, &class, |env| {
        let open = open(transport)?;
        let chunk = if chunk.is_null() {
            None
        } else {
            Some(env.convert_byte_array(&chunk)?.into())
        };
        open.transport.upload(tag, chunk);
        Ok(())
    });
}

fn cancel<'local>(env: EnvUnowned<'local>, class: JClass<'local>, transport: jlong, tag: jlong) {
    without_env(env, &class, || {
        open(transport)?.transport.cancel(tag);
        Ok(())
    });
}

#[expect(clippy::too_many_arguments, reason = "the signature is Java's")]
fn limit<'local>(
    env: EnvUnowned<'local>,
    class: JClass<'local>,
    transport: jlong,
    max_concurrent: jint,
    request_period_nanos: jlong,
    request_burst: jint,
    token_period_nanos: jlong,
    token_burst: jint,
) -> jlong {
    without_env(env, &class, || {
        let concurrent = usize::try_from(max_concurrent)
            .map_err(|_| out_of_range("maxConcurrent", max_concurrent.into(), 0))?;
        let config = LimitConfig {
            concurrent: NonZeroUsize::new(concurrent),
            requests: rate(
                ("requestPeriodNanos", request_period_nanos),
                ("requestBurst", request_burst),
            )?,
            tokens: rate(
                ("tokenPeriodNanos", token_period_nanos),
                ("tokenBurst", token_burst),
            )?,
        };
        Ok(open(transport)?.transport.limit(config) as jlong)
    })
}

fn rate(period: (&str, jlong), burst: (&str, jint)) -> Result<Option<Rate>, Error> {
    if period.1 == UNLIMITED {
        return Ok(None);
    }
    let nanos = u64::try_from(period.1).map_err(|_| out_of_range(period.0, period.1, 0))?;
    let burst = u32::try_from(burst.1).map_err(|_| out_of_range(burst.0, burst.1.into(), 1))?;
    Rate::new(Duration::from_nanos(nanos), burst).map(Some)
}

fn admit<'local>(
    env: EnvUnowned<'local>,
    class: JClass<'local>,
    transport: jlong,
    tag: jlong,
    limit: jlong,
    tokens: jlong,
    delay_millis: jlong,
) {
    without_env(env, &class, || {
        let limit = match limit {
            UNLIMITED => None,
            _ => Some(LimitId::try_from(limit).map_err(|_| out_of_range("limit", limit, 0))?),
        };
        let tokens = u64::try_from(tokens).map_err(|_| out_of_range("tokens", tokens, 0))?;
        let delay = millis("delayMillis", delay_millis)?;
        Ok(open(transport)?
            .transport
            .admit(tag, limit, tokens, delay)?)
    });
}

fn leave<'local>(env: EnvUnowned<'local>, class: JClass<'local>, transport: jlong, tag: jlong) {
    without_env(env, &class, || {
        open(transport)?.transport.leave(tag);
        Ok(())
    });
}

fn gauges<'local>(
    env: EnvUnowned<'local>,
    class: JClass<'local>,
    transport: jlong,
    into: JIntArray<'local>,
) {
    with_env(env, &class, |env| {
        let gauges = open(transport)?.transport.gauges();
        let figures = [gauges.in_flight, gauges.open, gauges.idle]
            .map(|figure| jint::try_from(figure).unwrap_or(jint::MAX));
        if into.len(env)? < figures.len() {
            return Err(invalid(format!(
                "The array must have room for {} ints",
                figures.len()
            )));
        }
        Ok(into.set_region(env, 0, &figures)?)
    });
}

fn close<'local>(env: EnvUnowned<'local>, class: JClass<'local>, transport: jlong) -> jboolean {
    without_env(env, &class, || Ok(open(transport)?.close()))
}

fn destroy<'local>(env: EnvUnowned<'local>, class: JClass<'local>, transport: jlong) {
    without_env(env, &class, || {
        // SAFETY: NativeTransport's contract: `destroy` is the last call with a handle.
        unsafe { handles::take::<OpenTransport>(transport) }?.close();
        Ok(())
    });
}

fn open<'a>(transport: jlong) -> Result<&'a OpenTransport, Error> {
    // SAFETY: NativeTransport's contract: a handle is 0 or came from `create`, and `destroy` is the last call with it.
    unsafe { handles::borrow(transport) }
}

fn certificates<'local>(
    env: &mut Env<'local>,
    roots: &JObjectArray<'local, JByteArray<'local>>,
) -> Result<Vec<Vec<u8>>, Failure> {
    let mut certificates = Vec::new();
    for index in 0..roots.len(env)? {
        let certificate = env.with_local_frame(1, |env| {
            let root = roots.get_element(env, index)?;
            env.convert_byte_array(&root)
        })?;
        certificates.push(certificate);
    }
    Ok(certificates)
}

fn bytes_or_none(env: &mut Env<'_>, array: &JByteArray<'_>) -> Result<Vec<u8>, Failure> {
    if array.is_null() {
        return Ok(Vec::new());
    }
    Ok(env.convert_byte_array(array)?)
}

fn millis(name: &str, millis: jlong) -> Result<Duration, Error> {
    u64::try_from(millis)
        .map(Duration::from_millis)
        .map_err(|_| out_of_range(name, millis, 0))
}

/// A duration that limits something; 0 does not.
fn patience(name: &str, limit: jlong) -> Result<Option<Duration>, Error> {
    let limit = millis(name, limit)?;
    Ok((!limit.is_zero()).then_some(limit))
}
