//! The configuration: a YAML file in, a checked model or every error at once out. After [`load`] nothing is a text that should be
//! a number, and no combination is left that cannot work.

mod account;
mod api;
mod billing;
mod credentials;
mod error;
mod file;
mod follow;
mod groups;
mod node;
mod scalar;
mod schema;
mod secret;
mod section;
mod shape;
mod shard;
mod source;
mod suggestion;
mod syntax;
#[cfg(test)]
mod tests;
mod tiers;
mod url;
mod walk;
mod watch;
mod web;
mod window;

use std::path::Path;

use sha1::{Digest, Sha1};

use crate::model::Shard;

pub use account::Account;
pub use api::{ApiConfig, Mode};
pub use billing::{Billing, Budget, Charge, Limits, Prices};
pub use credentials::{Credentials, Oauth1, Oauth2};
pub use error::{ConfigErrors, ConfigWarning};
pub use file::FileStamp;
pub use follow::{Files, Followed, Looks};
pub use groups::Groups;
pub use schema::{known_keys, known_web_keys};
pub use secret::Secret;
pub use source::{Source, SourceKind};
pub use tiers::{Tier, Tiers};
pub use watch::{Watch, WatchEntry, WatchTimeline, parse_watch_entries};
pub use web::{ClientAuth, LoadedWeb, Pem, RateLimit, TlsConfig, WebConfig, load_web};
pub use window::{Span, Window};

pub(crate) use file::{FileError, MAX_WATCH, read_text};
pub(crate) use url::is_loopback;

use section::{Field, Findings};

/// Looks up environment variables; a closure, so that tests and `demo` bring their own.
pub type Environment<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// A whole configuration, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// How X is reached.
    pub api: ApiConfig,
    /// When X is read.
    pub mode: Mode,
    /// How often a tweet is read, by its age.
    pub tiers: Tiers,
    /// How X charges.
    pub billing: Billing,
    /// What bounds memory and page.
    pub limits: Limits,
    /// Names of the accounts that `/probe` may spend for.
    pub probe_accounts: Vec<String>,
    /// Whose tweets are read; names are distinct.
    pub accounts: Vec<Account>,
    /// Which part of all that this is.
    pub shard: Shard,
}

/// A configuration that can be used, and what its author should know.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What the file says.
    pub config: Config,
    /// What works but deserves a look, in the order of the file's lines.
    pub warnings: Vec<ConfigWarning>,
    /// 48 bits of a hash of the file's bytes, which a gauge can hold exactly. Secrets stand elsewhere and do not enter it.
    pub hash: u64,
    /// The files with secrets and authorities that it names, and which version of each was read.
    pub files: Files,
    /// What the file says; not shown, since it may hold a proxy's password.
    text: Secret,
}

impl Loaded {
    /// Checks the same text again: only the files that it names can differ. `origin` is the file as before.
    pub fn again(&self, origin: &Path, environment: &Environment<'_>) -> Result<Self, ConfigErrors> {
        parse(self.text.expose(), origin, environment)
    }
}

/// Reads and checks a file.
pub fn load(path: &Path, environment: &Environment<'_>) -> Result<Loaded, ConfigErrors> {
    let text = read_text(path, file::MAX_CONFIG)
        .map_err(|error| ConfigErrors::of_unread(path, &error, "write the path of a configuration file"))?;
    parse(&text, path, environment)
}

/// Checks a text. `origin` names it in messages, and its folder is where relative paths begin.
pub fn parse(text: &str, origin: &Path, environment: &Environment<'_>) -> Result<Loaded, ConfigErrors> {
    let findings = Findings::new(origin, environment);
    let config = match syntax::read(text) {
        Ok(root) => config(&Field { node: &root, path: String::new(), findings: &findings }),
        Err(error) => {
            findings.error(error.place, "", error.text);
            None
        }
    };
    let files = findings.files.take();
    let (config, warnings) = findings.conclude(config)?;
    Ok(Loaded { config, warnings, hash: hash(text), files, text: Secret::new(text.to_owned()) })
}

fn config(root: &Field<'_>) -> Option<Config> {
    if root.is_null() {
        return root.refuse("the file is empty; write at least accounts, see examples/minimal.yml");
    }
    let root = root.section(&schema::ROOT)?;
    let api = ApiConfig::read(&root);
    let mode = Mode::read(&root);
    let tiers = Tiers::read(&root);
    let billing = Billing::read(&root);
    let limits = Limits::read(&root);
    let probe_accounts = account::probe(&root);
    let accounts = account::read(&root, tiers.as_ref());
    Some(Config {
        api: api?,
        mode: mode?,
        tiers: tiers?,
        billing: billing?,
        limits: limits?,
        probe_accounts: probe_accounts?,
        accounts: accounts?,
        shard: Shard::WHOLE,
    })
}

/// 48 bits of a hash of a file's text.
pub(crate) fn hash(text: &str) -> u64 {
    Sha1::digest(text.as_bytes()).iter().take(6).fold(0, |hash, byte| hash << 8 | u64::from(*byte))
}
