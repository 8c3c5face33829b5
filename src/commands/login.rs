//! `tweet_exporter login`: asks a user's permission in the browser and keeps the tokens.

use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use clap::Args;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval_at, sleep_until};

use crate::app::{connect, start_logging};
use crate::auth::{Authorization, RedirectError, TokenEndpoint, TokenFile, Tokens};
use crate::commands::cli::{Common, ShardArg};
use crate::commands::redirect::{Origin, Returned};
use crate::commands::{browser, check, fail, redirect, say};
use crate::config::{Account, Config, Oauth2, Secret};
use crate::model::Timestamp;

/// Flags of `login`.
#[derive(Clone, Debug, Args)]
pub(super) struct LoginArgs {
    /// Name of the account in the configuration
    #[arg(long, value_name = "NAME")]
    account: String,
    /// Print the address only, open nothing
    #[arg(long)]
    no_browser: bool,
}

/// Nobody should wonder tomorrow what still listens there.
const TIME_LIMIT: Duration = Duration::from_secs(10 * 60);

pub(super) async fn run(common: &Common, args: LoginArgs) -> ExitCode {
    start_logging(common.log_level, common.log_format);
    let loaded = match check::load(common, ShardArg::default()) {
        Ok(loaded) => loaded,
        Err(errors) => return fail(2, &errors),
    };
    let (account, oauth2) = match find(&loaded.config, &args.account) {
        Ok(found) => found,
        Err(why) => return fail(2, &why),
    };
    match log_in(&loaded.config, oauth2, args.no_browser).await {
        Ok(tokens) => {
            say(&report(account, oauth2, &tokens));
            warnings(&tokens).iter().for_each(|warning| eprintln!("warning: {warning}"));
            ExitCode::SUCCESS
        }
        Err(why) => fail(1, &why),
    }
}

fn find<'a>(config: &'a Config, name: &str) -> Result<(&'a Account, &'a Oauth2), String> {
    let with: Vec<_> =
        config.accounts.iter().filter_map(|account| Some((account, account.credentials.oauth2.as_ref()?))).collect();
    let list = with.iter().map(|(account, _)| account.name.as_str()).collect::<Vec<_>>().join(", ");
    let list = if list.is_empty() { "no account has credentials.oauth2".to_owned() } else { format!("with oauth2: {list}") };
    let why = if config.accounts.iter().any(|account| account.name == name) {
        format!("the account {name} has no credentials.oauth2; write client_id and token_file there ({list})")
    } else {
        let all = config.accounts.iter().map(|account| account.name.as_str()).collect::<Vec<_>>().join(", ");
        format!("there is no account {name}; the accounts are {all} ({list})")
    };
    with.into_iter().find(|(account, _)| account.name == name).ok_or(why)
}

async fn log_in(config: &Config, oauth2: &Oauth2, no_browser: bool) -> Result<Tokens, String> {
    // Before anybody clicks anything: can the outcome be kept, and can X be asked?
    let file = TokenFile::new(&oauth2.token_file);
    drop(file.draft()?);
    let client = connect(&config.api).map_err(|error| error.to_string())?;
    let attempt = Authorization::new().map_err(|error| error.to_string())?;
    let url = attempt.url(&config.api.oauth2_authorize_url, oauth2);
    let (sender, returned) = mpsc::channel(8);
    let listening = redirect::listen(&oauth2.redirect_uri, sender.clone()).await;
    redirect::read_pastes(sender);
    say(&format!("Allow the app in a browser in which you are logged in to X as the owner of the tweets:\n\n{url}\n\n"));
    if !no_browser && let Err(why) = browser::open(&url) {
        say(&format!("No browser could be opened ({why}); open the address yourself.\n"));
    }
    say(&format!("{}\n", listening.invitation()));
    let code = wait(&attempt, listening.is_open(), returned).await;
    listening.close().await;
    let code = code?;
    say("The code is here, asking X for the tokens\n");
    let endpoint = TokenEndpoint::new(client, &config.api.url, oauth2, None);
    let now = Timestamp::from(SystemTime::now());
    let tokens = endpoint.exchange(&code, &attempt.verifier, &oauth2.redirect_uri, now).await;
    let tokens =
        tokens.map_err(|error| format!("X gives no token for the code: {error}; check the app's settings and log in again"))?;
    let written = file.draft().and_then(|draft| draft.commit(&tokens));
    written.map_err(|why| format!("{why}; mend that and log in again"))?;
    Ok(tokens)
}

/// Waits for the browser or for a paste, whichever brings the code first.
async fn wait(attempt: &Authorization, listens: bool, mut returned: mpsc::Receiver<Returned>) -> Result<Secret, String> {
    let end = Instant::now() + TIME_LIMIT;
    let minute = Duration::from_secs(60);
    let mut minutes = interval_at(Instant::now() + minute, minute);
    loop {
        tokio::select! {
            () = sleep_until(end) => {
                return Err("nobody allowed the app within 10 minutes; run login again when you are ready".to_owned());
            }
            _ = minutes.tick() => if std::io::stderr().is_terminal() {
                eprintln!("still waiting, {} minutes left", end.duration_since(Instant::now()).as_secs().div_ceil(60));
            },
            next = returned.recv() => match next {
                Some(Returned::Redirect { text, origin }) => {
                    let (judged, is_paste) = (attempt.code(&text), matches!(origin, Origin::Paste));
                    origin.answer(judged.as_ref().map(|_| ()).map_err(Clone::clone));
                    match judged {
                        Ok(code) => return Ok(code),
                        Err(error @ RedirectError::Denied(_)) => return Err(error.to_string()),
                        Err(error) if is_paste => drop(say(&format!("{error}; paste the whole address once more\n"))),
                        Err(error) => drop(say(&format!("A browser came back, but {error}; still waiting\n"))),
                    }
                }
                Some(Returned::NoMorePastes) if listens => {}
                Some(Returned::NoMorePastes) | None => {
                    return Err("standard input ended before an address was pasted; run login on a terminal".to_owned());
                }
            },
        }
    }
}

/// What came of it, for people.
fn report(account: &Account, oauth2: &Oauth2, tokens: &Tokens) -> String {
    let scope = if tokens.scope.is_empty() { "X did not say" } else { &tokens.scope };
    format!(
        "Logged in: {} has its tokens in {}\n  scopes: {scope}\n  the access token expires at {} and is renewed by the exporter\n",
        account.name,
        oauth2.token_file.display(),
        tokens.expires_at,
    )
}

/// What will be missed.
fn warnings(tokens: &Tokens) -> Vec<String> {
    let granted = |scope: &&&str| !tokens.scope.split_whitespace().any(|word| word == **scope);
    let missing: Vec<&str> = Authorization::SCOPES.iter().filter(granted).copied().collect();
    let mut warnings = Vec::new();
    if !missing.is_empty() && !tokens.scope.is_empty() {
        warnings.push(format!("X did not grant {}; reads will be refused or end soon", missing.join(", ")));
    }
    if tokens.refresh.is_none() {
        warnings.push("X gave no refresh token: in two hours somebody must log in again; ask for offline.access".to_owned());
    }
    warnings
}
