// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! The end of a transport.

use std::sync::atomic::Ordering;

use super::rig::{Rig, get};
use super::servers::Scripted;
use crate::http::{FailureKind, RequestBody, TransportGauges};
use fermata_core::error::ErrorKind;

const NOTHING: TransportGauges = TransportGauges {
    in_flight: 0,
    open: 0,
    idle: 0,
};

#[test]
fn closing_fails_a_thousand_pending_exchanges_and_ends_the_thread() {
    let server = super::servers::Patient::new(usize::MAX);
    let rig = Rig::new();
    let url = server.url();
    let tags: Vec<_> = (0..1_000)
        .map(|_| rig.start(&get(&url), RequestBody::Empty))
        .collect();
    rig.eventually("some are connected", |rig| {
        rig.transport.gauges().open > 100
    });
    rig.close();
    for tag in tags {
        assert_eq!(rig.over(tag).failure(), FailureKind::Closed);
    }
    assert_eq!(rig.transport.gauges(), NOTHING);
    rig.transport.close();
    let refused = rig
        .transport
        .start(7, &get(&url), RequestBody::Empty)
        .expect_err("closed");
    assert_eq!(refused.kind(), ErrorKind::Closed);
}

#[test]
fn closing_closes_idle_connections_too() {
    let (closed, seen) = std::sync::mpsc::channel();
    let server = Scripted::new(move |mut peer, _| {
        peer.request();
        peer.send("HTTP/1.1 204 No Content\r\n\r\n");
        peer.drain();
        closed.send(()).expect("a test");
    });
    let rig = Rig::new();
    assert!(rig.get(&server.url("/")).ended);
    rig.close();
    seen.recv().expect("closed");
    assert_eq!(rig.transport.gauges(), NOTHING);
}

#[test]
fn a_transport_without_a_thread_closes_at_once() {
    let rig = Rig::new();
    rig.transport.close();
    let refused = rig
        .transport
        .start(1, &get("http://localhost/"), RequestBody::Empty)
        .expect_err("closed");
    assert_eq!(refused.kind(), ErrorKind::Closed);
}

#[test]
fn what_a_refused_thread_leaves_fails_and_the_next_exchange_gets_another_thread() {
    let server = Scripted::answering("HTTP/1.1 204 No Content\r\n\r\n");
    let url = server.url("/");
    let rig = Rig::new();
    rig.recorder.refused.store(1, Ordering::SeqCst);
    let lost = rig.start(&get(&url), RequestBody::Empty);
    assert_eq!(rig.over(lost).failure(), FailureKind::Io);
    assert_eq!(rig.get(&url).status, 204);
}
