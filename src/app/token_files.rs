//! Follows the token files of OAuth 2.0: after a login the credential is tried at once.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::auth::Credential;
use crate::collector::Order;
use crate::config::Looks;

const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Tells the collector whenever somebody else has changed a token file. Credentials come with the index of their account.
pub(super) async fn follow_token_files(
    credentials: Vec<(usize, Credential)>,
    orders: mpsc::Sender<Order>,
    stop: CancellationToken,
) {
    let mut looks = Looks::new(LOOK_EVERY, stop);
    while looks.next().await {
        for (account, credential) in credentials.iter().filter(|(_, credential)| credential.has_news()) {
            if orders.send(Order::Trust(*account, credential.kind())).await.is_err() {
                return;
            }
        }
    }
}
