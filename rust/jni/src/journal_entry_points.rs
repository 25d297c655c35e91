// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The natives of `dev.fermata.internal.bridge.NativeJournal`, where they are documented.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fermata_engine::journal::{
    Folder, FolderStore, Level, Options, Record, SegmentStore, try_survey,
};
use fermata_engine::object_storage::{ObjectStorageStore, S3Options};
use fermata_engine::{Error, HostedJournal};
use jni::objects::{JByteArray, JClass, JLongArray, JMethodID, JObject, JObjectArray, JString};
use jni::sys::{jint, jlong};
use jni::{Env, EnvUnowned, NativeMethod, jni_sig, jni_str};

use crate::entry_points::{invalid, native, out_of_range, refuse_null};
use crate::error_policy::{Failure, with_env, without_env};
use crate::flat_record;
use crate::handles::{self, OpenJournal};
use crate::journal_call::{JavaAcknowledge, hand_over};

/// All natives of `NativeJournal`, to be registered when the library is loaded.
pub(crate) const NATIVES: &[NativeMethod<'static>] = &[
    native!(open(
        upcalls: dev.fermata.internal.bridge.JournalUpcalls,
        sink: dev.fermata.internal.bridge.RecordSink,
        folder: java.lang.String,
        segment_bytes: jlong,
        max_record_bytes: jint,
        max_pending_bytes: jlong,
        max_delay_nanos: jlong
    ) -> jlong),
    native!(open_in_object_storage(
        upcalls: dev.fermata.internal.bridge.JournalUpcalls,
        sink: dev.fermata.internal.bridge.RecordSink,
        url: java.lang.String,
        access: java.lang.String[],
        patience_nanos: jlong,
        segment_bytes: jlong,
        max_record_bytes: jint,
        max_pending_bytes: jlong,
        max_delay_nanos: jlong
    ) -> jlong),
    native!(read(sink: dev.fermata.internal.bridge.RecordSink, folder: java.lang.String)),
    native!(append(journal: jlong, record: jbyte[], level: jint, token: jlong)),
    native!(sync(journal: jlong, token: jlong)),
    native!(compact(journal: jlong)),
    native!(stats(journal: jlong, into: jlong[])),
    native!(close(journal: jlong, patience_nanos: jlong)),
    native!(destroy(journal: jlong)),
];

#[expect(clippy::too_many_arguments, reason = "the signature is Java's")]
fn open<'local>(
    env: EnvUnowned<'local>,
    class: JClass<'local>,
    upcalls: JObject<'local>,
    sink: JObject<'local>,
    folder: JString<'local>,
    segment_bytes: jlong,
    max_record_bytes: jint,
    max_pending_bytes: jlong,
    max_delay_nanos: jlong,
) -> jlong {
    with_env(env, &class, |env| {
        let options = options(
            segment_bytes,
            max_record_bytes,
            max_pending_bytes,
            max_delay_nanos,
        )?;
        let folder = PathBuf::from(folder.try_to_string(env)?);
        hosted(env, &upcalls, &sink, |host, replay| {
            HostedJournal::open(store(folder)?, &options, host, replay)
        })
    })
}

#[expect(clippy::too_many_arguments, reason = "the signature is Java's")]
fn open_in_object_storage<'local>(
    env: EnvUnowned<'local>,
    class: JClass<'local>,
    upcalls: JObject<'local>,
    sink: JObject<'local>,
    url: JString<'local>,
    access: JObjectArray<'local, JString<'local>>,
    patience_nanos: jlong,
    segment_bytes: jlong,
    max_record_bytes: jint,
    max_pending_bytes: jlong,
    max_delay_nanos: jlong,
) -> jlong {
    with_env(env, &class, |env| {
        let options = Options {
            max_closed_segments: ObjectStorageStore::journal_options().max_closed_segments,
            ..options(
                segment_bytes,
                max_record_bytes,
                max_pending_bytes,
                max_delay_nanos,
            )?
        };
        let url = url.try_to_string(env)?;
        let storage = S3Options {
            patience: nanos("patienceNanos", patience_nanos)?,
            ..access_of(env, &access)?
        };
        hosted(env, &upcalls, &sink, |host, replay| {
            HostedJournal::open_in_object_storage(&url, &storage, &options, host, replay)
        })
    })
}

fn options(
    segment_bytes: jlong,
    max_record_bytes: jint,
    max_pending_bytes: jlong,
    max_delay_nanos: jlong,
) -> Result<Options, Failure> {
    Ok(Options {
        segment_bytes: positive("segmentBytes", segment_bytes)?,
        max_record_bytes: positive("maxRecordBytes", max_record_bytes.into())?,
        max_pending_bytes: positive("maxPendingBytes", max_pending_bytes)?,
        max_delay: nanos("maxDelayNanos", max_delay_nanos)?,
        ..Options::default()
    })
}

/// How `access`, whose elements `NativeJournal` lists, says that storage is reached.
fn access_of<'local>(
    env: &mut Env<'local>,
    access: &JObjectArray<'local, JString<'local>>,
) -> Result<S3Options, Failure> {
    refuse_null(access, "access")?;
    let mut given = |index| {
        let text = access.get_element(env, index)?;
        if text.is_null() {
            return Ok(None);
        }
        Ok::<_, Failure>(Some(text.try_to_string(env)?))
    };
    Ok(S3Options {
        endpoint: given(0)?,
        region: given(1)?,
        access_key_id: given(2)?,
        secret_access_key: given(3)?,
        session_token: given(4)?,
        ..S3Options::default()
    })
}

