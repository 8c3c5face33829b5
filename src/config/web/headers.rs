//! `http_server_config.headers`: the five that the toolkit knows.

use crate::config::schema;
use crate::config::section::{Field, Section};
use crate::config::web::pem::given;

/// Names and values; an empty value is none.
pub(super) fn read(http: &Section<'_>) -> Option<Vec<(&'static str, String)>> {
    let section = http.section("headers", &schema::WEB_HEADERS)?;
    let given = schema::WEB_HEADERS.keys.iter().filter_map(|name| given(&section, name).map(|field| (*name, field)));
    // All are read before the first refusal counts.
    let read: Vec<_> = given.map(|(name, field)| value(name, &field).map(|value| (name, value))).collect();
    read.into_iter().collect()
}

fn value(name: &str, field: &Field<'_>) -> Option<String> {
    match name {
        "X-Frame-Options" => field.word(&[("deny", "deny"), ("sameorigin", "sameorigin")]).map(str::to_owned),
        "X-Content-Type-Options" => field.word(&[("nosniff", "nosniff")]).map(str::to_owned),
        // Numbers are texts here: X-XSS-Protection: 0.
        _ => match field.scalar_text()? {
            text if text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()) => Some(text.to_owned()),
            _ => field.refuse("not the value of a header; write one line of ASCII"),
        },
    }
}
