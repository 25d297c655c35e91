// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! One object: who wrote it, and what it holds; and how it is put, once and for all.

use std::io;
use std::time::{Duration, Instant};

use bytes::Bytes;
use object_store::path::Path;
use object_store::{Error, ObjectStore, ObjectStoreExt, PutMode, PutPayload};
use ring::rand::{SecureRandom, SystemRandom};

use crate::remote::Objects;

/// What stands before the content of every object.
pub(crate) const HEADER_BYTES: usize = 32;

const MAGIC: [u8; 8] = *b"\xF5FMTO\r\n\x1A";
const VERSION: u16 = 1;

/// A writer's name: no other has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WriterId([u8; 16]);

impl WriterId {
    pub(crate) fn random() -> io::Result<Self> {
        let mut id = [0; 16];
        SystemRandom::new()
            .fill(&mut id)
            .map_err(|_| io::Error::other("the operating system has no random numbers"))?;
        Ok(Self(id))
    }

    /// An object of this writer without content: a claim.
    pub(crate) fn object(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        bytes.extend_from_slice(&[0; 2]);
        bytes.extend_from_slice(&self.0);
        bytes.extend_from_slice(&crc32c::crc32c(&bytes).to_le_bytes());
        bytes
    }

    pub(crate) fn wrote(self, object: &[u8]) -> bool {
        object.starts_with(&self.object())
    }
}

/// What `object`, which is at `path`, holds behind its header.
pub(crate) fn content(path: &Path, object: &Bytes) -> io::Result<Bytes> {
    let damaged = |reason: &str| {
        let message = format!("the object {path} is damaged: {reason}");
        Err(io::Error::new(io::ErrorKind::InvalidData, message))
    };
    let Some(header) = object.get(..HEADER_BYTES) else {
        return damaged("it is shorter than its header");
    };
    if header[..8] != MAGIC {
        return damaged("no object of a journal begins like this");
    }
    if crc32c::crc32c(&header[..28]).to_le_bytes() != header[28..] {
        return damaged("the header's checksum does not hold");
    }
    let version = u16::from_le_bytes([header[8], header[9]]);
    if version != VERSION {
        let message = format!("an object of version {version}, {path}");
        return Err(io::Error::new(io::ErrorKind::Unsupported, message));
    }
    Ok(object.slice(HEADER_BYTES..))
}

/// What became of a put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Put {
    Done,
    /// Another writer's claim was there.
    Claimed,
    /// Another writer's content was there.
    Written,
}

/// Puts `bytes` at `path` unless something is there. Nothing is ever replaced, be it this writer's own: another one may have
/// read it.
///
/// Tries again until `patience` is over, for the condition makes the put happen once: if the answer to a try was lost, the
/// next one finds what that try put. So after an error it may be there or not, or come to be there later, and nothing but the
/// same bytes can be put there from then on.
pub(crate) async fn put(
    objects: &Objects,
    path: &Path,
    bytes: Bytes,
    writer: WriterId,
    patience: Duration,
) -> io::Result<Put> {
    let began = Instant::now();
    let mut pause = Duration::from_millis(50);
    loop {
        let payload = PutPayload::from_bytes(bytes.clone());
        let failure = match objects
            .put_opts(path, payload, PutMode::Create.into())
            .await
        {
            Ok(_) => return Ok(Put::Done),
            Err(refused @ (Error::AlreadyExists { .. } | Error::Precondition { .. })) => {
                match look(objects, path).await {
                    Ok(Some(there)) if there == bytes => return Ok(Put::Done),
                    Ok(Some(there)) if writer.wrote(&there) => {
                        let message =
                            format!("{path} has other content, which this writer had put before");
                        return Err(io::Error::other(message));
                    }
                    Ok(Some(there)) if there.len() <= HEADER_BYTES => return Ok(Put::Claimed),
                    Ok(Some(_)) => return Ok(Put::Written),
                    // Refused for another put that was under way, of which nothing came.
                    Ok(None) => refused,
                    Err(cause) => cause,
                }
            }
            Err(cause) => cause,
        };
        if is_final(&failure) || began.elapsed() + pause > patience {
            return Err(crate::failed(failure));
        }
        tracing::debug!(%path, %failure, "put is tried again");
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_secs(2));
    }
}

async fn look(objects: &Objects, path: &Path) -> Result<Option<Bytes>, Error> {
    match objects.get(path).await {
        Err(Error::NotFound { .. }) => Ok(None),
        found => Ok(Some(found?.bytes().await?)),
    }
}

/// Whether trying again is of no use.
fn is_final(error: &Error) -> bool {
    matches!(
        error,
        Error::NotFound { .. }
            | Error::InvalidPath { .. }
            | Error::NotSupported { .. }
            | Error::NotImplemented { .. }
            | Error::PermissionDenied { .. }
            | Error::Unauthenticated { .. }
    )
}
