// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! A server that speaks S3's protocol, in a process of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use fermata_object_storage::S3Options;

/// Long enough to fetch the server.
const PATIENCE: Duration = Duration::from_secs(300);

pub struct Server {
    process: Child,
    pub url: String,
}

impl Server {
    /// Starts one with the bucket `journals`. The first time the server is fetched from a package registry.
    pub fn start() -> Self {
        let script =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts/object-storage-server");
        let mut process = Command::new(script)
            .arg("journals")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 runs the server");
        let output = process.stdout.take().expect("piped");
        let mut server = Self {
            process,
            url: String::new(),
        };
        let (sender, started) = channel();
        thread::spawn(move || {
            let mut line = String::new();
            let read = BufReader::new(output).read_line(&mut line);
            drop(sender.send(read.map(|_| line))); // perhaps nobody waits any more
        });
        let line = started.recv_timeout(PATIENCE);
        let line = line.expect("the server starts in time").expect("a pipe");
        server.url = line.trim_end().into();
        assert!(
            server.url.starts_with("http://"),
            "the server does not start"
        );
        server
    }

    pub fn options(&self) -> S3Options {
        options(&self.url)
    }
}

pub fn options(url: &str) -> S3Options {
    S3Options {
        endpoint: Some(url.into()),
        region: Some("us-east-1".into()),
        access_key_id: Some("key".into()),
        secret_access_key: Some("secret".into()),
        ..S3Options::default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
