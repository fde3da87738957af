//! Reads a database to its end that is too large to be read before it is served, while everything else goes on.

use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::InterruptHandle;

use crate::storage::damage::Watch;
use crate::storage::{Error, Result, soundness};
use crate::supervise::{Stop, yield_to_others};

const STOP_PAUSE: Duration = Duration::from_millis(5);

pub struct Scrub {
    stop: Stop,
    interrupt: InterruptHandle,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Scrub {
    pub fn start(path: &Path, watch: &Watch) -> Result<Self> {
        let db = soundness::connect(path)?;
        let (interrupt, stop) = (db.get_interrupt_handle(), Stop::default());
        let (path, watch, stopping) = (path.to_owned(), watch.clone(), stop.clone());
        let run = move || {
            yield_to_others();
            let read = soundness::read_by_table(&db, &path, || !stopping.is_set() && watch.damage().is_none());
            match watch.heed(read) {
                Ok(()) if !stopping.is_set() => tracing::info!("the database was verified and is intact"),
                // The watch tells of damage.
                Ok(()) | Err(Error::Corrupt(_)) => {}
                Err(error) => tracing::warn!(%error, "the database was not verified completely"),
            }
        };
        let thread = thread::Builder::new().name("storage-scrub".into()).spawn(run).expect("spawn the check of the database");
        Ok(Self { stop, interrupt, thread: Mutex::new(Some(thread)) })
    }

    pub fn stop(&self) {
        self.stop.set();
        let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        // An interruption between two statements is lost, so that one is not enough.
        while !thread.is_finished() {
            self.interrupt.interrupt();
            thread::sleep(STOP_PAUSE);
        }
        // A panic was told of where it happened.
        let _ = thread.join();
    }
}
