//! A running simulator and the dials on it.

use std::fmt::Display;

use serde_json::{Value, json};

use super::{Process, client};

/// A running simulator with its clock standing still.
pub(crate) struct Simulator {
    pub(crate) url: String,
    client: reqwest::Client,
    process: Process,
}

/// How an account's configuration should look.
pub(crate) struct Account<'a> {
    pub(crate) name: &'a str,
    /// Lines below the account, two spaces deep already.
    pub(crate) lines: &'a str,
    pub(crate) tweets: Vec<String>,
}

impl Simulator {
    /// Starts a simulator whose numbers do not move.
    pub(crate) fn start() -> Self {
        Self::start_with(&["--speed=0"])
    }

    pub(crate) fn start_with(more: &[&str]) -> Self {
        let mut arguments = vec!["simulator".to_owned(), "--listen=127.0.0.1:0".to_owned()];
        arguments.extend(more.iter().map(|argument| (*argument).to_owned()));
        let process = Process::start(&arguments, &[]);
        let line = process.line("its address", |line| line.contains("listening on"));
        let url = line.rsplit("listening on ").next().expect("an address").trim().to_owned();
        // The last line of the introduction: the variables are complete.
        process.line("the tweets of the last account", |line| line.starts_with("# globex"));
        Self { url, client: client(), process }
    }

    /// The credentials, under the names that the simulator prints.
    pub(crate) fn secrets(&self) -> Vec<(String, String)> {
        let output = self.process.output();
        let pairs = output.lines().filter_map(|line| line.strip_prefix("export ")?.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned())).collect()
    }

    /// The id of the first tweet of this kind that the account watches.
    pub(crate) async fn tweet(&self, account: &str, kind: &str) -> String {
        let directory = self.get("directory").await;
        let accounts = directory["accounts"].as_array().expect("accounts");
        let account = accounts.iter().find(|other| other["name"] == account).expect("the account");
        let tweets = account["tweets"].as_array().expect("tweets");
        let tweet = tweets.iter().find(|tweet| tweet["kind"] == kind).unwrap_or_else(|| panic!("no tweet of kind {kind}"));
        tweet["id"].as_str().expect("an id").to_owned()
    }

    /// Adds plain tweets of this age.
    pub(crate) async fn add_tweets(&self, account: &str, count: usize, age_seconds: u64) -> Vec<String> {
        self.add(json!({"account": account, "count": count, "age_seconds": age_seconds})).await
    }

    /// Adds such tweets.
    pub(crate) async fn add(&self, wanted: Value) -> Vec<String> {
        let answer = self.send(reqwest::Method::POST, "tweets", &wanted).await;
        let ids = answer.get("ids").unwrap_or(&answer).as_array().expect("ids").clone();
        ids.iter().map(|id| id.as_str().expect("an id").to_owned()).collect()
    }

    /// Turns the dial of faults.
    pub(crate) async fn faults(&self, faults: Value) {
        self.send(reqwest::Method::PUT, "faults", &faults).await;
    }

    /// Sets the state of a tweet: normal, deleted, protected or withheld.
    pub(crate) async fn set_state(&self, tweet: &str, state: &str) {
        self.send(reqwest::Method::PUT, &format!("tweets/{tweet}"), &json!({"state": state})).await;
    }

    /// Moves its clock.
    pub(crate) async fn advance(&self, seconds: u64) {
        self.send(reqwest::Method::PUT, "clock", &json!({"advance_seconds": seconds})).await;
    }

    /// Every request to X's paths since the start or the last [`Self::forget`].
    pub(crate) async fn requests(&self) -> Vec<Value> {
        let answer = self.get("requests").await;
        let requests = answer.get("requests").unwrap_or(&answer);
        requests.as_array().expect("a list of requests").clone()
    }

    /// Those of them to paths that begin like this.
    pub(crate) async fn reads(&self, path: &str) -> Vec<Value> {
        let mut requests = self.requests().await;
        requests.retain(|request| request["path"].as_str().is_some_and(|other| other.starts_with(path)));
        requests
    }

    /// Says what an account is let into.
    pub(crate) async fn systems(&self, systems: Value) {
        self.send(reqwest::Method::PUT, "systems", &systems).await;
    }

    /// Sets life and redirect of OAuth 2.0 tokens.
    pub(crate) async fn oauth2(&self, settings: Value) {
        self.send(reqwest::Method::PUT, "oauth2", &settings).await;
    }

    /// Ends all access tokens.
    pub(crate) async fn expire(&self) {
        self.send(reqwest::Method::POST, "oauth2/expire", &json!({})).await;
    }

    /// The number under this key of this group of a tweet.
    pub(crate) async fn truth(&self, tweet: &str, group: &str, key: &str) -> Option<f64> {
        find(&self.get(&format!("truth?tweet={tweet}")).await, group, key)
    }

    /// What X says to the user of an account, asked with the newest OAuth 2.0 token.
    pub(crate) async fn ask_as_user(&self, account: &str, target: &str) -> Value {
        let directory = self.get("directory").await;
        let accounts = directory["accounts"].as_array().expect("accounts");
        let account = accounts.iter().find(|other| other["name"] == account).expect("the account");
        let token = account["oauth2"]["access_token"].as_str().expect("a token");
        let answer = self.client.get(format!("{}{target}", self.url)).bearer_auth(token).send().await.expect("an answer");
        serde_json::from_str(&answer.text().await.expect("text")).expect("JSON")
    }

    /// Forgets the requests so far.
    pub(crate) async fn forget(&self) {
        self.send(reqwest::Method::DELETE, "requests", &Value::Null).await;
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer = self.client.get(format!("{}/_simulator/{path}", self.url)).send().await.expect("an answer");
        serde_json::from_str(&answer.text().await.expect("text")).expect("JSON")
    }

    async fn send(&self, method: reqwest::Method, path: &str, body: &Value) -> Value {
        let url = format!("{}/_simulator/{path}", self.url);
        let answer = self.client.request(method, url).body(body.to_string()).send().await.expect("an answer");
        let (status, text) = (answer.status(), answer.text().await.expect("text"));
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// A configuration that reads on scrape: each scrape is one refresh of everything older than a second.
    pub(crate) fn on_scrape(&self, accounts: &[Account]) -> String {
        self.configuration("mode: on_scrape\nmin_age: 1s\ntiers: [{ younger_than: 40d, every: 1s }]", accounts)
    }

    /// A configuration that reads `acme` on scrape with these sources; see [`Account`] for the lines.
    pub(crate) fn acme(&self, lines: &str, sources: &str, watch: &str) -> String {
        self.acme_under("mode: on_scrape\nmin_age: 1s\ntiers: [{ younger_than: 2000d, every: 1s }]", lines, sources, watch)
    }

    /// The same with other lines at the top.
    pub(crate) fn acme_under(&self, top: &str, lines: &str, sources: &str, watch: &str) -> String {
        let url = &self.url;
        format!(
            "api: {{ url: \"{url}\", engagement_url: \"{url}\", timeout: 5s }}\n{top}\naccounts:\n  - name: acme\n{lines}\n    \
             sources: {sources}\n    watch: {watch}\n"
        )
    }

    /// A configuration with these lines at the top.
    pub(crate) fn configuration(&self, top: &str, accounts: &[Account]) -> String {
        let mut text =
            format!("api: {{ url: \"{url}\", engagement_url: \"{url}\", timeout: 5s }}\n{top}\naccounts:\n", url = self.url);
        for account in accounts {
            text.push_str(&format!("  - name: {}\n{}\n    watch:\n      tweets:\n", account.name, account.lines));
            account.tweets.iter().for_each(|tweet| text.push_str(&format!("        - \"{tweet}\"\n")));
        }
        text
    }
}

