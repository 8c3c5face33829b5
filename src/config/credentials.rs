//! `accounts[].credentials`: how an account's calls identify themselves.

use std::path::PathBuf;

use crate::model::CredentialKind;

use crate::config::secret::{self, Secret};
use crate::config::section::{Field, Section};
use crate::config::{schema, url};

/// How calls identify themselves.
#[derive(Clone, Debug, Default)]
pub struct Credentials {
    /// App-only bearer token, sent verbatim.
    pub bearer: Option<Secret>,
    /// OAuth 1.0a user context.
    pub oauth1: Option<Oauth1>,
    /// OAuth 2.0 with PKCE.
    pub oauth2: Option<Oauth2>,
}

/// The four parts of OAuth 1.0a.
#[derive(Clone, Debug)]
pub struct Oauth1 {
    /// The app.
    pub consumer_key: Secret,
    /// The app's secret.
    pub consumer_secret: Secret,
    /// The user.
    pub access_token: Secret,
    /// The user's secret.
    pub access_token_secret: Secret,
}

/// An OAuth 2.0 client and where its tokens lie.
#[derive(Clone, Debug)]
pub struct Oauth2 {
    /// The app.
    pub client_id: String,
    /// Of a confidential client; a public one has none.
    pub client_secret: Option<Secret>,
    /// Where `login` puts the tokens; need not exist yet.
    pub token_file: PathBuf,
    /// Where X sends the browser back to.
    pub redirect_uri: String,
}

/// Which credentials an account names, whether or not they could be read: what needs them shall not be blamed for a missing file.
#[derive(Clone, Debug, Default)]
pub(super) struct Named(Vec<CredentialKind>);

impl Named {
    /// Whether one of these is named. With none at all the missing credential is the one error to show.
    pub(super) fn any(&self, kinds: &[CredentialKind]) -> bool {
        self.0.is_empty() || self.0.iter().any(|kind| kinds.contains(kind))
    }

    /// Whether one of them speaks for a user.
    pub(super) fn user(&self) -> bool {
        self.0.iter().any(|kind| kind.is_user())
    }

    /// Whether the bearer token is all there is.
    pub(super) fn only_bearer(&self) -> bool {
        self.0 == [CredentialKind::Bearer]
    }
}

/// What an account has, and the credentials themselves if they could be read.
pub(super) fn read(account: &Section<'_>) -> (Named, Option<Credentials>) {
    const ADVICE: &str = "write at least one of bearer_token_file, oauth1 and oauth2";
    let Some(field) = account.field("credentials") else { return (Named::default(), account.missing("credentials", ADVICE)) };
    let Some(section) = field.section(&schema::CREDENTIALS) else { return (Named::default(), None) };
    let is_named = |keys: &[&'static str]| keys.iter().any(|key| section.field(key).is_some());
    let named: Vec<_> = [
        (CredentialKind::Bearer, is_named(&["bearer_token", "bearer_token_file"])),
        (CredentialKind::Oauth1, is_named(&["oauth1"])),
        (CredentialKind::Oauth2, is_named(&["oauth2"])),
    ]
    .into_iter()
    .filter_map(|(kind, named)| named.then_some(kind))
    .collect();
    let credentials = if named.is_empty() { field.refuse(format!("no credential; {ADVICE}")) } else { all(&section) };
    (Named(named), credentials)
}

fn all(section: &Section<'_>) -> Option<Credentials> {
    let bearer = secret::optional(section, "bearer_token", "bearer_token_file");
    let oauth1 = section.optional("oauth1", oauth1);
    let oauth2 = section.optional("oauth2", oauth2);
    Some(Credentials { bearer: bearer?, oauth1: oauth1?, oauth2: oauth2? })
}

fn oauth1(field: &Field<'_>) -> Option<Oauth1> {
    let section = field.section(&schema::OAUTH1)?;
    let consumer_key = section.required("consumer_key", "write the app's key, or ${NAME}", secret::literal_or_variable);
    let consumer_secret = secret::required(&section, "consumer_secret", "consumer_secret_file");
    let access_token = section.required("access_token", "write the user's token, or ${NAME}", secret::literal_or_variable);
    let access_token_secret = secret::required(&section, "access_token_secret", "access_token_secret_file");
    Some(Oauth1 {
        consumer_key: Secret::new(consumer_key?),
        consumer_secret: consumer_secret?,
        access_token: Secret::new(access_token?),
        access_token_secret: access_token_secret?,
    })
}

fn oauth2(field: &Field<'_>) -> Option<Oauth2> {
    let section = field.section(&schema::OAUTH2)?;
    let client_id = section.required("client_id", "write the app's client id, or ${NAME}", secret::literal_or_variable);
    let client_secret = secret::optional(&section, "client_secret", "client_secret_file");
    let token_file =
        section.required("token_file", "write where login shall keep the tokens, such as acme.token.json", token_file);
    let redirect_uri = section.or("redirect_uri", "http://127.0.0.1:10281/callback".to_owned(), url::redirect_uri);
    Some(Oauth2 { client_id: client_id?, client_secret: client_secret?, token_file: token_file?, redirect_uri: redirect_uri? })
}

fn token_file(field: &Field<'_>) -> Option<PathBuf> {
    let path = field.path()?;
    if path.is_dir() {
        return field.refuse(format!("{} is a folder; write the path of a file", path.display()));
    }
    secret::warn_if_open(field, &path);
    Some(path)
}
