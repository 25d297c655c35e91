// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Segments byte by byte: their header, and the frames behind it. `FORMAT.md` is the specification.

/// First bytes of every segment. The first byte is not ASCII and a line break is among them, so that a transfer as text
/// shows.
pub(crate) const MAGIC: [u8; 8] = *b"\xF5FMTA\r\n\x1A";
/// The version that this crate writes.
pub(crate) const VERSION: u16 = 1;
/// Length of a segment's header.
pub(crate) const HEADER_BYTES: usize = 64;
/// Length and checksum: what stands before the kind and the payload of a frame.
pub(crate) const FRAME_HEAD_BYTES: usize = 8;
/// A frame may have no more behind its head.
pub(crate) const MAX_FRAME_BYTES: usize = 64 << 20;
/// A mark's kind.
pub(crate) const KIND_MARK: u8 = 0x7E;
/// The kind of a sealed segment's last frame.
pub(crate) const KIND_END: u8 = 0x7F;
/// A mark's payload begins with this, so that marks can be searched for.
pub(crate) const MARK_MAGIC: [u8; 8] = *b"\xF5MARK\r\n\x1A";
/// A mark with its head.
pub(crate) const MARK_BYTES: usize = FRAME_HEAD_BYTES + 1 + 16;
/// An end with its head.
pub(crate) const END_BYTES: usize = FRAME_HEAD_BYTES + 1;

const FLAG_COMPACTED: u16 = 1;

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Rewritten by compaction: it ends where its end frame is, whatever its successor says.
    pub(crate) compacted: bool,
    /// The segment's number, from 1.
    pub(crate) segment: u64,
    /// The lowest number it stands for: less than its own if compaction merged others into it.
    pub(crate) first: u64,
    /// How often the journal had been opened.
    pub(crate) epoch: u64,
    /// Where the segment before ended: what is behind that was never acknowledged, or is in this segment.
    pub(crate) previous_end: u64,
    /// When it was made, in nanoseconds since 1970.
    pub(crate) created: u64,
    /// How many bytes came into being with the header, durable all at once.
    pub(crate) head_end: u64,
}

/// Why a header cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum BadHeader {
    Damaged(&'static str),
    Newer(String),
}

impl Header {
    pub(crate) fn encode(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        let flags = if self.compacted { FLAG_COMPACTED } else { 0 };
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..10].copy_from_slice(&VERSION.to_le_bytes());
        bytes[10..12].copy_from_slice(&flags.to_le_bytes());
        let numbers = [
            self.segment,
            self.first,
            self.epoch,
            self.previous_end,
            self.created,
            self.head_end,
        ];
        for (to, number) in bytes[12..60].chunks_exact_mut(8).zip(numbers) {
            to.copy_from_slice(&number.to_le_bytes());
        }
        let checksum = crc32c::crc32c(&bytes[..60]);
        bytes[60..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    pub(crate) fn decode(bytes: &[u8; HEADER_BYTES]) -> Result<Header, BadHeader> {
        if bytes[..8] != MAGIC {
            return Err(BadHeader::Damaged(
                "no segment of a journal begins like this",
            ));
        }
        let version = u16::from_le_bytes([bytes[8], bytes[9]]);
        let flags = u16::from_le_bytes([bytes[10], bytes[11]]);
        let checksum_holds = seed_of(bytes) == crc32c::crc32c(&bytes[..60]);
        if !checksum_holds {
            return Err(BadHeader::Damaged("the header's checksum does not hold"));
        }
        if version != VERSION {
            return Err(BadHeader::Newer(format!("format version {version}")));
        }
        if flags & !FLAG_COMPACTED != 0 {
            return Err(BadHeader::Newer(format!("flags {flags:#x}")));
        }
        let number = |index: usize| u64_at(bytes, 12 + 8 * index);
        let header = Header {
            compacted: flags & FLAG_COMPACTED != 0,
            segment: number(0),
            first: number(1),
            epoch: number(2),
            previous_end: number(3),
            created: number(4),
            head_end: number(5),
        };
        let sound = header.first >= 1
            && header.first <= header.segment
            && header.head_end >= HEADER_BYTES as u64;
        if sound {
            Ok(header)
        } else {
            Err(BadHeader::Damaged(
                "the header's numbers contradict each other",
            ))
        }
    }
}

/// The header's checksum, from which the checksums of its segment's frames go on: a frame is valid in its own segment
/// only, and no payload can pretend to be a frame.
pub(crate) fn seed_of(header: &[u8; HEADER_BYTES]) -> u32 {
    u32_at(header, 60)
}

/// Room for a frame's head and its kind; the head is filled in by [`finish`].
pub(crate) fn begin(kind: u8, capacity: usize) -> Vec<u8> {
    let mut frame = Vec::with_capacity(FRAME_HEAD_BYTES + 1 + capacity);
    frame.extend_from_slice(&[0; FRAME_HEAD_BYTES]);
    frame.push(kind);
    frame
}

/// Fills in the head of a frame for the segment whose checksums go on from `seed`.
pub(crate) fn finish(frame: &mut [u8], seed: u32) {
    let length = (frame.len() - FRAME_HEAD_BYTES) as u32;
    frame[..4].copy_from_slice(&length.to_le_bytes());
    let checksum = checksum(seed, &frame[..4], &frame[FRAME_HEAD_BYTES..]);
    frame[4..8].copy_from_slice(&checksum.to_le_bytes());
}

/// A frame's checksum: over its length, its kind and its payload.
pub(crate) fn checksum(seed: u32, length: &[u8], body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c_append(seed, length), body)
}

/// The mark that begins a batch: what is before `durable` had been synced before the batch was written.
pub(crate) fn mark(seed: u32, durable: u64) -> [u8; MARK_BYTES] {
    let mut frame = [0; MARK_BYTES];
    frame[8] = KIND_MARK;
    frame[9..17].copy_from_slice(&MARK_MAGIC);
    frame[17..].copy_from_slice(&durable.to_le_bytes());
    finish(&mut frame, seed);
    frame
}

/// What a mark's payload says is durable.
pub(crate) fn durable_of(payload: &[u8]) -> Option<u64> {
    (payload.len() == 16 && payload[..8] == MARK_MAGIC).then(|| u64_at(payload, 8))
}

/// The last frame of a sealed segment.
pub(crate) fn end(seed: u32) -> [u8; END_BYTES] {
    let mut frame = [0; END_BYTES];
    frame[8] = KIND_END;
    finish(&mut frame, seed);
    frame
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
