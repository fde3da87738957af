//! Moves what was committed from the write-ahead log into the database, beside the writer: that waits for the disk, and a
//! commit need not wait with it.

use std::cell::Cell;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded};
use rusqlite::Connection;

use crate::storage::schema::OPEN;

/// Pages by which the log grows from one checkpoint to the next.
const STEP_PAGES: i32 = 4_000;
/// A log of this length is emptied by the writer: under a load that knows no pause, nobody beside it reaches its end.
const PAGES_MAX: i32 = 16_000;

thread_local! {
    /// Of the log, after the last commit of this thread.
    static PAGES: Cell<i32> = const { Cell::new(0) };
}

pub struct Checkpoints {
    /// How long the log was when a checkpoint was last asked for.
    asked_at: Cell<i32>,
    due: Sender<()>,
    running: Arc<Mutex<()>>,
}

impl Checkpoints {
    /// For the connection that writes; from then on it makes no checkpoint by itself.
    pub fn start(db: &Connection) -> Self {
        db.wal_hook(Some(|_, pages| {
            PAGES.set(pages);
            Ok(())
        }));
        let (due, asked) = bounded(1);
        let running = Arc::new(Mutex::new(()));
        let beside = Beside { path: db.path().map(PathBuf::from).unwrap_or_default(), running: running.clone() };
        let thread = thread::Builder::new().name("storage-checkpoint".into());
        thread.spawn(move || beside.serve(&asked)).expect("spawn the checkpoints");
        Self { asked_at: Cell::new(0), due, running }
    }

    /// On the writer's thread, once whoever asked for the commit has been answered.
    pub fn after_commit(&self, db: &Connection) {
        let pages = PAGES.get();
        // Since then the log has begun anew.
        if pages < self.asked_at.get() {
            self.asked_at.set(0);
        }
        if pages >= PAGES_MAX {
            let _alone = self.alone();
            checkpoint(db);
        } else if pages - self.asked_at.get() >= STEP_PAGES {
            self.asked_at.set(pages);
            // One that has not begun yet is enough.
            let _ = self.due.try_send(());
        }
    }

    /// While it is held, no checkpoint runs beside the holder's: SQLite refuses the second.
    pub fn alone(&self) -> MutexGuard<'_, ()> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Beside {
    path: PathBuf,
    running: Arc<Mutex<()>>,
}

impl Beside {
    /// Connects when the first checkpoint is due, which most commands never see.
    fn serve(&self, asked: &Receiver<()>) {
        let mut held = None;
        for () in asked {
            if held.is_none() {
                let opened = Connection::open_with_flags(&self.path, OPEN);
                held = opened.inspect_err(|error| tracing::warn!(%error, "could not open a connection for checkpoints")).ok();
            }
            if let Some(db) = &held {
                let _alone = self.running.lock().unwrap_or_else(PoisonError::into_inner);
                checkpoint(db);
            }
        }
    }
}

/// As far as no reader is in the way; the rest is left to the next.
fn checkpoint(db: &Connection) {
    if let Err(error) = db.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())) {
        tracing::warn!(%error, "the write-ahead log could not be merged into the database");
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;
    use std::time::{Duration, Instant};

    use rusqlite::OpenFlags;
    use tempfile::TempDir;

    use super::*;

    const PAGE_BYTES: u64 = 4_096;
    const LIMIT: Duration = Duration::from_secs(10);

    fn open() -> (TempDir, Connection) {
        let folder = tempfile::tempdir().unwrap();
        let db = Connection::open_with_flags(folder.path().join("a.db"), OpenFlags::default()).unwrap();
        db.execute_batch("PRAGMA journal_mode = WAL; CREATE TABLE rows (id INTEGER PRIMARY KEY, bytes BLOB)").unwrap();
        (folder, db)
    }

    /// Commits as many pages as may be committed before a checkpoint is due.
    fn fill(db: &Connection) {
        let bytes = u64::try_from(STEP_PAGES).unwrap() * PAGE_BYTES;
        db.execute("INSERT OR REPLACE INTO rows VALUES (1, randomblob(?1))", [i64::try_from(bytes).unwrap()]).unwrap();
    }

    fn pages(folder: &Path, file: &str) -> i32 {
        i32::try_from(fs::metadata(folder.join(file)).unwrap().len() / PAGE_BYTES).unwrap()
    }

    #[test]
    fn a_log_that_has_grown_is_moved_into_the_database_without_the_writer() {
        let (folder, db) = open();
        let checkpoints = Checkpoints::start(&db);
        fill(&db);
        assert!(pages(folder.path(), "a.db") < STEP_PAGES);
        let started = Instant::now();
        checkpoints.after_commit(&db);
        while pages(folder.path(), "a.db") < STEP_PAGES {
            assert!(started.elapsed() < LIMIT, "nothing was moved within {LIMIT:?}");
            thread::yield_now();
        }
        // It comes to the end of its log, so the next commit begins the log anew, and the next step is counted from there.
        drop(checkpoints.alone());
        assert_eq!(checkpoints.asked_at.get(), PAGES.get());
        db.execute_batch("INSERT INTO rows VALUES (2, x'00')").unwrap();
        checkpoints.after_commit(&db);
        assert_eq!((checkpoints.asked_at.get(), PAGES.get() < STEP_PAGES), (0, true));
    }

    #[test]
    fn a_log_that_nobody_else_moves_is_emptied_by_the_writer() {
        let (folder, db) = open();
        let mut checkpoints = Checkpoints::start(&db);
        // Nobody listens.
        checkpoints.due = bounded(1).0;
        let mut longest = 0;
        for _ in 0..6 {
            fill(&db);
            checkpoints.after_commit(&db);
            longest = longest.max(pages(folder.path(), "a.db-wal"));
        }
        assert!((PAGES_MAX..PAGES_MAX + 2 * STEP_PAGES).contains(&longest), "{longest}");
        assert!(PAGES.get() < PAGES_MAX, "the log has begun anew");
    }
}