impl Account<'_> {
    /// Lines of an account with an app-only token.
    pub(crate) const PUBLIC: &'static str = "    username: acme\n    credentials: { bearer_token: \"${ACME_BEARER_TOKEN}\" }";
    /// Lines of an account with its owner's keys besides.
    pub(crate) const OWNER: &'static str = concat!(
        "    username: acme\n    credentials:\n      bearer_token: \"${ACME_BEARER_TOKEN}\"\n      oauth1:\n",
        "        consumer_key: \"${ACME_CONSUMER_KEY}\"\n        consumer_secret: \"${ACME_CONSUMER_SECRET}\"\n",
        "        access_token: \"${ACME_ACCESS_TOKEN}\"\n        access_token_secret: \"${ACME_ACCESS_TOKEN_SECRET}\"",
    );
    /// Lines of an account with its owner's keys alone.
    pub(crate) const KEYS: &'static str = concat!(
        "    username: acme\n    credentials:\n      oauth1:\n",
        "        consumer_key: \"${ACME_CONSUMER_KEY}\"\n        consumer_secret: \"${ACME_CONSUMER_SECRET}\"\n",
        "        access_token: \"${ACME_ACCESS_TOKEN}\"\n        access_token_secret: \"${ACME_ACCESS_TOKEN_SECRET}\"",
    );
    /// Lines of an account with an app-only token and its owner's keys, and promoted metrics asked for.
    pub(crate) const PROMOTER: &'static str = concat!(
        "    username: acme\n    credentials:\n      bearer_token: \"${ACME_BEARER_TOKEN}\"\n      oauth1:\n",
        "        consumer_key: \"${ACME_CONSUMER_KEY}\"\n        consumer_secret: \"${ACME_CONSUMER_SECRET}\"\n",
        "        access_token: \"${ACME_ACCESS_TOKEN}\"\n        access_token_secret: \"${ACME_ACCESS_TOKEN_SECRET}\"\n",
        "    sources: [{ api: lookup, groups: [public, non_public, organic, promoted] }]",
    );
}

/// The number under this key of this group, wherever the truth keeps its groups.
pub(crate) fn find(truth: &Value, group: &str, key: &str) -> Option<f64> {
    match truth {
        Value::Object(members) => match members.get(group) {
            Some(numbers) => numbers.get(key).and_then(Value::as_f64),
            None => members.values().find_map(|member| find(member, group, key)),
        },
        _ => None,
    }
}

/// These tweets as a watch list.
pub(crate) fn watching(tweets: &[impl Display]) -> String {
    let quoted: Vec<String> = tweets.iter().map(|tweet| format!("\"{tweet}\"")).collect();
    format!("{{ tweets: [{}] }}", quoted.join(", "))
}

/// The ids that a request asked for.
pub(crate) fn ids(request: &Value) -> Vec<&str> {
    request["ids"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// The kind of credential that a request came with.
pub(crate) fn credential(request: &Value) -> &str {
    request["credential"]["kind"].as_str().unwrap_or_default()
}
