// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The byte stream of a connection, plain or under TLS, and what is counted about it.

use std::cell::Cell;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::BufMut;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio_rustls::client::TlsStream;

/// One of a number of things, from its making to its drop.
pub(crate) struct Counted(Arc<AtomicUsize>);

impl Counted {
    pub(crate) fn one_of(number: &Arc<AtomicUsize>) -> Self {
        number.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(number))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// What came over a stream so far.
#[derive(Default)]
pub(crate) struct Received {
    bytes: Cell<u64>,
    more: Notify,
}

impl Received {
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.get()
    }

    /// Waits for more, or for the end.
    pub(crate) fn more(&self) -> Notified<'_> {
        self.more.notified()
    }
}

/// What carries HTTP.
pub(crate) struct Stream {
    transport: Layer,
    received: Rc<Received>,
    _open: Counted,
}

enum Layer {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    pub(crate) fn plain(stream: TcpStream, open: Counted) -> Self {
        Self::over(Layer::Plain(stream), open)
    }

    pub(crate) fn tls(stream: TlsStream<TcpStream>, open: Counted) -> Self {
        Self::over(Layer::Tls(Box::new(stream)), open)
    }

    fn over(transport: Layer, open: Counted) -> Self {
        Self {
            transport,
            received: Rc::default(),
            _open: open,
        }
    }

    pub(crate) fn received(&self) -> Rc<Received> {
        Rc::clone(&self.received)
    }

    /// What TLS agreed on, and with whom: protocol and cipher suite, each behind its length in two bytes, then the number
    /// of certificates in four bytes, and each behind its length in four. `None`: there is no TLS.
    pub(crate) fn session(&self) -> Option<Rc<[u8]>> {
        let Layer::Tls(stream) = &self.transport else {
            return None;
        };
        let connection = stream.get_ref().1;
        let protocol = match connection.protocol_version() {
            Some(rustls::ProtocolVersion::TLSv1_2) => "TLSv1.2",
            _ => "TLSv1.3",
        };
        let suite = connection
            .negotiated_cipher_suite()
            .and_then(|suite| suite.suite().as_str())
            .unwrap_or_default()
            .replace("TLS13_", "TLS_");
        let mut session = Vec::new();
        for text in [protocol, &suite] {
            session.put_u16(text.len() as u16);
            session.put_slice(text.as_bytes());
        }
        let certificates = connection.peer_certificates().unwrap_or_default();
        session.put_u32(certificates.len() as u32);
        for certificate in certificates {
            session.put_u32(certificate.len() as u32);
            session.put_slice(certificate);
        }
        Some(session.into())
    }

    /// Whether TLS agreed on HTTP/2.
    pub(crate) fn speaks_http2(&self) -> bool {
        match &self.transport {
            Layer::Plain(_) => false,
            Layer::Tls(stream) => stream.get_ref().1.alpn_protocol() == Some(b"h2"),
        }
    }
}

/// Calls a method of whatever layer there is.
macro_rules! on_layer {
    ($stream:ident.$method:ident($($argument:expr),*)) => {
        match &mut $stream.get_mut().transport {
            Layer::Plain(stream) => Pin::new(stream).$method($($argument),*),
            Layer::Tls(stream) => Pin::new(stream).$method($($argument),*),
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let received = Rc::clone(&self.received);
        let read = on_layer!(self.poll_read(context, buffer));
        let bytes = buffer.filled().len() - before;
        received.bytes.set(received.bytes.get() + bytes as u64);
        if read.is_ready() {
            received.more.notify_waiters();
        }
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        on_layer!(self.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        on_layer!(self.poll_write_vectored(context, bytes))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.transport {
            Layer::Plain(stream) => stream.is_write_vectored(),
            Layer::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_layer!(self.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        on_layer!(self.poll_shutdown(context))
    }
}
