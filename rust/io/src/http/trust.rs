// Copyright The Fermata Authors
// SPDX-License-Identifier: Apache-2.0
//! Whom TLS trusts.

use std::cell::RefCell;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, RootCertStore};

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
        let mut http1 = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(store)
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
