// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! What goes there and back, and how one side slows the other down.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::rig::{PATIENCE, Rig, get, post};
use super::servers::Scripted;
use crate::http::{RequestBody, RequestHead};

const OK_EMPTY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// Sends what it receives back as text.
fn echo() -> Scripted {
    Scripted::new(|mut peer, _| {
        while let Some(head) = peer.request() {
            peer.send(&format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{head}",
                head.len()
            ));
        }
    })
}

#[test]
fn a_response_is_told_as_it_came() {
    let server = Scripted::answering(
        "HTTP/1.1 404 Gone Fishing\r\nSet-Cookie: a=1\r\nX-Empty:\r\nSet-Cookie: b=2\r\nContent-Length: 5\r\n\r\nhello",
    );
    let story = Rig::new().get(&server.url("/"));
    assert_eq!(story.status, 404);
    assert!(!story.http2);
    assert_eq!(story.session, None);
    assert_eq!(
        story.headers,
        "set-cookie\na=1\nset-cookie\nb=2\nx-empty\n\ncontent-length\n5\n"
    );
    assert_eq!(story.body, b"hello");
    assert!(story.ended);
}

#[test]
fn a_request_is_sent_as_it_was_given() {
    let server = echo();
    let url = server.url("/p?q=1");
    let headers = b"X-B\n1\nX-A\n\xe4\nX-B\n2\n";
    let rig = Rig::new();
    let tag = rig.start(
        &RequestHead {
            headers,
            ..get(&url)
        },
        RequestBody::Empty,
    );
    let expected = format!(
        "GET /p?q=1 HTTP/1.1\r\nHost: {}\r\nX-B: 1\r\nX-B: 2\r\nX-A: \u{fffd}\r\n\r\n",
        server.address
    );
    assert_eq!(String::from_utf8_lossy(&rig.over(tag).body), expected);
}

#[test]
fn a_body_is_framed_by_its_length_or_in_chunks() {
    let server = Scripted::new(|mut peer, _| {
        while let Some(head) = peer.request() {
            let framing = if head.contains("Content-Length: 3\r\n") {
                peer.read(3)
            } else if head.contains("Content-Length: 0\r\n") {
                Vec::new()
            } else {
                assert!(head.contains("Transfer-Encoding: chunked\r\n"), "{head}");
                peer.read("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n".len())
            };
            peer.send(&format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
                framing.len()
            ));
            peer.send(&String::from_utf8_lossy(&framing));
        }
    });
    let url = server.url("/");
    let rig = Rig::new();
    let whole = rig.start(&post(&url), RequestBody::Whole("abc".into()));
    assert_eq!(rig.over(whole).body, b"abc");
    let empty = rig.start(&post(&url), RequestBody::Whole("".into()));
    assert!(rig.over(empty).ended);
    for (length, seen) in [
        (Some(3), &b"abc"[..]),
        (None, b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"),
    ] {
        let tag = rig.start(&post(&url), RequestBody::Streamed(length));
        rig.until(tag, |story| story.wanted >= 2);
        rig.transport.upload(tag, Some("a".into()));
        rig.transport.upload(tag, Some("bc".into()));
        rig.transport.upload(tag, None);
        assert_eq!(rig.over(tag).body, seen);
    }
    assert_eq!(server.accepted(), 1, "one connection serves all");
}

#[test]
fn a_slow_reader_slows_the_server_down() {
    const CHUNK: usize = 64 * 1024;
    let sent = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&sent);
    let server = Scripted::new(move |mut peer, _| {
        peer.request();
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n");
        let chunk = vec![7; CHUNK];
        let socket = peer.stream.get_mut();
        socket.set_nonblocking(true).expect("a socket");
        let mut left = 104_857_600;
        while left > 0 {
            match socket.write(&chunk[..left.min(CHUNK)]) {
                Ok(written) => {
                    left -= written;
                    counter.fetch_add(written, Ordering::SeqCst);
                }
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    std::thread::yield_now();
                }
                Err(error) => panic!("{error}"),
            }
        }
        peer.drain();
    });
    let rig = Rig::new();
    let tag = rig.start_slowly(&get(&server.url("/")), RequestBody::Empty);
    rig.until(tag, |story| story.status == 200);
    for chunks in 1..=3 {
        rig.transport.demand(tag, 1);
        rig.until(tag, |story| story.chunks == chunks);
    }
    // Let the server fill what buffers there are, until it makes no progress while others do.
    let mut before = usize::MAX;
    let other = Scripted::answering(OK_EMPTY);
    while sent.load(Ordering::SeqCst) != before {
        before = sent.load(Ordering::SeqCst);
        for _ in 0..500 {
            assert!(rig.get(&other.url("/")).ended);
        }
    }
    let unread = before - rig.until(tag, |_| true).body.len();
    assert!(unread < 16 << 20, "{unread} bytes are in buffers");
    assert_eq!(rig.until(tag, |_| true).chunks, 3);
    rig.transport.demand(tag, u64::MAX);
    let story = rig.over(tag);
    assert!(story.ended);
    assert_eq!(story.body.len(), 104_857_600);
}

