// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Journals as text and as JSON. What users recorded is shown by its length: it may be secret, and need not be text.

use fermata_journal::{Entry, Error, Outcome, Record, RecordedValue, Survey};
use serde_json::{Value, json};

/// The kind of a record, as it is called everywhere here.
pub(crate) fn kind(entry: &Entry) -> &'static str {
    match &entry.record {
        Some(Record::ActionStarted(_)) => "action-started",
        Some(Record::CallStarted(_)) => "call-started",
        Some(Record::CallFinished(_)) => "call-finished",
        Some(Record::ValueRecorded(_)) => "value-recorded",
        Some(Record::ActionFinished(_)) => "action-finished",
        None => "unknown",
    }
}

pub(crate) fn survey(survey: &Survey) -> Value {
    let segments: Vec<Value> = survey
        .segments
        .iter()
        .map(|segment| {
            json!({
                "number": segment.number,
                "first": segment.first,
                "file": segment.file,
                "epoch": segment.epoch,
                "created_ns": segment.created,
                "compacted": segment.compacted,
                "sealed": segment.sealed,
                "bytes": segment.bytes,
                "records": segment.records,
            })
        })
        .collect();
    let torn = survey
        .torn
        .as_ref()
        .map(|torn| json!({"file": torn.file, "offset": torn.offset, "reason": torn.reason}));
    json!({
        "segments": segments,
        "superseded": survey.superseded,
        "torn": torn,
        "records": survey.records(),
        "bytes": survey.bytes(),
    })
}

/// The segments as a table.
pub(crate) fn segments(survey: &Survey) -> String {
    let mut text = format!(
        "{:>8} {:>8} {:>6} {:>10} {:>12}  state\n",
        "segment", "from", "epoch", "records", "bytes"
    );
    for segment in &survey.segments {
        let state = match (segment.compacted, segment.sealed) {
            (true, _) => "compacted",
            (false, true) => "sealed",
            (false, false) => "open, or ended by the next",
        };
        text.push_str(&format!(
            "{:>8} {:>8} {:>6} {:>10} {:>12}  {state}\n",
            segment.number, segment.first, segment.epoch, segment.records, segment.bytes
        ));
    }
    for number in &survey.superseded {
        text.push_str(&format!(
            "{number:>8} is superseded; compaction removes it\n"
        ));
    }
    text
}

pub(crate) fn entry(entry: &Entry) -> Value {
    let mut value = json!({
        "segment": entry.segment,
        "offset": entry.offset,
        "bytes": entry.bytes,
        "kind": kind(entry),
    });
    let Some(record) = &entry.record else {
        return value;
    };
    value["action"] = json!(record.action());
    match record {
        Record::ActionStarted(record) => value["digest"] = json!(hexadecimal(&record.digest)),
        Record::CallStarted(record) => {
            value["place"] = json!(record.place);
            value["function"] = json!(record.function);
            value["arguments"] = json!(hexadecimal(&record.arguments));
        }
        Record::CallFinished(record) => {
            value["place"] = json!(record.place);
            match &record.outcome {
                Outcome::Value(result) => value["value_bytes"] = json!(result.len()),
                Outcome::Exception(exception) => {
                    value["exception"] = json!({
                        "type": exception.exception_type,
                        "message": exception.message,
                    });
                }
            }
        }
        Record::ValueRecorded(record) => {
            value["place"] = json!(record.place);
            let (name, recorded) = match record.value {
                RecordedValue::Now(time) => ("now_ns", json!(time)),
                RecordedValue::Random(bits) => ("random", json!(bits)),
                RecordedValue::Sleep(until) => ("sleep_until_ns", json!(until)),
                RecordedValue::Chosen(which) => ("chosen", json!(which)),
            };
            value[name] = recorded;
        }
        Record::ActionFinished(_) => {}
    }
    value
}

/// A record as a line.
pub(crate) fn line(entry: &Entry) -> String {
    let at = format!("{}:{}", entry.segment, entry.offset);
    let start = format!("{at:>16} {:<16}", kind(entry));
    let Some(record) = &entry.record else {
        return start.trim_end().to_owned();
    };
    let details = match record {
        Record::ActionStarted(record) => format!("digest {}", hexadecimal(&record.digest)),
        Record::CallStarted(record) => format!(
            "place {} {} arguments {}",
            record.place,
            printable(&record.function),
            hexadecimal(&record.arguments)
        ),
        Record::CallFinished(record) => match &record.outcome {
            Outcome::Value(result) => {
                format!("place {} value of {} bytes", record.place, result.len())
            }
            Outcome::Exception(exception) => format!(
                "place {} {}: {}",
                record.place,
                printable(&exception.exception_type),
                printable(exception.message.as_deref().unwrap_or("no message"))
            ),
        },
        Record::ValueRecorded(record) => match record.value {
            RecordedValue::Now(time) => format!("place {} now {time} ns", record.place),
            RecordedValue::Random(bits) => format!("place {} random {bits:#018x}", record.place),
            RecordedValue::Sleep(until) => format!("place {} sleep until {until} ns", record.place),
            RecordedValue::Chosen(which) => format!("place {} chosen {which}", record.place),
        },
        Record::ActionFinished(_) => String::new(),
    };
    format!("{start} {} {details}", printable(record.action()))
        .trim_end()
        .to_owned()
}

pub(crate) fn error(error: &Error) -> Value {
    let damage = error.damage().map(
        |damage| json!({"file": damage.file, "offset": damage.offset, "reason": damage.reason}),
    );
    json!({
        "error": format!("{:?}", error.kind()),
        "message": error.message(),
        "damage": damage,
    })
}

/// Nothing that a terminal would obey.
fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|character| {
            let escaped = character.is_control().then(|| character.escape_default());
            let plain = escaped.is_none().then_some(character);
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
