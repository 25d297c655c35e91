// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! How a connection comes about: name, TCP, tunnel, TLS.

use std::cell::RefCell;
use std::collections::HashMap;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::task::Poll;
use std::time::Duration;

use http::header::HOST;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Version};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::failure::{Failure, FailureKind, chain};
use super::joint::Joint;
use super::request::{Origin, Security};
use super::stream::{Counted, Stream};
use super::trust::{Roots, Trust};
use super::upload::Upload;

/// Why there is no connection.
#[derive(Clone, Debug)]
pub(crate) enum Refusal {
    /// It failed.
    Failed(Failure),
    /// The proxy answered otherwise than by a tunnel.
    ByProxy(StatusCode, HeaderMap),
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

type Addresses = Joint<Result<Rc<[SocketAddr]>, Failure>>;

/// Makes connections.
pub(crate) struct Connector {
    trust: Trust,
    timeout: Option<Duration>,
    /// Look-ups under way.
    resolving: RefCell<HashMap<Box<str>, Addresses>>,
    open: Arc<AtomicUsize>,
}

impl Connector {
    /// `timeout` is for a whole connection; `open` counts those that are there.
    pub(crate) fn new(timeout: Option<Duration>, open: Arc<AtomicUsize>) -> Self {
        Self {
            trust: Trust::default(),
            timeout,
            resolving: RefCell::default(),
            open,
        }
    }

    /// From now on trusts these roots alone.
    pub(crate) fn trust(&self, roots: Roots) {
        self.trust.trust(roots);
    }

    /// A new connection to `origin`. `proxy_headers` are for a proxy that is asked for a tunnel.
    pub(crate) async fn connect(
        &self,
        origin: &Origin,
        proxy_headers: &HeaderMap,
    ) -> Result<Stream, Refusal> {
        let connecting = self.connect_unlimited(origin, proxy_headers);
        match self.timeout {
            None => connecting.await,
            Some(timeout) => tokio::time::timeout(timeout, connecting)
                .await
                .unwrap_or_else(|_| {
                    Err(Refusal::Failed(Failure::new(
                        FailureKind::ConnectTimeout,
                        format!(
                            "no connection to {}:{} within {timeout:?}",
                            origin.host, origin.port
                        ),
                    )))
                }),
        }
    }

    async fn connect_unlimited(
        &self,
        origin: &Origin,
        proxy_headers: &HeaderMap,
    ) -> Result<Stream, Refusal> {
        let open = Counted::one_of(&self.open);
        let stream = match &origin.tunnel {
            None => self.tcp(&origin.host, origin.port).await?,
            Some((host, port)) => {
                let stream = self.tcp(host, *port).await?;
                Box::pin(tunnel(stream, origin, proxy_headers)).await?
            }
        };
        match origin.security {
            Security::Plain => Ok(Stream::plain(stream, open)),
            Security::Tls => self.tls(stream, origin, false, open).await,
            Security::TlsPreferHttp2 => self.tls(stream, origin, true, open).await,
        }
    }

