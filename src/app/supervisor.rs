//! What a supervisor such as systemd is told (sd_notify): that the exporter is ready, that it is alive, that it stops. Nothing is said
//! where nobody listens. Its one rule: only the collector can say that the collector is alive.

use std::future::pending;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::sync::{mpsc, oneshot};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::collector::Order;

/// Tells the supervisor how the exporter is until `stop`. To be called when there is a page and somebody listens; takes a task of its
/// own, since a supervisor that does not read its mail makes it wait.
pub(super) async fn keep_informed(orders: mpsc::Sender<Order>, stop: CancellationToken) {
    say(NotifyState::Ready);
    let life = async {
        if let Some(limit) = sd_notify::watchdog_enabled() {
            // Twice as often as demanded, as sd_watchdog_enabled(3) advises, and never without a pause.
            vouch(&orders, (limit / 2).max(Duration::from_millis(1)), || say(NotifyState::Watchdog)).await;
        }
        pending().await
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = life => {}
    }
    say(NotifyState::Stopping);
}

/// Beats each time the collector's loop has answered; ends with the collector, and waits for one that hangs.
async fn vouch(orders: &mpsc::Sender<Order>, pause: Duration, beat: impl Fn()) {
    loop {
        let (heard, answer) = oneshot::channel();
        if orders.send(Order::Beat(heard)).await.is_err() || answer.await.is_err() {
            return;
        }
        beat();
        sleep(pause).await;
    }
}

/// Not being heard is no reason to stop reading: the supervisor will act, and the log says why.
fn say(state: NotifyState<'_>) {
    static SAID: AtomicBool = AtomicBool::new(false);
    if let Err(error) = sd_notify::notify(std::slice::from_ref(&state))
        && !SAID.swap(true, Ordering::Relaxed)
    {
        tracing::warn!(%error, notice = %state, "the supervisor behind NOTIFY_SOCKET cannot be told");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    #[tokio::test]
    async fn a_collector_that_does_not_answer_gets_no_beat() {
        let (sender, mut orders) = mpsc::channel(1);
        let beats = AtomicUsize::new(0);
        let vouching = vouch(&sender, Duration::from_millis(1), || _ = beats.fetch_add(1, Ordering::Relaxed));
        let collector = async {
            for _ in 0..3 {
                let Some(Order::Beat(heard)) = orders.recv().await else { panic!("a beat is asked for") };
                heard.send(()).expect("somebody waits");
            }
            let Some(Order::Beat(_hangs)) = orders.recv().await else { panic!("a beat is asked for") };
            assert!(tokio::time::timeout(Duration::from_millis(100), orders.recv()).await.is_err(), "it waits for the answer");
            assert_eq!(beats.load(Ordering::Relaxed), 3);
        };
        tokio::select! {
            () = vouching => panic!("it waits for the collector"),
            () = collector => {}
        }
    }

    #[tokio::test]
    async fn a_collector_that_is_gone_gets_no_beat() {
        let (sender, mut orders) = mpsc::channel(1);
        let dies = async { drop(orders.recv().await) };
        let no_beat = || panic!("it is dead");
        tokio::join!(vouch(&sender, Duration::from_millis(1), no_beat), dies);
        drop(orders);
        vouch(&sender, Duration::from_millis(1), no_beat).await;
    }
}
