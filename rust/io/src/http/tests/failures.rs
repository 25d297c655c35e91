// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Servers that answer wrongly, in part, or not at all.

use std::net::TcpListener;
use std::time::Duration;

use super::rig::{Rig, get, post};
use super::servers::{Identity, Scripted};
use crate::http::{FailureKind, MAX_HEAD_BYTES, RequestBody, RequestHead};

fn failure_of(answer: &'static str) -> FailureKind {
    let server = Scripted::answering_once(answer);
    Rig::new().get(&server.url("/")).failure()
}

#[test]
fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let story = Rig::new().get(&format!("http://{address}/"));
    assert_eq!(story.failure(), FailureKind::Connect);
    let (_, message) = story.failure.expect("a failure");
    assert!(message.contains(&address.to_string()), "{message}");
}

#[test]
fn an_unknown_host_is_told_by_name() {
    let story = Rig::new().get("http://no-such-host.invalid/");
    assert_eq!(story.failure(), FailureKind::Resolve);
    let (_, message) = story.failure.expect("a failure");
    assert!(message.contains("no-such-host.invalid"), "{message}");
}

#[test]
fn a_connect_timeout_covers_a_handshake_that_is_not_answered() {
    let server = Scripted::new(|mut peer, _| peer.drain());
    let rig = Rig::with(|config| config.connect_timeout = Some(Duration::from_millis(50)));
    rig.trust(&Identity::local().certificate);
    let story = rig.get(&format!("https://{}/", server.address));
    assert_eq!(story.failure(), FailureKind::ConnectTimeout);
}

#[test]
fn a_timeout_of_an_exchange_tells_whether_there_was_a_connection() {
    let server = Scripted::new(|mut peer, _| peer.drain());
    let rig = Rig::trusting(&Identity::local().certificate);
    for (scheme, kind) in [
        ("http", FailureKind::TimedOut),
        ("https", FailureKind::ConnectTimeout),
    ] {
        let url = format!("{scheme}://{}/", server.address);
        let timeout = Some(Duration::from_millis(50));
        let head = RequestHead {
            timeout,
            ..get(&url)
        };
        let tag = rig.start(&head, RequestBody::Empty);
        assert_eq!(rig.over(tag).failure(), kind);
    }
    rig.eventually("its connections are closed", |rig| {
        rig.transport.gauges().open == 0
    });
}

#[test]
fn an_early_close_is_told_from_a_response_that_is_none() {
    assert_eq!(failure_of(""), FailureKind::ClosedEarly);
    assert_eq!(
        failure_of("HTTP/1.1 200 OK\r\nContent-"),
        FailureKind::ClosedEarly
    );
    assert_eq!(failure_of("SSH-2.0-server\r\n\r\n"), FailureKind::Protocol);
    assert_eq!(failure_of("HTTP/1.1 abc\r\n\r\n"), FailureKind::Protocol);
    assert_eq!(
        failure_of("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"),
        FailureKind::Protocol
    );
    assert_eq!(
        failure_of("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
        FailureKind::Protocol
    );
}

#[test]
fn a_truncated_body_fails_after_what_came_of_it() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\npart",
    ] {
        let server = Scripted::answering_once(answer);
        let story = Rig::new().get(&server.url("/"));
        assert_eq!(story.status, 200);
        assert_eq!(story.body, b"part");
        assert_eq!(story.failure(), FailureKind::Truncated, "{answer}");
    }
    assert_eq!(
        failure_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
        FailureKind::Protocol
    );
}

#[test]
fn a_reset_in_the_body_is_none_of_these() {
    let server = Scripted::new(|mut peer, _| {
        peer.request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart");
        peer.read(1);
        peer.reset();
    });
    let rig = Rig::new();
    let tag = rig.start(&post(&server.url("/")), RequestBody::Streamed(Some(9)));
    rig.until(tag, |story| !story.body.is_empty());
    rig.transport.upload(tag, Some("x".into()));
    assert_eq!(rig.over(tag).failure(), FailureKind::Reset);
}

#[test]
fn a_head_may_be_long_but_not_endless() {
    let server = Scripted::new(|mut peer, number| {
        peer.request();
        let length = if number == 0 {
            MAX_HEAD_BYTES - 100
        } else {
            2 * MAX_HEAD_BYTES
        };
        let value = "x".repeat(length);
        peer.send(&format!(
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Long: {value}\r\n\r\n"
        ));
        peer.drain();
    });
    let rig = Rig::with(|config| config.idle_timeout = Duration::ZERO);
    assert!(rig.get(&server.url("/")).ended);
    assert_eq!(
        rig.get(&server.url("/")).failure(),
        FailureKind::HeadTooLarge
    );
}

#[test]
fn informational_responses_are_passed_over() {
    let server = Scripted::answering(
        "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n",
    );
    let story = Rig::new().get(&server.url("/"));
    assert_eq!((story.status, story.ended), (204, true));
}

#[test]
fn a_malformed_request_is_refused_before_it_starts() {
    let rig = Rig::new();
    assert!(
        rig.transport
            .start(1, &get("http://"), RequestBody::Empty)
            .is_err()
    );
    assert_eq!(rig.transport.gauges().in_flight, 0);
}

#[test]
fn an_event_that_cannot_be_delivered_fails_its_exchange() {
    let server = Scripted::answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    let rig = Rig::new();
    rig.recorder
        .deaf
        .store(true, std::sync::atomic::Ordering::SeqCst);
    let story = rig.get(&server.url("/"));
    assert_eq!(story.status, 200);
    assert_eq!(story.failure(), FailureKind::Io);
    rig.eventually("its connection is closed", |rig| {
        rig.transport.gauges().open == 0
    });
}
