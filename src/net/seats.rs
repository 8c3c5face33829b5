//! Places for connections. When all are taken, the connection that has been idle longest gives up its own: a crowd of silent clients
//! cannot keep a scraper out, and a connection that is being answered is never cut for another.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// All places.
pub(super) struct Seats {
    free: Arc<Semaphore>,
    idle: Mutex<Idle>,
    /// Somebody has fallen idle.
    rested: Notify,
}

/// Idle connections, the longest idle first.
#[derive(Default)]
struct Idle {
    last: u64,
    seats: BTreeMap<u64, CancellationToken>,
}

/// One connection's place; free again when dropped.
pub(super) struct Seat {
    seats: Arc<Seats>,
    state: Mutex<SeatState>,
    leave: CancellationToken,
    _place: OwnedSemaphorePermit,
}

/// What the connection does.
#[derive(Clone, Copy)]
pub(super) struct SeatState {
    /// Its number among the idle ones.
    idle: Option<u64>,
    /// Requests whose answer is not handed over whole.
    pub(super) requests: usize,
    /// Those of them whose answer has begun.
    pub(super) answers: usize,
    /// Requests so far.
    pub(super) asked: u64,
    /// When a request came or any part of an answer went.
    pub(super) moved: Instant,
}

impl Seats {
    pub(super) fn new(count: usize) -> Arc<Self> {
        let (idle, rested) = (Mutex::default(), Notify::new());
        Arc::new(Self { free: Arc::new(Semaphore::new(count)), idle, rested })
    }

    /// A place, as soon as one is free or can be freed.
    pub(super) async fn take(self: &Arc<Self>) -> Arc<Seat> {
        loop {
            if let Ok(place) = self.free.clone().try_acquire_owned() {
                return Seat::new(self.clone(), place);
            }
            let is_coming = self.free_one();
            tokio::select! {
                place = self.free.clone().acquire_owned() => {
                    return Seat::new(self.clone(), place.expect("nobody closes the semaphore"));
                }
                () = self.rested.notified(), if !is_coming => {}
            }
        }
    }

    /// Tells the connection to go that has been idle longest; whether there is one.
    pub(super) fn free_one(&self) -> bool {
        let longest = locked(&self.idle).seats.pop_first();
        longest.map(|(_, leave)| leave.cancel()).is_some()
    }
}

impl Seat {
    fn new(seats: Arc<Seats>, place: OwnedSemaphorePermit) -> Arc<Self> {
        let state = SeatState { idle: None, requests: 0, answers: 0, asked: 0, moved: Instant::now() };
        let seat = Self { seats, state: Mutex::new(state), leave: CancellationToken::new(), _place: place };
        seat.rest();
        Arc::new(seat)
    }

    /// Waits until the place is wanted for somebody else.
    pub(super) async fn wanted(&self) {
        self.leave.cancelled().await;
    }

    pub(super) fn state(&self) -> SeatState {
        *locked(&self.state)
    }

    /// Everything that was to be sent is sent: without a request under way the connection is idle.
    pub(super) fn rest(&self) {
        let mut state = locked(&self.state);
        if state.requests == 0 && state.idle.is_none() {
            let mut idle = locked(&self.seats.idle);
            idle.last += 1;
            let number = idle.last;
            idle.seats.insert(number, self.leave.clone());
            state.idle = Some(number);
            drop(idle);
            self.seats.rested.notify_one();
        }
    }

    fn change(&self, change: impl FnOnce(&mut SeatState)) {
        let mut state = locked(&self.state);
        change(&mut state);
        state.moved = Instant::now();
        if state.requests > 0 {
            self.forget(&mut state);
        }
    }

    fn forget(&self, state: &mut SeatState) {
        if let Some(number) = state.idle.take() {
            locked(&self.seats.idle).seats.remove(&number);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut state = *locked(&self.state);
        self.forget(&mut state);
    }
}

/// A request under way.
pub(super) struct Asked {
    seat: Arc<Seat>,
    answering: bool,
}

impl Asked {
    /// A whole head has come.
    pub(super) fn new(seat: Arc<Seat>) -> Self {
        seat.change(|state| {
            state.requests += 1;
            state.asked += 1;
        });
        Self { seat, answering: false }
    }

    /// Its answer begins.
    pub(super) fn answer(&mut self) {
        self.answering = true;
        self.seat.change(|state| state.answers += 1);
    }

    /// A part of its answer went.
    pub(super) fn moved(&self) {
        self.seat.change(|_| {});
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.seat.change(|state| {
            state.requests -= 1;
            state.answers -= usize::from(self.answering);
        });
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn the_longest_idle_gives_way_and_the_busy_never() {
        let seats = Seats::new(3);
        let [first, second, third] = [seats.take().await, seats.take().await, seats.take().await];
        let asked = Asked::new(first.clone());
        let taking = tokio::spawn({
            let seats = seats.clone();
            async move { seats.take().await }
        });
        second.wanted().await;
        assert!(!first.leave.is_cancelled() && !third.leave.is_cancelled());
        drop(second);
        let fourth = taking.await.expect("no panic");
        let all = [Asked::new(third.clone()), Asked::new(fourth)];
        let taking = tokio::spawn(async move { seats.take().await });
        for _ in 0..10 {
            yield_now().await;
        }
        assert!(!taking.is_finished(), "all are busy");
        drop(asked);
        first.rest();
        first.wanted().await;
        drop(first);
        taking.await.expect("no panic");
        drop(all);
    }
}
