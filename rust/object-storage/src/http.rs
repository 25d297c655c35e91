// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The HTTP client below `object_store`: Fermata's own transport, so that there is one TLS stack and one trust in the library.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use fermata_core::error::{Error, ErrorKind};
use fermata_core::threads::{EngineThreads, Spawn, ThreadBody, ThreadObserver};
use fermata_io::http::{
    Events, Failure, FailureKind, RequestBody, RequestHead, ResponseHead, Tag, Transport,
    TransportConfig,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use http_body_util::BodyExt;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
};
use tokio::sync::oneshot;

/// No response of the storage is longer: parts of a journal, ranges and listings are all short.
const MAX_BODY_BYTES: usize = 128 << 20;

/// Makes clients of one transport.
#[derive(Clone)]
pub(crate) struct Connector {
    client: Arc<Client>,
}

/// Exchanges over a transport, which ends with it.
struct Client {
    transport: Transport,
    exchanges: Arc<Exchanges>,
    next: AtomicI64,
    timeout: Duration,
}

#[derive(Default)]
struct Exchanges {
    open: Mutex<HashMap<Tag, Exchange>>,
}

struct Exchange {
    status: u16,
    headers: HeaderMap,
    body: BytesMut,
    done: oneshot::Sender<Result<Answer, Failure>>,
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl Connector {
    /// Trusts those certificates, and whom they signed.
    pub(crate) fn new(
        thread_name: &str,
        connect_timeout: Duration,
        timeout: Duration,
        roots: Option<Vec<Vec<u8>>>,
        spawn: Arc<dyn Spawn>,
    ) -> Self {
        let config = TransportConfig {
            thread_name: format!("{thread_name}-io"),
            connect_timeout: Some(connect_timeout),
            idle_timeout: Duration::from_secs(20),
            max_idle_per_origin: 64,
        };
        let threads = EngineThreads::new(Box::new(Shared(spawn)), Arc::new(Unobserved));
        let exchanges = Arc::new(Exchanges::default());
        let transport = Transport::new(config, Arc::clone(&exchanges) as Arc<_>, threads);
        if let Some(roots) = roots {
            transport.trust(roots);
        }
        let client = Client {
            transport,
            exchanges,
            next: AtomicI64::new(0),
            timeout,
        };
        Self {
            client: Arc::new(client),
        }
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Connector")
    }
}

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for Connector {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (head, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let answer = tokio::time::timeout(self.client.timeout, self.client.exchange(&head, body));
        let answer = answer.await.map_err(|_| {
            let seconds = self.client.timeout.as_secs_f32();
            HttpError::new(
                HttpErrorKind::Timeout,
                Said(format!("no answer within {seconds} s")),
            )
        })??;
        let status = http::StatusCode::from_u16(answer.status)
            .map_err(|cause| HttpError::new(HttpErrorKind::Decode, cause))?;
        let refused = [http::StatusCode::UNAUTHORIZED, http::StatusCode::FORBIDDEN];
        // The errors of other requests tell their status, that of a listing does not.
        if is_listing(&head) && refused.contains(&status) {
            let why = explanation(&head.headers, &answer.body);
            return Err(HttpError::new(HttpErrorKind::Unknown, Refused(status, why)));
        }
        let body = if status.is_client_error() || status.is_server_error() {
            explanation(&head.headers, &answer.body).into()
        } else {
            answer.body
        };
        let mut response = http::Response::new(body.into());
        *response.headers_mut() = answer.headers;
        *response.status_mut() = status;
        Ok(response)
    }
}

impl Client {
    async fn exchange(
        &self,
        head: &http::request::Parts,
        body: Bytes,
    ) -> Result<Answer, HttpError> {
        let tag = self.next.fetch_add(1, Ordering::Relaxed);
        let (done, answer) = oneshot::channel();
        let exchange = Exchange {
            status: 0,
            headers: HeaderMap::new(),
            body: BytesMut::new(),
            done,
        };
        self.exchanges.lock().insert(tag, exchange);
        let _open = Open { client: self, tag };
        let request = RequestHead {
            method: head.method.as_str(),
            url: &head.uri.to_string(),
            headers: &flat(&head.headers),
            http2: false,
            proxy: None,
            proxy_headers: b"",
            expect_continue: false,
            timeout: None,
        };
        let body = if body.is_empty() {
            RequestBody::Empty
        } else {
            RequestBody::Whole(body)
        };
        self.transport
            .start(tag, &request, body)
            .map_err(|cause| HttpError::new(HttpErrorKind::Unknown, cause))?;
        self.transport.demand(tag, u64::MAX);
        match answer.await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(failure)) => Err(HttpError::new(kind_of(&failure), Said(failure.to_string()))),
            Err(lost) => Err(HttpError::new(HttpErrorKind::Unknown, lost)),
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.transport.close();
    }
}

/// An exchange that somebody waits for.
struct Open<'a> {
    client: &'a Client,
    tag: Tag,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if self.client.exchanges.lock().remove(&self.tag).is_some() {
            self.client.transport.cancel(self.tag);
        }
    }
}

impl Exchanges {
    fn lock(&self) -> MutexGuard<'_, HashMap<Tag, Exchange>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(&self, tag: Tag, outcome: impl FnOnce(&mut Exchange) -> Result<Answer, Failure>) {
        let exchange = self.lock().remove(&tag);
        if let Some(mut exchange) = exchange {
            let outcome = outcome(&mut exchange);
            // Nobody waits any more if it was cancelled.
            let _ = exchange.done.send(outcome);
        }
    }
}

