// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Records as they cross the boundary. The Java class `FlatRecord` is the other end and describes the form; how records are
//! written is the journal's alone.

use fermata_engine::journal::{
    ActionFinished, ActionStarted, CallFinished, CallStarted, Outcome, Record, RecordedException,
    RecordedValue, ValueRecorded,
};
use fermata_engine::{Error, ErrorKind};

const ACTION_STARTED: u8 = 1;
const CALL_STARTED: u8 = 2;
const CALL_FINISHED: u8 = 3;
const VALUE_RECORDED: u8 = 4;
const ACTION_FINISHED: u8 = 5;

const RETURNED: u8 = 0;
const THREW: u8 = 1;
const THREW_WITHOUT_MESSAGE: u8 = 2;

const NOW: u8 = 0;
const RANDOM: u8 = 1;
const SLEEP: u8 = 2;
const CHOSEN: u8 = 3;

/// Reads a record that Java wrote.
pub(crate) fn decode(flat: &[u8]) -> Result<Record, Error> {
    let mut reader = Reader(flat);
    let kind = reader.sort()?;
    let action = reader.text()?;
    let record = match kind {
        ACTION_STARTED => Record::ActionStarted(ActionStarted {
            action,
            digest: reader.bytes()?,
        }),
        CALL_STARTED => Record::CallStarted(CallStarted {
            action,
            place: reader.number()?,
            function: reader.text()?,
            arguments: reader.bytes()?,
        }),
        CALL_FINISHED => Record::CallFinished(CallFinished {
            action,
            place: reader.number()?,
            outcome: reader.outcome()?,
        }),
        VALUE_RECORDED => Record::ValueRecorded(ValueRecorded {
            action,
            place: reader.number()?,
            value: reader.value()?,
        }),
        ACTION_FINISHED => Record::ActionFinished(ActionFinished { action }),
        _ => return Err(wrong()),
    };
    if reader.0.is_empty() {
        Ok(record)
    } else {
        Err(wrong())
    }
}

