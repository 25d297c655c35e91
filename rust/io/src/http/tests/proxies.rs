// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Proxies: absolute URLs and tunnels.

use std::net::TcpStream;

use super::rig::{Rig, get};
use super::servers::{Identity, Scripted, Secure};
use crate::http::{FailureKind, RequestBody, RequestHead};

/// A proxy that builds tunnels for those who know the word.
fn tunnels() -> Scripted {
    Scripted::new(|mut peer, _| {
        let head = peer.request().expect("a request");
        let target = head
            .strip_prefix("CONNECT ")
            .and_then(|rest| rest.split(' ').next())
            .unwrap_or_else(|| panic!("no wish for a tunnel: {head}"))
            .to_owned();
        assert!(
            head.contains(&format!("Host: {target}\r\n"))
                || head.contains(&format!("host: {target}\r\n")),
            "{head}"
        );
        if !head.contains("word") {
            peer.send("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 4\r\n\r\nword");
            return peer.drain();
        }
        let server = TcpStream::connect(target).expect("a server");
        peer.send("HTTP/1.1 200 Connection Established\r\n\r\n");
        let (mut from_server, mut to_server) = (server.try_clone().expect("a socket"), server);
        let mut to_client = peer.stream.get_ref().try_clone().expect("a socket");
        let back = std::thread::spawn(move || std::io::copy(&mut from_server, &mut to_client));
        let _ = std::io::copy(&mut peer.stream, &mut to_server);
        let _ = to_server.shutdown(std::net::Shutdown::Both);
        let _ = back.join();
    })
}

#[test]
fn a_plain_request_goes_to_the_proxy_with_its_whole_url() {
    let proxy = Scripted::new(|mut peer, _| {
        while let Some(head) = peer.request() {
            assert!(
                head.starts_with("GET http://example.org/x?y HTTP/1.1\r\nHost: example.org\r\n"),
                "{head}"
            );
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let address = proxy.address.to_string();
    let rig = Rig::new();
    for _ in 0..2 {
        let head = RequestHead {
            proxy: Some(&address),
            ..get("http://example.org/x?y")
        };
        let tag = rig.start(&head, RequestBody::Empty);
        assert_eq!(rig.over(tag).status, 200);
    }
    assert_eq!(proxy.accepted(), 1);
}

#[test]
fn a_request_under_tls_goes_through_a_tunnel() {
    let identity = Identity::local();
    let server = Secure::new(&identity, &["h2", "http/1.1"], 100);
    let proxy = tunnels();
    let address = proxy.address.to_string();
    let rig = Rig::trusting(&identity.certificate);
    for http2 in [true, false] {
        let url = server.url("/a");
        let head = RequestHead {
            proxy: Some(&address),
            proxy_headers: b"proxy-authorization\nword\n",
            http2,
            ..get(&url)
        };
        for _ in 0..2 {
            let tag = rig.start(&head, RequestBody::Empty);
            let story = rig.over(tag);
            assert_eq!((story.status, story.http2), (200, http2), "{story:?}");
        }
    }
    assert_eq!(proxy.accepted(), 2, "one tunnel for each version");
}

#[test]
fn a_refused_tunnel_is_the_answer() {
    let proxy = tunnels();
    let address = proxy.address.to_string();
    let rig = Rig::new();
    let head = RequestHead {
        proxy: Some(&address),
        ..get("https://example.org/")
    };
    let tag = rig.start(&head, RequestBody::Empty);
    let story = rig.over(tag);
    assert_eq!((story.status, story.ended), (407, true));
    assert!(
        story
            .headers
            .contains("proxy-authenticate\nBasic realm=x\n"),
        "{}",
        story.headers
    );
    assert_eq!(story.body, b"");
    rig.eventually("its connection is closed", |rig| {
        rig.transport.gauges().open == 0
    });
}

#[test]
fn a_proxy_that_speaks_no_http_gives_no_connection() {
    let proxy = Scripted::answering_once("SSH-2.0-x\r\n\r\n");
    let address = proxy.address.to_string();
    let rig = Rig::new();
    let head = RequestHead {
        proxy: Some(&address),
        ..get("https://example.org/")
    };
    let tag = rig.start(&head, RequestBody::Empty);
    assert_eq!(rig.over(tag).failure(), FailureKind::Connect);
}
