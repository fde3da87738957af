//! Ends what ends by itself: conversations in which nobody says anything, rotations whose day is over.

use std::thread;

use pollster::block_on;

use crate::storage::Store;
use crate::supervise::Stop;
use crate::world::World;

pub fn run(store: &Store, world: &World, inactivity_ms: i64, stop: &Stop) {
    while !stop.is_set() {
        if let Err(error) = block_on(store.flip_secrets()) {
            tracing::warn!(%error, "rotated secrets are not in force yet; tried again");
        }
        match block_on(store.end_idle_conversations(world.now().plus_ms(-inactivity_ms))) {
            Ok(0) => {}
            // There may be more.
            Ok(_) => continue,
            Err(error) => tracing::warn!(%error, "idle conversations are not ended; tried again"),
        }
        thread::sleep(world.tick());
    }
}
