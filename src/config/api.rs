//! `api`, `mode` and `min_age`: how and when X is reached.

use std::path::PathBuf;
use std::time::Duration;

use crate::config::file::read_text;
use crate::config::secret::Secret;
use crate::config::section::{Field, Section};
use crate::config::{schema, url};

/// How X is reached.
#[derive(Clone, Debug)]
pub struct ApiConfig {
    /// Base of the v2 and Labs systems, without a slash at the end.
    pub url: String,
    /// Base of the Engagement API, without a slash at the end.
    pub engagement_url: String,
    /// Page on which a user allows the app.
    pub oauth2_authorize_url: String,
    /// For one request, from connecting to the last byte.
    pub timeout: Duration,
    /// Proxy for all requests; without it the usual environment variables hold.
    pub proxy_url: Option<Secret>,
    /// PEM bundle of further certificate authorities.
    pub ca_file: Option<PathBuf>,
}

/// When X is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// On each tier's interval, whoever scrapes.
    Background,
    /// When a scrape asks and the reading is older than this.
    OnScrape {
        /// Youngest reading that is read again.
        min_age: Duration,
    },
}

impl ApiConfig {
    pub(super) fn read(root: &Section<'_>) -> Option<Self> {
        let section = root.section("api", &schema::API)?;
        let url = section.or("url", "https://api.x.com".to_owned(), url::base_url);
        let engagement_url = section.or("engagement_url", "https://data-api.x.com".to_owned(), url::base_url);
        let authorize = "https://x.com/i/oauth2/authorize".to_owned();
        let oauth2_authorize_url = section.or("oauth2_authorize_url", authorize, url::base_url);
        let timeout = section.or("timeout", Duration::from_secs(10), Field::duration);
        let proxy_url = section.optional("proxy_url", url::proxy);
        let ca_file = section.optional("ca_file", ca_file);
        Some(Self {
            url: url?,
            engagement_url: engagement_url?,
            oauth2_authorize_url: oauth2_authorize_url?,
            timeout: timeout?,
            proxy_url: proxy_url?,
            ca_file: ca_file?,
        })
    }
}

fn ca_file(field: &Field<'_>) -> Option<PathBuf> {
    /// The bundles of whole systems have half a megabyte.
    const MOST: u64 = 16 << 20;
    let path = field.path()?;
    field.findings.reads(&path);
    match read_text(&path, MOST) {
        Ok(text) if text.contains("-----BEGIN CERTIFICATE-----") => Some(path),
        Ok(_) => field.refuse(format!("{} holds no certificate; write the path of a PEM file", path.display())),
        Err(error) => field.refuse_file(path.display(), &error, "write the path of a PEM file"),
    }
}

impl Mode {
    pub(super) fn read(root: &Section<'_>) -> Option<Self> {
        let min_age = root.or("min_age", Duration::from_secs(60), Field::duration);
        let on_scrape = root.or("mode", false, |field| field.word(&[("background", false), ("on_scrape", true)]));
        match (on_scrape?, min_age?) {
            (true, min_age) => Some(Self::OnScrape { min_age }),
            (false, _) => Some(Self::Background),
        }
    }
}
