//! Ends conversations in which nobody has said anything for long enough.

use std::thread;

use pollster::block_on;

use crate::storage::Store;
use crate::supervise::Stop;
use crate::world::World;

pub fn run(store: &Store, world: &World, inactivity_ms: i64, stop: &Stop) {
    while !stop.is_set() {
        match block_on(store.end_idle_conversations(world.now().plus_ms(-inactivity_ms))) {
            Ok(0) => {}
            // There may be more.
            Ok(_) => continue,
            Err(error) => tracing::warn!(%error, "idle conversations are not ended; tried again"),
        }
        thread::sleep(world.tick());
    }
}
