// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Who gets which connection.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::mpsc;
use std::time::Duration;

use super::rig::{Rig, get, post};
use super::servers::Scripted;
use crate::http::{FailureKind, RequestBody};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

#[test]
fn a_connection_serves_one_exchange_after_another() {
    for answer in [
        OK,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        "HTTP/1.1 204 No Content\r\n\r\n",
    ] {
        let server = Scripted::answering(answer);
        let rig = Rig::new();
        for _ in 0..100 {
            assert!(rig.get(&server.url("/")).ended);
        }
        assert_eq!(server.accepted(), 1, "{answer}");
        let gauges = rig.transport.gauges();
        assert_eq!((gauges.in_flight, gauges.open, gauges.idle), (0, 1, 1));
    }
}

#[test]
fn no_more_connections_are_kept_than_allowed() {
    let server = Scripted::answering(OK);
    let rig = Rig::with(|config| config.max_idle_per_origin = 2);
    let url = server.url("/");
    let tags: Vec<_> = (0..10)
        .map(|_| rig.start(&get(&url), RequestBody::Empty))
        .collect();
    for tag in tags {
        assert!(rig.over(tag).ended);
    }
    rig.eventually("all but two are closed", |rig| {
        let gauges = rig.transport.gauges();
        (gauges.open, gauges.idle) == (2, 2)
    });
}

#[test]
fn idle_connections_are_closed_after_a_while() {
    let (closed, seen) = mpsc::channel();
    let server = Scripted::new(move |mut peer, _| {
        peer.request();
        peer.send(OK);
        peer.drain();
        closed.send(()).expect("a test");
    });
    let rig = Rig::with(|config| config.idle_timeout = Duration::from_millis(30));
    assert!(rig.get(&server.url("/")).ended);
    seen.recv().expect("closed");
    rig.eventually("it is forgotten", |rig| {
        let gauges = rig.transport.gauges();
        (gauges.open, gauges.idle) == (0, 0)
    });
    assert!(rig.get(&server.url("/")).ended, "a new one is made");
}

#[test]
fn an_endless_idle_timeout_is_one() {
    let server = Scripted::answering(OK);
    let rig = Rig::with(|config| config.idle_timeout = Duration::MAX);
    for _ in 0..2 {
        assert!(rig.get(&server.url("/")).ended);
    }
    assert_eq!(server.accepted(), 1);
}

#[test]
fn a_connection_that_the_server_closes_leaves_the_pool() {
    let server = Scripted::new(|mut peer, _| {
        peer.request();
        peer.send(OK);
    });
    let rig = Rig::new();
    for served in 1..=5 {
        assert!(rig.get(&server.url("/")).ended);
        rig.eventually("it is forgotten", |rig| {
            let gauges = rig.transport.gauges();
            (gauges.open, gauges.idle) == (0, 0)
        });
        assert_eq!(server.accepted(), served);
    }
}

#[test]
fn a_request_that_a_pooled_connection_may_have_carried_is_not_sent_again() {
    let requests = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&requests);
    let server = Scripted::new(move |mut peer, number| {
        peer.request();
        peer.send(OK);
        // The second request is read, and never answered.
        if let Some(head) = peer.request() {
            seen.lock().expect("requests").push((number, head));
        }
    });
    let rig = Rig::new();
    assert!(rig.get(&server.url("/")).ended);
    let tag = rig.start(&post(&server.url("/second")), RequestBody::Empty);
    assert_eq!(rig.over(tag).failure(), FailureKind::Expired);
    assert_eq!(server.accepted(), 1);
    assert_eq!(requests.lock().expect("requests").len(), 1);
}

#[test]
fn a_connection_with_an_unfinished_upload_is_not_used_again() {
    let server = Scripted::new(|mut peer, _| {
        peer.request();
        peer.send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
        peer.drain();
    });
    let rig = Rig::new();
    for served in 1..=2 {
        let tag = rig.start(&post(&server.url("/")), RequestBody::Streamed(None));
        let story = rig.over(tag);
        assert_eq!((story.status, story.ended), (413, true));
        rig.eventually("it is closed", |rig| rig.transport.gauges().open == 0);
        assert_eq!(server.accepted(), served);
    }
}
