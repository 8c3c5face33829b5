//! Users, headers and rate limit of a web configuration.

use std::net::{IpAddr, Ipv4Addr};

use tokio::task::JoinSet;

use crate::harness::{Site, client, until};

fn hash(password: &str, cost: u32) -> String {
    bcrypt::hash(password, cost).expect("hashed")
}

fn users(password: &str, cost: u32) -> String {
    format!("basic_auth_users:\n  alice: {}\n", hash(password, cost))
}

#[tokio::test]
async fn nothing_is_answered_without_the_right_password() {
    let site = Site::start(&users("secret", 5)).await;
    for (path, expected) in [("/", 200), ("/metrics", 200), ("/-/healthy", 200), ("/-/ready", 503), ("/nowhere", 404)] {
        assert_eq!(site.status(path, Some(("alice", "secret"))).await, expected, "{path}");
        assert_eq!(site.status(path, None).await, 401, "{path}");
        for wrong in [("alice", "Secret"), ("bob", "secret"), ("", ""), ("alice", ""), ("alice", "secret\0")] {
            assert_eq!(site.status(path, Some(wrong)).await, 401, "{path} {wrong:?}");
        }
    }
    let url = format!("http://{}/metrics", site.address);
    let answer = client().get(&url).bearer_auth("secret").send().await.expect("an answer");
    assert_eq!(answer.status(), 401);
    assert!(answer.headers()["www-authenticate"].to_str().is_ok_and(|value| value.starts_with("Basic")));
    let text = answer.text().await.expect("text");
    assert!(!text.contains("tweet_exporter"), "it does not say what is here: {text}");
    let head = client().head(&url).send().await.expect("an answer");
    assert_eq!(head.status(), 401);
    site.end().await;
}

#[tokio::test]
async fn users_come_and_go_without_a_restart() {
    let site = Site::start(&users("secret", 5)).await;
    assert_eq!(site.status("/metrics", Some(("alice", "secret"))).await, 200);
    site.configure(&users("changed", 5));
    until("the new password", async || (site.status("/metrics", Some(("alice", "changed"))).await == 200).then_some(())).await;
    assert_eq!(site.status("/metrics", Some(("alice", "secret"))).await, 401, "what was remembered is forgotten");
    site.end().await;
}

#[tokio::test]
async fn headers_are_added_to_every_answer() {
    let web = format!(
        "{}http_server_config:\n  headers:\n    X-Frame-Options: sameorigin\n    X-XSS-Protection: 0\n    \
         Content-Security-Policy: frame-ancestors https://grafana.example.org\n    Strict-Transport-Security: \"\"\n",
        users("secret", 5)
    );
    let site = Site::start(&web).await;
    for (path, password, status) in [("/", "secret", 200), ("/metrics", "secret", 200), ("/x", "secret", 404), ("/", "no", 401)] {
        let request = client().get(format!("http://{}{path}", site.address)).basic_auth("alice", Some(password));
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), status);
        let header = |name: &str| answer.headers().get(name).map(|value| value.to_str().expect("text").to_owned());
        assert_eq!(header("x-frame-options").as_deref(), Some("sameorigin"));
        assert_eq!(header("x-xss-protection").as_deref(), Some("0"));
        assert_eq!(header("content-security-policy").as_deref(), Some("frame-ancestors https://grafana.example.org"));
        assert_eq!(header("strict-transport-security"), None, "blank is unset");
        assert_eq!(answer.headers().get_all("content-security-policy").iter().count(), 1);
    }
    site.end().await;
}

#[tokio::test]
async fn the_rate_limit_comes_before_everything_and_a_change_elsewhere_does_not_fill_it() {
    let limited = format!("rate_limit: {{ interval: 1h, burst: 3 }}\n{}", users("secret", 5));
    let site = Site::start(&limited).await;
    for expected in [401, 200, 401, 429, 429] {
        let password = if expected == 401 { "wrong" } else { "secret" };
        assert_eq!(site.status("/metrics", Some(("alice", password))).await, expected);
    }
    site.configure(&format!("{limited}http_server_config: {{ headers: {{ X-Frame-Options: deny }} }}\n"));
    until("the new header", async || {
        let answer = client().get(format!("http://{}/metrics", site.address)).send().await.expect("an answer");
        assert_eq!(answer.status(), 429);
        answer.headers().get("x-frame-options").map(|_| ())
    })
    .await;
    site.configure("rate_limit: { interval: 0 }");
    until("no limit", async || (site.status("/metrics", None).await == 200).then_some(())).await;
    site.end().await;
}

#[tokio::test]
async fn two_thousand_wrong_logins_let_nobody_in() {
    let site = Site::start(&users("secret", 4)).await;
    let url = format!("http://{}/metrics", site.address);
    let mut crowd = JoinSet::new();
    for worker in 0..20 {
        let (client, url) = (client(), url.clone());
        crowd.spawn(async move {
            for attempt in 0..100 {
                let user = if attempt % 2 == 0 { "alice".to_owned() } else { format!("user{worker}") };
                let password = format!("guess {worker} {attempt}");
                let answer = client.get(&url).basic_auth(user, Some(password)).send().await.expect("an answer");
                // Or their turn did not come in time.
                assert!([401, 503].contains(&answer.status().as_u16()), "{}", answer.status());
            }
        });
    }
    crowd.join_all().await;
    assert_eq!(site.status("/metrics", Some(("alice", "secret"))).await, 200);
    site.end().await;
}

/// A scrape from another machine, here another address of the loopback, waits for one check of the crowd's at most.
#[tokio::test]
async fn a_scraper_is_let_in_past_a_crowd_of_wrong_logins() {
    let site = Site::start(&users("secret", 9)).await;
    let url = format!("http://{}/metrics", site.address);
    let mut crowd = JoinSet::new();
    for number in 0..200 {
        let request = client().get(&url).basic_auth("alice", Some(format!("guess {number}")));
        crowd.spawn(async move { request.send().await.map(|answer| answer.status().as_u16()) });
    }
    let first = crowd.join_next().await.expect("many").expect("no panic").expect("an answer");
    assert_eq!(first, 401);
    let other = IpAddr::from(Ipv4Addr::new(127, 0, 0, 2));
    let scraper = reqwest::Client::builder().no_proxy().local_address(other).build().expect("a client");
    for _ in 0..2 {
        let answer = scraper.get(&url).basic_auth("alice", Some("secret")).send().await.expect("an answer");
        assert_eq!(answer.status(), 200);
    }
    let mut done = 0;
    while crowd.try_join_next().is_some() {
        done += 1;
    }
    assert!(done < 150, "{done} of the crowd were first");
    crowd.abort_all();
    site.end().await;
}
