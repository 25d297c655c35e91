// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! A server that speaks S3's protocol, in a process of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use fermata_object_storage::S3Options;

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
        let mut url = String::new();
        BufReader::new(process.stdout.take().expect("piped"))
            .read_line(&mut url)
            .expect("a pipe");
        let url = url.trim_end().to_owned();
        assert!(url.starts_with("http://"), "the server does not start");
        Self { process, url }
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
