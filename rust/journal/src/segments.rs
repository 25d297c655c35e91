// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Reading segments, and telling what a crash leaves behind from damage.
//!
//! A crash can tear only what was not synced, and what was not synced is at the end of the last segment: each batch begins
//! with a mark that says up to where the segment had been synced before, and each segment says where the one before it
//! ends. So a frame that cannot be read is the torn tail only if no mark, before it or behind it, says that it was durable.

use std::io::{self, BufRead, BufReader, Read};

use crate::error::Error;
use crate::frame::{
    self, BadHeader, FRAME_HEAD_BYTES, HEADER_BYTES, Header, KIND_END, KIND_MARK, MARK_BYTES,
    MARK_MAGIC, MAX_FRAME_BYTES,
};
use crate::store::SegmentSource;

type Input = Box<dyn Read + Send>;

/// Sees the frame of a record: its offset, kind and payload.
pub(crate) type Visit<'a, E> = dyn FnMut(u64, u8, &[u8]) -> Result<(), E> + 'a;

/// A segment that counts, opened, its header read.
pub(crate) struct Segment {
    pub(crate) name: String,
    pub(crate) header: Header,
    pub(crate) seed: u32,
    pub(crate) end: End,
    input: Input,
}

/// How the end of a segment is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The next segment, or whoever wrote this one, says where.
    Stated(u64),
    /// It has an end frame, for compaction wrote it.
    Sealed,
    /// It is the last one: the end frame, or where reading comes to an end.
    Open,
}

/// The segments that count, ascending, and those that are leftovers of a compaction.
pub(crate) struct Layout {
    pub(crate) segments: Vec<Segment>,
    pub(crate) superseded: Vec<u64>,
}

/// What was found in a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// What the checksums of its frames begin with, which its header decides.
    pub(crate) seed: u32,
    /// Where its last frame that counts ends.
    pub(crate) end: u64,
    /// Up to where it is known to be durable.
    pub(crate) durable: u64,
    pub(crate) sealed: bool,
    pub(crate) records: u64,
    /// Why reading ended before the last byte, if it did.
    pub(crate) torn: Option<&'static str>,
}

/// Finds the segments that count and checks that none is missing. A segment that vanishes between being listed and being
/// opened was compacted by the writer at work: the list is taken again.
pub(crate) fn layout(source: &dyn SegmentSource) -> Result<Layout, Error> {
    const ATTEMPTS: usize = 16;
    let mut attempt = 1;
    loop {
        match open_all(source) {
            Err(Opening::Reading(cause))
                if cause.kind() == io::ErrorKind::NotFound && attempt < ATTEMPTS =>
            {
                attempt += 1;
            }
            Err(Opening::Reading(cause)) => {
                return Err(Error::io("the journal's segments cannot be read", &cause));
            }
            Err(Opening::Unusable(error)) => return Err(error),
            Ok(opened) => return arrange(source, opened),
        }
    }
}

enum Opening {
    Reading(io::Error),
    Unusable(Error),
}

fn open_all(source: &dyn SegmentSource) -> Result<Vec<Segment>, Opening> {
    source
        .list()
        .map_err(Opening::Reading)?
        .into_iter()
        .map(|number| open(source, number))
        .collect()
}

fn open(source: &dyn SegmentSource, number: u64) -> Result<Segment, Opening> {
    let name = source.name(number);
    let damaged = |reason: &str| Opening::Unusable(Error::damaged(name.clone(), 0, reason));
    let unreadable = |cause: io::Error| match cause.kind() {
        io::ErrorKind::UnexpectedEof => damaged("it is shorter than its header"),
        _ => match said_by_source(&name, 0, &cause) {
            Some(error) => Opening::Unusable(error),
            None => Opening::Reading(cause),
        },
    };
    let mut input = source.read(number).map_err(unreadable)?;
    let mut bytes = [0; HEADER_BYTES];
    input.read_exact(&mut bytes).map_err(unreadable)?;
    let header = Header::decode(&bytes).map_err(|bad| match bad {
        BadHeader::Damaged(reason) => damaged(reason),
        BadHeader::Newer(what) => Opening::Unusable(Error::newer(&name, &what)),
    })?;
    if header.segment != number {
        return Err(damaged("it is not the segment that its name says"));
    }
    Ok(Segment {
        seed: frame::seed_of(&bytes),
        name,
        header,
        end: End::Open,
        input,
    })
}

