//! Work that the clock brings.

pub mod sweep;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crate::storage::Store;
use crate::supervise::{self, Stop};
use crate::world::World;

/// The jobs' thread.
#[derive(Clone)]
pub struct Jobs {
    stop: Stop,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl Jobs {
    pub fn start(store: Store, world: World, inactivity_ms: i64) -> Self {
        let stop = Stop::default();
        let stopping = stop.clone();
        let thread = supervise::spawn("jobs", &stop, move || sweep::run(&store, &world, inactivity_ms, &stopping));
        Self { stop, thread: Arc::new(Mutex::new(Some(thread))) }
    }

    pub fn stop(&self) {
        self.stop.set();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic was logged where it happened.
            let _ = thread.join();
        }
    }
}
