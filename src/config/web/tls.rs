//! `tls_server_config`. Versions, suites and curves carry Go's names; what rustls does not have is refused, or left out with a warning
//! where something remains that is at least as strong.

use rustls::{CipherSuite, NamedGroup, ProtocolVersion};

use crate::config::schema;
use crate::config::section::{Field, Section, shown};
use crate::config::suggestion::nearest;
use crate::config::web::pem::{self, Keys, Pem, given};

/// How TLS is spoken.
#[derive(Clone, Debug)]
pub struct TlsConfig {
    /// Our certificate and those between it and its authority.
    pub certificate: Pem,
    /// Its private key.
    pub key: Pem,
    /// What is asked of clients.
    pub client_auth: ClientAuth,
    /// Whose clients are let in.
    pub client_ca: Option<Pem>,
    /// Names of which a client's certificate must have one.
    pub allowed_sans: Option<Vec<String>>,
    /// TLS 1.2, 1.3 or both.
    pub versions: Vec<ProtocolVersion>,
    /// Suites of TLS 1.2 that may be used; absent: all. Those of TLS 1.3 cannot be chosen, as in Go.
    pub cipher_suites: Option<Vec<CipherSuite>>,
    /// Groups for the key exchange, best first; absent: the library's.
    pub curves: Option<Vec<NamedGroup>>,
    /// Our order of suites counts, not the client's.
    pub prefer_server_cipher_suites: bool,
}

/// `client_auth_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientAuth {
    /// `NoClientCert`: not asked for.
    No,
    /// `RequestClientCert`: asked for, neither needed nor checked.
    Request,
    /// `RequireAnyClientCert`: needed, not checked against an authority.
    RequireAny,
    /// `VerifyClientCertIfGiven`: checked if there is one.
    VerifyIfGiven,
    /// `RequireAndVerifyClientCert`: needed and checked.
    RequireAndVerify,
}

const CERTIFICATE: Keys = Keys { inline: "cert", file: "cert_file", label: "CERTIFICATE", is_secret: false };
const KEY: Keys = Keys { inline: "key", file: "key_file", label: "PRIVATE KEY", is_secret: true };
const CLIENT_CA: Keys = Keys { inline: "client_ca", file: "client_ca_file", label: "CERTIFICATE", is_secret: false };

/// Reads the section; an empty one means no TLS.
pub(super) fn read(field: &Field<'_>) -> Option<Option<TlsConfig>> {
    let section = field.section(&schema::WEB_TLS)?;
    if schema::WEB_TLS.keys.iter().all(|key| given(&section, key).is_none()) {
        return Some(None);
    }
    let certificate = required(&section, &CERTIFICATE);
    let key = required(&section, &KEY);
    let client_auth = client_auth(&section);
    let client_ca = pem::optional(&section, &CLIENT_CA);
    let allowed_sans = section.optional("client_allowed_sans", names);
    if let (Some(auth), Some(ca), Some(sans)) = (client_auth, &client_ca, &allowed_sans) {
        check_clients(&section, auth, ca.is_some(), sans.is_some());
    }
    let versions = versions(&section);
    let cipher_suites = section.optional("cipher_suites", |field| known(field, "cipher suite", &CIPHER_SUITES));
    let curves = section.optional("curve_preferences", |field| known(field, "curve", &CURVES));
    if let (Some(versions), Some(suites), Some(curves)) = (&versions, &cipher_suites, &curves) {
        let (suites, curves) = (suites.iter().flatten().next(), curves.iter().flatten().next());
        check_tls12(&section, versions, suites, curves);
    }
    let prefer_server_cipher_suites = section.or("prefer_server_cipher_suites", true, Field::old_flag);
    Some(Some(TlsConfig {
        certificate: certificate?,
        key: key?,
        client_auth: client_auth?,
        client_ca: client_ca?,
        allowed_sans: allowed_sans?,
        versions: versions?,
        cipher_suites: cipher_suites?.flatten(),
        curves: curves?.flatten(),
        prefer_server_cipher_suites: prefer_server_cipher_suites?,
    }))
}

