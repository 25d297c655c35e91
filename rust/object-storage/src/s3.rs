// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Where a journal is, and who may get there.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use fermata_core::threads::Spawn;
use fermata_journal::{Error, ErrorKind};
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, S3ConditionalPut};
use object_store::path::Path;
use object_store::{BackoffConfig, ClientOptions, RetryConfig};

use crate::http::Connector;
use crate::remote::Objects;

/// How object storage is reached. What is `None` is taken from the usual variables of the environment
/// (`AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`, `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, and only with the key
/// from there `AWS_SESSION_TOKEN`); without a key, from web identity, the container or the instance, which are asked for new ones
/// before the old expire.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Options {
    /// URL of the server, `https://host` or `http://host:port`; AWS's own in the region if there is none anywhere.
    pub endpoint: Option<String>,
    /// The region; `us-east-1` if there is none anywhere.
    pub region: Option<String>,
    /// The access key; only together with its secret.
    pub access_key_id: Option<String>,
    /// The access key's secret.
    pub secret_access_key: Option<String>,
    /// The token of a session, if the key belongs to one.
    pub session_token: Option<String>,
    /// How long a connection may take to come about; 5 seconds by default.
    pub connect_timeout: Duration,
    /// How long one request may take, with its answer; 20 seconds by default.
    pub request_timeout: Duration,
    /// How long a request is tried again while the storage does not answer, or says that it is too busy; 30 seconds by
    /// default. Then what asked for it fails. The last try may take `request_timeout` more, and each request has this patience
    /// for itself: an append makes one or two, or a few where a segment begins; an opening or a compaction makes many.
    pub patience: Duration,
    /// Name of the store's threads.
    pub thread_name: String,
}

impl Default for S3Options {
    fn default() -> Self {
        Self {
            endpoint: None,
            region: None,
            access_key_id: None,
            secret_access_key: None,
            session_token: None,
            connect_timeout: Duration::from_secs(5),
            request_timeout: Duration::from_secs(20),
            patience: Duration::from_secs(30),
            thread_name: "fermata-storage".into(),
        }
    }
}

/// Without what must not be in a log.
impl fmt::Debug for S3Options {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("S3Options")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("access_key_id", &self.access_key_id)
            .field("connect_timeout", &self.connect_timeout)
            .field("request_timeout", &self.request_timeout)
            .field("patience", &self.patience)
            .field("thread_name", &self.thread_name)
            .finish_non_exhaustive()
    }
}

impl S3Options {
    pub(crate) fn check(&self) -> Result<(), Error> {
        let wrong = if self.connect_timeout.is_zero() || self.request_timeout.is_zero() {
            "connect_timeout and request_timeout must not be 0"
        } else if self.access_key_id.is_some() != self.secret_access_key.is_some() {
            "access_key_id and secret_access_key go together"
        } else {
            return Ok(());
        };
        Err(Error::new(ErrorKind::InvalidArgument, wrong))
    }
}

/// The bucket and the prefix of `s3://bucket/prefix`.
pub(crate) fn parse(url: &str) -> Result<(String, Path), Error> {
    let parts = url
        .strip_prefix("s3://")
        .map(|rest| rest.split_once('/').unwrap_or((rest, "")));
    match parts {
        Some((bucket, path)) if !bucket.is_empty() && !path.trim_matches('/').is_empty() => {
            Ok((bucket.to_owned(), prefix(path)?))
        }
        _ => Err(Error::new(
            ErrorKind::InvalidArgument,
            format!("{url} does not name a journal: it must be of the form s3://bucket/prefix"),
        )),
    }
}

pub(crate) fn prefix(path: &str) -> Result<Path, Error> {
    Path::parse(path).map_err(|cause| {
        Error::new(
            ErrorKind::InvalidArgument,
            format!("{path} cannot be the prefix of a journal: {cause}"),
        )
    })
}

/// Called on the store's thread.
pub(crate) fn connect(
    bucket: &str,
    options: &S3Options,
    spawn: Arc<dyn Spawn>,
) -> io::Result<Objects> {
    let builder = configure(options, std::env::vars_os());
    check_headers(&builder)?;
    let value = |key| builder.get_config_value(&key);
    let endpoint =
        value(AmazonS3ConfigKey::S3Endpoint).or_else(|| value(AmazonS3ConfigKey::Endpoint));
    let plain = endpoint.is_some_and(|url| url.starts_with("http://"));
    let key = value(AmazonS3ConfigKey::AccessKeyId);
    // Without a key there are others to ask, whatever the storage speaks.
    let roots = match plain && key.is_some() {
        true => None,
        false => Some(fermata_io::http::platform_roots().map_err(io::Error::other)?),
    };
    let connector = Connector::new(
        &options.thread_name,
        options.connect_timeout,
        options.request_timeout,
        roots,
        spawn,
    );
    let s3 = builder
        .with_bucket_name(bucket)
        .with_conditional_put(S3ConditionalPut::ETagMatch)
        .with_retry(RetryConfig {
            backoff: BackoffConfig {
                max_backoff: Duration::from_secs(5),
                ..BackoffConfig::default()
            },
            max_retries: usize::MAX,
            retry_timeout: options.patience,
        })
        .with_client_options(ClientOptions::new().with_allow_http(plain))
        .with_http_connector(connector)
        .build()
        .map_err(|cause| io::Error::new(io::ErrorKind::InvalidInput, cause.to_string()))?;
    Ok(Arc::new(s3))
}

