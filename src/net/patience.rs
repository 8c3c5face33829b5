//! How long a client may keep us waiting. A connection has one deadline, which is looked at when it may be over: timers that are set
//! and taken back with every read and every write cost a small scrape more than its bytes.

use tokio::time::{Instant, sleep_until};

use crate::net::limits::Limits;
use crate::net::seats::{Seat, SeatState};

/// What a client did that was waited for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trial {
    /// It takes no byte of what is to be sent.
    Deaf,
    /// It began a head and does not end it.
    HalfSaid,
    /// It asks nothing.
    Silent,
}

impl Trial {
    /// Why the connection is closed.
    pub(super) const fn text(self) -> &'static str {
        match self {
            Self::Deaf => "the client stopped reading",
            Self::HalfSaid => "the client stopped in the middle of a head",
            Self::Silent => "the client asked nothing for too long",
        }
    }
}

/// Waits until the client has waited too long with something.
pub(super) async fn exhausted(seat: &Seat, limits: Limits) -> Trial {
    loop {
        let now = Instant::now();
        // Whatever begins while we sleep, its time is not over before that.
        let soon = now + limits.first_byte.min(limits.head).min(limits.stalled_write);
        match end(&seat.state(), limits) {
            Some((at, trial)) if at <= now => return trial,
            Some((at, _)) => sleep_until(at.min(soon)).await,
            None => sleep_until(soon).await,
        }
    }
}

/// When our patience ends if nothing moves until then; nothing while we are asked and have not answered.
fn end(state: &SeatState, limits: Limits) -> Option<(Instant, Trial)> {
    if let Some(since) = state.stuck {
        return Some((since + limits.stalled_write, Trial::Deaf));
    }
    match *state {
        SeatState { requests, answers, .. } if requests > answers => None,
        SeatState { answers: 1.., moved, .. } => Some((moved + limits.stalled_write, Trial::Deaf)),
        SeatState { asked, head: Some((followed, since)), .. } if followed == asked => {
            Some((since + limits.first_byte.min(limits.head), Trial::HalfSaid))
        }
        SeatState { asked: 0, moved, .. } => Some((moved + limits.first_byte, Trial::Silent)),
        SeatState { moved, .. } => Some((moved + limits.head, Trial::Silent)),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::net::seats::Seats;

    #[tokio::test]
    async fn each_stage_has_its_own_end() {
        let limits = Limits {
            first_byte: Duration::from_secs(10),
            head: Duration::from_secs(90),
            stalled_write: Duration::from_secs(30),
            ..Limits::default()
        };
        let fresh = Seats::new(1).take().await.state();
        let moved = fresh.moved;
        let at = |seconds| moved + Duration::from_secs(seconds);
        let (served, begun) = (SeatState { asked: 1, ..fresh }, Some((1, at(4))));
        for (what, state, expected) in [
            ("nothing was asked yet", fresh, Some((at(10), Trial::Silent))),
            ("the first head has begun", SeatState { head: Some((0, at(4))), ..fresh }, Some((at(14), Trial::HalfSaid))),
            ("we are at work", SeatState { requests: 1, head: begun, ..served }, None),
            ("the answer has begun", SeatState { requests: 1, answers: 1, ..served }, Some((at(30), Trial::Deaf))),
            ("one of two is at work", SeatState { requests: 2, answers: 1, ..served }, None),
            ("at rest after a request", SeatState { head: Some((0, at(4))), ..served }, Some((at(90), Trial::Silent))),
            ("another head has begun", SeatState { head: begun, ..served }, Some((at(14), Trial::HalfSaid))),
            ("a head that began late", SeatState { head: Some((1, at(88))), ..served }, Some((at(98), Trial::HalfSaid))),
            ("nothing can be written", SeatState { requests: 1, stuck: Some(at(7)), ..served }, Some((at(37), Trial::Deaf))),
        ] {
            assert_eq!(end(&state, limits), expected, "{what}");
        }
    }

    #[tokio::test]
    async fn patience_ends_without_a_sound() {
        let short = Duration::from_millis(5);
        let limits = Limits { first_byte: short, head: short, stalled_write: short, ..Limits::default() };
        let seat = Seats::new(1).take().await;
        assert_eq!(exhausted(&seat, limits).await, Trial::Silent);
        seat.set_stuck(true);
        assert_eq!(exhausted(&seat, limits).await, Trial::Deaf);
    }
}
