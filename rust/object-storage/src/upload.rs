// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! An object that is put whole or not at all, however long it is.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{Error, MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload};

use crate::object::{self, HEADER_BYTES, Put, WriterId};
use crate::remote::Remote;

/// Longer objects are uploaded in parts of this length, of which S3 takes 10,000.
const PART_BYTES: usize = 16 << 20;

/// Puts what is written to it when it is finished, unless another writer has put something there; nothing if it is dropped
/// before.
pub(crate) struct Upload {
    remote: Arc<Remote>,
    path: Path,
    writer: WriterId,
    pending: Vec<u8>,
    /// There is one once a part was uploaded.
    parts: Option<Box<dyn MultipartUpload>>,
}

impl Upload {
    pub(crate) fn new(remote: Arc<Remote>, path: Path, writer: WriterId) -> Self {
        Self {
            remote,
            path,
            writer,
            pending: writer.object(),
            parts: None,
        }
    }

    fn upload_pending(&mut self) -> io::Result<()> {
        let payload = PutPayload::from(std::mem::take(&mut self.pending));
        let (parts, path) = (self.parts.take(), self.path.clone());
        let parts = self.remote.call(async move |objects| {
            let mut parts = match parts {
                Some(parts) => parts,
                None => objects.put_multipart(&path).await.map_err(crate::failed)?,
            };
            match parts.put_part(payload).await {
                Ok(()) => Ok(parts),
                Err(cause) => {
                    give_up(parts).await;
                    Err(crate::failed(cause))
                }
            }
        })?;
        self.parts = Some(parts);
        Ok(())
    }

    /// Returns when the object is durable, or another writer's is there. What comes in parts is put under no condition, for
    /// storage knows none for it: one that comes between the look and the end of the upload is replaced. Both hold the same
    /// then but for the writer, since they were made of the same segments, which nobody can append to.
    pub(crate) fn finish(mut self, patience: Duration) -> io::Result<Put> {
        if self.parts.is_some() && !self.pending.is_empty() {
            self.upload_pending()?;
        }
        let bytes = std::mem::take(&mut self.pending).into();
        let (parts, path, writer) = (self.parts.take(), self.path.clone(), self.writer);
        self.remote.call(async move |objects| {
            let Some(mut parts) = parts else {
                return object::put(&objects, &path, bytes, writer, patience).await;
            };
            match objects.get_range(&path, 0..HEADER_BYTES as u64).await {
                Err(Error::NotFound { .. }) => {
                    let put = parts.complete().await;
                    put.map(|_| Put::Done).map_err(crate::failed)
                }
                found => {
                    give_up(parts).await;
                    // An end of this writer's upload whose answer was lost, or that came about late.
                    let put = |header: Bytes| match writer.wrote(&header) {
                        true => Put::Done,
                        false => Put::Written,
                    };
                    found.map(put).map_err(crate::failed)
                }
            }
        })
    }
}

impl Write for Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = bytes.len().min(PART_BYTES - self.pending.len());
        self.pending.extend_from_slice(&bytes[..length]);
        if self.pending.len() == PART_BYTES {
            self.upload_pending()?;
        }
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(parts) = self.parts.take() {
            drop(
                self.remote
                    .submit(async move |_: std::sync::Arc<dyn ObjectStore>| {
                        give_up(parts).await;
                        Ok(())
                    }),
            );
        }
    }
}

/// Lets the storage forget the parts.
async fn give_up(mut parts: Box<dyn MultipartUpload>) {
    if let Err(cause) = parts.abort().await {
        tracing::debug!(%cause, "an upload cannot be aborted");
    }
}
