//! The part of the control API that is about what accounts may call, and their OAuth 2.0 grants.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::simulator::authority::Client;
use crate::simulator::control::inputs::{Oauth2Input, SystemsInput, WhoInput};
use crate::simulator::control::{Answered, Refusal, account};
use crate::simulator::service::Service;
use crate::simulator::world::Account;

/// What every account is let into.
pub(super) fn systems(service: &Service) -> Value {
    let entry = |account: &Account| (account.name.to_owned(), json!(account.systems));
    Value::Object(service.world.accounts.iter().map(entry).collect::<Map<_, _>>())
}

/// Changes what one account, or all, are let into.
pub(super) fn turn_systems(service: &mut Service, input: SystemsInput) -> Answered {
    for account in chosen(service, input.account.as_deref())? {
        let systems = &mut account.systems;
        systems.analytics = input.analytics.unwrap_or(systems.analytics);
        systems.insights = input.insights.unwrap_or(systems.insights);
        systems.labs = input.labs.unwrap_or(systems.labs);
        systems.engagement = input.engagement.unwrap_or(systems.engagement);
        systems.engagement_per_minute = input.engagement_per_minute.unwrap_or(systems.engagement_per_minute);
    }
    Ok(systems(service))
}

/// Changes how long access tokens hold from now on, and where codes are sent.
pub(super) fn turn_oauth2(service: &mut Service, input: Oauth2Input) -> Answered {
    if let Some(uri) = input.redirect_uri.as_ref().filter(|uri| !uri.bytes().all(|byte| byte.is_ascii_graphic())) {
        return Err(Refusal::bad(format!("redirect_uri must be an address, got {uri:?}")));
    }
    for account in chosen(service, input.account.as_deref())? {
        let client = &mut account.oauth2;
        client.lifetime = input.lifetime_seconds.map_or(client.lifetime, |seconds| Duration::from_secs(seconds.into()));
        if let Some(uri) = &input.redirect_uri {
            client.redirect_uri.clone_from(uri);
        }
    }
    Ok(json!({}))
}

/// Ends tokens of one account, or of all.
pub(super) fn end(service: &mut Service, input: &WhoInput, end: impl Fn(&mut Client)) -> Answered {
    chosen(service, input.account.as_deref())?.iter_mut().for_each(|account| end(&mut account.oauth2));
    Ok(json!({}))
}

fn chosen<'a>(service: &'a mut Service, name: Option<&str>) -> Result<&'a mut [Account], Refusal> {
    match name {
        None => Ok(&mut service.world.accounts),
        Some(name) => {
            let number = account(service, name)?;
            Ok(std::slice::from_mut(&mut service.world.accounts[number]))
        }
    }
}