    async fn tcp(&self, host: &str, port: u16) -> Result<TcpStream, Failure> {
        let addresses = self.resolve(host).await?;
        let mut refused = None;
        for address in addresses.iter() {
            match TcpStream::connect(SocketAddr::new(address.ip(), port)).await {
                Ok(stream) => {
                    // A connection without it is slower, not wrong.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Err(error) => refused = Some(error),
            }
        }
        let why = refused.map_or_else(|| "it has no address".to_owned(), |e| e.to_string());
        Err(Failure::new(
            FailureKind::Connect,
            format!("no connection to {host}:{port}: {why}"),
        ))
    }

    /// The addresses of a host, version 4 first as in Java. Looked up once for all who ask at the same time.
    async fn resolve(&self, host: &str) -> Result<Rc<[SocketAddr]>, Failure> {
        if let Ok(address) = host.parse() {
            return Ok(Rc::new([SocketAddr::new(address, 0)]));
        }
        let under_way = self.resolving.borrow().get(host).and_then(Joint::join);
        let looking = under_way.unwrap_or_else(|| {
            let (joint, joined) = Joint::start(look_up(host.to_owned()));
            let mut resolving = self.resolving.borrow_mut();
            resolving.retain(|_, other| other.is_under_way());
            resolving.insert(host.into(), joint);
            joined
        });
        let addresses = looking.outcome().await;
        addresses.unwrap_or_else(|| {
            Err(Failure::new(
                FailureKind::Resolve,
                format!("the look-up of {host} failed"),
            ))
        })
    }

    async fn tls(
        &self,
        stream: TcpStream,
        origin: &Origin,
        http2: bool,
        open: Counted,
    ) -> Result<Stream, Refusal> {
        let failed = |why: String| {
            Failure::new(
                FailureKind::Tls,
                format!("no TLS with {}:{}: {why}", origin.host, origin.port),
            )
        };
        let name = ServerName::try_from(origin.host.to_string())
            .map_err(|error| failed(error.to_string()))?;
        let config = self
            .trust
            .config(http2)
            .map_err(|e| failed(e.to_string()))?;
        // Boxed: the state of a handshake is large, and an exchange would keep room for it.
        let stream = Box::pin(TlsConnector::from(config).connect(name, stream))
            .await
            .map_err(|error| failed(chain(&error)))?;
        Ok(Stream::tls(stream, open))
    }
}

async fn look_up(host: String) -> Result<Rc<[SocketAddr]>, Failure> {
    let found = tokio::net::lookup_host((host.as_str(), 0))
        .await
        .map_err(|error| unresolved(&host, &error))?;
    let mut addresses: Vec<_> = found.collect();
    addresses.sort_by_key(SocketAddr::is_ipv6);
    Ok(addresses.into())
}

fn unresolved(host: &str, error: &io::Error) -> Failure {
    Failure::new(
        FailureKind::Resolve,
        format!("the host {host} is unknown: {error}"),
    )
}

/// Asks the proxy at the other end of `stream` to pass bytes on to `origin`.
async fn tunnel(
    stream: TcpStream,
    origin: &Origin,
    headers: &HeaderMap,
) -> Result<TcpStream, Refusal> {
    let failed = |error: &hyper::Error| {
        Failure::new(
            FailureKind::Connect,
            format!("the proxy gave no tunnel: {}", chain(error)),
        )
    };
    let (mut sender, connection) = http1::Builder::new()
        .handshake(TokioIo::new(stream))
        .await
        .map_err(|e| failed(&e))?;
    let mut serving = pin!(connection.without_shutdown());
    let mut answer = pin!(sender.send_request(wish(origin, headers)?));
    let mut parts = None;
    let response = poll_fn(|context| {
        if parts.is_none()
            && let Poll::Ready(served) = serving.as_mut().poll(context)
        {
            parts = Some(served);
        }
        answer.as_mut().poll(context)
    })
    .await
    .map_err(|e| failed(&e))?;
    if !response.status().is_success() {
        let (head, _) = response.into_parts();
        return Err(Refusal::ByProxy(head.status, head.headers));
    }
    let parts = match parts {
        Some(parts) => parts,
        None => serving.await,
    };
    Ok(parts.map_err(|e| failed(&e))?.io.into_inner())
}

fn wish(origin: &Origin, headers: &HeaderMap) -> Result<Request<Upload>, Failure> {
    let host = if origin.host.contains(':') {
        format!("[{}]:{}", origin.host, origin.port)
    } else {
        format!("{}:{}", origin.host, origin.port)
    };
    let refused = |error: String| Failure::new(FailureKind::Connect, error);
    let value = HeaderValue::from_str(&host).map_err(|e| refused(e.to_string()))?;
    let mut request = Request::new(Upload::whole(bytes::Bytes::new()));
    *request.method_mut() = Method::CONNECT;
    *request.version_mut() = Version::HTTP_11;
    *request.uri_mut() = host
        .parse()
        .map_err(|e: http::uri::InvalidUri| refused(e.to_string()))?;
    request.headers_mut().insert(HOST, value);
    request.headers_mut().extend(headers.clone());
    Ok(request)
}