fn required(section: &Section<'_>, keys: &Keys) -> Option<Pem> {
    pem::optional(section, keys)?.or_else(|| {
        section
            .missing(keys.file, &format!("TLS needs it; write the path of a PEM file, or {} with the text itself", keys.inline))
    })
}

fn client_auth(section: &Section<'_>) -> Option<ClientAuth> {
    let words = [
        ("NoClientCert", ClientAuth::No),
        ("RequestClientCert", ClientAuth::Request),
        ("RequireAnyClientCert", ClientAuth::RequireAny),
        // An old name of the same.
        ("RequireClientCert", ClientAuth::RequireAny),
        ("VerifyClientCertIfGiven", ClientAuth::VerifyIfGiven),
        ("RequireAndVerifyClientCert", ClientAuth::RequireAndVerify),
    ];
    given(section, "client_auth_type").map_or(Some(ClientAuth::No), |field| field.word(&words))
}

/// What is asked of clients must be what is checked.
fn check_clients(section: &Section<'_>, auth: ClientAuth, has_ca: bool, has_names: bool) {
    let ca = ["client_ca_file", "client_ca"].into_iter().find_map(|key| given(section, key));
    let auth_type = given(section, "client_auth_type").unwrap_or_else(|| section.field.clone());
    match auth {
        ClientAuth::No => {
            let advice = "has no effect without client_auth_type; write client_auth_type: RequireAndVerifyClientCert";
            ca.into_iter().for_each(|ca| ca.error(advice));
        }
        ClientAuth::VerifyIfGiven | ClientAuth::RequireAndVerify if !has_ca => {
            // Go would take the system's authorities: anybody with a certificate for any web site could come in.
            auth_type.error("nothing to check certificates against; write client_ca_file");
        }
        ClientAuth::Request | ClientAuth::RequireAny if !has_names => {
            auth_type
                .warn("lets in clients with any certificate, also one of their own making; write RequireAndVerifyClientCert");
        }
        _ => {}
    }
    let needs_one = matches!(auth, ClientAuth::RequireAny | ClientAuth::RequireAndVerify);
    if let Some(names) = section.field("client_allowed_sans").filter(|_| !needs_one) {
        names.error("needs client_auth_type: RequireAndVerifyClientCert; otherwise a client without certificate comes in");
    } else if let Some(names) = section.field("client_allowed_sans").filter(|_| auth == ClientAuth::RequireAny) {
        names.warn("anybody can make a certificate with such a name; write client_auth_type: RequireAndVerifyClientCert");
    }
}

fn names(field: &Field<'_>) -> Option<Vec<String>> {
    let items = field.list()?;
    if items.is_empty() {
        return field.refuse("an empty list lets nobody in; write names, or leave the key out");
    }
    items.iter().map(|item| item.text().map(str::to_owned)).collect()
}

fn versions(section: &Section<'_>) -> Option<Vec<ProtocolVersion>> {
    let words = [("TLS10", 0), ("TLS11", 1), ("TLS12", 2), ("TLS13", 3)];
    let read = |key: &'static str, default: i32| {
        let Some(field) = given(section, key) else { return Some((default, None)) };
        let version = field.word(&words)?;
        if version < 2 {
            return field.refuse("TLS 1.0 and 1.1 are broken and not in this program; write TLS12 or TLS13");
        }
        Some((version, Some(field)))
    };
    let (least, most) = (read("min_version", 2), read("max_version", 3));
    let ((least, _), (most, field)) = (least?, most?);
    if least > most {
        return field.unwrap_or_else(|| section.field.clone()).refuse("below min_version; write TLS13, or leave the key out");
    }
    let both = [(2, ProtocolVersion::TLSv1_2), (3, ProtocolVersion::TLSv1_3)];
    Some(both.into_iter().filter(|(number, _)| (least..=most).contains(number)).map(|(_, version)| version).collect())
}

