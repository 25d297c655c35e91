// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! A request as it comes from a caller's thread: checked there, so that the I/O thread has nothing left to refuse.

use std::time::Duration;

use bytes::Bytes;
use fermata_core::error::{Error, ErrorKind};
use http::header::{EXPECT, HOST};
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

/// What to send, in the caller's terms. Headers are flat: each name and each value is followed by a line feed.
#[derive(Clone, Copy, Debug)]
pub struct RequestHead<'a> {
    /// The method, as it is to be sent.
    pub method: &'a str,
    /// An absolute URL whose scheme is http or https; a fragment is refused.
    pub url: &'a str,
    /// The headers, without those that frame the body.
    pub headers: &'a [u8],
    /// Whether HTTP/2 may be spoken, should the server offer it under TLS.
    pub http2: bool,
    /// `host:port` of a proxy: asked for a tunnel under TLS, and else given the absolute URL.
    pub proxy: Option<&'a str>,
    /// Headers for the proxy, should it be asked for a tunnel.
    pub proxy_headers: &'a [u8],
    /// Whether the body waits for the server's consent (over HTTP/1.1; over HTTP/2 only the header is sent).
    pub expect_continue: bool,
    /// How long the head of the response may take; unlimited if `None`.
    pub timeout: Option<Duration>,
}

/// Where the body of a request comes from.
#[derive(Clone, Debug)]
pub enum RequestBody {
    /// There is none.
    Empty,
    /// It is here.
    Whole(Bytes),
    /// It will be uploaded in chunks; its length, if it is known.
    Streamed(Option<u64>),
}

/// A checked request.
pub(crate) struct Outgoing {
    pub(crate) origin: Origin,
    pub(crate) method: Method,
    pub(crate) target: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) proxy_headers: HeaderMap,
    pub(crate) expect_continue: bool,
    pub(crate) timeout: Option<Duration>,
    pub(crate) body: RequestBody,
}

/// Whom connections lead to, and how: requests of the same origin share connections.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Origin {
    pub(crate) host: Box<str>,
    pub(crate) port: u16,
    pub(crate) security: Security,
    /// Who is asked for a tunnel to the host.
    pub(crate) tunnel: Option<(Box<str>, u16)>,
}

/// What is spoken over a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Security {
    /// HTTP/1.1.
    Plain,
    /// HTTP/1.1 under TLS.
    Tls,
    /// HTTP/2 under TLS if the server can, else HTTP/1.1.
    TlsPreferHttp2,
}

impl Outgoing {
    pub(crate) fn new(head: &RequestHead<'_>, body: RequestBody) -> Result<Self, Error> {
        let url: Uri = head
            .url
            .parse()
            .map_err(|cause| invalid(format!("the URL {} is malformed: {cause}", head.url)))?;
        let (tls, authority) = match (url.scheme(), url.authority()) {
            (Some(scheme), Some(authority)) if *scheme == Scheme::HTTPS => (true, authority),
            (Some(scheme), Some(authority)) if *scheme == Scheme::HTTP => (false, authority),
            _ => {
                return Err(invalid(format!(
                    "the URL {} must begin with http:// or https:// and name a host",
                    head.url
                )));
            }
        };
        let (host, port) = host_and_port(authority, if tls { 443 } else { 80 })?;
        let proxy = head.proxy.map(parse_proxy).transpose()?;
        let security = match (tls, head.http2) {
            (false, _) => Security::Plain,
            (true, false) => Security::Tls,
            (true, true) => Security::TlsPreferHttp2,
        };
        let (origin, absolute) = match proxy {
            Some((host, port)) if !tls => (Origin::direct(host, port, security), true),
            tunnel => (
                Origin {
                    host,
                    port,
                    security,
                    tunnel,
                },
                security == Security::TlsPreferHttp2,
            ),
        };
        let method = Method::from_bytes(head.method.as_bytes()).map_err(|cause| {
            invalid(format!("the method {:?} is refused: {cause}", head.method))
        })?;
        let headers = request_headers(head, authority)?;
        Ok(Self {
            target: target(&url, authority, absolute)?,
            origin,
            method,
            headers,
            proxy_headers: parse_headers(head.proxy_headers)?,
            expect_continue: head.expect_continue,
            timeout: head.timeout,
            body,
        })
    }
}

