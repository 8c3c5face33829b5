//! What X lets an app or a user ask in a quarter of an hour.

use crate::model::{Api, CredentialKind};

/// Requests in 15 minutes on X's current plan (docs.x.com, "Rate limits"; x-api.md 4.5); nothing where X publishes none.
pub(super) fn published(api: Api, credential: CredentialKind) -> Option<u64> {
    let (app, user) = match api {
        Api::Lookup => (3_500, 5_000),
        Api::Timeline => (10_000, 900),
        Api::Analytics => (300, 300),
        // `/2/users/me`, the only one that a user's credential is asked with, and `/2/users/by`.
        Api::Users => (300, 75),
        Api::Usage => (50, 50),
        Api::LabsPrivate => (15, 15),
        _ => return None,
    };
    Some(if credential.is_user() { user } else { app })
}
