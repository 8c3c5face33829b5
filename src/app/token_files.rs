//! Follows the token files of OAuth 2.0: after a login the credential is tried at once.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::auth::Credential;
use crate::collector::Order;

/// Looking costs one `stat` a file.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Tells the collector whenever somebody else has changed a token file. Credentials come with the index of their account.
pub(super) async fn follow_token_files(
    credentials: Vec<(usize, Credential)>,
    orders: mpsc::Sender<Order>,
    stop: CancellationToken,
) {
    let mut tick = interval(LOOK_EVERY);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = tick.tick() => {}
        }
        for (account, credential) in credentials.iter().filter(|(_, credential)| credential.has_news()) {
            if orders.send(Order::Trust(*account, credential.kind())).await.is_err() {
                return;
            }
        }
    }
}
