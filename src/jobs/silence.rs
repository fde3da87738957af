//! Gives back to their agents the conversations that people have left waiting, and has the agents answer in them.

use std::thread;

use pollster::block_on;

use crate::domain::operator::{Left, Owed};
use crate::domain::time::Time;
use crate::jobs::sweep::warn;
use crate::storage::{Result, Store};
use crate::supervise::Stop;
use crate::world::World;

/// What has to happen beyond the store.
#[derive(Debug)]
pub enum Due {
    /// The visitor and the team are told.
    Tell(Left),
    /// The agent answers. Said again and again until it has.
    Answer(Owed),
}

pub type Act = Box<dyn Fn(Due) + Send + Sync>;

pub fn run(store: &Store, world: &World, inactivity_ms: i64, act: &Act, stop: &Stop) {
    while !stop.is_set() {
        // Damage was reported when it was found; until a restore, nothing can be handed back or answered.
        if store.damage().is_none() {
            look(store, world.now().plus_ms(-inactivity_ms), act, stop);
        }
        thread::sleep(world.tick());
    }
}

fn look(store: &Store, idle_before: Time, act: &Act, stop: &Stop) {
    warn("conversations were not handed back", || block_on(hand_back(store, act, stop)));
    warn("waiting messages were not answered", || {
        block_on(store.owed_answers(idle_before)).map(|owed| owed.into_iter().map(Due::Answer).for_each(act))
    });
}

async fn hand_back(store: &Store, act: &Act, stop: &Stop) -> Result<()> {
    while !stop.is_set() {
        let left = store.hand_back_silent().await?;
        if left.is_empty() {
            break;
        }
        left.into_iter().map(Due::Tell).for_each(act);
    }
    Ok(())
}
