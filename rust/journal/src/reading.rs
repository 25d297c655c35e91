// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Reading a whole journal without changing anything.

use crate::error::Error;
use crate::record::{Record, Undecodable};
use crate::segments::{self, Found, Layout, Segment};
use crate::store::SegmentSource;

/// A record, and where it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Number of its segment.
    pub segment: u64,
    /// Byte of the segment at which its frame begins.
    pub offset: u64,
    /// Length of its frame.
    pub bytes: usize,
    /// The record; `None` if a later version wrote it and says that it may be passed over.
    pub record: Option<Record>,
}

/// What was found in a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentSurvey {
    /// Its number.
    pub number: u64,
    /// The lowest number that it stands for: lower than its own once compaction merged others into it.
    pub first: u64,
    /// What people call it: its file.
    pub file: String,
    /// How often the journal had been opened when it was begun.
    pub epoch: u64,
    /// When it was begun, in nanoseconds since 1970.
    pub created: u64,
    /// Whether compaction wrote it.
    pub compacted: bool,
    /// Whether it was closed in good order, so that nothing of it can be torn.
    pub sealed: bool,
    /// How many of its bytes count.
    pub bytes: u64,
    /// How many records it has.
    pub records: u64,
}

/// The end of the last segment, which a crash tore, or which is being written right now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TornTail {
    /// The segment.
    pub file: String,
    /// Where it begins to be unreadable.
    pub offset: u64,
    /// What is wrong there.
    pub reason: String,
}

/// What was found in a journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Survey {
    /// The segments that count, ascending.
    pub segments: Vec<SegmentSurvey>,
    /// Segments that are merged into others and not yet removed.
    pub superseded: Vec<u64>,
    /// What of the end does not count, if anything. Nothing of it had been acknowledged at [`crate::Level::Disk`].
    pub torn: Option<TornTail>,
}

impl Survey {
    /// How many records there are.
    pub fn records(&self) -> u64 {
        self.segments.iter().map(|segment| segment.records).sum()
    }

    /// How many bytes count.
    pub fn bytes(&self) -> u64 {
        self.segments.iter().map(|segment| segment.bytes).sum()
    }
}

/// Reads all records in order. Changes nothing and needs no lock: a journal that is being written is read as it is at some
/// moment of the call. Fails with [`crate::ErrorKind::Damaged`] on what no crash leaves behind; `visit` has seen what is
/// before it.
pub fn survey(source: &dyn SegmentSource, visit: &mut dyn FnMut(Entry)) -> Result<Survey, Error> {
    try_survey(source, &mut |entry| {
        visit(entry);
        Ok(())
    })
}

/// As [`survey`]; an error of `visit` ends the reading there, and is the outcome.
pub fn try_survey<E: From<Error>>(
    source: &dyn SegmentSource,
    visit: &mut dyn FnMut(Entry) -> Result<(), E>,
) -> Result<Survey, E> {
    Ok(read(source, visit)?.0)
}

/// As [`try_survey`], with what was found in the last segment.
pub(crate) fn read<E: From<Error>>(
    source: &dyn SegmentSource,
    visit: &mut dyn FnMut(Entry) -> Result<(), E>,
) -> Result<(Survey, Option<Found>), E> {
    let Layout {
        segments,
        superseded,
    } = segments::layout(source)?;
    let mut survey = Survey {
        superseded,
        ..Survey::default()
    };
    let mut last = None;
    for segment in segments {
        let (summary, found) = read_segment(segment, visit)?;
        survey.torn = found.torn.map(|reason| TornTail {
            file: summary.file.clone(),
            offset: found.end,
            reason: reason.into(),
        });
        survey.segments.push(summary);
        last = Some(found);
    }
    Ok((survey, last))
}

fn read_segment<E: From<Error>>(
    segment: Segment,
    visit: &mut dyn FnMut(Entry) -> Result<(), E>,
) -> Result<(SegmentSurvey, Found), E> {
    let file = segment.name.clone();
    let header = segment.header;
    let found = segment.read(&mut |offset, kind, payload| {
        let record = Record::decode(kind, payload).map_err(|undecodable| match undecodable {
            Undecodable::Kind(_) => Error::newer(&file, &format!("{undecodable} at byte {offset}")),
            Undecodable::Payload(_) => {
                Error::damaged(file.clone(), offset, undecodable.to_string())
            }
        })?;
        visit(Entry {
            segment: header.segment,
            offset,
            bytes: crate::frame::FRAME_HEAD_BYTES + 1 + payload.len(),
            record,
        })
    })?;
    let summary = SegmentSurvey {
        number: header.segment,
        first: header.first,
        file,
        epoch: header.epoch,
        created: header.created,
        compacted: header.compacted,
        sealed: found.sealed,
        bytes: found.end,
        records: found.records,
    };
    Ok((summary, found))
}
