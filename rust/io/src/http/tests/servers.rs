// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Servers: one whose every byte a test decides, and a well-behaved one that speaks all versions.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A server that runs a script on a thread for each connection.
pub(super) struct Scripted {
    pub(super) address: SocketAddr,
    accepted: Arc<AtomicUsize>,
}

impl Scripted {
    /// The script gets a connection and its number, from 0 on.
    pub(super) fn new(script: impl Fn(Peer, usize) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let accepted = Arc::new(AtomicUsize::new(0));
        let script = Arc::new(script);
        let count = Arc::clone(&accepted);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let script = Arc::clone(&script);
                let number = count.fetch_add(1, Ordering::SeqCst);
                let peer = Peer::new(stream.expect("a connection"));
                thread::spawn(move || script(peer, number));
            }
        });
        Self { address, accepted }
    }

    /// Answers each request on each connection with these bytes.
    pub(super) fn answering(answer: &'static str) -> Self {
        Self::new(move |mut peer, _| {
            while peer.request().is_some() {
                peer.send(answer);
            }
        })
    }

    /// Answers one request with these bytes and closes.
    pub(super) fn answering_once(answer: &'static str) -> Self {
        Self::new(move |mut peer, _| {
            peer.request();
            peer.send(answer);
        })
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// How many connections there were.
    pub(super) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

/// A client, as a script sees it.
pub(super) struct Peer {
    pub(super) stream: BufReader<TcpStream>,
}

impl Peer {
    fn new(stream: TcpStream) -> Self {
        Self {
            stream: BufReader::new(stream),
        }
    }

    /// Reads a request's head, or `None` at the end. A byte that is no UTF-8 is read as the replacement character.
    pub(super) fn request(&mut self) -> Option<String> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if self.stream.read_until(b'\n', &mut head).ok()? == 0 {
                return None;
            }
        }
        Some(String::from_utf8_lossy(&head).into_owned())
    }

    pub(super) fn read(&mut self, bytes: usize) -> Vec<u8> {
        let mut buffer = vec![0; bytes];
        self.stream.read_exact(&mut buffer).expect("bytes");
        buffer
    }

    pub(super) fn send(&mut self, text: &str) {
        // The client may be gone, which is for the test to notice.
        let _ = self.stream.get_mut().write_all(text.as_bytes());
    }

    /// Waits until the client closes.
    pub(super) fn drain(&mut self) {
        let _ = std::io::copy(&mut self.stream, &mut std::io::sink());
    }

    pub(super) fn reset(self) {
        let socket = self.stream.into_inner();
        let linger = tokio::net::TcpSocket::from_std_stream(socket);
        linger.set_zero_linger().expect("linger");
    }
}

/// A certificate for `localhost` and 127.0.0.1, its own root.
pub(super) struct Identity {
    pub(super) certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Identity {
    pub(super) fn for_names(
        names: &[&str],
        change: impl FnOnce(&mut rcgen::CertificateParams),
    ) -> Self {
        let key = rcgen::KeyPair::generate().expect("a key");
        let names: Vec<_> = names.iter().map(ToString::to_string).collect();
        let mut params = rcgen::CertificateParams::new(names).expect("names");
        change(&mut params);
        let certificate = params.self_signed(&key).expect("a certificate");
        Self {
            certificate: certificate.der().to_vec(),
            key: key.serialize_der(),
        }
    }

    pub(super) fn local() -> Self {
        Self::for_names(&["localhost", "127.0.0.1"], |_| {})
    }
}

/// A server that speaks TLS, and by it the versions it is told to. Answers `<version> <method> <path>`, after what the
/// path's last part says: a number of milliseconds.
pub(super) struct Secure {
    pub(super) port: u16,
    accepted: Arc<AtomicUsize>,
}

impl Secure {
    pub(super) fn new(identity: &Identity, protocols: &[&str], max_streams: u32) -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::try_from(identity.key.clone()).expect("a key");
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(
                vec![CertificateDer::from(identity.certificate.clone())],
                key,
            )
            .expect("an identity");
        config.alpn_protocols = protocols.iter().map(|p| p.as_bytes().to_vec()).collect();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
        let accepted = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&accepted);
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        listener.set_nonblocking(true).expect("a listener");
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                loop {
                    let (stream, _) = listener.accept().await.expect("a connection");
                    count.fetch_add(1, Ordering::SeqCst);
                    let acceptor = acceptor.clone();
                    tokio::spawn(async move {
                        // Fails where a test wants it to.
                        if let Ok(stream) = acceptor.accept(stream).await {
                            serve(stream, max_streams).await;
                        }
                    });
                }
            });
        });
        Self { port, accepted }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    pub(super) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }
}

async fn serve(stream: tokio_rustls::server::TlsStream<tokio::net::TcpStream>, max_streams: u32) {
    let service = service_fn(async |request: Request<Incoming>| {
        let path = request.uri().path();
        let millis = path.rsplit('/').next().and_then(|last| last.parse().ok());
        tokio::time::sleep(Duration::from_millis(millis.unwrap_or(0))).await;
        let answer = format!("{:?} {} {path}", request.version(), request.method());
        Ok::<_, std::convert::Infallible>(Response::new(Full::new(Bytes::from(answer))))
    });
    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    let io = TokioIo::new(stream);
    // A client that goes away is no failure here.
    if http2 {
        let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
            .max_concurrent_streams(max_streams)
            .serve_connection(io, service)
            .await;
    } else {
        let _ = hyper::server::conn::http1::Builder::new()
            .serve_connection(io, service)
            .await;
    }
}

/// A server that answers nobody before a number of requests are there, and then all.
pub(super) struct Patient {
    address: SocketAddr,
}

impl Patient {
    pub(super) fn new(number: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        listener.set_nonblocking(true).expect("a listener");
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                let (there, _) = tokio::sync::watch::channel(0);
                loop {
                    let (stream, _) = listener.accept().await.expect("a connection");
                    tokio::spawn(answer_late(stream, there.clone(), number));
                }
            });
        });
        Self { address }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}

async fn answer_late(
    mut stream: tokio::net::TcpStream,
    there: tokio::sync::watch::Sender<usize>,
    number: usize,
) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut buffer = [0; 1024];
    // A client that goes away is for the test to notice.
    if stream.read(&mut buffer).await.is_ok() {
        there.send_modify(|there| *there += 1);
        let _ = there.subscribe().wait_for(|there| *there >= number).await;
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            .await;
        let _ = stream.read(&mut buffer).await;
    }
}
