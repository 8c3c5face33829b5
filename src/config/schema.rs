//! The keys of the configuration, each mapping once. A section is read by these lists, and `docs/configuration.md` is held
//! against them.

/// A mapping and the keys that it may have.
#[derive(Debug)]
pub(super) struct Schema {
    /// Where it stands; `[]` for the items of a list.
    path: &'static str,
    pub(super) keys: &'static [&'static str],
}

pub(super) static ROOT: Schema =
    Schema { path: "", keys: &["api", "mode", "min_age", "tiers", "billing", "limits", "probe", "accounts"] };
pub(super) static API: Schema =
    Schema { path: "api", keys: &["url", "engagement_url", "oauth2_authorize_url", "timeout", "proxy_url", "ca_file"] };
pub(super) static TIER: Schema = Schema { path: "tiers[]", keys: &["younger_than", "every"] };
pub(super) static BILLING: Schema = Schema { path: "billing", keys: &["charge", "usd"] };
pub(super) static USD: Schema = Schema { path: "billing.usd", keys: &["tweet", "owned_tweet", "user", "analytics"] };
pub(super) static LIMITS: Schema = Schema { path: "limits", keys: &["max_tweets", "max_series"] };
pub(super) static PROBE: Schema = Schema { path: "probe", keys: &["accounts"] };
pub(super) static ACCOUNT: Schema =
    Schema { path: "accounts[]", keys: &["name", "username", "credentials", "sources", "budget", "watch"] };
pub(super) static CREDENTIALS: Schema =
    Schema { path: "accounts[].credentials", keys: &["bearer_token_file", "bearer_token", "oauth1", "oauth2"] };
pub(super) static OAUTH1: Schema = Schema {
    path: "accounts[].credentials.oauth1",
    keys: &[
        "consumer_key",
        "consumer_secret_file",
        "consumer_secret",
        "access_token",
        "access_token_secret_file",
        "access_token_secret",
    ],
};
pub(super) static OAUTH2: Schema = Schema {
    path: "accounts[].credentials.oauth2",
    keys: &["client_id", "client_secret_file", "client_secret", "token_file", "redirect_uri"],
};
pub(super) static SOURCE: Schema = Schema { path: "accounts[].sources[]", keys: &["api", "every", "groups", "window"] };
pub(super) static BUDGET: Schema =
    Schema { path: "accounts[].budget", keys: &["usd_per_day", "usd_per_month", "tweets_per_month"] };
pub(super) static WATCH: Schema = Schema { path: "accounts[].watch", keys: &["tweets", "files", "timeline"] };
pub(super) static WATCH_ENTRY: Schema = Schema { path: "accounts[].watch.tweets[]", keys: &["tweet", "labels"] };
pub(super) static TIMELINE: Schema =
    Schema { path: "accounts[].watch.timeline", keys: &["younger_than", "exclude", "max_tweets", "labels"] };

pub(super) static WEB: Schema =
    Schema { path: "", keys: &["tls_server_config", "http_server_config", "basic_auth_users", "rate_limit"] };
pub(super) static WEB_TLS: Schema = Schema {
    path: "tls_server_config",
    keys: &[
        "cert",
        "cert_file",
        "key",
        "key_file",
        "client_auth_type",
        "client_ca",
        "client_ca_file",
        "client_allowed_sans",
        "min_version",
        "max_version",
        "cipher_suites",
        "prefer_server_cipher_suites",
        "curve_preferences",
    ],
};
pub(super) static WEB_HTTP: Schema = Schema { path: "http_server_config", keys: &["http2", "headers"] };
pub(super) static WEB_HEADERS: Schema = Schema {
    path: "http_server_config.headers",
    keys: &[
        "Content-Security-Policy",
        "X-Frame-Options",
        "X-Content-Type-Options",
        "X-XSS-Protection",
        "Strict-Transport-Security",
    ],
};
pub(super) static WEB_RATE: Schema = Schema { path: "rate_limit", keys: &["interval", "burst"] };

static ALL_WEB: [&Schema; 5] = [&WEB, &WEB_TLS, &WEB_HTTP, &WEB_HEADERS, &WEB_RATE];

static ALL: [&Schema; 16] = [
    &ROOT,
    &API,
    &TIER,
    &BILLING,
    &USD,
    &LIMITS,
    &PROBE,
    &ACCOUNT,
    &CREDENTIALS,
    &OAUTH1,
    &OAUTH2,
    &SOURCE,
    &BUDGET,
    &WATCH,
    &WATCH_ENTRY,
    &TIMELINE,
];

/// Every key with its whole path, such as `accounts[].budget.usd_per_day`: what the documentation must name.
pub fn known_keys() -> Vec<String> {
    paths(&ALL)
}

/// The same for the web configuration.
pub fn known_web_keys() -> Vec<String> {
    paths(&ALL_WEB)
}

fn paths(schemas: &[&Schema]) -> Vec<String> {
    let full = |schema: &Schema, key: &str| match schema.path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    schemas.iter().flat_map(|schema| schema.keys.iter().map(move |key| full(schema, key))).collect()
}