impl Origin {
    fn direct(host: Box<str>, port: u16, security: Security) -> Self {
        Self {
            host,
            port,
            security,
            tunnel: None,
        }
    }
}

/// The URL as it goes into the request line, or into the pseudo-headers of HTTP/2.
fn target(url: &Uri, authority: &Authority, absolute: bool) -> Result<Uri, Error> {
    let path = url
        .path_and_query()
        .cloned()
        .unwrap_or(PathAndQuery::from_static("/"));
    let mut parts = http::uri::Parts::default();
    if absolute {
        parts.scheme = url.scheme().cloned();
        parts.authority = Some(without_user(authority)?);
    }
    parts.path_and_query = Some(path);
    Uri::from_parts(parts).map_err(|cause| invalid(format!("the URL {url} is malformed: {cause}")))
}

/// What goes into `Host`: credentials in a URL are none of the server's business.
fn without_user(authority: &Authority) -> Result<Authority, Error> {
    match authority.as_str().rsplit_once('@') {
        None => Ok(authority.clone()),
        Some((_, host)) => host
            .parse()
            .map_err(|cause| invalid(format!("the host {host} is malformed: {cause}"))),
    }
}

fn host_and_port(authority: &Authority, default: u16) -> Result<(Box<str>, u16), Error> {
    let port = match authority.port() {
        Some(port) => port.as_u16(),
        // "host:" has an empty port; "host:99999" one that is none.
        None if authority.as_str().ends_with(':') || !after_host(authority).contains(':') => {
            default
        }
        None => return Err(invalid(format!("the port in {authority} is none"))),
    };
    let host = authority
        .host()
        .trim_start_matches('[')
        .trim_end_matches(']');
    if host.is_empty() {
        return Err(invalid(format!("no host in {authority}")));
    }
    Ok((host.into(), port))
}

fn after_host(authority: &Authority) -> &str {
    let text = authority.as_str();
    text.rsplit_once(']').map_or_else(
        || text.rsplit_once('@').map_or(text, |(_, host)| host),
        |(_, rest)| rest,
    )
}

fn parse_proxy(proxy: &str) -> Result<(Box<str>, u16), Error> {
    let refused = || invalid(format!("the proxy {proxy:?} is not of the form host:port"));
    let authority: Authority = proxy.parse().map_err(|_| refused())?;
    let port = authority.port_u16().ok_or_else(refused)?;
    host_and_port(&authority, port)
}

fn request_headers(head: &RequestHead<'_>, authority: &Authority) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::with_capacity(6);
    let given = parse_headers(head.headers)?;
    if !given.contains_key(HOST) {
        let host = without_user(authority)?;
        let value = HeaderValue::from_str(host.as_str())
            .map_err(|cause| invalid(format!("the host {host} is malformed: {cause}")))?;
        headers.append(HOST, value);
    }
    headers.extend(given);
    if head.expect_continue && !headers.contains_key(EXPECT) {
        headers.append(EXPECT, HeaderValue::from_static("100-continue"));
    }
    Ok(headers)
}

/// Reads flat headers.
fn parse_headers(flat: &[u8]) -> Result<HeaderMap, Error> {
    let mut headers = HeaderMap::new();
    let mut fields = flat.split_inclusive(|byte| *byte == b'\n');
    while let Some(name) = fields.next() {
        let value = fields.next().unwrap_or_default();
        let (Some(name), Some(value)) = (name.strip_suffix(b"\n"), value.strip_suffix(b"\n"))
        else {
            return Err(invalid(
                "the headers must be names and values, each followed by a line feed",
            ));
        };
        let named = String::from_utf8_lossy(name);
        let name = HeaderName::from_bytes(name)
            .map_err(|cause| invalid(format!("the header name {named:?} is refused: {cause}")))?;
        let value = HeaderValue::from_bytes(value)
            .map_err(|cause| invalid(format!("the value of header {named} is refused: {cause}")))?;
        headers.append(name, value);
    }
    Ok(headers)
}

