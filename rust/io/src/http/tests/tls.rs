// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! TLS, and HTTP/2 by it.

use super::rig::{Rig, get, post};
use super::servers::{Identity, Secure};
use crate::http::{FailureKind, RequestBody, RequestHead};

const BOTH: &[&str] = &["h2", "http/1.1"];

#[test]
fn the_version_is_what_both_sides_want() {
    let identity = Identity::local();
    let rig = Rig::trusting(&identity.certificate);
    for (protocols, wanted, spoken) in [
        (BOTH, true, true),
        (BOTH, false, false),
        (&["http/1.1"], true, false),
        (&[], true, false),
    ] {
        let server = Secure::new(&identity, protocols, 100);
        let url = server.url("/x");
        for _ in 0..2 {
            let tag = rig.start(
                &RequestHead {
                    http2: wanted,
                    ..get(&url)
                },
                RequestBody::Empty,
            );
            let story = rig.over(tag);
            assert_eq!(
                (story.status, story.http2),
                (200, spoken),
                "{protocols:?}: {story:?}"
            );
        }
        assert_eq!(server.accepted(), 1, "{protocols:?}");
    }
}

#[test]
fn a_response_tells_who_the_server_is() {
    let identity = Identity::local();
    let server = Secure::new(&identity, BOTH, 100);
    let session = Rig::trusting(&identity.certificate)
        .get(&server.url("/"))
        .session
        .expect("a session");
    assert_eq!(&session[..9], b"\0\x07TLSv1.3");
    let certificate = &identity.certificate;
    assert!(session.ends_with(certificate));
    let counts = &session[session.len() - certificate.len() - 8..][..8];
    let length = (certificate.len() as u32).to_be_bytes();
    assert_eq!(counts, [&1_u32.to_be_bytes()[..], &length].concat());
}

#[test]
fn a_certificate_is_refused_if_untrusted_for_another_or_out_of_date() {
    let local = Identity::local();
    let stranger = Identity::for_names(&["localhost"], |params| {
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, "stranger");
    });
    let other = Identity::for_names(&["other.example"], |_| {});
    let expired = Identity::for_names(&["localhost"], |params| {
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(2002, 1, 1);
    });
    for (identity, root, word) in [
        (&local, &stranger, "UnknownIssuer"),
        (&other, &other, "not valid for name"),
        (&expired, &expired, "expired"),
    ] {
        let server = Secure::new(identity, BOTH, 100);
        let story = Rig::trusting(&root.certificate).get(&server.url("/"));
        assert_eq!(story.failure(), FailureKind::Tls);
        let (_, message) = story.failure.expect("a failure");
        assert!(message.contains(word), "{message}");
    }
}

#[test]
fn a_trusted_certificate_may_say_to_be_an_authoritys() {
    let authority = |names: &[&str], until: i32| {
        Identity::for_names(names, |params| {
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
            params.not_after = rcgen::date_time_ymd(until, 1, 1);
        })
    };
    let own = authority(&["localhost"], 4000);
    let server = Secure::new(&own, BOTH, 100);
    let story = Rig::trusting(&own.certificate).get(&server.url("/"));
    assert_eq!(story.status, 200, "{story:?}");

    let stranger = authority(&["localhost"], 4000);
    let other = authority(&["other.example"], 4000);
    let expired = authority(&["localhost"], 2002);
    for (identity, root, word) in [
        (&own, &stranger, "CaUsedAsEndEntity"),
        (&other, &other, "not valid for name"),
        (&expired, &expired, "expired"),
    ] {
        let server = Secure::new(identity, BOTH, 100);
        let story = Rig::trusting(&root.certificate).get(&server.url("/"));
        let (_, message) = story.failure.expect("a failure");
        assert!(message.contains(word), "{message}");
    }
}

#[test]
fn whoever_trusts_nobody_is_told_so() {
    let server = Secure::new(&Identity::local(), BOTH, 100);
    let (kind, message) = Rig::new().get(&server.url("/")).failure.expect("a failure");
    assert_eq!(kind, FailureKind::Tls);
    assert!(message.contains("no root trust anchors"), "{message}");
}

#[test]
fn a_server_without_tls_fails_the_handshake() {
    let server = super::servers::Scripted::new(|mut peer, _| {
        peer.send("HTTP/1.1 400 Bad Request\r\n\r\n");
        peer.drain();
    });
    let url = format!("https://localhost:{}/", server.address.port());
    let rig = Rig::trusting(&Identity::local().certificate);
    assert_eq!(rig.get(&url).failure(), FailureKind::Tls);
}

#[test]
fn many_exchanges_share_one_connection_from_the_first_on() {
    let identity = Identity::local();
    let server = Secure::new(&identity, BOTH, 1_000);
    let rig = Rig::trusting(&identity.certificate);
    let url = server.url("/20");
    let tags: Vec<_> = (0..500)
        .map(|_| rig.start(&get(&url), RequestBody::Empty))
        .collect();
    for tag in tags {
        let story = rig.over(tag);
        assert_eq!((story.status, story.http2), (200, true), "{story:?}");
        assert_eq!(story.body, b"HTTP/2.0 GET /20");
    }
    assert_eq!(server.accepted(), 1);
}

#[test]
fn another_connection_is_made_where_a_server_allows_no_more_streams() {
    let identity = Identity::local();
    let server = Secure::new(&identity, BOTH, 10);
    let rig = Rig::trusting(&identity.certificate);
    let url = server.url("/200");
    let tags: Vec<_> = (0..30)
        .map(|_| rig.start(&get(&url), RequestBody::Empty))
        .collect();
    for tag in tags {
        assert_eq!(rig.over(tag).status, 200);
    }
    assert_eq!(server.accepted(), 3);
}

#[test]
fn a_cancelled_stream_leaves_the_others_alone() {
    let identity = Identity::local();
    let server = Secure::new(&identity, BOTH, 100);
    let rig = Rig::trusting(&identity.certificate);
    let (slow, quick) = (server.url("/100000"), server.url("/1"));
    assert!(rig.get(&quick).ended);
    let cancelled = rig.start(&get(&slow), RequestBody::Empty);
    rig.transport.cancel(cancelled);
    for _ in 0..10 {
        assert!(rig.get(&quick).ended);
    }
    assert_eq!(server.accepted(), 1);
    assert_eq!(rig.transport.gauges().in_flight, 0);
}

#[test]
fn a_body_is_uploaded_over_http2() {
    let identity = Identity::local();
    let server = Secure::new(&identity, BOTH, 100);
    let rig = Rig::trusting(&identity.certificate);
    let tag = rig.start(&post(&server.url("/up")), RequestBody::Streamed(None));
    rig.until(tag, |story| story.wanted > 0 || story.is_over());
    rig.transport.upload(tag, Some("chunk".into()));
    rig.transport.upload(tag, None);
    assert_eq!(rig.over(tag).body, b"HTTP/2.0 POST /up");
}
