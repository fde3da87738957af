//! Ends what ends by itself: conversations in which nobody says anything, rotations whose day is over, what is old. Gives free
//! memory back.

use std::thread;

use pollster::block_on;

use crate::config::Retention;
use crate::domain::time::{HOUR_MS, MINUTE_MS, Time};
use crate::jobs::START_MS;
use crate::storage::{Result, Store};
use crate::supervise::Stop;
use crate::world::World;

const FORGET_EVERY_MS: i64 = HOUR_MS;
const TRIM_EVERY_MS: i64 = MINUTE_MS / 6;

pub fn run(store: &Store, world: &World, inactivity_ms: i64, retention: &Retention, stop: &Stop) {
    let mut forgot_at = world.now().plus_ms(START_MS - FORGET_EVERY_MS);
    let mut trimmed_ms = world.instant_ms();
    while !stop.is_set() {
        if store.damage().is_none() {
            sweep(store, world, inactivity_ms, stop);
        }
        let now = world.now();
        if now.since(forgot_at) > FORGET_EVERY_MS && store.damage().is_none() {
            warn("old data was not deleted", || block_on(forget(store, retention, now, stop)));
            forgot_at = now;
        }
        if world.instant_ms() - trimmed_ms > TRIM_EVERY_MS {
            chatforge_allocator::trim();
            trimmed_ms = world.instant_ms();
        }
        thread::sleep(world.tick());
    }
}

fn sweep(store: &Store, world: &World, inactivity_ms: i64, stop: &Stop) {
    let idle_before = world.now().plus_ms(-inactivity_ms);
    warn("idle conversations were not ended", || block_on(end_idle(store, idle_before, stop)));
    warn("rotated secrets did not take effect", || block_on(store.flip_secrets()));
    warn("deliveries to disabled webhooks were not expired", || block_on(expire(store, stop)));
    warn("failed sign-ins were not added to the audit log", || block_on(store.tell_refused_sign_ins()));
}

async fn end_idle(store: &Store, idle_before: Time, stop: &Stop) -> Result<()> {
    while !stop.is_set() && store.end_idle_conversations(idle_before).await? > 0 {}
    Ok(())
}

async fn expire(store: &Store, stop: &Stop) -> Result<()> {
    while !stop.is_set() && store.expire_deliveries().await? {}
    Ok(())
}

async fn forget(store: &Store, retention: &Retention, now: Time, stop: &Stop) -> Result<()> {
    while !stop.is_set() && store.forget_repeats(now).await? > 0 {}
    while !stop.is_set() && store.forget_audit(now).await? {}
    let mut forgot = false;
    let done = forget_rows(store, retention, now, stop, &mut forgot).await;
    // Also after a failure: what is deleted must leave the log.
    if forgot {
        store.fold().await;
    }
    done
}

async fn forget_rows(store: &Store, retention: &Retention, now: Time, stop: &Stop, forgot: &mut bool) -> Result<()> {
    for (account, limits) in store.limits(retention.chosen(), now).await? {
        while !stop.is_set() && store.forget_old(account.clone(), limits).await? > 0 {
            *forgot = true;
        }
    }
    Ok(())
}

/// The next round tries again.
pub fn warn(what: &str, work: impl FnOnce() -> Result<()>) {
    if let Err(error) = work() {
        tracing::warn!(%error, "{what} yet");
    }
}
