// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Credentials: no error shows them, and those that cannot be sent are refused.
#![allow(missing_docs)]

mod support;

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use fermata_journal::{Error, ErrorKind, StdThreads};
use fermata_object_storage::{ObjectStorage, ObjectStorageStore, S3Options};
use support::server::options;

const TOKEN: &str = "a/token+of=a/session";
const NO_OBJECTS: &str = "<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>";

fn with_token(url: &str) -> S3Options {
    S3Options {
        session_token: Some(TOKEN.into()),
        patience: Duration::ZERO,
        ..options(url)
    }
}

fn take_over(options: &S3Options) -> Result<(), Error> {
    let url = "s3://journals/journal";
    let storage = ObjectStorage::open(url, options, Arc::new(StdThreads))?;
    ObjectStorageStore::take_over(storage).map(drop)
}

/// The head of a request, past its body.
fn request(connection: &TcpStream) -> io::Result<String> {
    let mut input = BufReader::new(connection);
    let mut head = String::new();
    let mut length = 0;
    while !head.ends_with("\r\n\r\n") {
        let from = head.len();
        if input.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = head[from..].to_ascii_lowercase();
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
    }
    io::copy(&mut input.take(length), &mut io::sink())?;
    Ok(head)
}

/// A server that answers each request, of which it gets the head, with a status and a body.
fn server(answer: impl Fn(&str) -> (u16, String) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            let Ok(head) = request(&connection) else {
                continue;
            };
            let (status, body) = answer(&head);
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status} Said\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
            );
            drop(connection.write_all((head + &body).as_bytes())); // it may have hung up
        }
    });
    format!("http://{address}")
}

/// What a request is answered, whose head it is given.
type Body = fn(&str) -> String;

/// As S3 does, and more.
fn signature_does_not_match(head: &str) -> String {
    let hex: String = head.bytes().map(|byte| format!("{byte:02x} ")).collect();
    format!(
        "<?xml version=\"1.0\"?>\n<Error><Code>SignatureDoesNotMatch</Code>\n<Message>Not what\nthe key of {TOKEN} \
         signs</Message><CanonicalRequest>{head}</CanonicalRequest><CanonicalRequestBytes>{hex}</CanonicalRequestBytes>\
         </Error>"
    )
}

fn plain(head: &str) -> String {
    format!("no:\n{head}{}", "and no. ".repeat(100_000))
}

#[test]
fn what_the_storage_says_of_a_refused_request_is_told_in_short_and_without_the_token() {
    let says: [(&str, Body); 2] = [
        (
            "SignatureDoesNotMatch: Not what the key",
            signature_does_not_match,
        ),
        ("no: ", plain),
    ];
    for (said, body) in says {
        for (status, listing_too) in [(403, true), (403, false), (400, false), (500, true)] {
            let url = server(move |head| match head.contains("list-type=2") {
                true if !listing_too => (200, NO_OBJECTS.into()),
                _ => (status, body(head)),
            });
            let error = take_over(&with_token(&url)).expect_err("refused");
            assert_eq!(error.kind(), ErrorKind::Io);
            let message = error.message();
            assert!(message.contains(said), "{message}");
            assert!(!message.contains(TOKEN), "{message}");
            assert!(!message.contains("61 2f 74"), "{message}");
            assert!(!message.contains('\n'), "{message}");
            assert!(message.len() < 1200, "{message}");
            if status == 403 {
                assert!(message.contains("s3://journals/journal"), "{message}");
                assert!(message.contains("other credentials"), "{message}");
            }
        }
    }
}

#[test]
fn credentials_that_cannot_be_sent_are_refused_and_not_shown() {
    let sound = with_token("http://127.0.0.1:1");
    for hidden in ["hidden\n", "hidd\u{e9}n"] {
        let wrong = [
            S3Options {
                access_key_id: Some(hidden.into()),
                ..sound.clone()
            },
            S3Options {
                session_token: Some(hidden.into()),
                ..sound.clone()
            },
            S3Options {
                region: Some(hidden.into()),
                ..sound.clone()
            },
        ];
        for options in wrong {
            let error = take_over(&options).expect_err("refused");
            assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
            assert!(!error.message().contains("hidd"), "{error}");
        }
    }
}
