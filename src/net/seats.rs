//! Places for connections. When all are taken, the connection that has been idle longest gives up its own, those first that never asked
//! anything: a crowd of silent clients cannot keep a scraper out, and a connection that is being answered is never cut for another.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// All places.
pub(super) struct Seats {
    free: Arc<Semaphore>,
    taken: Mutex<Taken>,
    /// Somebody has fallen idle.
    rested: Notify,
}

/// The places in use. Who of them is idle is looked up when a place is wanted: keeping a list of it would cost every request.
#[derive(Default)]
struct Taken {
    last: u64,
    seats: BTreeMap<u64, Arc<Sitter>>,
}

/// One connection's place; free again when dropped.
pub(super) struct Seat {
    seats: Arc<Seats>,
    number: u64,
    sitter: Arc<Sitter>,
    _place: OwnedSemaphorePermit,
}

/// Who has the place.
struct Sitter {
    state: Mutex<SeatState>,
    leave: CancellationToken,
}

/// What the connection does.
#[derive(Clone, Copy)]
pub(super) struct SeatState {
    /// Since when there is neither a request nor anything to be sent.
    pub(super) idle: Option<Instant>,
    /// Requests whose answer is not sent whole.
    pub(super) requests: usize,
    /// Those of them whose answer has begun.
    pub(super) answers: usize,
    /// Requests so far.
    pub(super) asked: u64,
    /// When a request came or any part of an answer went.
    pub(super) moved: Instant,
    /// When the first byte came that followed so many requests.
    pub(super) head: Option<(u64, Instant)>,
    /// Since when nothing could be written of what should be.
    pub(super) stuck: Option<Instant>,
}

impl Seats {
    pub(super) fn new(count: usize) -> Arc<Self> {
        let (taken, rested) = (Mutex::default(), Notify::new());
        Arc::new(Self { free: Arc::new(Semaphore::new(count)), taken, rested })
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

    /// Tells the connection to go that has been idle longest, one that never asked anything before one that did: a scraper comes back.
    /// Whether there is one.
    pub(super) fn free_one(&self) -> bool {
        let taken = locked(&self.taken);
        let rank = |state: SeatState| state.idle.map(|since| (state.asked > 0, since));
        let idle = taken.seats.values().filter_map(|sitter| Some((rank(*locked(&sitter.state))?, sitter)));
        let first = idle.filter(|(_, sitter)| !sitter.leave.is_cancelled()).min_by_key(|(rank, _)| *rank);
        first.map(|(_, sitter)| sitter.leave.cancel()).is_some()
    }
}

impl Seat {
    fn new(seats: Arc<Seats>, place: OwnedSemaphorePermit) -> Arc<Self> {
        let now = Instant::now();
        let state = SeatState { idle: Some(now), requests: 0, answers: 0, asked: 0, moved: now, head: None, stuck: None };
        let sitter = Arc::new(Sitter { state: Mutex::new(state), leave: CancellationToken::new() });
        let mut taken = locked(&seats.taken);
        taken.last += 1;
        let number = taken.last;
        taken.seats.insert(number, sitter.clone());
        drop(taken);
        seats.rested.notify_one();
        Arc::new(Self { seats, number, sitter, _place: place })
    }

    /// Waits until the place is wanted for somebody else.
    pub(super) async fn wanted(&self) {
        self.sitter.leave.cancelled().await;
    }

    pub(super) fn state(&self) -> SeatState {
        *locked(&self.sitter.state)
    }

    /// Everything that was to be sent is sent: without a request under way the connection is idle.
    pub(super) fn rest(&self) {
        let mut state = locked(&self.sitter.state);
        if state.requests == 0 && state.idle.is_none() {
            state.idle = Some(state.moved);
            self.seats.rested.notify_one();
        }
    }

    /// Bytes came: if no head had begun since the last request, one has begun now.
    pub(super) fn heard(&self) {
        let mut state = locked(&self.sitter.state);
        if state.head.is_none_or(|(asked, _)| asked != state.asked) {
            state.head = Some((state.asked, Instant::now()));
        }
    }

    /// From now on nothing can be written, or again something.
    pub(super) fn set_stuck(&self, stuck: bool) {
        locked(&self.sitter.state).stuck = stuck.then(Instant::now);
    }

    fn change(&self, change: impl FnOnce(&mut SeatState)) {
        let mut state = locked(&self.sitter.state);
        change(&mut state);
        state.moved = Instant::now();
        if state.requests > 0 {
            state.idle = None;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        locked(&self.seats.taken).seats.remove(&self.number);
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
        assert!(!first.sitter.leave.is_cancelled() && !third.sitter.leave.is_cancelled());
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

    #[tokio::test]
    async fn who_has_asked_before_goes_after_those_who_never_did() {
        let seats = Seats::new(2);
        let [scraper, silent] = [seats.take().await, seats.take().await];
        drop(Asked::new(scraper.clone()));
        scraper.rest();
        assert!(seats.free_one());
        assert!(silent.sitter.leave.is_cancelled() && !scraper.sitter.leave.is_cancelled());
        assert!(seats.free_one() && scraper.sitter.leave.is_cancelled(), "nobody else is left");
        assert!(!seats.free_one());
    }
}
