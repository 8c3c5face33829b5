//! The web configuration: who may reach the exporter and how, in the format of Prometheus' exporter-toolkit. A second file, read with
//! the same care as the first: every error at once, each with its place.
//!
//! Where the toolkit is silent about a setting without effect, this reader speaks: what looks like protection must protect.

mod headers;
mod password;
mod pem;
mod rate_limit;
mod tls;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::config::error::{ConfigErrors, ConfigWarning};
use crate::config::file::{MAX_CONFIG, read_text};
use crate::config::follow::Files;
use crate::config::node::Node;
use crate::config::section::{Field, Findings, Section};
use crate::config::{schema, syntax};

pub use pem::Pem;
pub use rate_limit::RateLimit;
pub use tls::{ClientAuth, TlsConfig};

/// A whole web configuration, checked as far as one can without a cryptographic library.
#[derive(Clone, Debug)]
pub struct WebConfig {
    /// Absent: plain HTTP.
    pub tls: Option<TlsConfig>,
    /// HTTP/2 is offered under TLS.
    pub http2: bool,
    /// Added to every answer: name and value.
    pub headers: Vec<(&'static str, String)>,
    /// Bcrypt hashes by user name; empty: everybody may ask.
    pub users: BTreeMap<String, String>,
    /// Absent: no limit.
    pub rate_limit: Option<RateLimit>,
}

/// A web configuration that can be used, what its author should know, and where in the file things stand.
#[derive(Clone, Debug)]
pub struct LoadedWeb {
    /// What the file says.
    pub config: WebConfig,
    /// What works but deserves a look.
    pub warnings: Vec<ConfigWarning>,
    /// The file and those that it names, and which version of each was read.
    pub files: Files,
    file: PathBuf,
    root: Node,
}

impl LoadedWeb {
    /// Errors that only show when the configuration is put to use: key, such as `tls_server_config.key_file`, and text.
    pub fn refuse(&self, faults: Vec<(String, String)>) -> ConfigErrors {
        let nothing = |_: &str| None;
        let findings = Findings::new(&self.file, &nothing);
        let root = Field { node: &self.root, path: String::new(), findings: &findings };
        for (key, text) in faults {
            let place = key.split('.').try_fold(root.clone(), |field, key| field.inside(key)).map(|field| field.node.place);
            findings.error(place, &key, text);
        }
        findings.conclude::<()>(None).expect_err("nothing was concluded").and_files(self.files.clone())
    }
}

/// Reads and checks a file and those that it names.
pub fn load_web(path: &Path) -> Result<LoadedWeb, ConfigErrors> {
    let nothing = |_: &str| None;
    let findings = Findings::new(path, &nothing);
    findings.reads(path);
    let text = read_text(path, MAX_CONFIG).map_err(|error| {
        ConfigErrors::of_unread(path, &error, "write the path of a web configuration after --web.config.file")
    })?;
    let root = match syntax::read(&text) {
        Ok(root) => root,
        Err(error) => {
            findings.error(error.place, "", error.text);
            return Err(findings.conclude::<()>(None).expect_err("nothing was concluded"));
        }
    };
    let config = config(&Field { node: &root, path: String::new(), findings: &findings }, path);
    let files = findings.files.borrow().clone();
    let (config, warnings) = findings.conclude(config)?;
    Ok(LoadedWeb { config, warnings, files, file: path.to_path_buf(), root })
}

fn config(root: &Field<'_>, path: &Path) -> Option<WebConfig> {
    // The toolkit takes it for no protection at all; but so looks a file that somebody is just writing anew.
    if root.is_null() {
        return root.refuse("the file is empty; write {} for plain HTTP without users, or leave out --web.config.file");
    }
    let section = root.section(&schema::WEB)?;
    let tls = section.optional("tls_server_config", tls::read).map(Option::flatten);
    let http = section.section("http_server_config", &schema::WEB_HTTP);
    let http2 = http.as_ref().and_then(|http| http.or("http2", true, Field::old_flag));
    let headers = http.as_ref().and_then(headers::read);
    let users = section.or("basic_auth_users", BTreeMap::new(), password::users);
    let rate_limit = section.optional("rate_limit", rate_limit::read).map(Option::flatten);
    let config = WebConfig { tls: tls?, http2: http2?, headers: headers?, users: users?, rate_limit: rate_limit? };
    warn(&section, &config, path);
    Some(config)
}

fn warn(section: &Section<'_>, config: &WebConfig, path: &Path) {
    if let Some(users) = section.field("basic_auth_users").filter(|_| !config.users.is_empty()) {
        crate::config::secret::warn_if_open(&users, path);
        if config.tls.is_none() {
            users.warn("without TLS the passwords travel readable; set tls_server_config, or keep to a network that you trust");
        }
    }
}
