// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Whom TLS trusts.

mod verifier;

use std::cell::RefCell;
use std::sync::Arc;

use fermata_core::error::{Error, ErrorKind};
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};
use rustls_native_certs::CertificateResult;

use verifier::Verifier;

/// Variables that name a file and folders of certificates (PEM) in place of the system's own.
const VARIABLES: [&str; 2] = ["SSL_CERT_FILE", "SSL_CERT_DIR"];

/// The certificates (DER) that the platform trusts: of the files that `SSL_CERT_FILE` and `SSL_CERT_DIR` name, else of the
/// operating system's store. Reads files, so it blocks.
///
/// Some that cannot be loaded are a warning; [`ErrorKind::TrustStore`] if none can.
pub fn platform_roots() -> Result<Vec<Vec<u8>>, Error> {
    let named: Vec<String> = VARIABLES
        .iter()
        .filter_map(|name| Some((name, std::env::var_os(name)?)))
        .map(|(name, value)| format!("{name}={}", value.display()))
        .collect();
    let source = if named.is_empty() {
        "the system's store".to_owned()
    } else {
        named.join(", ")
    };
    roots_of(rustls_native_certs::load_native_certs(), &source)
}

fn roots_of(loaded: CertificateResult, source: &str) -> Result<Vec<Vec<u8>>, Error> {
    let errors: Vec<String> = loaded.errors.iter().map(ToString::to_string).collect();
    let errors = errors.join("; ");
    if loaded.certs.is_empty() {
        let reason = if errors.is_empty() {
            "there is none"
        } else {
            &errors
        };
        return Err(Error::new(
            ErrorKind::TrustStore,
            format!(
                "The platform's trusted certificates cannot be loaded from {source}: {reason}. Install the system's \
                 certificates, or let SSL_CERT_FILE name a file of them (PEM)"
            ),
        ));
    }
    if !errors.is_empty() {
        tracing::warn!(source, errors, "some trusted certificates cannot be loaded");
    }
    Ok(loaded
        .certs
        .into_iter()
        .map(|certificate| certificate.to_vec())
        .collect())
}

/// Certificates (DER) that are trusted, and whom they signed.
pub(crate) type Roots = Arc<Vec<Vec<u8>>>;

/// The roots, and the configurations of TLS made from them when first needed: reading some hundred certificates takes a
/// while. Trusts nobody at first.
#[derive(Default)]
pub(crate) struct Trust {
    roots: RefCell<Roots>,
    configs: RefCell<Option<Configs>>,
}

#[derive(Clone)]
struct Configs {
    http1: Arc<ClientConfig>,
    http2: Arc<ClientConfig>,
}

impl Trust {
    /// From now on trusts these certificates (DER) and whom they signed, and nobody else.
    pub(crate) fn trust(&self, roots: Roots) {
        self.roots.replace(roots);
        self.configs.replace(None);
    }

    /// The configuration that offers HTTP/2, or not.
    pub(crate) fn config(&self, http2: bool) -> Result<Arc<ClientConfig>, rustls::Error> {
        let made = self.configs.borrow().clone();
        let configs = match made {
            Some(configs) => configs,
            None => self.configure()?,
        };
        let config = if http2 {
            Arc::clone(&configs.http2)
        } else {
            Arc::clone(&configs.http1)
        };
        self.configs.replace(Some(configs));
        Ok(config)
    }

    fn configure(&self) -> Result<Configs, rustls::Error> {
        let mut store = RootCertStore::empty();
        let roots = self.roots.borrow();
        let (good, bad) =
            store.add_parsable_certificates(roots.iter().map(|root| CertificateDer::from(&**root)));
        tracing::debug!(good, bad, "trusted roots");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Verifier::new(store, Arc::clone(&roots), Arc::clone(&provider))?;
        let mut http1 = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        let mut http2 = http1.clone();
        http1.alpn_protocols = vec![b"http/1.1".to_vec()];
        http2.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Configs {
            http1: Arc::new(http1),
            http2: Arc::new(http2),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use rustls_native_certs::load_certs_from_paths;

    use super::*;

    fn load(file: &Path) -> Result<Vec<Vec<u8>>, Error> {
        roots_of(load_certs_from_paths(Some(file), None), "a source")
    }

    #[test]
    fn what_cannot_be_loaded_does_not_cost_the_rest() {
        let mut loaded = load_certs_from_paths(Some(Path::new("/no/such/file.pem")), None);
        loaded.certs.push(CertificateDer::from(vec![1, 2, 3]));

        assert_eq!(roots_of(loaded, "a source").expect("roots"), [[1, 2, 3]]);
    }

    #[test]
    fn a_file_that_is_missing_is_named() {
        let error = load(Path::new("/no/such/file.pem")).expect_err("no roots");

        assert_eq!(error.kind(), ErrorKind::TrustStore);
        assert!(error.message().contains("a source"), "{error}");
        assert!(error.message().contains("/no/such/file.pem"), "{error}");
    }

    #[test]
    fn a_file_without_certificates_is_an_error() {
        let error = load(Path::new("/dev/null")).expect_err("no roots");

        assert!(error.message().contains("there is none"), "{error}");
    }
}