/// What a source says of the segment itself, which an error of the operating system never does.
fn said_by_source(name: &str, offset: u64, cause: &io::Error) -> Option<Error> {
    match cause.kind() {
        _ if cause.raw_os_error().is_some() => None,
        io::ErrorKind::InvalidData => {
            Some(Error::damaged(name.to_owned(), offset, cause.to_string()))
        }
        io::ErrorKind::Unsupported => Some(Error::newer(name, &cause.to_string())),
        _ => None,
    }
}

fn arrange(source: &dyn SegmentSource, opened: Vec<Segment>) -> Result<Layout, Error> {
    let mut segments: Vec<Segment> = Vec::with_capacity(opened.len());
    let mut superseded = Vec::new();
    for segment in opened {
        while let Some(covered) =
            segments.pop_if(|before| before.header.first >= segment.header.first)
        {
            superseded.push(covered.header.segment);
        }
        segments.push(segment);
    }
    let mut last: Option<Header> = None;
    for segment in &segments {
        let header = segment.header;
        let (expected, epoch) = last.map_or((1, 0), |last| (last.segment + 1, last.epoch));
        if header.first != expected {
            return Err(Error::damaged(
                source.name(expected),
                0,
                "the segment is missing",
            ));
        }
        if header.epoch < epoch {
            return Err(Error::damaged(
                segment.name.clone(),
                0,
                "it is older than the segment before it",
            ));
        }
        last = Some(header);
    }
    for index in 0..segments.len() {
        let next = segments.get(index + 1).map(|next| next.header.previous_end);
        let segment = &mut segments[index];
        segment.end = match next {
            _ if segment.header.compacted => End::Sealed,
            Some(end) => End::Stated(end),
            None => End::Open,
        };
    }
    Ok(Layout {
        segments,
        superseded,
    })
}

impl Segment {
    /// Reads the frames of records in order. An error of `visit` ends that.
    pub(crate) fn read<E: From<Error>>(self, visit: &mut Visit<'_, E>) -> Result<Found, E> {
        let name = self.name;
        let damaged = |offset, reason: &str| Error::damaged(name.clone(), offset, reason);
        let limit = match self.end {
            End::Stated(end) => end,
            End::Sealed | End::Open => u64::MAX,
        };
        let mut frames = Frames::new(self.input, self.seed, HEADER_BYTES as u64, limit);
        let mut found = Found {
            seed: self.seed,
            end: HEADER_BYTES as u64,
            durable: self.header.head_end,
            sealed: false,
            records: 0,
            torn: None,
        };
        if found.durable > limit {
            return Err(damaged(0, "its header contradicts the next segment's").into());
        }
        loop {
            let at = frames.offset;
            let unreadable = |cause: io::Error| {
                said_by_source(&name, at, &cause).unwrap_or_else(|| {
                    Error::io(&format!("{name} cannot be read at byte {at}"), &cause)
                })
            };
            let step = frames.next().map_err(unreadable)?;
            match step {
                Step::Frame(KIND_MARK, payload) => match frame::durable_of(payload) {
                    Some(durable) if durable <= at => found.durable = found.durable.max(durable),
                    _ => return Err(damaged(at, "a mark that contradicts itself").into()),
                },
                Step::Frame(KIND_END, _) => {
                    if frames.step_over_end().map_err(unreadable)? {
                        return Err(damaged(frames.offset, "bytes behind its end").into());
                    }
                    found.sealed = true;
                    found.end = frames.offset;
                    return Ok(found);
                }
                Step::Frame(kind, payload) => {
                    visit(at, kind, payload)?;
                    found.records += 1;
                }
                Step::Limit => return Ok(found),
                Step::Invalid(reason) if self.end != End::Open || at < found.durable => {
                    return Err(damaged(at, reason).into());
                }
                Step::Invalid(reason) => {
                    if frames.rest_claims_durable_beyond(at).map_err(unreadable)? {
                        return Err(damaged(at, reason).into());
                    }
                    found.torn = Some(reason);
                    return Ok(found);
                }
                Step::Over if self.end != End::Open || at < found.durable => {
                    return Err(damaged(at, "it ends too early").into());
                }
                Step::Over => return Ok(found),
            }
            found.end = frames.offset;
        }
    }
}

