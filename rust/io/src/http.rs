// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! HTTP/1.1 and HTTP/2 as a client: exchanges by the thousand on one thread.
//!
//! A [`Transport`] carries requests to servers and tells of their responses through [`Events`]. It knows nothing of
//! redirects, cookies, authentication or retries: those have their semantics where the requests come from. Whom limits let
//! send, and when, it tells as well ([`Transport::admit`]). It repeats a request by itself in one case alone, where nothing of it was written because the pooled connection had been closed.

mod admission;
mod connect;
mod credits;
mod exchange;
mod failure;
mod joint;
mod limiter;
mod link;
mod pool;
mod request;
mod stream;
mod transport;
mod trust;
mod upload;

#[cfg(test)]
mod tests;

use fermata_core::error::Error;

pub use failure::{Failure, FailureKind};
pub use limiter::{LimitConfig, Rate};
pub use request::{RequestBody, RequestHead};
pub use transport::{Transport, TransportConfig, TransportGauges};
pub use trust::platform_roots;

/// How long the head of a response may be, in bytes.
pub const MAX_HEAD_BYTES: usize = 384 * 1024;

/// How many headers a response may have over HTTP/1.1.
pub const MAX_HEADERS: usize = 100;

/// The caller's name for an exchange, in use from its start to its last event or its cancellation; also that of an
/// admission, in use until it leaves.
pub type Tag = i64;

/// What a transport calls a limit; from 1 on.
pub type LimitId = usize;

/// The head of a response.
#[derive(Clone, Copy, Debug)]
pub struct ResponseHead<'a> {
    /// The status code; final, so never 1xx.
    pub status: u16,
    /// Whether it came over HTTP/2.
    pub http2: bool,
    /// The headers, flat as in [`RequestHead`]; names in lower case.
    pub headers: &'a [u8],
    /// What TLS agreed on and with whom: protocol and cipher suite, each behind its length in two bytes, then the number of
    /// certificates in four bytes, and each (DER) behind its length in four. `None` without TLS.
    pub session: Option<&'a [u8]>,
}

/// Who is told what becomes of exchanges. Called on the transport's thread, under no lock; must not block.
///
/// An exchange has at most one `response`, then any number of `body`, and at last either `end` or `failed`, which may come
/// at any time. An exchange that was cancelled has no last event.
pub trait Events: Send + Sync + 'static {
    /// The head of the response. On an error the exchange fails with it.
    fn response(&self, tag: Tag, head: ResponseHead<'_>) -> Result<(), Error>;
    /// The next chunk of the body, never empty. On an error the exchange fails with it.
    fn body(&self, tag: Tag, chunk: &[u8]) -> Result<(), Error>;
    /// So many more chunks of the request's body can be taken.
    fn want_body(&self, tag: Tag, chunks: u32);
    /// The response is complete.
    fn end(&self, tag: Tag);
    /// The admission of this tag is granted. `held_by_rate`: when its turn had come, it had to wait for a rate. On an error
    /// the admission fails with it.
    fn admitted(&self, tag: Tag, held_by_rate: bool) -> Result<(), Error>;
    /// There is no response, or no more of it, or no admission.
    fn failed(&self, tag: Tag, failure: &Failure);
}