/// Writes a record for Java.
pub(crate) fn encode(record: &Record) -> Vec<u8> {
    let mut writer = Writer(Vec::with_capacity(128));
    match record {
        Record::ActionStarted(record) => {
            writer.start(ACTION_STARTED, &record.action);
            writer.bytes(&record.digest);
        }
        Record::CallStarted(record) => {
            writer.start(CALL_STARTED, &record.action);
            writer.number(record.place);
            writer.bytes(record.function.as_bytes());
            writer.bytes(&record.arguments);
        }
        Record::CallFinished(record) => {
            writer.start(CALL_FINISHED, &record.action);
            writer.number(record.place);
            writer.outcome(&record.outcome);
        }
        Record::ValueRecorded(record) => {
            writer.start(VALUE_RECORDED, &record.action);
            writer.number(record.place);
            writer.value(record.value);
        }
        Record::ActionFinished(record) => writer.start(ACTION_FINISHED, &record.action),
    }
    writer.0
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (taken, rest) = self.0.split_first_chunk().ok_or_else(wrong)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn sort(&mut self) -> Result<u8, Error> {
        let [sort] = self.take()?;
        Ok(sort)
    }

    fn number(&mut self) -> Result<u64, Error> {
        Ok(u64::from_be_bytes(self.take()?))
    }

    fn bytes(&mut self) -> Result<Vec<u8>, Error> {
        let length = u32::from_be_bytes(self.take()?) as usize;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or_else(wrong)?;
        self.0 = rest;
        Ok(bytes.to_vec())
    }

    fn text(&mut self) -> Result<String, Error> {
        String::from_utf8(self.bytes()?).map_err(|_| wrong())
    }

    fn outcome(&mut self) -> Result<Outcome, Error> {
        let sort = self.sort()?;
        if sort == RETURNED {
            return Ok(Outcome::Value(self.bytes()?));
        }
        let exception_type = self.text()?;
        let message = match sort {
            THREW => Some(self.text()?),
            THREW_WITHOUT_MESSAGE => None,
            _ => return Err(wrong()),
        };
        Ok(Outcome::Exception(RecordedException {
            exception_type,
            message,
            stack: self.text()?,
        }))
    }

    fn value(&mut self) -> Result<RecordedValue, Error> {
        let sort = self.sort()?;
        let number = self.number()?;
        match sort {
            NOW => Ok(RecordedValue::Now(number.cast_signed())),
            RANDOM => Ok(RecordedValue::Random(number)),
            SLEEP => Ok(RecordedValue::Sleep(number.cast_signed())),
            CHOSEN => Ok(RecordedValue::Chosen(number)),
            _ => Err(wrong()),
        }
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn start(&mut self, kind: u8, action: &str) {
        self.0.push(kind);
        self.bytes(action.as_bytes());
    }

    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    /// A frame has 64 MiB at most, so the length fits.
    fn bytes(&mut self, bytes: &[u8]) {
        self.0
            .extend_from_slice(&(bytes.len() as u32).to_be_bytes());
        self.0.extend_from_slice(bytes);
    }

    fn outcome(&mut self, outcome: &Outcome) {
        match outcome {
            Outcome::Value(value) => {
                self.0.push(RETURNED);
                self.bytes(value);
            }
            Outcome::Exception(exception) => {
                self.0.push(match exception.message {
                    Some(_) => THREW,
                    None => THREW_WITHOUT_MESSAGE,
                });
                self.bytes(exception.exception_type.as_bytes());
                if let Some(message) = &exception.message {
                    self.bytes(message.as_bytes());
                }
                self.bytes(exception.stack.as_bytes());
            }
        }
    }

    fn value(&mut self, value: RecordedValue) {
        let (sort, number) = match value {
            RecordedValue::Now(time) => (NOW, time.cast_unsigned()),
            RecordedValue::Random(bits) => (RANDOM, bits),
            RecordedValue::Sleep(until) => (SLEEP, until.cast_unsigned()),
            RecordedValue::Chosen(which) => (CHOSEN, which),
        };
        self.0.push(sort);
        self.number(number);
    }
}

fn wrong() -> Error {
    Error::new(
        ErrorKind::InvalidArgument,
        "the record is not in the form that native code expects: classes and library do not fit together",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Vec<Record> {
        let action = "grüße-1".to_owned();
        let finished = |outcome| {
            Record::CallFinished(CallFinished {
                action: action.clone(),
                place: u64::MAX,
                outcome,
            })
        };
        let failed = |message: Option<&str>| {
            finished(Outcome::Exception(RecordedException {
                exception_type: "java.io.IOException".into(),
                message: message.map(Into::into),
                stack: "\tat a.B.c(B.java:7)".into(),
            }))
        };
        let value = |value| {
            Record::ValueRecorded(ValueRecorded {
                action: action.clone(),
                place: 3,
                value,
            })
        };
        vec![
            Record::ActionStarted(ActionStarted {
                action: action.clone(),
                digest: vec![7; 32],
            }),
            Record::CallStarted(CallStarted {
                action: action.clone(),
                place: 0,
                function: "ask".into(),
                arguments: Vec::new(),
            }),
            finished(Outcome::Value(vec![0xFF; 1000])),
            failed(Some("broken")),
            failed(None),
            value(RecordedValue::Now(-1)),
            value(RecordedValue::Random(u64::MAX)),
            value(RecordedValue::Sleep(i64::MIN)),
            value(RecordedValue::Chosen(2)),
            Record::ActionFinished(ActionFinished {
                action: action.clone(),
            }),
        ]
    }

    #[test]
    fn every_record_comes_back_as_it_was() {
        for record in records() {
            let read = decode(&encode(&record)).expect("readable");
            assert_eq!(read, record);
        }
    }

    #[test]
    fn a_part_of_a_record_is_refused_and_so_is_more_than_one() {
        for record in records() {
            let flat = encode(&record);
            for length in 0..flat.len() {
                let refused = decode(&flat[..length]).expect_err("a part");
                assert_eq!(refused.kind(), ErrorKind::InvalidArgument);
            }
            assert!(decode(&[flat, vec![0]].concat()).is_err());
        }
    }
}
