//! Wires what a backfill needs: one account's way to X, and its books.

use std::collections::HashSet;
use std::path::Path;

use crate::app::AppError;
use crate::app::assembly::{Prepared, account_key};
use crate::app::wiring::untouched;
use crate::collector::{HistoryDesk, Memory};
use crate::config::Loaded;
use crate::self_metrics::SelfMetrics;
use crate::state::State;
use crate::watchlist::Watchlist;

/// The desk of the account at this position. Until it is dropped, the state in this folder and the account's token file are this
/// process's. Unlike a server it does not go on without state: it would spend a budget twice. Blocks.
pub fn open_history(loaded: &Loaded, watchlist: &Watchlist, account: usize, state: &Path) -> Result<HistoryDesk, AppError> {
    let metrics = SelfMetrics::new();
    let mut loaded = loaded.clone();
    loaded.config.accounts = vec![loaded.config.accounts[account].clone()];
    let watchlist = Watchlist {
        accounts: vec![watchlist.accounts[account].clone()],
        rooms: vec![watchlist.rooms[account].clone()],
        ..Watchlist::default()
    };
    let key = account_key(&loaded.config, &loaded.config.accounts[0]);
    let opened = State::open(state).map_err(AppError::State)?;
    if let Some(aside) = &opened.set_aside {
        let (copy, why) = (aside.copy.display(), &aside.why);
        tracing::error!(%copy, why, "the state cannot be read; it is put aside and a new one begun");
    }
    let mut state = opened.state;
    let known = opened.recalled.iter().map(untouched);
    state.commit(known).map_err(AppError::State)?;
    let recalled = opened.recalled.into_iter().filter(|recalled| recalled.account == key);
    let recalled = recalled.map(|recalled| (recalled.account.clone(), recalled)).collect();
    let Prepared { blueprint, .. } = Prepared::new(loaded, watchlist, &metrics, None)?;
    Ok(HistoryDesk::new(Memory::new(state, vec![key]), blueprint, recalled, &HashSet::new(), metrics))
}
