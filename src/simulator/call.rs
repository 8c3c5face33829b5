//! A request as it came in, taken apart and decoded. Nothing in here is trusted.

use bytes::Bytes;
use hyper::Method;
use percent_encoding::percent_decode_str;

/// A request.
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// Query parameters, decoded, in their order.
    pub(crate) query: Vec<(String, String)>,
    /// The `Host` header as it was dialled.
    pub(crate) host: String,
    /// The `Authorization` header.
    pub(crate) authorization: Option<String>,
    /// Whether the answer may be compressed.
    pub(crate) accepts_gzip: bool,
    /// Parameters of a form body: they are part of an OAuth 1.0a signature.
    pub(crate) form: Vec<(String, String)>,
    pub(crate) body: Bytes,
}

impl Call {
    /// The first parameter of that name.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first field of that name in a form body.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Items of a comma-separated parameter.
    pub(crate) fn items(&self, name: &str) -> impl Iterator<Item = &str> {
        self.parameter(name).into_iter().flat_map(|value| value.split(','))
    }

    /// `scheme://host/path` as OAuth 1.0a signs it: without the default port.
    pub(crate) fn signed_url(&self) -> String {
        let host = self.host.to_ascii_lowercase();
        format!("http://{}{}", host.strip_suffix(":80").unwrap_or(&host), self.path)
    }
}

/// Takes a query or form apart. A `+` is a space, as browsers and most libraries mean it.
pub(crate) fn pairs(text: &str) -> Vec<(String, String)> {
    let decode = |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
    let pair = |part: &str| {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        (decode(key), decode(value))
    };
    text.split('&').filter(|part| !part.is_empty()).map(pair).collect()
}
