//! From the checked configuration to what rustls serves under. A new one is made at each reading: no session and no trust of the one
//! before outlives it.

use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{ALL_CIPHER_SUITES, ALL_KX_GROUPS, default_provider};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::NoServerSessionStorage;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::version::{TLS12, TLS13};
use rustls::{ProtocolVersion, ServerConfig, SupportedProtocolVersion};

use crate::config::{Pem, TlsConfig};
use crate::door::client_certificates;

/// What is wrong, under which key.
pub(super) type Faults = Vec<(String, String)>;

/// What a connection is served under, or everything that cannot work.
pub(super) fn server_config(tls: &TlsConfig, http2: bool) -> Result<Arc<ServerConfig>, Faults> {
    let provider = Arc::new(provider(tls));
    let mut faults = Vec::new();
    let pair = pair(tls, &provider, &mut faults);
    let clients = client_certificates::verifier(tls, &provider).map_err(|fault| faults.push(fault)).ok();
    let (Some(pair), Some(clients)) = (pair, clients) else { return Err(faults) };
    let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(&versions(tls));
    let builder = builder.map_err(|error| {
        let why = format!("{error}; leave out cipher_suites and curve_preferences, or add others");
        vec![("tls_server_config".to_owned(), why)]
    })?;
    let pair = Arc::new(SingleCertAndKey::from(pair));
    let mut config = match clients {
        Some(clients) => builder.with_client_cert_verifier(clients).with_cert_resolver(pair),
        None => builder.with_no_client_auth().with_cert_resolver(pair),
    };
    config.ignore_client_order = tls.prefer_server_cipher_suites;
    // Scrapers keep their connection; resuming a session would let a client in whose certificate has expired since.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.alpn_protocols = if http2 { vec![b"h2".to_vec(), b"http/1.1".to_vec()] } else { vec![b"http/1.1".to_vec()] };
    Ok(Arc::new(config))
}

/// The library's suites and groups, less those that are not chosen, in the order chosen.
fn provider(tls: &TlsConfig) -> CryptoProvider {
    let mut provider = default_provider();
    if let Some(chosen) = &tls.cipher_suites {
        let always = ALL_CIPHER_SUITES.iter().filter(|suite| suite.tls13().is_some());
        let old = chosen.iter().filter_map(|id| ALL_CIPHER_SUITES.iter().find(|suite| suite.suite() == *id));
        provider.cipher_suites = always.chain(old.filter(|suite| suite.tls13().is_none())).copied().collect();
    }
    if let Some(chosen) = &tls.curves {
        let groups = chosen.iter().filter_map(|name| ALL_KX_GROUPS.iter().find(|group| group.name() == *name));
        provider.kx_groups = groups.copied().collect();
    }
    provider
}

fn versions(tls: &TlsConfig) -> Vec<&'static SupportedProtocolVersion> {
    let has = |version| tls.versions.contains(&version);
    let both = [(ProtocolVersion::TLSv1_3, &TLS13), (ProtocolVersion::TLSv1_2, &TLS12)];
    both.into_iter().filter(|(version, _)| has(*version)).map(|(_, version)| version).collect()
}

/// Certificate and key that belong together: a half-written pair never goes live.
fn pair(tls: &TlsConfig, provider: &CryptoProvider, faults: &mut Faults) -> Option<CertifiedKey> {
    let chain = certificates(&tls.certificate).map_err(|fault| faults.push(fault)).ok();
    let key = PrivateKeyDer::from_pem_slice(tls.key.text.as_bytes());
    let key = key.map_err(|_| fault(&tls.key, "no private key that can be read; write one as PEM, without a password")).and_then(
        |key| {
            let refused = |error| fault(&tls.key, format!("the key cannot be used: {error}; write an RSA, ECDSA or Ed25519 key"));
            provider.key_provider.load_private_key(key).map_err(refused)
        },
    );
    let key = key.map_err(|fault| faults.push(fault)).ok();
    let pair = CertifiedKey::new(chain?, key?);
    match pair.keys_match() {
        Ok(()) => Some(pair),
        Err(rustls::Error::InconsistentKeys(_)) => {
            faults
                .push(fault(&tls.key, format!("does not belong to {}; write the key that it was made for", tls.certificate.key)));
            None
        }
        Err(error) => {
            faults.push(fault(&tls.certificate, format!("the certificate cannot be used: {error}")));
            None
        }
    }
}

/// All certificates of a text; there is at least one.
pub(super) fn certificates(pem: &Pem) -> Result<Vec<CertificateDer<'static>>, (String, String)> {
    let read = CertificateDer::pem_slice_iter(pem.text.as_bytes()).collect::<Result<Vec<_>, _>>();
    match read {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        Ok(_) => Err(fault(pem, "no certificate; write PEM blocks of CERTIFICATE")),
        Err(error) => Err(fault(pem, format!("not PEM that can be read: {error}"))),
    }
}

/// A fault of what stands under this key.
pub(super) fn fault(pem: &Pem, text: impl Into<String>) -> (String, String) {
    (format!("tls_server_config.{}", pem.key), text.into())
}