/// What is given, and what the environment has for the rest. A token belongs to its key, so it comes from where the key does.
fn configure(
    options: &S3Options,
    environment: impl IntoIterator<Item = (OsString, OsString)>,
) -> AmazonS3Builder {
    let mut builder = AmazonS3Builder::new();
    for (name, value) in environment {
        if let (Some(name), Some(value)) = (name.to_str(), value.to_str())
            && name.starts_with("AWS_")
            && let Ok(key) = name.to_ascii_lowercase().parse()
            && (key != AmazonS3ConfigKey::Token || options.access_key_id.is_none())
        {
            builder = builder.with_config(key, value);
        }
    }
    let given = [
        // The one that goes before the other, wherever that comes from.
        (AmazonS3ConfigKey::S3Endpoint, &options.endpoint),
        (AmazonS3ConfigKey::Region, &options.region),
        (AmazonS3ConfigKey::AccessKeyId, &options.access_key_id),
        (
            AmazonS3ConfigKey::SecretAccessKey,
            &options.secret_access_key,
        ),
        (AmazonS3ConfigKey::Token, &options.session_token),
    ];
    for (key, value) in given {
        if let Some(value) = value {
            builder = builder.with_config(key, value);
        }
    }
    builder
}

/// `object_store` panics at a line break in what it puts into a header, and other characters have no meaning there.
fn check_headers(builder: &AmazonS3Builder) -> io::Result<()> {
    let sent = [
        (AmazonS3ConfigKey::Region, "region", "AWS_REGION"),
        (
            AmazonS3ConfigKey::AccessKeyId,
            "access key",
            "AWS_ACCESS_KEY_ID",
        ),
        (
            AmazonS3ConfigKey::Token,
            "session token",
            "AWS_SESSION_TOKEN",
        ),
    ];
    for (key, what, variable) in sent {
        let value = builder.get_config_value(&key).unwrap_or_default();
        if !value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            let message = format!(
                "the {what}, from the options or {variable}, has a character that is not printable ASCII, perhaps a line \
                 break at its end; leave that out"
            );
            return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn configured(options: &S3Options) -> AmazonS3Builder {
        let environment = [
            ("AWS_ENDPOINT_URL_S3", "https://its.host"),
            ("AWS_ACCESS_KEY_ID", "its key"),
            ("AWS_SECRET_ACCESS_KEY", "its secret"),
            ("AWS_SESSION_TOKEN", "its token"),
            ("AWS_UNKNOWN", "nothing"),
        ];
        configure(
            options,
            environment.map(|(name, value)| (name.into(), value.into())),
        )
    }

    fn credentials(options: &S3Options) -> [Option<String>; 3] {
        [
            AmazonS3ConfigKey::AccessKeyId,
            AmazonS3ConfigKey::SecretAccessKey,
            AmazonS3ConfigKey::Token,
        ]
        .map(|key| configured(options).get_config_value(&key))
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn a_token_comes_from_where_its_key_does() {
        assert_eq!(
            credentials(&S3Options::default()),
            [some("its key"), some("its secret"), some("its token")]
        );
        let mut given = S3Options {
            access_key_id: some("key"),
            secret_access_key: some("secret"),
            ..S3Options::default()
        };
        assert_eq!(credentials(&given), [some("key"), some("secret"), None]);
        given.session_token = some("token");
        assert_eq!(
            credentials(&given),
            [some("key"), some("secret"), some("token")]
        );
    }

    #[test]
    fn what_cannot_be_in_a_header_is_refused_wherever_it_comes_from() {
        let secret = ("AWS_SECRET_ACCESS_KEY", "its\nsecret");
        for (variable, what) in [
            ("AWS_REGION", "region"),
            ("AWS_ACCESS_KEY_ID", "access key"),
            ("AWS_SESSION_TOKEN", "session token"),
        ] {
            for value in ["hidden\n", "hidd\u{e9}n"] {
                let environment =
                    [(variable, value), secret].map(|(name, value)| (name.into(), value.into()));
                let builder = configure(&S3Options::default(), environment);
                let error = check_headers(&builder).expect_err("cannot be sent");
                assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
                let message = error.to_string();
                assert!(message.contains(what) && message.contains(variable));
                assert!(!message.contains("hidd"), "{message}");
            }
        }
        check_headers(&configured(&S3Options::default())).expect("printable");
    }

    #[test]
    fn a_server_that_is_named_is_used_whatever_the_environment_says() {
        let given = S3Options {
            endpoint: some("http://host:1"),
            ..S3Options::default()
        };
        let endpoint = configured(&given).get_config_value(&AmazonS3ConfigKey::S3Endpoint);
        assert_eq!(endpoint, given.endpoint);
    }
}