#[test]
fn a_slow_server_slows_the_upload_down() {
    /// Of 64 KB: more than all buffers on the way hold.
    const CHUNKS: u32 = 1_000;
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let server = Scripted::new(move |mut peer, _| {
        peer.request();
        wait.lock().expect("a channel").recv().expect("a word");
        peer.read(CHUNKS as usize * 65_536);
        peer.send(OK_EMPTY);
    });
    let rig = Rig::new();
    let tag = rig.start(
        &post(&server.url("/")),
        RequestBody::Streamed(Some(u64::from(CHUNKS) * 65_536)),
    );
    let chunk = bytes::Bytes::from(vec![1; 65_536]);
    let mut uploaded = 0;
    let upload = |uploaded: &mut u32| {
        let wanted = rig.until(tag, |_| true).wanted;
        while *uploaded < wanted.min(CHUNKS) {
            rig.transport.upload(tag, Some(chunk.clone()));
            *uploaded += 1;
        }
    };
    rig.until(tag, |story| story.wanted > 0);
    let other = Scripted::answering(OK_EMPTY);
    let mut before = u32::MAX;
    while uploaded != before {
        before = uploaded;
        for _ in 0..100 {
            assert!(rig.get(&other.url("/")).ended);
            upload(&mut uploaded);
        }
    }
    assert!(uploaded < CHUNKS, "all of it went into buffers");
    go_on.send(()).expect("a server");
    while uploaded < CHUNKS {
        rig.until(tag, |story| story.wanted > uploaded);
        upload(&mut uploaded);
    }
    rig.transport.upload(tag, None);
    assert!(rig.over(tag).ended);
}

#[test]
fn a_body_waits_for_consent_and_stays_at_home_without() {
    let server = Scripted::new(|mut peer, number| {
        let head = peer.request().expect("a request");
        assert!(head.contains("Expect: 100-continue\r\n"), "{head}");
        if number == 0 {
            peer.send("HTTP/1.1 100 Continue\r\n\r\n");
            assert_eq!(peer.read(4), b"body");
            peer.send(OK_EMPTY);
        } else {
            peer.send("HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n");
        }
        let mut rest = Vec::new();
        std::io::Read::read_to_end(&mut peer.stream, &mut rest).expect("the end");
        assert!(rest.is_empty(), "{rest:?}");
    });
    let url = server.url("/");
    let head = RequestHead {
        expect_continue: true,
        ..post(&url)
    };
    let rig = Rig::with(|config| config.idle_timeout = std::time::Duration::ZERO);
    for status in [200, 417] {
        let tag = rig.start(&head, RequestBody::Whole("body".into()));
        let story = rig.over(tag);
        assert_eq!((story.status, story.ended), (status, true));
    }
    rig.eventually("both connections are closed", |rig| {
        rig.transport.gauges().open == 0
    });
}

#[test]
fn a_cancelled_exchange_closes_its_connection_and_is_not_heard_of_again() {
    let (closed, seen) = std::sync::mpsc::channel();
    let server = Scripted::new(move |mut peer, number| {
        peer.request();
        if number == 1 {
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart");
        }
        peer.drain();
        closed.send(()).expect("a test");
    });
    let rig = Rig::new();
    let before_head = rig.start(&get(&server.url("/")), RequestBody::Empty);
    rig.eventually("the request is there", |_| server.accepted() == 1);
    rig.transport.cancel(before_head);
    seen.recv_timeout(PATIENCE).expect("closed");
    let in_body = rig.start(&get(&server.url("/")), RequestBody::Empty);
    rig.until(in_body, |story| story.body == b"part");
    rig.transport.cancel(in_body);
    seen.recv_timeout(PATIENCE).expect("closed");
    rig.eventually("nothing is left", |rig| {
        let gauges = rig.transport.gauges();
        (gauges.in_flight, gauges.open) == (0, 0)
    });
    assert!(!rig.until(in_body, |_| true).is_over());
}

#[test]
fn a_thousand_exchanges_are_in_flight_at_once() {
    let number = 1_000;
    let server = super::servers::Patient::new(number);
    let rig = Rig::new();
    let url = server.url();
    let tags: Vec<_> = (0..number)
        .map(|_| rig.start(&get(&url), RequestBody::Empty))
        .collect();
    for tag in tags {
        let story = rig.over(tag);
        assert_eq!((story.status, story.ended), (200, true), "{story:?}");
    }
    let gauges = rig.transport.gauges();
    assert_eq!(
        (gauges.in_flight, gauges.open, gauges.idle),
        (0, number, number)
    );
}
