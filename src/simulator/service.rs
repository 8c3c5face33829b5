//! Answers requests, one at a time: the one owner of the world. Pure but for the moment that it is given.

use crate::model::Timestamp;
use crate::simulator::answer::{Answer, Delivery};
use crate::simulator::authority;
use crate::simulator::call::Call;
use crate::simulator::chance::Chance;
use crate::simulator::clock::Clock;
use crate::simulator::control;
use crate::simulator::endpoints::{self, Ask, Endpoint};
use crate::simulator::faults::{Dial, Fault};
use crate::simulator::gate::{Caller, Gate, Identity};
use crate::simulator::journal::{Journal, Outcome};
use crate::simulator::limits::{Limits, Quota};
use crate::simulator::meter::Meter;
use crate::simulator::reply::Reply;
use crate::simulator::systems::{self, Labs, System};
use crate::simulator::world::World;

/// The simulator without its sockets.
pub(crate) struct Service {
    pub(crate) world: World,
    pub(crate) clock: Clock,
    pub(crate) dial: Dial,
    pub(crate) meter: Meter,
    pub(crate) journal: Journal,
    gate: Gate,
    limits: Limits,
    transactions: Chance,
}

impl Service {
    /// A service whose tweets' ages count from `epoch`; the simulated clock shows the epoch at the real moment `now`.
    pub(crate) fn new(seed: u64, speed: f64, epoch: Timestamp, now: Timestamp) -> Self {
        let mut world = World::new(seed, epoch);
        world.grant_first(now);
        Self {
            world,
            clock: Clock::new(now, epoch, speed),
            dial: Dial::default(),
            meter: Meter::default(),
            journal: Journal::default(),
            gate: Gate::default(),
            limits: Limits::default(),
            transactions: Chance::new(seed, "transactions"),
        }
    }

    /// Answers a request that came at the real moment `now`.
    pub(crate) fn serve(&mut self, call: &Call, now: Timestamp) -> Answer {
        match call.path.strip_prefix(control::PREFIX) {
            Some(path) => control::answer(self, call, path, now),
            None => self.serve_x(call, now),
        }
    }

    fn serve_x(&mut self, call: &Call, now: Timestamp) -> Answer {
        let identity = self.gate.identify(&self.world, call, now);
        let fault = self.dial.pick(call, identity.kind());
        let answer = match fault.as_ref().and_then(|fault| fault.replacement(call, identity.kind(), now)) {
            Some(answer) => answer,
            None => self.answer(call, identity, fault.as_ref(), now),
        };
        let answer = answer.stamped(self.transactions.draw());
        self.note(call, identity, fault.as_ref(), &answer, now);
        answer
    }

    fn answer(&mut self, call: &Call, identity: Identity, fault: Option<&Fault>, now: Timestamp) -> Answer {
        let mut reply = self.reply(call, identity, fault, now);
        if let Some(fault) = fault {
            fault.distort(&mut reply, call);
        }
        if let (Some(caller), 200) = (identity.caller(), reply.status) {
            self.meter.charge(caller.account, &reply.billed, now);
        }
        let is_empty = reply.body.is_null();
        let mut answer = Answer::from_reply(reply);
        if is_empty {
            answer.body = Default::default();
        }
        if let Some(fault) = fault {
            fault.deliver(&mut answer);
        }
        answer
    }

    fn reply(&mut self, call: &Call, identity: Identity, fault: Option<&Fault>, now: Timestamp) -> Reply {
        if let Some(reply) = authority::answer(&mut self.world, call, now) {
            return reply;
        }
        let Some((endpoint, argument)) = endpoints::find(call) else {
            return Reply::refused(404, serde_json::Value::Null);
        };
        let (caller, quota) = match self.admit(endpoint, identity) {
            Ok(admitted) => admitted,
            Err(refusal) => return refusal,
        };
        let standing = self.limits.count(caller, endpoint.pattern, quota, now);
        let refusal = if standing.exceeded {
            Some(endpoint.system.exceeded())
        } else {
            fault.and_then(|fault| fault.refused_parameter(call))
        };
        let simulated = self.clock.at(now);
        let ask = Ask { world: &self.world, meter: &self.meter, call, caller, now, simulated, argument, fault };
        let mut reply = refusal.unwrap_or_else(|| (endpoint.answer)(&ask));
        reply.headers.extend(standing.headers());
        reply
    }