/// Calls `visit` with the frames of records of a segment between two offsets at which frames begin. Returns how far it came:
/// storage that failed to sync may have dropped what it held. Fails with [`io::ErrorKind::NotFound`] also if the segment that
/// is there has another header than the one meant, with that seed.
pub(crate) fn frames_between(
    source: &dyn SegmentSource,
    (segment, seed): (u64, u32),
    (from, to): (u64, u64),
    visit: &mut dyn FnMut(u8, &[u8]) -> io::Result<()>,
) -> io::Result<u64> {
    let mut input = source.read(segment)?;
    let mut header = [0; HEADER_BYTES];
    input.read_exact(&mut header)?;
    if frame::seed_of(&header) != seed {
        let message = format!("{} is another segment than before", source.name(segment));
        return Err(io::Error::new(io::ErrorKind::NotFound, message));
    }
    let before = from.saturating_sub(HEADER_BYTES as u64);
    io::copy(&mut input.by_ref().take(before), &mut io::sink())?;
    let mut frames = Frames::new(input, seed, from, to);
    loop {
        match frames.next()? {
            Step::Frame(KIND_MARK | KIND_END, _) => {}
            Step::Frame(kind, payload) => visit(kind, payload)?,
            Step::Limit | Step::Invalid(_) | Step::Over => return Ok(frames.offset),
        }
    }
}

enum Step<'a> {
    /// A frame whose checksum holds: its kind and its payload.
    Frame(u8, &'a [u8]),
    /// The limit was reached.
    Limit,
    /// The input ended where a frame would begin.
    Over,
    /// What is here is no frame.
    Invalid(&'static str),
}

struct Frames {
    input: BufReader<Input>,
    seed: u32,
    /// Where the next frame begins.
    offset: u64,
    limit: u64,
    /// What was read of the frame at hand.
    frame: Vec<u8>,
}

impl Frames {
    fn new(input: Input, seed: u32, offset: u64, limit: u64) -> Self {
        Self {
            input: BufReader::with_capacity(1 << 17, input),
            seed,
            offset,
            limit,
            frame: Vec::new(),
        }
    }

    fn next(&mut self) -> io::Result<Step<'_>> {
        self.frame.clear();
        let room = self.limit - self.offset;
        if room == 0 {
            return Ok(Step::Limit);
        }
        if !self.fetch(FRAME_HEAD_BYTES)? {
            return Ok(match self.frame.len() {
                0 => Step::Over,
                _ => Step::Invalid("a frame that breaks off in its head"),
            });
        }
        let length = frame::u32_at(&self.frame, 0) as usize;
        let total = (FRAME_HEAD_BYTES + length) as u64;
        if length == 0 || length > MAX_FRAME_BYTES {
            return Ok(Step::Invalid("a frame of impossible length"));
        }
        if total > room {
            return Ok(Step::Invalid("a frame that reaches beyond the end"));
        }
        if !self.fetch(length)? {
            return Ok(Step::Invalid("a frame that breaks off"));
        }
        let (head, body) = self.frame.split_at(FRAME_HEAD_BYTES);
        if frame::checksum(self.seed, &head[..4], body) != frame::u32_at(head, 4) {
            return Ok(Step::Invalid("a frame whose checksum does not hold"));
        }
        self.offset += total;
        Ok(Step::Frame(body[0], &body[1..]))
    }

    /// Appends `length` bytes of the input to the frame; false if it has less. Room is made for what is there only: a
    /// length is nothing to allocate by.
    fn fetch(&mut self, length: usize) -> io::Result<bool> {
        let available = self.input.buffer();
        if available.len() >= length {
            self.frame.extend_from_slice(&available[..length]);
            self.input.consume(length);
            return Ok(true);
        }
        let read = (&mut self.input)
            .take(length as u64)
            .read_to_end(&mut self.frame)?;
        Ok(read == length)
    }

    /// Whether anything follows an end frame, where nothing may, unless the limit is there.
    fn step_over_end(&mut self) -> io::Result<bool> {
        if self.limit == u64::MAX {
            Ok(!self.input.fill_buf()?.is_empty())
        } else {
            Ok(self.offset != self.limit)
        }
    }

    /// Whether a mark in or behind the frame that could not be read says that what is beyond `offset` was durable.
    fn rest_claims_durable_beyond(&mut self, offset: u64) -> io::Result<bool> {
        const CHUNK: u64 = 1 << 20;
        let mut window = std::mem::take(&mut self.frame);
        loop {
            let claims = window.windows(MARK_BYTES).any(|bytes| {
                bytes[9..17] == MARK_MAGIC
                    && bytes[8] == KIND_MARK
                    && frame::u32_at(bytes, 4)
                        == frame::checksum(self.seed, &bytes[..4], &bytes[FRAME_HEAD_BYTES..])
                    && frame::durable_of(&bytes[9..]).is_some_and(|durable| durable > offset)
            });
            if claims {
                return Ok(true);
            }
            window.drain(..window.len().saturating_sub(MARK_BYTES - 1));
            if (&mut self.input).take(CHUNK).read_to_end(&mut window)? == 0 {
                return Ok(false);
            }
        }
    }
}
