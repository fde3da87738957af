//! Work that the clock brings.

pub mod backups;
pub mod silence;
pub mod sweep;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::config::{Backups, Retention};
use crate::domain::time::MINUTE_MS;
use crate::jobs::silence::Act;
use crate::storage::Store;
use crate::supervise::{self, Stop};
use crate::world::World;

/// A server that has just started is left alone for a while, and its owners have time to say what they want kept.
const START_MS: i64 = 5 * MINUTE_MS;

/// The jobs' threads.
#[derive(Clone)]
pub struct Jobs {
    stop: Stop,
    threads: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Jobs {
    /// `act` does what has to happen beyond the store; it is called on a thread of the jobs and does not wait.
    pub fn start(store: Store, world: World, inactivity_ms: i64, backups: Backups, retention: Retention, act: Act) -> Self {
        let stop = Stop::default();
        let (copied, clock, stopping) = (store.clone(), world.clone(), stop.clone());
        let (attended, time, ending) = (store.clone(), world.clone(), stop.clone());
        let threads = vec![
            supervise::spawn("silence", &stop, move || silence::run(&attended, &time, inactivity_ms, &act, &ending)),
            // A copy of a large database takes a while; nothing else waits for it.
            supervise::spawn("backups", &stop, move || backups::run(&copied, &clock, &backups, &stopping)),
            {
                let stopping = stop.clone();
                supervise::spawn("jobs", &stop, move || sweep::run(&store, &world, inactivity_ms, &retention, &stopping))
            },
        ];
        Self { stop, threads: Arc::new(Mutex::new(threads)) }
    }

    pub fn stop(&self) {
        self.stop.set();
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A panic was logged where it happened.
            let _ = thread.join();
        }
    }
}
