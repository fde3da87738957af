//! Threads that read, each with a connection of its own: a slow query never holds up a socket.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use r2d2::{CustomizeConnection, Pool};
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::{Connection, OpenFlags};
use tokio::sync::oneshot;

use crate::storage::schema::Files;
use crate::storage::{Error, Result};

const THREADS: usize = 4;
const QUEUE_MAX: usize = 4_096;

pub struct Readers {
    queue: Sender<Query>,
}

type Query = Box<dyn FnOnce(&Connection) + Send>;

impl Readers {
    pub fn start(files: &Files) -> Result<Self> {
        let manager = SqliteConnectionManager::file(files.database()).with_flags(OpenFlags::SQLITE_OPEN_READ_WRITE);
        let pool = Pool::builder()
            .max_size(u32::try_from(THREADS).unwrap_or(u32::MAX))
            .min_idle(Some(0))
            .connection_timeout(Duration::from_secs(2))
            .connection_customizer(Box::new(ReadOnly))
            .test_on_check_out(false)
            .build(manager)
            .map_err(|error| Error::Sqlite(error.to_string()))?;
        let (queue, queries) = bounded(QUEUE_MAX);
        for number in 0..THREADS {
            let (pool, queries) = (pool.clone(), queries.clone());
            let thread = thread::Builder::new().name(format!("storage-reader-{number}"));
            thread.spawn(move || serve(&pool, &queries)).expect("spawn a reader");
        }
        Ok(Self { queue })
    }

    pub async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let (reply, result) = oneshot::channel();
        let query = move |db: &Connection| {
            let result = catch_unwind(AssertUnwindSafe(|| work(db))).unwrap_or(Err(Error::Crashed));
            // The caller may have hung up; a read then has no one to answer.
            let _ = reply.send(result);
        };
        self.queue.try_send(Box::new(query)).map_err(|_| Error::Busy)?;
        result.await.map_err(|_| Error::Busy)?
    }
}

/// Takes a connection with the first query and keeps it.
fn serve(pool: &Pool<SqliteConnectionManager>, queries: &Receiver<Query>) {
    let mut held = None;
    for query in queries {
        if held.is_none() {
            held = pool.get().inspect_err(|error| tracing::error!(%error, "a reader has no connection")).ok();
        }
        // Dropping the query answers its caller that the store is busy.
        if let Some(db) = &held {
            query(db);
        }
    }
}

#[derive(Debug)]
struct ReadOnly;

impl CustomizeConnection<Connection, rusqlite::Error> for ReadOnly {
    fn on_acquire(&self, db: &mut Connection) -> rusqlite::Result<()> {
        db.set_prepared_statement_cache_capacity(64);
        db.execute_batch(
            "PRAGMA busy_timeout = 5000;
             PRAGMA query_only = ON;
             PRAGMA trusted_schema = OFF;
             PRAGMA mmap_size = 0;
             PRAGMA temp_store = MEMORY;
             PRAGMA cache_size = -8192;",
        )
    }
}
