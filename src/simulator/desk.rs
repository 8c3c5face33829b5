//! Where every call is decided: who is it, is a fault dialled, is the window open, what does the endpoint say.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;

use crate::model::Timestamp;
use crate::simulator::body::End;
use crate::simulator::call::Call;
use crate::simulator::clock::Clock;
use crate::simulator::control;
use crate::simulator::endpoints::{Endpoint, Scene};
use crate::simulator::faults::Dial;
use crate::simulator::gate::{Caller, Gate, Identity};
use crate::simulator::journal::{Journal, Outcome};
use crate::simulator::limits::{Limits, Standing};
use crate::simulator::meter::Meter;
use crate::simulator::real_now;
use crate::simulator::reply::Reply;
use crate::simulator::world::World;

/// Everything that changes, behind one lock that is never held while waiting.
pub(crate) struct Desk(Mutex<State>);

/// What the simulator is at this moment.
pub(crate) struct State {
    pub(crate) world: World,
    pub(crate) clock: Clock,
    pub(crate) dial: Dial,
    pub(crate) journal: Journal,
    pub(crate) meter: Meter,
    gate: Gate,
    limits: Limits,
}

/// An answer, ready to be sent.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Bytes,
    pub(crate) end: End,
    pub(crate) delay: Duration,
    /// Closed without a word.
    pub(crate) dropped: bool,
}

impl Answer {
    /// JSON with a status.
    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json; charset=utf-8".to_owned())];
        Self { status, headers, body: body.to_string().into(), end: End::Whole, delay: Duration::ZERO, dropped: false }
    }
}

impl Desk {
    pub(crate) fn new(world: World, clock: Clock) -> Self {
        Self(Mutex::new(State {
            world,
            clock,
            dial: Dial::default(),
            journal: Journal::default(),
            meter: Meter::default(),
            gate: Gate::default(),
            limits: Limits::default(),
        }))
    }

    /// Decides a call, of X's or of the control's.
    pub(crate) fn answer(&self, call: &Call) -> Answer {
        let now = real_now();
        let mut state = self.state();
        match call.path.strip_prefix("/_simulator/") {
            Some(path) => control::answer(&mut state, path, call, now),
            None => state.answer(call, now),
        }
    }

    /// A test that panicked elsewhere leaves the state as good as it was.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn answer(&mut self, call: &Call, now: Timestamp) -> Answer {
        let identity = self.gate.identify(&self.world, call, now);
        let endpoint = Endpoint::find(call);
        self.meter.request(endpoint.as_ref().map_or("other", Endpoint::pattern));
        let faults = self.dial.turn(call, identity.kind());
        let name = |caller: Caller| self.world.accounts[caller.account].name;
        let credential = identity.kind().map(|kind| (kind, identity.caller().map(name)));
        let mut answer = match faults.iter().find_map(|fault| fault.replaces(now)) {
            Some(answer) => answer,
            None => {
                let (reply, standing) = self.reply(call, endpoint.as_ref(), identity, &faults, now);
                let mut answer = Answer::json(reply.status, &reply.body);
                let own = reply.headers.into_iter().chain(standing.into_iter().flat_map(Standing::headers));
                answer.headers.extend(own.map(|(name, value)| (name.to_owned(), value)));
                answer.headers.push(("x-access-level".to_owned(), "read".to_owned()));
                answer
            }
        };
        answer.headers.push(("api-version".to_owned(), "2.168".to_owned()));
        faults.iter().for_each(|fault| fault.spoils(&mut answer));
        let status = Some(answer.status).filter(|_| !answer.dropped);
        let fault = faults.first().map(|fault| fault.name());
        self.journal.note(call, Outcome { credential, status, fault }, now);
        answer
    }

    /// What X says if nothing is wrong with X.
    fn reply(
        &mut self,
        call: &Call,
        endpoint: Option<&Endpoint>,
        identity: Identity,
        faults: &[crate::simulator::faults::Fault],
        now: Timestamp,
    ) -> (Reply, Option<Standing>) {
        let Some(endpoint) = endpoint else { return (Reply::blank(404, "Not Found"), None) };
        if call.method != hyper::Method::GET {
            return (Reply::blank(405, "Method Not Allowed"), None);
        }
        let Some(caller) = identity.caller() else { return (Reply::blank(401, "Unauthorized"), None) };
        let Some(limit) = endpoint.allowance().of(caller.kind) else { return (Reply::user_only(), None) };
        let standing = self.limits.count(caller, endpoint.pattern(), limit, now);
        if standing.exceeded {
            return (Reply::blank(429, "Too Many Requests"), Some(standing));
        }
        let post_only = faults.iter().find_map(|fault| fault.only_parameter());
        let scene = Scene { world: &self.world, caller, now, simulated: self.clock.at(now), only_parameter: post_only };
        let mut reply = endpoint.answer(&scene, call);
        faults.iter().for_each(|fault| fault.changes(&mut reply));
        if reply.status == 200 {
            self.meter.charge(caller.account, &reply.billed, now);
        }
        (reply, Some(standing))
    }
}
