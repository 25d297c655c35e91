// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The natives of `dev.fermata.internal.bridge.NativeJournal`, where they are documented.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fermata_engine::journal::{Folder, FolderStore, Level, Options, SegmentStore, try_survey};
use fermata_engine::{Error, HostedJournal};
use jni::objects::{JByteArray, JClass, JLongArray, JMethodID, JObject, JString};
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
        refuse_null(&upcalls, "upcalls")?;
        let options = Options {
            segment_bytes: positive("segmentBytes", segment_bytes)?,
            max_record_bytes: positive("maxRecordBytes", max_record_bytes.into())?,
            max_pending_bytes: positive("maxPendingBytes", max_pending_bytes)?,
            max_delay: nanos("maxDelayNanos", max_delay_nanos)?,
            ..Options::default()
        };
        let store = store(PathBuf::from(folder.try_to_string(env)?))?;
        let method = record_method(env, &sink)?;
        let host = Arc::new(JavaAcknowledge::new(env, &upcalls)?);
        let mut refused = None;
        let opened = HostedJournal::open(store, &options, host.clone(), &mut |record| {
            if refused.is_none() {
                refused = hand_over(env, &sink, &method, &record).err();
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
    })
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
        let folder = Folder::open(folder.try_to_string(env)?).map_err(Error::from)?;
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