    /// Who calls and how often, or why nobody may.
    fn admit(&self, endpoint: &Endpoint, identity: Identity) -> Result<(Caller, Quota), Reply> {
        let system = endpoint.system;
        let Some(caller) = identity.caller() else {
            let is_gone =
                system == System::Labs && self.world.accounts.iter().all(|account| account.systems.labs == Labs::Retired);
            return Err(if is_gone { systems::retired() } else { system.unauthenticated() });
        };
        let account = &self.world.accounts[caller.account];
        if let Some(refusal) = account.systems.closed(system) {
            return Err(refusal);
        }
        let quota = Quota::of(endpoint.allowance, caller.kind, system, &account.systems);
        match quota.filter(|_| system.admits(caller)) {
            None => Err(system.wrong_kind(caller)),
            Some(_) if !system.is_in_scope(caller) => Err(Reply::blank(403, "Forbidden")),
            Some(quota) => Ok((caller, quota)),
        }
    }

    fn note(&mut self, call: &Call, identity: Identity, fault: Option<&Fault>, answer: &Answer, now: Timestamp) {
        let account = identity.caller().map(|caller| self.world.accounts[caller.account].name);
        let status = (answer.delivery != Delivery::Dropped).then_some(answer.status);
        let outcome = Outcome { credential: identity.kind().map(|kind| (kind, account)), status, fault: fault.map(Fault::name) };
        let pattern = endpoints::find(call).map(|(endpoint, _)| endpoint.pattern);
        self.meter.request(pattern.or_else(|| authority::pattern(call)).unwrap_or("other"));
        self.journal.note(call, outcome, now);
    }
}

#[cfg(test)]
mod tests {
    use hyper::Method;
    use serde_json::json;

    use crate::simulator::trial::{As, Trial, header};

    #[test]
    fn credentials_are_really_checked() {
        let mut trial = Trial::new();
        assert_eq!(trial.ask(As::User, "/2/users/me").0, 200);
        assert_eq!(trial.ask(As::Nobody, "/2/users/me").0, 401);
        assert_eq!(trial.ask(As::App, "/2/users/me").0, 403, "a user must ask");
        assert_eq!(trial.ask(As::App, "/2/users/by/username/ACME").0, 200);
        let right = trial.call_as(As::User, "/2/users/me");
        assert_eq!([trial.serve(&right).status, trial.serve(&right).status], [200, 401], "a nonce holds once");
        let mut other = trial.call_as(As::User, "/2/tweets?ids=1");
        other.query[0].1 = "2".to_owned();
        assert_eq!(trial.serve(&other).status, 401, "a signature is for one request");
        let mut decoded = trial.call_as(As::App, "/2/tweets?ids=1");
        decoded.authorization = decoded.authorization.map(|token| token.replace("%2F", "/"));
        assert_eq!(trial.serve(&decoded).status, 401, "the token is compared verbatim");
        let late = trial.call_as(As::User, "/2/users/me");
        trial.pass(301);
        assert_eq!(trial.serve(&late).status, 401, "a signature grows stale");
    }

    #[test]
    fn a_used_up_window_answers_429_until_it_opens() {
        let mut trial = Trial::new();
        for left in (0..75).rev() {
            let call = trial.call_as(As::User, "/2/users/me");
            let answer = trial.serve(&call);
            assert_eq!(answer.status, 200);
            assert_eq!(header(&answer, "x-rate-limit-remaining"), Some(left.to_string().as_str()));
        }
        let call = trial.call_as(As::User, "/2/users/me");
        let answer = trial.serve(&call);
        let reset: i64 = header(&answer, "x-rate-limit-reset").and_then(|reset| reset.parse().ok()).expect("seconds");
        assert_eq!((answer.status, reset), (429, trial.now.millis() / 1000 + 900));
        trial.pass(900);
        assert_eq!(trial.ask(As::User, "/2/users/me").0, 200);
    }

    #[test]
    fn the_bill_has_what_was_returned_and_the_journal_has_no_secret() {
        let mut trial = Trial::new();
        let (plain, deleted) = (trial.tweet("plain"), trial.tweet("deleted"));
        for _ in 0..2 {
            trial.ask(As::App, &format!("/2/tweets?ids={plain},{deleted}&tweet.fields=public_metrics"));
        }
        trial.ask(As::User, "/2/users/me");
        let token = trial.service.world.accounts[0].bearer.clone();
        trial.ask(As::Nobody, &format!("/2/tweets/{token}?access_token={token}&tweet.fields={token}"));
        let (_, bill) = trial.control(Method::GET, "bill", "");
        assert_eq!(bill["days"], json!({ "2026-11-21": { "tweet": 1, "user": 1 } }));
        assert_eq!(bill["requests"], 4);
        let (_, requests) = trial.control(Method::GET, "requests", "");
        assert_eq!(requests[0]["fields"], json!({ "tweet.fields": ["public_metrics"] }));
        assert_eq!(
            (&requests[0]["ids_count"], &requests[0]["credential"]),
            (&json!(2), &json!({ "kind": "bearer", "account": "acme" }))
        );
        assert_eq!(requests[3]["status"], 401);
        assert!(!requests.to_string().contains(&token[20..]));
    }

