//! URLs: `https`, or `http` to this computer. No message repeats the URL, since a password may stand in it.

use std::net::IpAddr;

use reqwest::Url;

use crate::config::secret::{Secret, variable, variable_value};
use crate::config::section::Field;

/// A base that paths are appended to: without a slash at the end, and as the signature must see it.
pub(super) fn base_url(field: &Field<'_>) -> Option<String> {
    let url = safe_url(field, field.text()?)?;
    if has_userinfo(&url) || url.query().is_some() || url.fragment().is_some() {
        return field.refuse("a base URL has no user name, query or fragment; write it as https://host/path");
    }
    Some(url.as_str().trim_end_matches('/').to_owned())
}

/// Where X sends the browser back to: exactly as registered there.
pub(super) fn redirect_uri(field: &Field<'_>) -> Option<String> {
    let text = field.text()?;
    let url = safe_url(field, text)?;
    if has_userinfo(&url) || url.fragment().is_some() {
        return field.refuse("a redirect URI has no user name and no fragment; write it as registered with X");
    }
    Some(text.to_owned())
}

/// A proxy, which may have a user name and a password in it.
pub(super) fn proxy(field: &Field<'_>) -> Option<Secret> {
    let text = field.text()?;
    let written = match variable(text) {
        Some(name) => variable_value(field, name)?,
        None => text.to_owned(),
    };
    let url = safe_url(field, &written)?;
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return field.refuse("a proxy is a host and a port; write it as https://host:port");
    }
    if url.password().is_some() && variable(text).is_none() {
        field.warn("a password stands in this file; write ${NAME} and put the whole URL into the environment");
    }
    Some(Secret::new(written))
}

fn safe_url(field: &Field<'_>, text: &str) -> Option<Url> {
    // The parser would repair a missing slash and cut white space.
    let whole = text.contains("://") && !text.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    let Some(url) = Url::parse(text).ok().filter(|url| whole && url.has_host()) else {
        return field.refuse("not a URL; write it as https://host or https://host/path");
    };
    match url.scheme() {
        "https" => Some(url),
        "http" if is_loopback(&url) => Some(url),
        "http" => field.refuse("plain http is for loopback addresses only; write https://"),
        _ => field.refuse("neither https nor http; write it as https://host or https://host/path"),
    }
}

fn has_userinfo(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Whether it leads to this machine: only then may it be plain, and no proxy of the environment comes between.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_recognised_by_address_and_not_by_looks() {
        for (url, loopback) in [
            ("http://127.0.0.1:8080", true),
            ("http://127.255.3.1", true),
            ("http://[::1]:80/x", true),
            ("http://localhost:1", true),
            ("http://LOCALHOST", true),
            ("http://127.0.0.1.evil.example", false),
            ("http://localhost.evil.example", false),
            ("http://128.0.0.1", false),
            ("http://0.0.0.0", false),
            ("http://[::2]", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).expect("a URL")), loopback, "{url}");
        }
    }
}
