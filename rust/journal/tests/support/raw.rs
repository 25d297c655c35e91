// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Segments made by hand from `FORMAT.md`, sharing nothing with the crate.

/// A header of version 1 with the numbers that `FORMAT.md` lists, in its order.
pub fn header(version: u16, flags: u16, numbers: [u64; 6]) -> Vec<u8> {
    let mut bytes = b"\xF5FMTA\r\n\x1A".to_vec();
    bytes.extend(version.to_le_bytes());
    bytes.extend(flags.to_le_bytes());
    bytes.extend(numbers.into_iter().flat_map(u64::to_le_bytes));
    bytes.extend(crc32c::crc32c(&bytes).to_le_bytes());
    bytes
}

/// The header of a first segment.
pub fn first_header() -> Vec<u8> {
    header(1, 0, [1, 1, 1, 0, 0, 64])
}

/// A frame in the segment that begins with `header`.
pub fn frame(header: &[u8], kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = (1 + payload.len()) as u32;
    frame_of_length(header, length, kind, payload)
}

/// The same, with a length that may be wrong.
pub fn frame_of_length(header: &[u8], length: u32, kind: u8, payload: &[u8]) -> Vec<u8> {
    let seed = u32::from_le_bytes(header[60..64].try_into().expect("four bytes"));
    let body = [&[kind], payload].concat();
    let checksum = crc32c::crc32c_append(crc32c::crc32c_append(seed, &length.to_le_bytes()), &body);
    [&length.to_le_bytes()[..], &checksum.to_le_bytes(), &body].concat()
}

/// A mark.
pub fn mark(header: &[u8], durable: u64) -> Vec<u8> {
    let payload = [&b"\xF5MARK\r\n\x1A"[..], &durable.to_le_bytes()].concat();
    frame(header, 0x7E, &payload)
}
