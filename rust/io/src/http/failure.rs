// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Why an exchange failed, in words that do not depend on the crates below.

use std::error::Error as StdError;
use std::fmt;
use std::io;

use fermata_core::error::Error;

/// What went wrong. Java knows a kind by its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// The name of the host has no address.
    Resolve,
    /// No connection came about.
    Connect,
    /// No connection came about within the connect timeout, or before the exchange's own.
    ConnectTimeout,
    /// The TLS handshake failed: the certificate is not trusted, is for another host, or is out of date, or there is no
    /// common protocol.
    Tls,
    /// A pooled connection ended before any byte of the response came: the server may have closed it before it saw the
    /// request.
    Expired,
    /// A connection of its own ended before the head of the response was there.
    ClosedEarly,
    /// The response is not HTTP.
    Protocol,
    /// The head of the response is longer than [`super::MAX_HEAD_BYTES`] or has more than [`super::MAX_HEADERS`] headers.
    HeadTooLarge,
    /// The response ended before its announced end.
    Truncated,
    /// The server reset the stream or the connection.
    Reset,
    /// The transport was closed.
    Closed,
    /// Anything else that befell the connection.
    Io,
    /// The head of the response was not there in time, though there was a connection.
    TimedOut,
}

impl FailureKind {
    /// Every kind, in declaration order.
    pub const ALL: [Self; 13] = [
        Self::Resolve,
        Self::Connect,
        Self::ConnectTimeout,
        Self::Tls,
        Self::Expired,
        Self::ClosedEarly,
        Self::Protocol,
        Self::HeadTooLarge,
        Self::Truncated,
        Self::Reset,
        Self::Closed,
        Self::Io,
        Self::TimedOut,
    ];
}

/// A failure: its kind, and a sentence for people.
#[derive(Clone, Debug)]
pub struct Failure {
    kind: FailureKind,
    message: String,
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }

    /// What went wrong.
    pub fn kind(&self) -> FailureKind {
        self.kind
    }

    /// The sentence.
    pub fn message(&self) -> &str {
        &self.message
    }

    pub(crate) fn closed() -> Self {
        Self::new(FailureKind::Closed, "the client was closed")
    }

    /// Of an event that nobody took.
    pub(crate) fn undelivered(error: &Error) -> Self {
        Self::new(FailureKind::Io, error.to_string())
    }

    /// Of an exchange whose response had no head yet. `silent`: no byte of it came. `reused`: another exchange had the
    /// connection before.
    pub(crate) fn before_response(error: &hyper::Error, silent: bool, reused: bool) -> Self {
        let ended = error.is_incomplete_message()
            || error.is_canceled()
            || error.is_closed()
            || io_kind(error).is_some_and(is_end);
        let kind = match () {
            () if error.is_parse_too_large() => FailureKind::HeadTooLarge,
            () if error.is_parse() => FailureKind::Protocol,
            () if ended && silent && reused => FailureKind::Expired,
            () if ended => FailureKind::ClosedEarly,
            () => by_http2(error).unwrap_or(FailureKind::Io),
        };
        Self::new(kind, chain(error))
    }

    /// Of an exchange whose response has begun.
    pub(crate) fn in_body(error: &hyper::Error) -> Self {
        let kind = match io_kind(error) {
            Some(io::ErrorKind::UnexpectedEof) => FailureKind::Truncated,
            Some(io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) => FailureKind::Protocol,
            Some(kind) if is_end(kind) => FailureKind::Reset,
            _ if error.is_incomplete_message() || error.is_canceled() => FailureKind::Truncated,
            _ => by_http2(error).unwrap_or(FailureKind::Io),
        };
        Self::new(kind, chain(error))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.kind, self.message)
    }
}

fn by_http2(error: &hyper::Error) -> Option<FailureKind> {
    let error = cause::<h2::Error>(error)?;
    Some(match error.reason() {
        // The server says that it has not looked at the request.
        Some(h2::Reason::REFUSED_STREAM) => FailureKind::Expired,
        _ if error.is_reset() || error.is_go_away() && error.is_remote() => FailureKind::Reset,
        Some(_) => FailureKind::Protocol,
        None => match error.get_io() {
            Some(io) if is_end(io.kind()) => FailureKind::Reset,
            _ => FailureKind::Io,
        },
    })
}

fn io_kind(error: &hyper::Error) -> Option<io::ErrorKind> {
    cause::<io::Error>(error).map(io::Error::kind)
}

/// Whether an I/O error says that the other side is gone.
fn is_end(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof
            | io::ErrorKind::NotConnected
    )
}

fn cause<T: StdError + 'static>(error: &hyper::Error) -> Option<&T> {
    let mut next = error.source();
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        next = error.source();
    }
    None
}

/// An error with what caused it.
pub(crate) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        let cause = error.to_string();
        if !text.contains(&cause) {
            text.push_str(": ");
            text.push_str(&cause);
        }
        next = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_lists_every_kind_once_in_order() {
        for (position, kind) in FailureKind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, position);
        }
        assert_eq!(FailureKind::TimedOut as usize + 1, FailureKind::ALL.len());
    }
}