/// Writes headers flat.
pub(crate) fn flatten(headers: &HeaderMap) -> Vec<u8> {
    let length = headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 2)
        .sum();
    let mut flat = Vec::with_capacity(length);
    for (name, value) in headers {
        flat.extend_from_slice(name.as_str().as_bytes());
        flat.push(b'\n');
        flat.extend_from_slice(value.as_bytes());
        flat.push(b'\n');
    }
    flat
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidArgument, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(url: &str) -> RequestHead<'_> {
        RequestHead {
            method: "GET",
            url,
            headers: b"",
            http2: true,
            proxy: None,
            proxy_headers: b"",
            expect_continue: false,
            timeout: None,
        }
    }

    fn outgoing(head: &RequestHead<'_>) -> Outgoing {
        Outgoing::new(head, RequestBody::Empty).expect("a good request")
    }

    fn refusal(head: &RequestHead<'_>) -> String {
        let error = Outgoing::new(head, RequestBody::Empty)
            .err()
            .expect("a refusal");
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        error.to_string()
    }

    #[test]
    fn a_plain_request_names_the_path_and_the_host() {
        let request = outgoing(&head("http://user:word@example.org:8080/a/b?c=d"));
        assert_eq!(request.target, "/a/b?c=d");
        assert_eq!(request.headers[HOST], "example.org:8080");
        assert_eq!(&*request.origin.host, "example.org");
        assert_eq!(request.origin.port, 8080);
        assert_eq!(request.origin.security, Security::Plain);
        assert_eq!(outgoing(&head("http://[::1]")).origin.host.as_ref(), "::1");
        assert_eq!(outgoing(&head("http://h")).target, "/");
    }

    #[test]
    fn a_proxy_gets_the_absolute_url_or_a_wish_for_a_tunnel() {
        let proxy = Some("proxy:3128");
        let plain = outgoing(&RequestHead {
            proxy,
            ..head("http://example.org/x")
        });
        assert_eq!(plain.target, "http://example.org/x");
        assert_eq!((&*plain.origin.host, plain.origin.port), ("proxy", 3128));
        assert_eq!(plain.origin.tunnel, None);
        let secure = outgoing(&RequestHead {
            proxy,
            http2: false,
            ..head("https://example.org/x")
        });
        assert_eq!(secure.target, "/x");
        assert_eq!(
            (&*secure.origin.host, secure.origin.port),
            ("example.org", 443)
        );
        assert_eq!(secure.origin.tunnel, Some(("proxy".into(), 3128)));
    }

    #[test]
    fn headers_keep_their_order_and_their_repetitions() {
        let flat = b"x-b\n1\nx-a\n\nx-b\n2\nhost\nother\n";
        let request = outgoing(&RequestHead {
            headers: flat,
            ..head("http://h/")
        });
        assert_eq!(
            flatten(&request.headers),
            b"x-b\n1\nx-b\n2\nx-a\n\nhost\nother\n"
        );
    }

    #[test]
    fn what_is_malformed_is_refused_by_name() {
        for (url, word) in [
            ("http:/x", "malformed"),
            ("ftp://h/", "http://"),
            ("/path", "http://"),
            ("http://h:99999/", "port"),
            ("http://:80/", "host"),
        ] {
            let refusal = refusal(&head(url));
            assert!(refusal.contains(word), "{url}: {refusal}");
        }
        assert!(
            refusal(&RequestHead {
                method: "A B",
                ..head("http://h/")
            })
            .contains("method")
        );
        assert!(
            refusal(&RequestHead {
                headers: b"a b\nc\n",
                ..head("http://h/")
            })
            .contains("a b")
        );
        assert!(
            refusal(&RequestHead {
                headers: b"name\nvalue",
                ..head("http://h/")
            })
            .contains("line feed")
        );
        assert!(
            refusal(&RequestHead {
                headers: b"n\n\x01\n",
                ..head("http://h/")
            })
            .contains("value of header n")
        );
        assert!(
            refusal(&RequestHead {
                proxy: Some("proxy"),
                ..head("http://h/")
            })
            .contains("proxy")
        );
    }
}
