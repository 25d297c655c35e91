// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! What a journal remembers of actions and their calls, and how it is written: CBOR (RFC 8949) maps by serde, with keys
//! of one letter. `FORMAT.md` has the rules by which they may change.
//!
//! cbor4ii and not ciborium: it decodes from a slice and borrows from it, so that a length is checked against the bytes that
//! are there, and it has been released lately. Not postcard or MessagePack by position: their records do not say which field
//! is which, so that no field could be added or dropped.

use std::borrow::Cow;

use cbor4ii::core::dec::Read;
use cbor4ii::core::utils::SliceReader;
use cbor4ii::serde::Deserializer;
use serde::{Deserialize, Serialize};

/// One thing that happened to an action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// An action began.
    ActionStarted(ActionStarted),
    /// A call is about to run.
    CallStarted(CallStarted),
    /// A call ended.
    CallFinished(CallFinished),
    /// An action learnt something that another run would learn differently.
    ValueRecorded(ValueRecorded),
    /// An action ended: its records are needed no more.
    ActionFinished(ActionFinished),
}

/// An action began. Another one of the same id begins anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionStarted {
    /// Whose record this is.
    #[serde(rename = "a")]
    pub action: String,
    /// Digest of what the action was given, in whatever form its maker likes.
    #[serde(rename = "d", with = "serde_bytes")]
    pub digest: Vec<u8>,
}

/// A call is about to run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallStarted {
    /// Whose record this is.
    #[serde(rename = "a")]
    pub action: String,
    /// Position of the call in its action, counted by the action.
    #[serde(rename = "p")]
    pub place: u64,
    /// Which function is called.
    #[serde(rename = "f")]
    pub function: String,
    /// Digest of its arguments.
    #[serde(rename = "d", with = "serde_bytes")]
    pub arguments: Vec<u8>,
}

/// A call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallFinished {
    /// Whose record this is.
    #[serde(rename = "a")]
    pub action: String,
    /// Position of the call in its action.
    #[serde(rename = "p")]
    pub place: u64,
    /// With what it ended.
    #[serde(rename = "o")]
    pub outcome: Outcome,
}

/// With what a call ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// A result, serialised by whoever recorded it.
    #[serde(rename = "v", with = "serde_bytes")]
    Value(Vec<u8>),
    /// An exception.
    #[serde(rename = "e")]
    Exception(RecordedException),
}

/// What is kept of an exception.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedException {
    /// Name of its class.
    #[serde(rename = "t")]
    pub exception_type: String,
    /// Its message, if it has one.
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Its stack trace as text.
    #[serde(rename = "s")]
    pub stack: String,
}

/// An action learnt something that another run would learn differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueRecorded {
    /// Whose record this is.
    #[serde(rename = "a")]
    pub action: String,
    /// Position of the value in its action.
    #[serde(rename = "p")]
    pub place: u64,
    /// What was learnt.
    #[serde(rename = "v")]
    pub value: RecordedValue,
}

/// What an action learnt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordedValue {
    /// The time, in nanoseconds since 1970 in UTC.
    #[serde(rename = "n")]
    Now(i64),
    /// 64 random bits.
    #[serde(rename = "r")]
    Random(u64),
    /// When a sleep ends, in nanoseconds since 1970 in UTC.
    #[serde(rename = "s")]
    Sleep(i64),
    /// Which of several calls the action went on with; what the number means its maker decides.
    #[serde(rename = "c")]
    Chosen(u64),
}

/// An action ended: its records are needed no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActionFinished {
    /// Whose record this is.
    #[serde(rename = "a")]
    pub action: String,
}

/// What every record has, whatever its kind.
#[derive(Deserialize)]
struct Common<'a> {
    #[serde(rename = "a", borrow)]
    action: Cow<'a, str>,
}

/// The byte that says what a payload is.
pub(crate) mod kind {
    pub(crate) const ACTION_STARTED: u8 = 1;
    pub(crate) const CALL_STARTED: u8 = 2;
    pub(crate) const CALL_FINISHED: u8 = 3;
    pub(crate) const VALUE_RECORDED: u8 = 4;
    pub(crate) const ACTION_FINISHED: u8 = 5;
    /// Kinds from here on may be passed over by who does not know them.
    pub(crate) const OPTIONAL: u8 = 0x80;
}

impl Record {
    /// Whose record this is.
    pub fn action(&self) -> &str {
        match self {
            Record::ActionStarted(record) => &record.action,
            Record::CallStarted(record) => &record.action,
            Record::CallFinished(record) => &record.action,
            Record::ValueRecorded(record) => &record.action,
            Record::ActionFinished(record) => &record.action,
        }
    }

    pub(crate) fn kind(&self) -> u8 {
        match self {
            Record::ActionStarted(_) => kind::ACTION_STARTED,
            Record::CallStarted(_) => kind::CALL_STARTED,
            Record::CallFinished(_) => kind::CALL_FINISHED,
            Record::ValueRecorded(_) => kind::VALUE_RECORDED,
            Record::ActionFinished(_) => kind::ACTION_FINISHED,
        }
    }

    /// Appends the payload to `to`; fails if there is no memory for it.
    pub(crate) fn encode(&self, to: Vec<u8>) -> Result<Vec<u8>, String> {
        match self {
            Record::ActionStarted(record) => cbor4ii::serde::to_vec(to, record),
            Record::CallStarted(record) => cbor4ii::serde::to_vec(to, record),
            Record::CallFinished(record) => cbor4ii::serde::to_vec(to, record),
            Record::ValueRecorded(record) => cbor4ii::serde::to_vec(to, record),
            Record::ActionFinished(record) => cbor4ii::serde::to_vec(to, record),
        }
        .map_err(|cause| cause.to_string())
    }

    /// Reads the payload of a record of `kind`; `None` if it is of an optional kind that is not known here. Allocates no
    /// more than a small multiple of the payload's length.
    pub fn decode(kind: u8, payload: &[u8]) -> Result<Option<Record>, Undecodable> {
        Ok(Some(match kind {
            kind::ACTION_STARTED => Record::ActionStarted(whole(payload)?),
            kind::CALL_STARTED => Record::CallStarted(whole(payload)?),
            kind::CALL_FINISHED => Record::CallFinished(whole(payload)?),
            kind::VALUE_RECORDED => Record::ValueRecorded(whole(payload)?),
            kind::ACTION_FINISHED => Record::ActionFinished(whole(payload)?),
            kind::OPTIONAL.. => return Ok(None),
            unknown => return Err(Undecodable::Kind(unknown)),
        }))
    }
}

/// Why a record whose checksum holds cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undecodable {
    /// It is of a kind that a later version brought, and that must not be passed over.
    #[error("a record of kind {0}")]
    Kind(u8),
    /// It is not what its kind says.
    #[error("a record that is not of its kind: {0}")]
    Payload(String),
}

/// Whose record `payload` is.
pub(crate) fn action_of(payload: &[u8]) -> Result<Cow<'_, str>, Undecodable> {
    Ok(whole::<Common>(payload)?.action)
}

fn whole<'a, T: Deserialize<'a>>(payload: &'a [u8]) -> Result<T, Undecodable> {
    let mut deserializer = Deserializer::new(SliceReader::new(payload));
    let record = T::deserialize(&mut deserializer)
        .map_err(|cause| Undecodable::Payload(cause.to_string()))?;
    let mut reader = deserializer.into_inner();
    let Ok(rest) = reader.fill(1);
    if rest.as_ref().is_empty() {
        Ok(record)
    } else {
        Err(Undecodable::Payload("bytes behind its end".into()))
    }
}
