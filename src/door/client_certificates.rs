//! What is asked of clients. rustls checks certificates against an authority; the two kinds that only want to see one, and the list of
//! allowed names, are ours. Whatever the kind, a client must have the private key: signatures are always checked.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore, SignatureScheme};

use crate::config::{ClientAuth, TlsConfig};
use crate::door::certificate_names::names;
use crate::door::tls::{certificates, fault};

/// Who checks clients, if anybody; the error says under which key what is wrong.
pub(super) fn verifier(
    tls: &TlsConfig,
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, (String, String)> {
    let inner = match tls.client_auth {
        ClientAuth::No => return Ok(None),
        ClientAuth::Request => any(provider, false),
        ClientAuth::RequireAny => any(provider, true),
        ClientAuth::VerifyIfGiven => checked(tls, provider, false)?,
        ClientAuth::RequireAndVerify => checked(tls, provider, true)?,
    };
    let Some(allowed) = tls.allowed_sans.clone() else { return Ok(Some(inner)) };
    Ok(Some(Arc::new(OnlyNamed { inner, allowed })))
}

fn any(provider: &Arc<CryptoProvider>, is_needed: bool) -> Arc<dyn ClientCertVerifier> {
    Arc::new(AnyCertificate { provider: provider.clone(), is_needed })
}

fn checked(
    tls: &TlsConfig,
    provider: &Arc<CryptoProvider>,
    is_needed: bool,
) -> Result<Arc<dyn ClientCertVerifier>, (String, String)> {
    let pem = tls.client_ca.as_ref().ok_or_else(|| {
        ("tls_server_config.client_auth_type".to_owned(), "nothing to check against; write client_ca_file".to_owned())
    })?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates(pem)? {
        roots.add(certificate).map_err(|error| fault(pem, format!("a certificate cannot be used as an authority: {error}")))?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    let builder = if is_needed { builder } else { builder.allow_unauthenticated() };
    builder.build().map_err(|error| fault(pem, format!("cannot be used as authorities: {error}")))
}

/// Wants to see a certificate, of whoever made it.
struct AnyCertificate {
    provider: Arc<CryptoProvider>,
    is_needed: bool,
}

impl fmt::Debug for AnyCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AnyCertificate")
    }
}

impl ClientCertVerifier for AnyCertificate {
    fn client_auth_mandatory(&self) -> bool {
        self.is_needed
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

/// Lets in only whose certificate has one of these names, after everything else has been checked.
#[derive(Debug)]
struct OnlyNamed {
    inner: Arc<dyn ClientCertVerifier>,
    allowed: Vec<String>,
}

impl ClientCertVerifier for OnlyNamed {
    fn offer_client_auth(&self) -> bool {
        self.inner.offer_client_auth()
    }

    /// Names are asked for: without a certificate there is none.
    fn client_auth_mandatory(&self) -> bool {
        true
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.inner.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.inner.verify_client_cert(certificate, intermediates, now)?;
        let names = names(certificate).ok_or(Error::InvalidCertificate(CertificateError::BadEncoding))?;
        let is_allowed = names.iter().any(|name| self.allowed.contains(name));
        if is_allowed { Ok(verified) } else { Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)) }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