    #[test]
    fn the_clock_and_the_states_of_tweets_can_be_turned() {
        let mut trial = Trial::new();
        let viral = trial.tweet("viral");
        let views = |trial: &mut Trial| {
            let (_, body) = trial.ask(As::App, &format!("/2/tweets/{viral}?tweet.fields=public_metrics"));
            body["data"]["public_metrics"]["impression_count"].as_u64()
        };
        let before = views(&mut trial);
        trial.pass(60);
        assert_eq!(views(&mut trial), before, "the clock is frozen");
        assert_eq!(trial.control(Method::PUT, "clock", r#"{"advance_seconds":1800}"#).0, 200);
        assert!(views(&mut trial) > before.map(|before| before * 20), "the wave has come");
        let call = trial.call(Method::GET, &format!("/_simulator/truth?tweet={viral}"));
        let truth = crate::simulator::trial::json(&trial.serve(&call));
        assert_eq!(truth["public_metrics"]["impression_count"].as_u64(), views(&mut trial));
        assert_eq!(trial.control(Method::PUT, &format!("tweets/{viral}"), r#"{"state":"withheld"}"#).0, 200);
        let (_, body) = trial.ask(As::App, &format!("/2/tweets?ids={viral}"));
        assert!(body["errors"][0]["type"].as_str().is_some_and(|kind| kind.ends_with("/resource-unavailable")));
        let (_, added) = trial.control(Method::POST, "tweets", r#"{"account":"acme","count":3,"age_seconds":600}"#);
        assert_eq!(added["ids"].as_array().map(Vec::len), Some(3));
    }

    #[test]
    fn the_control_api_is_strict() {
        let mut trial = Trial::new();
        for (method, path, body, status) in [
            (Method::PUT, "clock", "{}", 400),
            (Method::PUT, "clock", r#"{"speed":-1}"#, 400),
            (Method::PUT, "clock", r#"{"sped":1}"#, 400),
            (Method::PUT, "clock", r#"{"advance_seconds":1e300}"#, 400),
            (Method::GET, "truth", "", 400),
            (Method::GET, "bill?x=1", "", 400),
            (Method::PUT, "faults", r#"{"fault":{"kind":"dropped"}}"#, 400),
            (Method::POST, "tweets", r#"{"account":"nobody","count":1,"age_seconds":1}"#, 400),
            (Method::POST, "tweets", r#"{"account":"acme","count":0,"age_seconds":1}"#, 400),
            (Method::PUT, "tweets/1", r#"{"state":"deleted"}"#, 404),
            (Method::POST, "tweets", r#"{"account":"acme","count":1,"age_seconds":1,"kind":"poll"}"#, 400),
            (Method::PUT, "systems", r#"{"account":"nobody","labs":"alive"}"#, 400),
            (Method::PUT, "systems", r#"{"labs":"asleep"}"#, 400),
            (Method::PUT, "oauth2", r#"{"redirect_uri":"a b"}"#, 400),
            (Method::POST, "oauth2/expire", r#"{"acount":"acme"}"#, 400),
            (Method::PATCH, "bill", "", 405),
            (Method::GET, "nothing", "", 404),
        ] {
            let (got, answer) = trial.control(method, path, body);
            assert_eq!(got, status, "{path} {body}");
            assert!(answer["error"].is_string(), "{path} {body}");
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_comes_in_makes_it_panic(
            path in "(/2/tweets|/2/tweets/analytics|/2/users/.{0,5}/tweets|/2/insights/28hr|/insights/engagement/28hr|/2/oauth2/token|/i/oauth2/authorize|/2/users/by|/2/tweets/.{0,9}|/_simulator/(truth|tweets/.{0,9}|clock|faults|requests)|.{0,20})",
            query in "(ids|tweet_ids|pagination_token|start_time|client_id|tweet.fields|tweet|last|.{0,3})=.{0,30}",
            authorization in "(OAuth .{0,60}|Basic .{0,20}|OAuth oauth_nonce=\"%.{0,9}\"|Bearer .{0,9}|.{0,9})",
            body in ".{0,40}",
        ) {
            let mut trial = Trial::new();
            for method in [Method::GET, Method::PUT, Method::POST, Method::DELETE] {
                let mut call = trial.call(method, &format!("{path}?{query}"));
                call.authorization = Some(authorization.clone());
                call.body = body.clone().into();
                trial.serve(&call);
            }
        }
    }
}