/// Opens a journal whose appends `upcalls` hears of, and hands its records to `sink`.
fn hosted(
    env: &mut Env<'_>,
    upcalls: &JObject<'_>,
    sink: &JObject<'_>,
    open: impl FnOnce(Arc<JavaAcknowledge>, &mut dyn FnMut(Record)) -> Result<HostedJournal, Error>,
) -> Result<jlong, Failure> {
    refuse_null(upcalls, "upcalls")?;
    let method = record_method(env, sink)?;
    let host = Arc::new(JavaAcknowledge::new(env, upcalls)?);
    let mut refused = None;
    let opened = open(host.clone(), &mut |record| {
        if refused.is_none() {
            refused = hand_over(env, sink, &method, &record).err();
        }
    });
    let journal = match refused {
        Some(refused) => {
            drop(opened);
            Err(refused.into())
        }
        None => opened.map_err(Failure::from),
    };
    match journal {
        Ok(journal) => Ok(handles::into_handle(OpenJournal { journal, host })),
        Err(failure) => {
            host.journal_closed(0);
            Err(failure)
        }
    }
}

fn store(folder: PathBuf) -> Result<Arc<dyn SegmentStore>, Error> {
    let store = FolderStore::open(folder)?;
    #[cfg(feature = "fault-injection")]
    let store = crate::fault_injection::storage::Failing(store);
    Ok(Arc::new(store))
}

fn read<'local>(
    env: EnvUnowned<'local>,
    class: JClass<'local>,
    sink: JObject<'local>,
    folder: JString<'local>,
) {
    with_env(env, &class, |env| {
        let folder = Folder::open(folder.try_to_string(env)?)?;
        let method = record_method(env, &sink)?;
        try_survey(&folder, &mut |entry| match entry.record {
            Some(record) => hand_over(env, &sink, &method, &record).map_err(Failure::from),
            None => Ok(()),
        })?;
        Ok(())
    });
}

fn record_method(env: &mut Env<'_>, sink: &JObject<'_>) -> Result<JMethodID, Failure> {
    refuse_null(sink, "sink")?;
    let class = env.get_object_class(sink)?;
    Ok(env.get_method_id(
        &class,
        jni_str!("record"),
        jni_sig!((flat: jbyte[]) -> void),
    )?)
}

fn append<'local>(
    env: EnvUnowned<'local>,
    class: JClass<'local>,
    journal: jlong,
    record: JByteArray<'local>,
    level: jint,
    token: jlong,
) {
    with_env(env, &class, |env| {
        let level = match level {
            0 => Level::Memory,
            1 => Level::Os,
            2 => Level::Disk,
            _ => return Err(invalid(format!("level must be 0, 1 or 2, not {level}"))),
        };
        let record = flat_record::decode(&env.convert_byte_array(&record)?)?;
        Ok(opened(journal)?
            .journal
            .append(&record, level, token.cast_unsigned())?)
    });
}

fn sync<'local>(env: EnvUnowned<'local>, class: JClass<'local>, journal: jlong, token: jlong) {
    without_env(env, &class, || {
        Ok(opened(journal)?.journal.sync(token.cast_unsigned())?)
    });
}

fn compact<'local>(env: EnvUnowned<'local>, class: JClass<'local>, journal: jlong) {
    without_env(env, &class, || Ok(opened(journal)?.journal.compact()?));
}

fn stats<'local>(
    env: EnvUnowned<'local>,
    class: JClass<'local>,
    journal: jlong,
    into: JLongArray<'local>,
) {
    with_env(env, &class, |env| {
        let stats = opened(journal)?.journal.stats()?;
        let figures = [
            stats.batches,
            stats.syncs,
            stats.bytes,
            stats.failed_batches,
            stats.segments,
            stats.abandoned_segments,
        ];
        if into.len(env)? < figures.len() {
            return Err(invalid(format!(
                "The array must have room for {} longs",
                figures.len()
            )));
        }
        Ok(into.set_region(env, 0, &figures.map(u64::cast_signed))?)
    });
}

fn close<'local>(
    env: EnvUnowned<'local>,
    class: JClass<'local>,
    journal: jlong,
    patience_nanos: jlong,
) {
    without_env(env, &class, || {
        let patience = nanos("patienceNanos", patience_nanos)?;
        Ok(opened(journal)?.close(patience)?)
    });
}

fn destroy<'local>(env: EnvUnowned<'local>, class: JClass<'local>, journal: jlong) {
    without_env(env, &class, || {
        // SAFETY: NativeJournal's contract: `destroy` is the last call with a handle.
        let open = unsafe { handles::take::<OpenJournal>(journal) }?;
        // That it is not closed yet is no error here: its thread comes to its end by itself.
        let _ = open.close(Duration::ZERO);
        Ok(())
    });
}

fn opened<'a>(journal: jlong) -> Result<&'a OpenJournal, Error> {
    // SAFETY: NativeJournal's contract: a handle is 0 or came from `open`, and `destroy` is the last call with it.
    unsafe { handles::borrow(journal) }
}

fn positive<T: TryFrom<jlong>>(name: &str, value: jlong) -> Result<T, Error> {
    match T::try_from(value) {
        Ok(converted) if value >= 1 => Ok(converted),
        _ => Err(out_of_range(name, value, 1)),
    }
}

fn nanos(name: &str, nanos: jlong) -> Result<Duration, Error> {
    u64::try_from(nanos)
        .map(Duration::from_nanos)
        .map_err(|_| out_of_range(name, nanos, 0))
}