impl Events for Exchanges {
    fn response(&self, tag: Tag, head: ResponseHead<'_>) -> Result<(), Error> {
        if let Some(exchange) = self.lock().get_mut(&tag) {
            exchange.status = head.status;
            exchange.headers = unflat(head.headers);
        }
        Ok(())
    }

    fn body(&self, tag: Tag, chunk: &[u8]) -> Result<(), Error> {
        if let Some(exchange) = self.lock().get_mut(&tag) {
            if exchange.body.len() + chunk.len() > MAX_BODY_BYTES {
                let message = format!("a response is longer than {MAX_BODY_BYTES} bytes");
                return Err(Error::new(ErrorKind::Boundary, message));
            }
            exchange.body.extend_from_slice(chunk);
        }
        Ok(())
    }

    fn want_body(&self, _: Tag, _: u32) {}

    fn end(&self, tag: Tag) {
        self.finish(tag, |exchange| {
            Ok(Answer {
                status: exchange.status,
                headers: std::mem::take(&mut exchange.headers),
                body: std::mem::take(&mut exchange.body).freeze(),
            })
        });
    }

    fn admitted(&self, _: Tag, _: bool) -> Result<(), Error> {
        Ok(())
    }

    fn failed(&self, tag: Tag, failure: &Failure) {
        self.finish(tag, |_| Err(failure.clone()));
    }
}

fn kind_of(failure: &Failure) -> HttpErrorKind {
    match failure.kind() {
        FailureKind::Resolve | FailureKind::Connect | FailureKind::ConnectTimeout => {
            HttpErrorKind::Connect
        }
        FailureKind::TimedOut => HttpErrorKind::Timeout,
        FailureKind::Expired
        | FailureKind::ClosedEarly
        | FailureKind::Truncated
        | FailureKind::Reset
        | FailureKind::Io => HttpErrorKind::Interrupted,
        FailureKind::Protocol | FailureKind::HeadTooLarge => HttpErrorKind::Decode,
        FailureKind::Tls | FailureKind::Closed => HttpErrorKind::Unknown,
    }
}

/// Headers as the transport takes them, without the length, which it counts itself.
fn flat(headers: &HeaderMap) -> Vec<u8> {
    let mut flat = Vec::new();
    for (name, value) in headers {
        if name == http::header::CONTENT_LENGTH {
            continue;
        }
        flat.extend_from_slice(name.as_str().as_bytes());
        flat.push(b'\n');
        flat.extend_from_slice(value.as_bytes());
        flat.push(b'\n');
    }
    flat
}

fn unflat(flat: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let mut fields = flat.split(|byte| *byte == b'\n');
    while let (Some(name), Some(value)) = (fields.next(), fields.next()) {
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
        {
            headers.append(name, value);
        }
    }
    headers
}

/// What the transport said of a failure.
#[derive(Debug)]
struct Said(String);

impl fmt::Display for Said {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Said {}

fn is_listing(head: &http::request::Parts) -> bool {
    let query = head.uri.query().unwrap_or_default();
    query.split('&').any(|pair| pair == "list-type=2")
}

/// What the answer to a request that failed says to people: one line, not long, without what the request proved its right by.
/// S3 repeats the whole request where its signature is wrong, but not in these two elements.
fn explanation(request: &HeaderMap, answer: &[u8]) -> String {
    const LOOKED_AT_BYTES: usize = 1 << 16;
    const LONGEST_CHARS: usize = 500;
    let answer = String::from_utf8_lossy(&answer[..answer.len().min(LOOKED_AT_BYTES)]);
    let element = |name: &str| {
        let (_, rest) = answer.split_once(&format!("<{name}>"))?;
        rest.split_once('<').map(|(text, _)| text)
    };
    let mut said = match (element("Code"), element("Message")) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (Some(code), None) => code.to_owned(),
        (None, _) => answer.to_string(),
    };
    for (name, value) in request {
        let proves = *name == http::header::AUTHORIZATION || name.as_str().ends_with("token");
        if proves && !value.is_empty() {
            said = said.replace(&*String::from_utf8_lossy(value.as_bytes()), "(not shown)");
        }
    }
    let line = said.chars().take(LONGEST_CHARS);
    line.map(|char| if char.is_control() { ' ' } else { char })
        .collect()
}

/// The storage does not know the credentials of a listing, or they are not enough for it.
#[derive(Debug)]
struct Refused(http::StatusCode, String);

impl fmt::Display for Refused {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.0, self.1)
    }
}

impl std::error::Error for Refused {}

/// Whether a listing was refused for its credentials.
pub(crate) fn refuses_listing(error: &object_store::Error) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<Refused>() {
            return true;
        }
        cause = error.source();
    }
    false
}

struct Shared(Arc<dyn Spawn>);

impl Spawn for Shared {
    fn spawn(&self, name: &str, body: ThreadBody) -> std::io::Result<()> {
        self.0.spawn(name, body)
    }
}

/// Whoever gave the [`Spawn`] sees to what its threads need.
struct Unobserved;

impl ThreadObserver for Unobserved {
    fn started(&self, _: &str) -> Result<(), Error> {
        Ok(())
    }

    fn ended(&self, _: bool) {}
}
