//! HTTP service discovery (Prometheus' `http_sd_configs`): every watched tweet that may be probed, as a target of `/probe`.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use hyper::StatusCode;
use hyper::header::HOST;
use hyper::http::request::Parts;
use serde_json::{Value, json};

use crate::collector::Targets;
use crate::exposition::Pieces;
use crate::server::Server;
use crate::server::reply::{Reply, reply};

/// The list. The targets are where the one who asks has found us.
pub(super) fn list(server: &Server, head: &Parts) -> Reply {
    let authority = head.uri.authority().map(|authority| authority.as_str());
    let host = authority.or_else(|| head.headers.get(HOST).and_then(|host| host.to_str().ok()));
    let host = host.filter(|host| is_host(host)).map_or_else(|| own_address(server.address), str::to_owned);
    let text = groups(&host, &server.handle.snapshot().targets).to_string();
    reply(StatusCode::OK, "application/json", Pieces::one(text))
}

fn groups(host: &str, targets: &[Targets]) -> Value {
    let group = |account: &str, tweet: String| {
        let labels = json!({"__metrics_path__": "/probe", "__param_target": tweet, "__param_account": account});
        json!({"targets": [host], "labels": labels})
    };
    let all = targets.iter().flat_map(|of| of.tweets.iter().map(move |tweet| group(&of.account, tweet.to_string())));
    Value::Array(all.collect())
}

/// A name or an address, with or without a port: anything else would end up in somebody's labels.
fn is_host(host: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    !host.is_empty() && host.len() <= 260 && host.bytes().all(fits)
}

/// Where it listens; on this machine, if that is everywhere.
fn own_address(address: Option<SocketAddr>) -> String {
    let mut address = address.unwrap_or(SocketAddr::from((Ipv4Addr::LOCALHOST, 10280)));
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    address.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TweetId;

    #[test]
    fn a_target_needs_no_relabelling() {
        let tweets = vec![TweetId::new(20).expect("an id")];
        let groups = groups("exporter:10280", &[Targets { account: "a \"b\"".to_owned(), tweets }]);
        let labels = json!({"__metrics_path__": "/probe", "__param_target": "20", "__param_account": "a \"b\""});
        assert_eq!(groups, json!([{"targets": ["exporter:10280"], "labels": labels}]));
    }

    #[test]
    fn only_a_host_is_repeated() {
        for host in ["exporter", "exporter.example:10280", "127.0.0.1:80", "[::1]:10280", "my_host"] {
            assert!(is_host(host), "{host}");
        }
        for odd in ["", "a b", "a/b", "a@b", "a\"b", "ü", "a\n"] {
            assert!(!is_host(odd), "{odd}");
        }
        assert_eq!(own_address(Some("0.0.0.0:81".parse().expect("an address"))), "127.0.0.1:81");
    }
}
