//! Makes a copy of the database each day, and keeps as many as the configuration says.

use std::thread;

use crate::config::Backups;
use crate::domain::backup::{Backup, Why};
use crate::domain::time::{DAY_MS, HOUR_MS, Time};
use crate::jobs::START_MS;
use crate::storage::{Result, Store};
use crate::supervise::Stop;
use crate::world::World;

/// How often it is looked whether a day has passed; after a failure, when it is tried again.
const LOOK_EVERY_MS: i64 = HOUR_MS;

pub fn run(store: &Store, world: &World, config: &Backups, stop: &Stop) {
    let mut looked_at = world.now().plus_ms(START_MS - LOOK_EVERY_MS);
    while config.daily && !stop.is_set() {
        let now = world.now();
        if now.since(looked_at) > LOOK_EVERY_MS && store.damage().is_none() {
            looked_at = now;
            if let Err(error) = back_up(store, config, now) {
                tracing::warn!(%error, "the backup failed; the next attempt is in an hour");
            }
        }
        thread::sleep(world.tick());
    }
}

fn back_up(store: &Store, config: &Backups, now: Time) -> Result<()> {
    // One from the future was made under a wrong clock, and says nothing of today.
    let is_of_today = |backup: &Backup| backup.why == Why::Daily && (0..DAY_MS).contains(&now.since(backup.made_at));
    if store.backups()?.iter().any(is_of_today) {
        return Ok(());
    }
    let made = store.back_up(Why::Daily)?;
    let removed = store.prune_backups(config.keep_daily, config.keep_weekly)?;
    tracing::info!(name = made.name, size_bytes = made.size_bytes, removed, "backed up");
    Ok(())
}
