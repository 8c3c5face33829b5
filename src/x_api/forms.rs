//! A request that X may want in another form: it is sent once more, and the form that worked is remembered (promise 9).

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use crate::model::Timestamp;

/// How a request is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As X's documents have it.
    Usual,
    /// As some of X's servers want it.
    Other,
}

/// Which of two forms X wants.
#[derive(Debug, Default)]
pub(super) struct Forms {
    wants_other: AtomicBool,
    /// It is known what there is to know.
    closed: AtomicBool,
    /// Both forms were refused: the form was not to blame, at least not alone. Until this moment, in milliseconds, only one is used.
    decided_until: AtomicI64,
    /// How often that happened.
    rounds: AtomicU32,
}

/// Long enough to find an id that X refuses by halving; short enough to try again if that leads nowhere.
const DECIDED: Duration = Duration::from_secs(10 * 60);

impl Forms {
    /// The form for the next request.
    pub(super) fn first(&self) -> Form {
        if self.wants_other.load(Ordering::Relaxed) { Form::Other } else { Form::Usual }
    }

    /// Both forms were refused. The next requests keep to one of them, so that a search for what X dislikes costs no more than it must; if
    /// it leads nowhere, the next round keeps to the other.
    pub(super) fn both_refused(&self, now: Timestamp) {
        let round = self.rounds.fetch_add(1, Ordering::Relaxed);
        self.wants_other.store(round % 2 == 1, Ordering::Relaxed);
        self.decided_until.store((now + DECIDED).millis(), Ordering::Relaxed);
    }

    /// The same, unless both were refused a short while ago.
    pub(super) fn after_doubt(&self, tried: Form, now: Timestamp) -> Option<Form> {
        self.after(tried).filter(|_| self.decided_until.load(Ordering::Relaxed) <= now.millis())
    }

    /// The form to try after X disliked one. Other batches may have found out meanwhile; each still has its own request to repeat.
    pub(super) fn after(&self, tried: Form) -> Option<Form> {
        let other = if tried == Form::Usual { Form::Other } else { Form::Usual };
        (!self.closed.load(Ordering::Relaxed)).then_some(other)
    }

    /// The other form is what X wants, and that is known rather than tried: worth remembering.
    pub(super) fn wants_other(&self) -> bool {
        let is_sure = self.closed.load(Ordering::Relaxed) || self.rounds.load(Ordering::Relaxed) == 0;
        is_sure && self.wants_other.load(Ordering::Relaxed)
    }

    /// It was found out before that X wants the other form. Should that have changed, it is found out again.
    pub(super) fn use_other(&self) {
        self.wants_other.store(true, Ordering::Relaxed);
    }

    /// This form worked; whether that is news.
    pub(super) fn remember(&self, form: Form) -> bool {
        let other = form == Form::Other;
        self.wants_other.swap(other, Ordering::Relaxed) != other
    }

    /// Nothing is to be learned any more: no request is sent twice from now on.
    pub(super) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }
}