/// A server for TLS 1.2 alone needs something of TLS 1.2; the other way round the library has what TLS 1.3 needs.
fn check_tls12(
    section: &Section<'_>,
    versions: &[ProtocolVersion],
    suites: Option<&Vec<CipherSuite>>,
    curves: Option<&Vec<NamedGroup>>,
) {
    if versions.contains(&ProtocolVersion::TLSv1_3) {
        return;
    }
    let is_new = |suite: &CipherSuite| suite.as_str().is_some_and(|name| name.starts_with("TLS13_"));
    if let Some(field) = section.field("cipher_suites").filter(|_| suites.is_some_and(|suites| suites.iter().all(is_new))) {
        field.error(
            "of TLS 1.3 alone, and max_version is TLS12; add TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 and \
             TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, or leave the key out",
        );
    }
    let are_new = |curves: &Vec<NamedGroup>| curves.iter().all(|curve| *curve == NamedGroup::X25519MLKEM768);
    if let Some(field) = section.field("curve_preferences").filter(|_| curves.is_some_and(are_new)) {
        field.error(
            "X25519MLKEM768 is for TLS 1.3 alone, and max_version is TLS12; add X25519 or CurveP256, or leave the key out",
        );
    }
}

/// Things by Go's names; nothing beside a name means that Go has it and rustls has not.
type Known<T, const N: usize> = [(&'static str, Option<T>); N];

/// The list without what rustls lacks. An empty list means the default, as in Go.
fn known<T: Copy, const N: usize>(field: &Field<'_>, what: &str, table: &Known<T, N>) -> Option<Option<Vec<T>>> {
    let items = field.list()?;
    let (mut found, mut is_right) = (Vec::new(), true);
    for item in &items {
        let Some(text) = item.text() else {
            is_right = false;
            continue;
        };
        match table.iter().find(|(name, _)| *name == text) {
            Some((_, Some(value))) => found.push(*value),
            Some((_, None)) => item.warn("not in this program; it is left out"),
            None => {
                let names: Vec<&str> = table.iter().filter(|(_, value)| value.is_some()).map(|(name, _)| *name).collect();
                let meant = nearest(text, &names).map(|word| format!("did you mean {word}? ")).unwrap_or_default();
                item.error(format!("unknown {what} {}; {meant}known here: {}", shown(text), names.join(", ")));
                is_right = false;
            }
        }
    }
    if is_right && found.is_empty() && !items.is_empty() {
        return field.refuse(format!("this program has no {what} of this list; leave the key out, or add another"));
    }
    is_right.then(|| (!found.is_empty()).then_some(found))
}

const CIPHER_SUITES: Known<CipherSuite, 13> = [
    ("TLS_AES_128_GCM_SHA256", Some(CipherSuite::TLS13_AES_128_GCM_SHA256)),
    ("TLS_AES_256_GCM_SHA384", Some(CipherSuite::TLS13_AES_256_GCM_SHA384)),
    ("TLS_CHACHA20_POLY1305_SHA256", Some(CipherSuite::TLS13_CHACHA20_POLY1305_SHA256)),
    ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", Some(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)),
    ("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", Some(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384)),
    ("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", Some(CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256)),
    ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", Some(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256)),
    ("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", Some(CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384)),
    ("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", Some(CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256)),
    ("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", None),
    ("TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", None),
    ("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", None),
    ("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", None),
];

const CURVES: Known<NamedGroup, 5> = [
    ("X25519", Some(NamedGroup::X25519)),
    ("CurveP256", Some(NamedGroup::secp256r1)),
    ("CurveP384", Some(NamedGroup::secp384r1)),
    // Newer than the toolkit's list; Go's name.
    ("X25519MLKEM768", Some(NamedGroup::X25519MLKEM768)),
    ("CurveP521", None),
];
