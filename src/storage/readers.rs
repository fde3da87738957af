//! Threads that read, each with a connection of its own: a slow query never holds up a socket.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use r2d2::{CustomizeConnection, Pool};
use r2d2_sqlite::SqliteConnectionManager;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::storage::damage::Watch;
use crate::storage::schema::{Files, OPEN, plan_once};
use crate::storage::{Error, Result};

const THREADS: usize = 4;
/// For lists, exports and sums, so that they never stand before somebody's key or message.
const HEAVY_THREADS: usize = 2;
const QUEUE_MAX: usize = 4_096;
/// A query that waited longer is not run: its caller has given up by then.
const WAIT_MAX: Duration = Duration::from_secs(5);

const PRAGMAS: &str = "
    PRAGMA busy_timeout = 5000;
    PRAGMA query_only = ON;
    PRAGMA trusted_schema = OFF;
    PRAGMA cell_size_check = ON;
    PRAGMA mmap_size = 0;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -8192;";

pub struct Readers {
    watch: Watch,
    queue: Sender<Query>,
    heavy: Sender<Query>,
}

type Query = Box<dyn FnOnce(&Connection) + Send>;

impl Readers {
    pub fn start(files: &Files, watch: &Watch) -> Result<Self> {
        let manager = SqliteConnectionManager::file(files.database()).with_flags(OPEN);
        let pool = Pool::builder()
            .max_size(u32::try_from(THREADS + HEAVY_THREADS).unwrap_or(u32::MAX))
            .min_idle(Some(0))
            .connection_timeout(Duration::from_secs(2))
            .connection_customizer(Box::new(ReadOnly(watch.clone())))
            .test_on_check_out(false)
            .build(manager)
            .map_err(|error| Error::Sqlite(error.to_string()))?;
        let lane = |name: &str, threads: usize| {
            let (queue, queries) = bounded(QUEUE_MAX);
            for number in 0..threads {
                let (pool, queries) = (pool.clone(), queries.clone());
                let thread = thread::Builder::new().name(format!("storage-{name}-{number}"));
                thread.spawn(move || serve(&pool, &queries)).expect("spawn a reader");
            }
            queue
        };
        Ok(Self { watch: watch.clone(), queue: lane("reader", THREADS), heavy: lane("lister", HEAVY_THREADS) })
    }

    /// For what takes well under a millisecond.
    pub async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.ask(&self.queue, work).await
    }

    /// For what may take longer.
    pub async fn run_heavy<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        self.ask(&self.heavy, work).await
    }

    async fn ask<T, F>(&self, queue: &Sender<Query>, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T> + Send + 'static,
    {
        let (reply, result) = oneshot::channel();
        let asked = Instant::now();
        let watch = self.watch.clone();
        let query = move |db: &Connection| {
            let result = match asked.elapsed() {
                waited if waited > WAIT_MAX => Err(Error::Busy),
                _ => catch_unwind(AssertUnwindSafe(|| work(db))).unwrap_or(Err(Error::Crashed)),
            };
            // The caller may have hung up; a read then has no one to answer.
            let _ = reply.send(watch.heed(result));
        };
        queue.try_send(Box::new(query)).map_err(|_| Error::Busy)?;
        result.await.map_err(|_| Error::Busy)?
    }
}

/// Takes a connection with the first query and keeps it.
fn serve(pool: &Pool<SqliteConnectionManager>, queries: &Receiver<Query>) {
    let mut held = None;
    for query in queries {
        if held.is_none() {
            held = pool.get().inspect_err(|error| tracing::error!(%error, "a reader could not open a connection")).ok();
        }
        // Dropping the query answers its caller that the store is busy.
        if let Some(db) = &held {
            query(db);
        }
    }
}

#[derive(Debug)]
struct ReadOnly(Watch);

impl CustomizeConnection<Connection, rusqlite::Error> for ReadOnly {
    fn on_acquire(&self, db: &mut Connection) -> rusqlite::Result<()> {
        db.set_prepared_statement_cache_capacity(64);
        plan_once(db).and_then(|()| db.execute_batch(PRAGMAS)).inspect_err(|error| self.0.heed_raw(error))
    }
}
